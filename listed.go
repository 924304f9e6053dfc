package hookward

import (
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
)

// maxListed bounds the headers that a request may say are signed.
const maxListed = 32

// listedHeaders returns the headers that another header lists, as Contentful
// signs them: name:value, with semicolons between them. The header of the
// timestamp must be listed, or the timestamp would not be signed.
// https://www.contentful.com/developers/docs/extensibility/app-framework/request-verification/
func listedHeaders(s *scheme, q *part, m *message) ([]byte, string) {
	list := m.request.Header[q.place.name]
	if len(list) != 1 {
		return nil, signedFieldMissing
	}
	names := strings.SplitN(list[0], ",", maxListed+1)
	timestamped := s.timestamp.kind == ""
	lines := make([]string, 0, len(names))
	seen := map[string]bool{}
	for _, name := range names {
		name = textproto.TrimString(name)
		canonical := http.CanonicalHeaderKey(name)
		values := m.request.Header[canonical]
		if len(names) > maxListed || seen[canonical] || len(values) != 1 || len(values[0]) > maxHeaderBytes {
			return nil, signedFieldMissing
		}
		seen[canonical] = true
		// One header must not look like two.
		if likeAnother.MatchString(values[0]) || !isHeaderName(name) {
			return nil, signedTextAmbiguous
		}
		timestamped = timestamped || s.timestamp.kind == "header" && canonical == s.timestamp.name
		lines = append(lines, strings.ToLower(name)+":"+textproto.TrimString(values[0]))
	}
	if !timestamped {
		return nil, signedFieldMissing
	}
	return delimited(q, strings.Join(lines, ";"))
}

// likeAnother is a value in which the next header could begin.
var likeAnother = regexp.MustCompile(`;[^;]*:`)

// headerValues returns the values of the headers that the signature's own header
// lists, joined with dots, as Hook0 signs them. Only the last value may have dots
// of its own, because a JSON object or list must follow: no value has a sign that
// those begin with. Else bytes could move from one to the other, or to the body.
func headerValues(q *part, list string, m *message) ([]byte, string) {
	names := strings.Fields(list)
	if len(names) > maxListed {
		return nil, signedFieldMissing
	}
	texts := make([]string, 0, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		canonical := http.CanonicalHeaderKey(name)
		values := m.request.Header[canonical]
		if seen[canonical] || len(values) != 1 || len(values[0]) > maxHeaderBytes {
			return nil, signedFieldMissing
		}
		seen[canonical] = true
		if strings.Trim(values[0], idCharacters+" ;,") != "" || i < len(names)-1 && strings.Contains(values[0], ".") {
			return nil, signedTextAmbiguous
		}
		texts = append(texts, values[0])
	}
	text := strings.Join(texts, ".")
	if q.ends != "." {
		return delimited(q, text)
	}
	if !isStructured(m.body) {
		return nil, signedTextAmbiguous
	}
	return []byte(text), textsReady
}
