package signer

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/hookward/hookward/internal/jsonpath"
)

// scalar is a text to be written into a JSON document: as a number in the place of
// one, and as a string in that of a string.
type scalar struct {
	text   string
	number bool // it is a number where nothing stands there yet
}

// putJSON sets the value at a path of a JSON document, and leaves every other byte
// as it is: what is sent is a user's own file. What is missing on the way is added.
// It returns false where something else stands in the way.
func putJSON(document []byte, path []jsonpath.Step, text scalar) ([]byte, bool) {
	if len(bytes.TrimSpace(document)) == 0 {
		document = []byte("null")
	}
	if !json.Valid(document) {
		return nil, false
	}
	return putValue(document, path, text)
}

// putValue sets the value at a path of one that has no space around it, or little.
func putValue(value []byte, path []jsonpath.Step, text scalar) ([]byte, bool) {
	trimmed := bytes.TrimSpace(value)
	if len(path) == 0 {
		if trimmed[0] == '{' || trimmed[0] == '[' {
			return nil, false
		}
		if trimmed[0] == 'n' {
			return jsonScalar(text.text, text.number), true
		}
		return jsonScalar(text.text, trimmed[0] == '-' || trimmed[0] >= '0' && trimmed[0] <= '9'), true
	}
	if string(trimmed) == "null" {
		return newValue(path, text), true
	}
	if path[0].Name != "" {
		if trimmed[0] != '{' {
			return nil, false
		}
		return putMember(value, path, text)
	}
	if trimmed[0] != '[' {
		return nil, false
	}
	return putItem(value, path, text)
}

// putMember sets a value below a name of an object.
func putMember(object []byte, path []jsonpath.Step, text scalar) ([]byte, bool) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // the brace
	members := 0
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return nil, false
		}
		members++
		if name != path[0].Name {
			continue
		}
		changed, ok := putValue(value, path[1:], text)
		end := int(decoder.InputOffset())
		return splice(object, end-len(value), end, changed), ok
	}
	_, _ = decoder.Token()
	end := int(decoder.InputOffset()) - 1
	name, _ := json.Marshal(path[0].Name)
	member := append(append(name, ':'), newValue(path[1:], text)...)
	if members > 0 {
		member = append([]byte{','}, member...)
		end = len(bytes.TrimRight(object[:end], " \t\r\n"))
	}
	return splice(object, end, end, member), true
}

// putItem sets a value below one item of a list, or below all.
func putItem(list []byte, path []jsonpath.Step, text scalar) ([]byte, bool) {
	decoder := json.NewDecoder(bytes.NewReader(list))
	_, _ = decoder.Token() // the bracket
	items := 0
	out := []byte{}
	done := 0 // how much of the list is in out
	for decoder.More() {
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return nil, false
		}
		if path[0].Item == jsonpath.Every || path[0].Item == items {
			changed, ok := putValue(value, path[1:], text)
			if !ok {
				return nil, false
			}
			end := int(decoder.InputOffset())
			out = append(append(out, list[done:end-len(value)]...), changed...)
			done = end
		}
		items++
	}
	if path[0].Item == jsonpath.Every && items > 0 || path[0].Item >= 0 && path[0].Item < items {
		return append(out, list[done:]...), true
	}
	if path[0].Item > items {
		return nil, false // there would be a gap
	}
	_, _ = decoder.Token()
	end := int(decoder.InputOffset()) - 1
	item := newValue(path[1:], text)
	if items > 0 {
		item = append([]byte{','}, item...)
	}
	return splice(list, end, end, item), true
}

// newValue returns a document that has nothing but a text at a path.
func newValue(path []jsonpath.Step, text scalar) []byte {
	value := jsonScalar(text.text, text.number)
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].Name == "" {
			value = append(append([]byte{'['}, value...), ']')
			continue
		}
		name, _ := json.Marshal(path[i].Name)
		value = append(append(append([]byte{'{'}, append(name, ':')...), value...), '}')
	}
	return value
}

// jsonScalar returns a text as a number, if it is a whole one and may be one, or as
// a string.
func jsonScalar(text string, number bool) []byte {
	if number && text != "" && strings.Trim(text, "0123456789") == "" && (text == "0" || text[0] != '0') {
		return []byte(text)
	}
	b := &bytes.Buffer{}
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string has no error
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// splice returns a text with the bytes from begin to end replaced.
func splice(text []byte, begin, end int, by []byte) []byte {
	out := make([]byte, 0, len(text)+len(by))
	out = append(out, text[:begin]...)
	out = append(out, by...)
	return append(out, text[end:]...)
}
