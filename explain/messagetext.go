package explain

import (
	"net/http"
	"strings"

	"github.com/hookward/hookward/internal/messagesignature"
)

// otherTexts tries what else a sender may have signed, and says what it was.
func otherTexts(v *messagesignature.Verifier, r *http.Request, label, base string) []string {
	host := strings.ToLower(r.Host)
	toHTTP := strings.ReplaceAll(strings.ReplaceAll(base, ": https://", ": http://"), `"@scheme": https`, `"@scheme": http`)
	toHTTPS := strings.ReplaceAll(strings.ReplaceAll(base, ": http://", ": https://"), `"@scheme": http`, `"@scheme": https`)
	for _, other := range []struct{ is, text string }{
		{"http instead of https: the sender calls another URL, or publicURL is wrong", toHTTP},
		{"https instead of http: TLS ends before Traefik, so give publicURL", toHTTPS},
		{"the host of the request, " + shown(host) + ", instead of publicURL's", onLines(base, func(line string) string { return withHost(line, host) })},
		{"the port 443 behind the host", onLines(base, func(line string) string { return withPort(line, ":443") })},
		{"the port 80 behind the host", onLines(base, func(line string) string { return withPort(line, ":80") })},
		{"the URL without its query", onLines(base, withoutQuery)},
		{"the path and query as they came, " + shown(r.RequestURI), onLines(base, func(line string) string { return withTarget(line, r.RequestURI) })},
		{"the method in small letters", strings.Replace(base, `"@method": `+r.Method, `"@method": `+strings.ToLower(r.Method), 1)},
		{`the text without its last line, "@signature-params"`, strings.Join(withoutLast(strings.Split(base, "\n")), "\n")},
		{"the text with a line's end behind its last line", base + "\n"},
	} {
		if other.text != base && messagesignature.SignsText(v, r, label, other.text) {
			return []string{"the signature is right for " + other.is}
		}
	}
	if messagesignature.IsDER(v, r, label, base) {
		return []string{"the signature is right, but written in DER; RFC 9421 has r and s at their full length, one behind the other"}
	}
	return nil
}

func withoutLast(lines []string) []string {
	return lines[:len(lines)-1]
}

// onLines changes each line of a text.
func onLines(text string, change func(string) string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = change(lines[i])
	}
	return strings.Join(lines, "\n")
}

// aroundHost returns what stands before, in and behind the host of a line that has one.
func aroundHost(line string) (string, string, string) {
	name, value, _ := strings.Cut(line, ": ")
	switch name {
	case `"@authority"`:
		return name + ": ", value, ""
	case `"@target-uri"`:
		scheme, rest, _ := strings.Cut(value, "://")
		end := strings.IndexAny(rest+"/", "/?")
		return name + ": " + scheme + "://", rest[:end], rest[end:]
	}
	return line, "", ""
}

func withHost(line, host string) string {
	before, old, behind := aroundHost(line)
	if old == "" {
		return line
	}
	return before + host + behind
}

func withPort(line, port string) string {
	before, host, behind := aroundHost(line)
	if host == "" || strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']') {
		return line
	}
	return before + host + port + behind
}

func withTarget(line, target string) string {
	before, host, behind := aroundHost(line)
	if behind != "" {
		return before + host + target
	}
	path, _, _ := strings.Cut(target, "?")
	name, _, _ := strings.Cut(line, ": ")
	switch name {
	case `"@path"`:
		return name + ": " + path
	case `"@request-target"`:
		return name + ": " + target
	case "(request-target)":
		return line[:strings.LastIndexByte(line, ' ')+1] + target
	}
	return line
}

func withoutQuery(line string) string {
	name, _, _ := strings.Cut(line, ": ")
	if name == `"@target-uri"` || name == `"@request-target"` || name == "(request-target)" {
		line, _, _ = strings.Cut(line, "?")
	}
	return line
}
