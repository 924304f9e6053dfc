// Package audit knows what the record of a request says, as a line that strangers
// can't forge, and the outputs that it goes to. It must not know how a request was
// decided on.
package audit

import (
	"strings"

	"github.com/hookward/hookward/internal/redact"
)

// Settings is the compiled option audit: what is recorded of a request, and where.
type Settings struct {
	Payload        string // hash, none, redacted or full
	MaxPayload     int
	RefusedPayload bool
	Rules          *redact.Rules
	Headers        []string // canonical
	Sample         map[string]int64
	Required       bool
	Directory      string
	Specs          []Spec
	Secrets        []string          // what must be in no record, in each of its forms, in lower case
	Revealed       *strings.Replacer // takes them out: see NewRevealed
}

// What the option payload can be.
const (
	PayloadNone     = "none"
	PayloadHash     = "hash"
	PayloadRedacted = "redacted"
	PayloadFull     = "full"
)

var Payloads = []string{PayloadNone, PayloadHash, PayloadRedacted, PayloadFull}

// Plain is what a gate records that has no policy.
var Plain = &Settings{Payload: PayloadHash, Rules: NoRules(), Revealed: NewRevealed(nil)}
