package messagesignature

import (
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// putTogether makes the text that must have been signed, RFC 9421, 2.5, as far as it can be,
// or says why it can't.
func putTogether(v *Verifier, m *message.Message, c *candidate, r *Result) {
	if v.pinned && !hasPinnedURL(v, m.Request.URL) {
		r.Reason = verdict.URLMismatch
		return
	}
	lines := make([]string, 0, len(c.covered)+1)
	for _, one := range c.covered {
		sent := m.Request.Header[one.header]
		value := ""
		reason := ""
		switch {
		case one.name == "@method":
			value = m.Request.Method
		case one.isPlain && len(sent) == 1 && visible.MatchString(sent[0]):
			value = textproto.TrimString(sent[0])
		case one.header != "":
			value, reason = fieldValue(m.Request, one)
		case v.Cavage:
			value = cavageValue(v, m.Request, c, one.name)
		default:
			value, reason = derivedValue(v, m.Request, one)
		}
		if reason != "" {
			r.Base = strings.Join(lines, "\n")
			r.Reason = reason
			r.Detail = one.id
			return
		}
		lines = append(lines, one.id+": "+value)
	}
	if !v.Cavage {
		lines = append(lines, c.line)
	}
	r.Base = strings.Join(lines, "\n")
}

// hasPinnedURL says whether a request has the path and the query of publicURL: see there.
func hasPinnedURL(v *Verifier, u *url.URL) bool {
	return signature.IsPinnedPath(v.pinnedPath, canonicalPath(u.EscapedPath())) && u.RawQuery == v.pinnedQuery
}

// derivedValue returns the value of a derived component, RFC 9421, 2.2, or the reason to
// refuse.
func derivedValue(v *Verifier, r *http.Request, c *component) (string, string) {
	switch c.name {
	case "@authority":
		return authorityOf(v, r), ""
	case "@scheme":
		return schemeOf(v, r), ""
	case "@target-uri":
		return schemeOf(v, r) + "://" + authorityOf(v, r) + targetOf(v, r), ""
	case "@request-target":
		return targetOf(v, r), ""
	case "@path":
		return pathOf(v, r), ""
	case "@query":
		query, _ := queryOf(v, r)
		return "?" + query, ""
	case queryParameter:
		return parameterValue(v, r, c.key)
	}
	return "", verdict.SignatureMalformed
}

// schemeOf returns how the sender has called. Who ends TLS in front of Traefik gives
// publicURL: headers such as X-Forwarded-Proto are anybody's.
func schemeOf(v *Verifier, r *http.Request) string {
	if v.scheme != "" {
		return v.scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func authorityOf(v *Verifier, r *http.Request) string {
	if v.authority != "" {
		return v.authority
	}
	return canonicalAuthority(r.Host, schemeOf(v, r))
}

// defaultPorts are left out of an authority.
var defaultPorts = map[string]string{"https": ":443", "http": ":80"}

// canonicalAuthority writes a host in small letters, without the port of its scheme, RFC
// 9421, 2.2.3, and without the dot that may stand behind a name.
func canonicalAuthority(host, scheme string) string {
	host = strings.ToLower(host)
	name, port := host, ""
	colon := strings.LastIndexByte(host, ':')
	if colon > strings.LastIndexByte(host, ']') {
		name = host[:colon]
		port = host[colon:]
	}
	if port == ":" || port == defaultPorts[scheme] {
		port = ""
	}
	return strings.TrimSuffix(name, ".") + port
}

// pathOf returns the path that the sender has called.
func pathOf(v *Verifier, r *http.Request) string {
	if v.pinned {
		return v.pinnedPath
	}
	return canonicalPath(r.URL.EscapedPath())
}

// queryOf returns the query that the sender has called, and whether there is one.
func queryOf(v *Verifier, r *http.Request) (string, bool) {
	if v.pinned {
		return v.pinnedQuery, v.pinnedQuery != "" || v.forceQuery
	}
	return r.URL.RawQuery, r.URL.RawQuery != "" || r.URL.ForceQuery
}

// targetOf returns path and query.
func targetOf(v *Verifier, r *http.Request) string {
	query, asked := queryOf(v, r)
	if asked {
		return pathOf(v, r) + "?" + query
	}
	return pathOf(v, r)
}

// escape is an octet in a URL.
var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// canonicalPath writes a path as RFC 3986, 6.2.2, has it: escapes in capitals, none for
// what needs none, no dot segments. Traefik does so before the gate sees it, and AdCP's
// profile asks signers for it.
func canonicalPath(path string) string {
	if path == "" {
		return "/"
	}
	if strings.IndexByte(path, '%') >= 0 {
		path = escape.ReplaceAllStringFunc(path, canonicalEscape)
	}
	if strings.Contains(path, "/.") {
		path = withoutDots(path)
	}
	return path
}

// canonicalEscape writes one escape, or the character for which none is needed.
func canonicalEscape(text string) string {
	plain, err := url.PathUnescape(text)
	if err != nil || strings.Trim(plain, unreservedCharacters) != "" {
		return strings.ToUpper(text)
	}
	return plain
}

// unreservedCharacters mean the same with and without an escape, RFC 3986, 2.3.
const unreservedCharacters = words.Letters + "0123456789-._~"

// withoutDots removes dot segments, RFC 3986, 5.2.4. Empty segments stay.
func withoutDots(path string) string {
	kept := []string{}
	segments := strings.Split(path[1:], "/")
	last := len(segments) - 1
	for i, segment := range segments {
		if segment == ".." && len(kept) > 0 {
			kept = kept[:len(kept)-1]
		}
		if segment != "." && segment != ".." {
			kept = append(kept, segment)
		} else if i == last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// parameterValue returns the value of the one parameter of a name in the query, RFC 9421,
// 2.2.8, or the reason to refuse.
func parameterValue(v *Verifier, r *http.Request, name string) (string, string) {
	query, _ := queryOf(v, r)
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", verdict.SignedTextAmbiguous
	}
	decoded, err := url.PathUnescape(name)
	if err != nil || encodeParameter(decoded) != name || len(values[decoded]) == 0 {
		return "", verdict.ComponentMissing
	}
	if len(values[decoded]) > 1 {
		return "", verdict.SignedTextAmbiguous
	}
	return encodeParameter(values[decoded][0]), ""
}

// formEscapes are where the encoding of forms (URL Standard, 5.2) and Go's differ.
var formEscapes = strings.NewReplacer("+", "%20", "%2A", "*", "~", "%7E")

func encodeParameter(text string) string {
	return formEscapes.Replace(url.QueryEscape(text))
}
