package redact

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// opens has what the text of a document in a string may begin with: a bracket, a
// space or a quote, an escape, or a byte order mark.
var opens = [256]bool{'{': true, '[': true, ' ': true, '\\': true, 2: true, 6: true, 7: true, 8: true, 0xef: true}

// scalar redacts what there is in a string: a document, or what a pattern matches.
func scalar(d *document, i int) {
	written := d.pieces[i]
	if !mayOpen(written) {
		maskString(d, i)
		return
	}
	text, ok := unescape(written)
	if !ok {
		d.pieces[i] = Marker // can't be, in a document that is valid
		d.changed = true
		return
	}
	text, changed := renderText(d.r, d.m, d.masks, text, d.level)
	if changed {
		d.pieces[i] = encode(text)
		d.changed = true
	}
}

// mayOpen says whether a string can be a document with names in it: these have
// quotes, and quotes are escaped.
func mayOpen(written string) bool {
	start := strings.TrimLeft(written, " \x06\x07\x08")
	return start != "" && opens[start[0]] && strings.ContainsAny(start, escapes+"'")
}

// maskString redacts in a name, or another string that is no document, what
// patterns match, and secrets in links.
func maskString(d *document, i int) {
	written := d.pieces[i]
	escaped := strings.ContainsAny(written, escapes)
	text := written
	if escaped {
		text, _ = unescape(written)
	}
	text, changed := mask(d.masks, text, linkSecrets(d.r, d.m, text))
	if !changed {
		return
	}
	if escaped {
		text = encode(text)
	}
	d.pieces[i] = text
	d.changed = true
}

// renderText returns a rendition of a text that stands in a document of a level,
// or in a field of a form at level 0, and whether anything in it is redacted. The
// patterns are those that may match if it is no document. Without a quote it is
// none: then it has no names.
func renderText(r *Rules, m *memory, masks []pattern, text string, level int) (string, bool) {
	start := strings.TrimLeft(text, space)
	if start == "" || start[0] != '{' && start[0] != '[' && start[0] != '"' || !strings.Contains(start, `"`) || !json.Valid([]byte(start)) {
		if halfDocument.MatchString(text) {
			return Marker, true // what can't be parsed can't be redacted
		}
		return mask(masks, text, linkSecrets(r, m, text))
	}
	if level == maxLevels {
		return Marker, true
	}
	if start[0] != '"' {
		return renderJSON(r, m, start, false, level+1)
	}
	// A document that has been encoded twice.
	var inner string
	if json.Unmarshal([]byte(start), &inner) != nil {
		return Marker, true
	}
	inner, changed := renderText(r, m, r.all, inner, level+1)
	if !changed {
		return text, false
	}
	return `"` + encode(inner) + `"`, true
}

// halfDocument is what a document begins with, or what prints like one, and what
// begins with a bracket and has a name somewhere.
var halfDocument = regexp.MustCompile(`(?s)^[\s\x{feff}]*(?:(?:\{|\[\s*\{)\s*["']|[\[{].*?["'][^"']*["']\s*:)`)

// encode returns a text as it is written in JSON, without its quotes.
// The encoder must not escape < and >, which would make texts unreadable.
func encode(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	if err != nil {
		return Marker
	}
	return b.String()[1 : b.Len()-2]
}

// escapes are what escapes in a string begin with, hidden.
const escapes = "\\\x01\x02\x03\x04\x05\x06\x07\x08"

// unescape returns the text of a JSON string as it is written, hidden.
func unescape(written string) (string, bool) {
	if !strings.ContainsAny(written, escapes) {
		return written, true
	}
	var text string
	err := json.Unmarshal([]byte(`"`+restore.Replace(written)+`"`), &text)
	return text, err == nil
}
