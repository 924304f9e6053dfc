package handshakes

import (
	"github.com/hookward/hookward/internal/signature"
)

// Answer is what the gate says in its own name.
type Answer struct {
	Status      int
	ContentType string
	Headers     [][2]string
	Body        string
}

// fill puts values into a template.
func fill(pieces []signature.Piece, values map[string]string) string {
	text := ""
	for i := range pieces {
		if pieces[i].Placeholder == "" {
			text += pieces[i].Literal
		} else {
			text += values[pieces[i].Placeholder]
		}
	}
	return text
}
