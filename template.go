package hookward

import (
	"net/http"
	"net/url"
	"strings"
)

// piece is literal text or, where placeholder is not empty, what stands for a
// value of the request.
type piece struct {
	literal     string
	placeholder string
}

// splitTemplate cuts a template at its placeholders, or says what is wrong with
// it. Braces of the text itself are doubled.
func splitTemplate(text string) ([]piece, string) {
	pieces := []piece{}
	literal := ""
	for text != "" {
		at := strings.IndexAny(text, "{}")
		if at < 0 {
			literal += text
			break
		}
		literal += text[:at]
		brace := text[at : at+1]
		text = text[at+1:]
		if strings.HasPrefix(text, brace) {
			literal += brace
			text = text[1:]
			continue
		}
		name, rest, closed := strings.Cut(text, "}")
		if brace == "}" || !closed || name == "" || strings.Contains(name, "{") {
			return nil, "has a brace that belongs to no placeholder; a brace of the text itself is doubled"
		}
		if literal != "" {
			pieces = append(pieces, piece{literal: literal})
			literal = ""
		}
		pieces = append(pieces, piece{placeholder: name})
		text = rest
	}
	if literal != "" {
		pieces = append(pieces, piece{literal: literal})
	}
	return pieces, ""
}

// part is a compiled piece of the signed text.
type part struct {
	kind   string // one of partKinds, or "literal"
	text   []byte // of a literal
	header string // canonical name, of a header
	// ends is the literal that follows a value of the sender's choice. Such a
	// value must not contain it: with "{id}.{timestamp}" an id "a.1" and a
	// timestamp "2" would sign the same text as "a" and "1.2".
	ends string
}

// partKinds are the placeholders of a signed text; {header:Name} is one more.
var partKinds = []string{"body", "timestamp", "id", "method", "url", "host", "path", "query"}

// parseSigns compiles the template of the option signature.signs, or says what
// is wrong with it. A header that is the timestamp's or the id's becomes that
// part.
func parseSigns(template, timestampHeader, idHeader string) ([]part, string) {
	pieces, problem := splitTemplate(template)
	if problem != "" {
		return nil, problem
	}
	parts := []part{}
	for i, p := range pieces {
		if p.placeholder == "" {
			parts = append(parts, part{kind: "literal", text: []byte(p.literal)})
			continue
		}
		q := part{kind: p.placeholder}
		name, isHeader := strings.CutPrefix(p.placeholder, "header:")
		if isHeader {
			if !isHeaderName(name) {
				return nil, quote(name) + " is not the name of a header"
			}
			q.header = http.CanonicalHeaderKey(name)
			q.kind = "header"
			if q.header == timestampHeader {
				q.kind = "timestamp"
			} else if q.header == idHeader {
				q.kind = "id"
			}
		} else if !contains(partKinds, p.placeholder) {
			return nil, "{" + p.placeholder + "} is not known; allowed: {" + strings.Join(partKinds, "}, {") + "}, {header:Name}"
		}
		if (q.kind == "id" || q.kind == "header") && i+1 < len(pieces) {
			q.ends = pieces[i+1].literal
		}
		parts = append(parts, q)
	}
	if len(parts) == 0 {
		return nil, "signs nothing"
	}
	return parts, ""
}

// signsPart says whether a template contains a placeholder.
func signsPart(parts []part, kind string) bool {
	for _, p := range parts {
		if p.kind == kind {
			return true
		}
	}
	return false
}

// signedTexts puts together what a sender must have signed, in pieces, so that
// the body is never copied. The second result is textsReady or the reason to
// refuse.
func signedTexts(s *scheme, r *http.Request, body []byte, timestamp string) ([][]byte, string) {
	texts := make([][]byte, len(s.signs))
	for i := range s.signs {
		p := &s.signs[i]
		if p.kind == "body" {
			texts[i] = body
		} else if p.kind == "literal" {
			texts[i] = p.text
		} else if p.kind == "timestamp" {
			texts[i] = []byte(timestamp)
		} else {
			text, reason := requestText(s, p, r)
			if reason != textsReady {
				return nil, reason
			}
			texts[i] = text
		}
	}
	return texts, textsReady
}

// requestText returns the part of the request that a placeholder stands for.
func requestText(s *scheme, p *part, r *http.Request) ([]byte, string) {
	if p.kind != "id" && p.kind != "header" {
		return []byte(urlPart(s, p.kind, r)), textsReady
	}
	name := p.header
	if name == "" {
		name = s.idHeader
	}
	values := r.Header[name]
	if len(values) != 1 || values[0] == "" {
		return nil, signedHeaderMissing
	}
	if p.ends != "" && strings.Contains(values[0], p.ends) {
		return nil, signedHeaderMalformed
	}
	return []byte(values[0]), textsReady
}

// urlPart returns a part of the request line.
func urlPart(s *scheme, kind string, r *http.Request) string {
	switch kind {
	case "method":
		return r.Method
	case "host":
		return r.Host
	case "path":
		return r.URL.EscapedPath()
	case "query":
		return r.URL.RawQuery
	default: // url
		if s.publicPath == "" {
			return s.publicOrigin + r.URL.RequestURI()
		}
		if r.URL.RawQuery == "" {
			return s.publicOrigin + s.publicPath
		}
		return s.publicOrigin + s.publicPath + "?" + r.URL.RawQuery
	}
}

// parsePublicURL cuts the option publicURL into its origin and its path, which
// is empty where only the origin is given. The third result says what is wrong.
func parsePublicURL(text string) (string, string, string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return "", "", "is not a URL of scheme, host and perhaps path, such as https://hooks.example.com"
	}
	// The origin as it was written: it is compared with what the sender signed.
	rest := text[len(u.Scheme)+len("://"):]
	host, path, hasPath := strings.Cut(rest, "/")
	origin := text[:len(u.Scheme)+len("://")] + host
	if !hasPath {
		return origin, "", ""
	}
	return origin, "/" + path, ""
}

// isHeaderName says whether a text is a token, RFC 9110, 5.6.2.
func isHeaderName(text string) bool {
	return text != "" && strings.Trim(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
