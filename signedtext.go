package hookward

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// signedTexts puts together what a sender must have signed, in pieces, so that
// the body is never copied. The piece of a secret is left empty: it is each
// key's own. The second result is textsReady or the reason to refuse; the pieces are
// then those before the one that it is about.
func signedTexts(s *scheme, m *message, p *candidate) ([][]byte, string) {
	texts := make([][]byte, len(s.signs))
	for i := range s.signs {
		q := &s.signs[i]
		if q.kind == "body" {
			texts[i] = m.body
		} else if q.kind == "literal" {
			texts[i] = q.text
		} else if q.kind == "timestamp" {
			texts[i] = []byte(p.timestamp)
		} else {
			text, reason := chosenText(s, q, m, p)
			if reason != textsReady {
				if q.group == 0 || reason != signedFieldMissing || !isAbsent(&q.place, m) {
					return texts[:i], reason
				}
				p.absent = append(p.absent, q.group)
			}
			texts[i] = text
		}
	}
	if len(p.absent) > 0 && !leaveOut(s, texts, p) {
		return nil, signedFieldMissing
	}
	return texts, textsReady
}

// leaveOut empties the optional groups in which a value is absent. It returns
// false where another value of the group is there: that would reach the backend
// unsigned.
func leaveOut(s *scheme, texts [][]byte, p *candidate) bool {
	for i := range s.signs {
		for _, group := range p.absent {
			if s.signs[i].group != group {
				continue
			}
			if s.signs[i].kind != "literal" && texts[i] != nil {
				return false
			}
			texts[i] = nil
		}
	}
	return true
}

// chosenText returns the part of the request that a placeholder stands for, once
// it is certain where it ends.
func chosenText(s *scheme, q *part, m *message, p *candidate) ([]byte, string) {
	text := ""
	if q.kind != "only" && (q.place.kind == "query" || q.place.kind == "form") && hasAlias(&q.place, m) {
		return nil, signedTextAmbiguous
	}
	switch q.kind {
	case "id":
		text = textAt(&s.id, m)
		// A piece of a body, moved into the id, would have a quote, a brace, a
		// space or the like.
		if strings.Trim(text, idCharacters) != "" || q.joined && !isStructured(m.body) {
			return nil, signedTextAmbiguous
		}
	case "value":
		text = textAt(&q.place, m)
		m.replaced = m.replaced || strings.Contains(text, "\ufffd")
	case "only":
		if !isOnly(s, q, m) {
			return nil, signedFieldMissing
		}
		text = textAt(&q.place, m)
	case "absent":
		if !isAbsent(&q.place, m) {
			return nil, signedFieldMissing
		}
		return nil, textsReady
	case "lower":
		text = strings.ToLower(textAt(&q.place, m))
	case "headers":
		return listedHeaders(s, q, m)
	case "listed":
		return headerValues(q, p.headers, m)
	case "fields":
		return fieldsText(q, m)
	case "check":
		if !holds(q, m) {
			m.notMeant = q.want != ""
			return nil, signedFieldMissing
		}
		return nil, textsReady
	case "secret":
		return nil, textsReady
	case "names":
		return []byte(p.headers), textsReady
	case "digest":
		return bodyDigest(q.want, m.body), textsReady
	case "ascii":
		return asciiBody(m.body)
	default:
		return requestText(s, q, m)
	}
	if text == "" && (q.group == 0 || !isEmpty(&q.place, m)) {
		return nil, signedFieldMissing
	}
	return delimited(q, text)
}

// isOnly says whether a form holds the fields that the scheme reads, and no
// others, and the query none of that name. Where one field is all that is signed,
// others must not be taken for it: PHP knows " payload", "payload[]" and
// "payload.x" by other names than they have here, ASP.NET knows no case, and
// servlets look into the query first.
func isOnly(s *scheme, q *part, m *message) bool {
	read := map[string]bool{q.place.name: true}
	for _, p := range []place{s.field, s.timestamp} {
		if p.kind == "form" {
			read[p.name] = true
		}
	}
	fields := formOf(m)
	if len(fields) != len(read) || hasAlias(&q.place, m) || m.noQuery {
		return false
	}
	for name, values := range fields {
		if !read[name] || len(values) != 1 {
			return false
		}
	}
	return true
}

// delimited checks that nobody can move bytes between a value and what stands
// beside it. The delimiter is looked for in both together: it may begin in the
// value.
func delimited(q *part, text string) ([]byte, string) {
	if q.ends != "" && strings.Index(text+q.ends, q.ends) != len(text) {
		return nil, signedTextAmbiguous
	}
	if q.begins != "" && strings.LastIndex(q.begins+text, q.begins) != 0 {
		return nil, signedTextAmbiguous
	}
	return []byte(text), textsReady
}

// isStructured says whether a body begins as a JSON object or list does: with a
// sign that no id has.
func isStructured(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

// idCharacters may stand in an id that is signed: those of a token that JSON,
// XML and forms don't use for their structure, and of base64.
const idCharacters = "!#$*+-./:=@^_|~0123456789" + letters

// requestText returns a part of the request line. Unlike a value it may be
// empty, and a method is one of few.
func requestText(s *scheme, q *part, m *message) ([]byte, string) {
	r := m.request
	text := ""
	switch q.kind {
	case "method":
		return []byte(r.Method), textsReady
	case "host":
		text = r.Host
	case "path":
		text = r.URL.EscapedPath()
	case "query":
		text = r.URL.RawQuery
	case "uri":
		text = r.URL.RequestURI()
	default: // urlKinds
		text = s.publicOrigin + r.URL.RequestURI()
		if s.publicPath != "" {
			text = s.publicPath + "?" + r.URL.RawQuery
		}
		text = renderURL(q.kind, text)
	}
	return delimited(q, text)
}

// holds says whether a condition holds.
func holds(q *part, m *message) bool {
	text := textAt(&q.place, m)
	if q.want != "" {
		return text == q.want
	}
	return text == string(bodyDigest("", m.body))
}

// bodyDigest returns the body's SHA-256, in hexadecimal unless encoding says
// otherwise.
func bodyDigest(encoding string, body []byte) []byte {
	sum := sha256.Sum256(body)
	if encoding == "raw" {
		return sum[:]
	}
	if encoding == "base64" {
		return []byte(base64.StdEncoding.EncodeToString(sum[:]))
	}
	return []byte(hex.EncodeToString(sum[:]))
}

// fieldsText returns the fields of the form or the query, sorted and joined. A
// body that is no form has no fields; one that has neither is an empty form.
func fieldsText(q *part, m *message) ([]byte, string) {
	if q.place.kind == "query" {
		return sortedQuery(q, m)
	}
	fields := formOf(m)
	if len(fields) == 0 && len(m.body) > 0 || len(fields[""]) > 0 {
		return nil, signedFieldMissing
	}
	return delimited(q, sortedFields(fields))
}

// sortedQuery returns the query with its parameters in the order of their names,
// as messagebird/go-rest-api does.
func sortedQuery(q *part, m *message) ([]byte, string) {
	query := fieldsOf("query", m).Encode()
	if m.noQuery {
		return nil, signedFieldMissing
	}
	return delimited(q, query)
}

// maxAstral bounds the characters that two escapes stand for: they are written
// one by one, by interpreted code.
const maxAstral = 1000

var (
	astral = regexp.MustCompile(`\\U[0-9a-f]{8}`)
	// unquoted undoes what quoting does to ASCII.
	unquoted = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\r`, "\r", `\t`, "\t", `\a`, "\a", `\b`, "\b", `\f`, "\f", `\v`, "\v", `\x7f`, "\x7f")
)

// asciiBody writes what is not ASCII in a JSON text as \uXXXX, in lower case and
// with surrogates, as Box signs it (box-python-sdk, internal/utils.py). Compiled
// code has the loops: anybody may send a megabyte of it.
func asciiBody(body []byte) ([]byte, string) {
	quoted := strconv.QuoteToASCII(string(body))
	text := unquoted.Replace(quoted[1 : len(quoted)-1])
	if strings.Count(text, `\U`) > maxAstral {
		return nil, signedTextAmbiguous
	}
	return []byte(astral.ReplaceAllStringFunc(text, surrogates)), textsReady
}

// surrogates turns \UXXXXXXXX into the pair of UTF-16 that JSON knows.
func surrogates(escaped string) string {
	char, err := strconv.ParseUint(escaped[2:], 16, 32)
	if err != nil {
		return escaped
	}
	high, low := utf16.EncodeRune(rune(char))
	return fmt.Sprintf("\\u%04x\\u%04x", high, low)
}
