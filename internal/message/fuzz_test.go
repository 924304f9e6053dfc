package message

import (
	"encoding/json"
	"testing"

	"github.com/hookward/hookward/internal/jsonpath"
)

// Oracle: a document in which no name stands twice reads the same for a parser
// that takes the first of two names and for one that takes the last; nothing
// panics, and what a path finds is in the document.
func FuzzDocument(f *testing.F) {
	f.Add(`{"a":{"b":[1,"x",null]},"A":true}`, "a.b[1]")
	f.Add(`[{"a":1},{"a":2}]`, "[].a")
	f.Fuzz(func(t *testing.T, body, path string) {
		steps, problem := jsonpath.Parse(path)
		m := &Message{Body: []byte(body)}
		duplicates := HasDuplicateNames(m.Body, nil)
		document := DocumentOf(m)
		if document != nil && !duplicates {
			again, err := json.Marshal(document)
			if err != nil || HasDuplicateNames(again, nil) {
				t.Fatalf("%q has no duplicates, and %q has: %v", body, again, err)
			}
		}
		if problem != "" {
			return
		}
		p := Location{Kind: "json", Name: path, Path: steps}
		for _, text := range jsonTexts(&p, m) {
			if document == nil || len(text) > len(body)*4 {
				t.Fatalf("%s finds %q in %q", path, text, body)
			}
		}
	})
}
