// Package strictjson knows how a JSON object is read of which two readers must not see
// different things: a token's, a key's, an answer's. It must not know what stands in it.
package strictjson

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

// text matches the strings of a JSON text, one after another; with its colon where it is
// the name of a member.
var text = regexp.MustCompile(`"(?:[^"\\]|\\.)*"\s*:?`)

// unusual finds what most objects have nothing of: letters beyond ASCII, escapes, a name with
// a capital in it or with a space behind it, an object in the object.
var unusual = regexp.MustCompile(`^[^{]|[^\x00-\x7f]|\\|"[^"]*[A-Z][^"]*":|"\s+:|\S\s*\{`)

// nameEnd ends each name of an object that is not unusual. A text may begin with it, too.
var nameEnd = []byte(`":`)

// Object reads one JSON object, with numbers as json.Number, or says what is wrong with it
// in words that follow its name.
//
// It refuses what readers disagree on: a name that stands twice in one object, in different
// case too, text behind the object, a byte order mark, and what is no UTF-8. Where there are
// as many ends of names as the decoder has kept names, no name stands there twice.
func Object(content []byte) (map[string]any, string) {
	if unusual.Match(content) || !json.Valid(content) {
		return anyObject(content)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	object := map[string]any{}
	if decoder.Decode(&object) != nil || bytes.Count(content, nameEnd) != len(object) {
		return anyObject(content)
	}
	return object, ""
}

// anyObject is Object, whatever it is like. Everything that takes long is one call of the
// standard library: it is called for each token.
func anyObject(content []byte) (map[string]any, string) {
	if !utf8.Valid(content) {
		return nil, "is not UTF-8"
	}
	trimmed := bytes.TrimLeft(content, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(content) {
		return nil, "is not one JSON object"
	}
	if bytes.IndexByte(content, '\\') < 0 && utf8.RuneCount(content) == len(content) {
		return plain(content)
	}
	object, kept := encode(content)
	if object == nil || names(kept) != names(content) {
		return nil, "has a name twice"
	}
	// Folded both ways, for the few letters that only one of them makes equal.
	folded := []byte(strings.ToLower(strings.ToUpper(string(kept))))
	_, kept = encode(folded)
	if names(kept) != names(folded) {
		return nil, "has a name twice, in different case"
	}
	return object, ""
}

// upperName is a name with a capital in it, in a text without spaces and escapes.
var upperName = regexp.MustCompile(`"[^"]*[A-Z][^"]*":`)

// plain is Object for a text in ASCII without escapes, as nearly all are. There an object is
// written one way: what the decoder has kept is as long as what was sent, or it has lost a
// name. That takes a tenth of counting the names.
func plain(content []byte) (map[string]any, string) {
	object, kept := encode(content)
	if object == nil {
		return nil, "is not one JSON object"
	}
	var sent bytes.Buffer
	err := json.Compact(&sent, content)
	if err != nil || sent.Len() != len(kept) {
		return nil, "has a name twice"
	}
	if !upperName.Match(kept) {
		return object, ""
	}
	folded := bytes.ToLower(kept)
	_, kept = encode(folded)
	if len(kept) != len(folded) {
		return nil, "has a name twice, in different case"
	}
	return object, ""
}

// encode returns an object, and how it is written with what the decoder has kept of it,
// without escapes.
func encode(content []byte) (map[string]any, []byte) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	object := map[string]any{}
	if decoder.Decode(&object) != nil {
		return nil, nil
	}
	var kept bytes.Buffer
	encoder := json.NewEncoder(&kept)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(object) != nil {
		return nil, nil
	}
	return object, bytes.TrimSuffix(kept.Bytes(), []byte("\n"))
}

// names counts the names of members at all depths.
func names(content []byte) int {
	count := 0
	for _, at := range text.FindAllIndex(content, -1) {
		if content[at[1]-1] == ':' {
			count++
		}
	}
	return count
}
