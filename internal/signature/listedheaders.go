package signature

import (
	"net/http"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// maxListed bounds the headers that a request may say are signed.
const maxListed = 32

// listedHeaders returns the headers that another header lists, as Contentful
// signs them: name:value, with semicolons between them. The header of the
// timestamp must be listed, or the timestamp would not be signed.
// https://www.contentful.com/developers/docs/extensibility/app-framework/request-verification/
func listedHeaders(s *Scheme, q *Part, m *message.Message) ([]byte, string) {
	listed := m.Request.Header[q.Location.Name]
	if len(listed) != 1 {
		return nil, verdict.SignedFieldMissing
	}
	names := strings.SplitN(listed[0], ",", maxListed+1)
	timestamped := s.Timestamp.Kind == ""
	lines := make([]string, 0, len(names))
	seen := map[string]bool{}
	for _, name := range names {
		name = textproto.TrimString(name)
		canonical := http.CanonicalHeaderKey(name)
		values := m.Request.Header[canonical]
		if len(names) > maxListed || seen[canonical] || len(values) != 1 || len(values[0]) > MaxHeaderBytes {
			return nil, verdict.SignedFieldMissing
		}
		seen[canonical] = true
		// One header must not look like two.
		if likeAnother.MatchString(values[0]) || !header.IsName(name) {
			return nil, verdict.SignedTextAmbiguous
		}
		timestamped = timestamped || s.Timestamp.Kind == "header" && canonical == s.Timestamp.Name
		lines = append(lines, strings.ToLower(name)+":"+textproto.TrimString(values[0]))
	}
	if !timestamped {
		return nil, verdict.SignedFieldMissing
	}
	return delimited(q, strings.Join(lines, ";"))
}

// likeAnother is a value in which the next header could begin.
var likeAnother = regexp.MustCompile(`;[^;]*:`)

// headerValues returns the values of the headers that the signature's own header
// lists, joined with dots, as Hook0 signs them. Only the last value may have dots
// of its own, because a JSON object or list must follow: no value has a
// character that those begin with. Else bytes could move from one to the other, or to the body.
func headerValues(q *Part, list string, m *message.Message) ([]byte, string) {
	names := strings.Fields(list)
	if len(names) > maxListed {
		return nil, verdict.SignedFieldMissing
	}
	texts := make([]string, 0, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		canonical := http.CanonicalHeaderKey(name)
		values := m.Request.Header[canonical]
		if seen[canonical] || len(values) != 1 || len(values[0]) > MaxHeaderBytes {
			return nil, verdict.SignedFieldMissing
		}
		seen[canonical] = true
		if strings.Trim(values[0], idCharacters+" ;,") != "" || i < len(names)-1 && strings.Contains(values[0], ".") {
			return nil, verdict.SignedTextAmbiguous
		}
		texts = append(texts, values[0])
	}
	text := strings.Join(texts, ".")
	if q.ends != "." {
		return delimited(q, text)
	}
	if !isStructured(m.Body) {
		return nil, verdict.SignedTextAmbiguous
	}
	return []byte(text), verdict.TextsReady
}
