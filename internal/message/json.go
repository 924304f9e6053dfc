package message

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/hookward/hookward/internal/jsonpath"
)

// MaxValues bounds what a path with `[]` may lead to.
const MaxValues = 1000

// jsonTexts returns the texts that a path leads to: strings, and numbers and
// booleans as they are written. It returns none where a list has an item in
// which the path leads nowhere: every item counts.
func jsonTexts(p *Location, m *Message) []string {
	found := jsonpath.Values(rootOf(m), p.Path, MaxValues)
	texts := make([]string, 0, len(found))
	for _, value := range found {
		text, ok := jsonpath.Text(value)
		if !ok {
			return nil
		}
		texts = append(texts, text)
	}
	return texts
}

// rootOf returns what paths begin in: an item of a batch, or the document.
func rootOf(m *Message) any {
	if m.Item != nil {
		return m.Item
	}
	return DocumentOf(m)
}

// DocumentOf returns the body as a JSON document, or nil where it is none.
func DocumentOf(m *Message) any {
	if !m.DocumentRead {
		m.DocumentRead = true
		decoder := json.NewDecoder(bytes.NewReader(m.Body))
		decoder.UseNumber()
		var document any
		if decoder.Decode(&document) == nil {
			_, err := decoder.Token()
			if err == io.EOF {
				m.Document = document
			}
		}
	}
	return m.Document
}
