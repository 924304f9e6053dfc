package hookward

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// signedTexts puts together what a sender must have signed, in pieces, so that
// the body is never copied. The piece of a secret is left empty: it is each
// key's own. The second result is textsReady or the reason to refuse.
func signedTexts(s *scheme, r *http.Request, d *decision, p *proof) ([][]byte, string) {
	texts := make([][]byte, len(s.signs))
	for i := range s.signs {
		q := &s.signs[i]
		if q.kind == "body" {
			texts[i] = d.body
		} else if q.kind == "literal" {
			texts[i] = q.text
		} else if q.kind == "timestamp" {
			texts[i] = []byte(p.timestamp)
		} else {
			text, reason := chosenText(s, q, r, d, p)
			if reason != textsReady {
				if q.group == 0 || reason != signedFieldMissing || !isAbsent(&q.place, r, d) {
					return nil, reason
				}
				p.absent = append(p.absent, q.group)
			}
			texts[i] = text
		}
	}
	if len(p.absent) > 0 {
		leaveOut(s, texts, p)
	}
	return texts, textsReady
}

// leaveOut empties the optional groups in which a value is absent.
func leaveOut(s *scheme, texts [][]byte, p *proof) {
	for i := range s.signs {
		for _, group := range p.absent {
			if s.signs[i].group == group {
				texts[i] = nil
			}
		}
	}
}

// chosenText returns the part of the request that a placeholder stands for, once
// it is certain where it ends.
func chosenText(s *scheme, q *part, r *http.Request, d *decision, p *proof) ([]byte, string) {
	text := ""
	switch q.kind {
	case "id":
		text = textAt(&s.id, r, d)
		// A piece of a body, moved into the id, would have a quote, a brace, a
		// space or the like.
		if strings.Trim(text, idCharacters) != "" {
			return nil, signedTextAmbiguous
		}
	case "value":
		text = textAt(&q.place, r, d)
		if s.exact && strings.Contains(text, "\ufffd") {
			return nil, signedTextAmbiguous // half a surrogate reads so, too
		}
	case "only":
		if !isOnly(s, q, r, d) {
			return nil, signedFieldMissing
		}
		text = textAt(&q.place, r, d)
	case "absent":
		if !isAbsent(&q.place, r, d) {
			return nil, signedFieldMissing
		}
		return nil, textsReady
	case "lower":
		text = strings.ToLower(textAt(&q.place, r, d))
	case "headers":
		return listedHeaders(s, q, r)
	case "listed":
		return headerValues(p.headers, r)
	case "fields":
		return fieldsText(q, r, d)
	case "check":
		if !holds(q, r, d) {
			return nil, signedFieldMissing
		}
		return nil, textsReady
	case "secret":
		return nil, textsReady
	case "names":
		return []byte(p.headers), textsReady
	case "digest":
		return bodyDigest(q.want, d.body), textsReady
	case "ascii":
		return asciiBody(d.body)
	default:
		return requestText(s, q, r)
	}
	if text == "" && (q.group == 0 || !isEmpty(&q.place, r, d)) {
		return nil, signedFieldMissing
	}
	return delimited(q, text)
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

// idCharacters may stand in an id that is signed: those of a token that JSON,
// XML and forms don't use for their structure, and of base64.
const idCharacters = "!#$*+-./:=@^_|~0123456789" + letters

// requestText returns a part of the request line. Unlike a value it may be
// empty, and a method is one of few.
func requestText(s *scheme, q *part, r *http.Request) ([]byte, string) {
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
func holds(q *part, r *http.Request, d *decision) bool {
	text := textAt(&q.place, r, d)
	if q.want != "" {
		return text == q.want
	}
	return text == string(bodyDigest("", d.body))
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
func fieldsText(q *part, r *http.Request, d *decision) ([]byte, string) {
	if q.place.kind == "query" {
		return sortedQuery(q, r, d)
	}
	fields := formOf(r, d)
	if len(fields) == 0 && len(d.body) > 0 || len(fields[""]) > 0 {
		return nil, signedFieldMissing
	}
	return delimited(q, sortedFields(fields))
}

// sortedQuery returns the query with its parameters in the order of their names,
// as messagebird/go-rest-api does.
func sortedQuery(q *part, r *http.Request, d *decision) ([]byte, string) {
	query := fieldsOf("query", r, d).Encode()
	if d.noQuery {
		return nil, signedFieldMissing
	}
	return delimited(q, query)
}

// maxListed bounds the headers that a request may say are signed.
const maxListed = 32

// listedHeaders returns the headers that another header lists, as Contentful
// signs them: name:value, with semicolons between them. The header of the
// timestamp must be listed, or the timestamp would not be signed.
// https://www.contentful.com/developers/docs/extensibility/app-framework/request-verification/
func listedHeaders(s *scheme, q *part, r *http.Request) ([]byte, string) {
	list := r.Header[q.place.name]
	if len(list) != 1 {
		return nil, signedFieldMissing
	}
	names := strings.SplitN(list[0], ",", maxListed+1)
	timestamped := s.timestamp.kind == ""
	lines := make([]string, 0, len(names))
	for _, name := range names {
		name = textproto.TrimString(name)
		canonical := http.CanonicalHeaderKey(name)
		values := r.Header[canonical]
		if len(names) > maxListed || len(values) != 1 {
			return nil, signedFieldMissing
		}
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
// of its own, and none a sign that a JSON text begins with: else bytes could move
// from one to the other, or to the body.
func headerValues(list string, r *http.Request) ([]byte, string) {
	names := strings.Fields(list)
	if len(names) > maxListed {
		return nil, signedFieldMissing
	}
	texts := make([]string, 0, len(names))
	for i, name := range names {
		values := r.Header[http.CanonicalHeaderKey(name)]
		if len(values) != 1 {
			return nil, signedFieldMissing
		}
		if strings.Trim(values[0], idCharacters+" ;,") != "" || i < len(names)-1 && strings.Contains(values[0], ".") {
			return nil, signedTextAmbiguous
		}
		texts = append(texts, values[0])
	}
	return []byte(strings.Join(texts, ".")), textsReady
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
