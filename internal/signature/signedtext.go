package signature

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// SignedTexts puts together what a sender must have signed, in pieces, so that
// the body is never copied. The piece of a secret is left empty: it is each
// key's own. The second result is TextsReady or the reason to refuse; the pieces are
// then those before the one that it is about.
func SignedTexts(s *Scheme, m *message.Message, p *Candidate) ([][]byte, string) {
	texts := make([][]byte, len(s.Signs))
	for i := range s.Signs {
		q := &s.Signs[i]
		if q.Kind == "body" {
			texts[i] = m.Body
		} else if q.Kind == "literal" {
			texts[i] = q.text
		} else if q.Kind == "timestamp" {
			texts[i] = []byte(p.Timestamp)
		} else {
			text, reason := chosenText(s, q, m, p)
			if reason != verdict.TextsReady {
				if q.Group == 0 || reason != verdict.SignedFieldMissing || !message.IsAbsent(&q.Location, m) {
					return texts[:i], reason
				}
				p.absent = append(p.absent, q.Group)
			}
			texts[i] = text
		}
	}
	if len(p.absent) > 0 && !leaveOut(s, texts, p) {
		return nil, verdict.SignedFieldMissing
	}
	return texts, verdict.TextsReady
}

// leaveOut empties the optional groups in which a value is absent. It returns
// false where another value of the group is there: that would reach the backend
// unsigned.
func leaveOut(s *Scheme, texts [][]byte, p *Candidate) bool {
	for i := range s.Signs {
		for _, group := range p.absent {
			if s.Signs[i].Group != group {
				continue
			}
			if s.Signs[i].Kind != "literal" && texts[i] != nil {
				return false
			}
			texts[i] = nil
		}
	}
	return true
}

// chosenText returns the part of the request that a placeholder stands for, once
// it is certain where it ends.
func chosenText(s *Scheme, q *Part, m *message.Message, p *Candidate) ([]byte, string) {
	text := ""
	if q.Kind != "only" && message.IsField(&q.Location) && message.HasAlias(&q.Location, m) {
		return nil, verdict.SignedTextAmbiguous
	}
	switch q.Kind {
	case "id":
		text = message.TextAt(&s.ID, m)
		// A piece of a body, moved into the id, would have a quote, a brace, a
		// space or the like.
		if strings.Trim(text, idCharacters) != "" || q.joined && !isStructured(m.Body) {
			return nil, verdict.SignedTextAmbiguous
		}
	case "value":
		text = message.TextAt(&q.Location, m)
		m.Replaced = m.Replaced || strings.Contains(text, "\ufffd")
	case "only":
		if !isOnly(s, q, m) {
			return nil, verdict.SignedFieldMissing
		}
		text = message.TextAt(&q.Location, m)
	case "absent":
		if !message.IsAbsent(&q.Location, m) {
			return nil, verdict.SignedFieldMissing
		}
		return nil, verdict.TextsReady
	case "lower":
		text = strings.ToLower(message.TextAt(&q.Location, m))
	case "headers":
		return listedHeaders(s, q, m)
	case "listed":
		return headerValues(q, p.Headers, m)
	case "fields":
		return fieldsText(q, m)
	case "check":
		if !holds(q, m) {
			m.NotMeant = q.Want != ""
			return nil, verdict.SignedFieldMissing
		}
		return nil, verdict.TextsReady
	case "secret":
		return nil, verdict.TextsReady
	case "names":
		return []byte(p.Headers), verdict.TextsReady
	case "digest":
		return BodyDigest(q.Want, m.Body), verdict.TextsReady
	case "ascii":
		return asciiBody(m.Body)
	default:
		return requestText(s, q, m)
	}
	if text == "" && (q.Group == 0 || !message.IsEmpty(&q.Location, m)) {
		return nil, verdict.SignedFieldMissing
	}
	return delimited(q, text)
}

// isOnly says whether a form holds the fields that the scheme reads, and no
// others, and the query none of that name. Where one field is all that is signed,
// others must not be taken for it: PHP knows " payload", "payload[]" and
// "payload.x" by other names than they have here, ASP.NET knows no case, and
// servlets look into the query first.
func isOnly(s *Scheme, q *Part, m *message.Message) bool {
	read := map[string]bool{q.Location.Name: true}
	for _, p := range []message.Location{s.Field, s.Timestamp} {
		if p.Kind == "form" {
			read[p.Name] = true
		}
	}
	fields := message.FormOf(m)
	if len(fields) != len(read) || message.HasAlias(&q.Location, m) || m.NoQuery {
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
func delimited(q *Part, text string) ([]byte, string) {
	if q.ends != "" && strings.Index(text+q.ends, q.ends) != len(text) {
		return nil, verdict.SignedTextAmbiguous
	}
	if q.begins != "" && strings.LastIndex(q.begins+text, q.begins) != 0 {
		return nil, verdict.SignedTextAmbiguous
	}
	return []byte(text), verdict.TextsReady
}

// isStructured says whether a body begins as a JSON object or list does: with a
// sign that no id has.
func isStructured(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

// idCharacters may stand in an id that is signed: those of a token that JSON,
// XML and forms don't use for their structure, and of base64.
const idCharacters = "!#$*+-./:=@^_|~0123456789" + words.Letters

// requestText returns a part of the request line. Unlike a value it may be
// empty, and a method is one of few.
func requestText(s *Scheme, q *Part, m *message.Message) ([]byte, string) {
	r := m.Request
	text := ""
	switch q.Kind {
	case "method":
		return []byte(r.Method), verdict.TextsReady
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
		text = renderURL(q.Kind, text)
	}
	return delimited(q, text)
}

// holds says whether a condition holds.
func holds(q *Part, m *message.Message) bool {
	text := message.TextAt(&q.Location, m)
	if q.Want != "" {
		return text == q.Want
	}
	return text == string(BodyDigest("", m.Body))
}

// BodyDigest returns the body's SHA-256, in hexadecimal unless encoding says
// otherwise.
func BodyDigest(encoding string, body []byte) []byte {
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
func fieldsText(q *Part, m *message.Message) ([]byte, string) {
	if q.Location.Kind == "query" {
		return sortedQuery(q, m)
	}
	fields := message.FormOf(m)
	if len(fields) == 0 && len(m.Body) > 0 || len(fields[""]) > 0 {
		return nil, verdict.SignedFieldMissing
	}
	return delimited(q, message.SortedFields(fields))
}

// sortedQuery returns the query with its parameters in the order of their names,
// as messagebird/go-rest-api does.
func sortedQuery(q *Part, m *message.Message) ([]byte, string) {
	query := message.FieldsOf("query", m).Encode()
	if m.NoQuery {
		return nil, verdict.SignedFieldMissing
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
		return nil, verdict.SignedTextAmbiguous
	}
	return []byte(astral.ReplaceAllStringFunc(text, surrogates)), verdict.TextsReady
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
