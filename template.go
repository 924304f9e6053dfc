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
	kind   string // one of partKinds, "literal" or "header"
	text   []byte // of a literal
	header string // canonical name, of a header
	// ends and begins are the literal between this part and the body, or
	// whatever part may hold anything. A value must not contain it: with
	// "{id}.{timestamp}" an id "a.1" and a timestamp "2" would be signed as the
	// same text as "a" and "1.2".
	ends   string
	begins string
}

// partKinds are the placeholders of a signed text; {header:Name} is one more.
var partKinds = []string{"body", "timestamp", "id", "method", "url", "host", "path", "query"}

// maxParts bounds the pieces of a signed text.
const maxParts = 32

// parseSigns compiles the template of the option signature.signs, or says what
// is wrong with it. A header that is the timestamp's or the id's becomes that
// part.
func parseSigns(template, timestampHeader, idHeader string) ([]part, string) {
	pieces, problem := splitTemplate(template)
	if problem != "" {
		return nil, problem
	}
	if len(pieces) == 0 || len(pieces) > maxParts {
		return nil, "must have 1 to 32 pieces"
	}
	parts := []part{}
	for _, p := range pieces {
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
		parts = append(parts, q)
	}
	bodies := 0
	for _, p := range parts {
		if p.kind == "body" {
			bodies++
		}
	}
	if bodies > 1 {
		return nil, "can contain {body} once"
	}
	return parts, ""
}

// delimit sets what keeps each part of the sender's choice apart from the one
// that may hold anything: the body, or the last such part where there is no
// body. It returns the names of the parts that nothing keeps apart: a stranger
// who has seen one delivery can move bytes between those and their neighbours.
// A timestamp keeps an id apart, being digits and signs of one strict form.
func delimit(parts []part) []string {
	pivot := -1
	for i, p := range parts {
		if p.kind == "body" || isChosen(p.kind) && !signsPart(parts, "body") {
			pivot = i
		}
	}
	loose := []string{}
	for i := range parts {
		p := &parts[i]
		if i == pivot || !isChosen(p.kind) && p.kind != "body" {
			continue
		}
		neighbour := i + 1
		if i > pivot {
			neighbour = i - 1
		}
		switch {
		case parts[neighbour].kind == "literal" && i < pivot:
			p.ends = string(parts[neighbour].text)
		case parts[neighbour].kind == "literal":
			p.begins = string(parts[neighbour].text)
		case parts[neighbour].kind != "timestamp" || p.kind != "id":
			loose = append(loose, "{"+p.kind+"}")
		}
	}
	return loose
}

// isChosen says whether a part is text of the sender's choice. A method is not:
// it is one of the option methods.
func isChosen(kind string) bool {
	return contains([]string{"id", "header", "url", "host", "path", "query"}, kind)
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
	text := ""
	if p.kind == "id" || p.kind == "header" {
		name := p.header
		if name == "" {
			name = s.idHeader
		}
		values := r.Header[name]
		if len(values) != 1 || values[0] == "" {
			return nil, signedHeaderMissing
		}
		text = values[0]
		// A piece of a body, moved into the id, would have a quote, a brace, a
		// space or the like.
		if p.kind == "id" && strings.Trim(text, idCharacters) != "" {
			return nil, signedTextAmbiguous
		}
	} else {
		text = urlPart(s, p.kind, r)
	}
	// The delimiter is looked for in both together: it may begin in the value.
	if p.ends != "" && strings.Index(text+p.ends, p.ends) != len(text) {
		return nil, signedTextAmbiguous
	}
	if p.begins != "" && strings.LastIndex(p.begins+text, p.begins) != 0 {
		return nil, signedTextAmbiguous
	}
	return []byte(text), textsReady
}

// idCharacters may stand in an id that is signed: those of a token that JSON,
// XML and forms don't use for their structure, and of base64.
const idCharacters = "!#$*+-./:=@^_|~0123456789" + letters

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

// isHeaderName says whether a text is a token, RFC 9110, 5.6.2, with no more
// than maxDashes dashes and underscores.
func isHeaderName(text string) bool {
	return text != "" && strings.Trim(text, "!#$%&'*+-.^_`|~0123456789"+letters) == "" &&
		strings.Count(text, "-")+strings.Count(text, "_") <= maxDashes
}
