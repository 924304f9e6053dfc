package hookward

import (
	"strings"

	"github.com/hookward/hookward/internal/redact"
)

// audit is the compiled option audit: what is recorded of a request, and where.
type audit struct {
	payload        string // hash, none, redacted or full
	maxPayload     int
	refusedPayload bool
	rules          *redact.Rules
	headers        []string // canonical
	sample         map[string]int64
	required       bool
	directory      string
	specs          []outputSpec
	secrets        []string          // what must be in no record, in each of its forms, in lower case
	revealed       *strings.Replacer // takes them out: one search for all
}

// What the option payload can be.
const (
	payloadNone     = "none"
	payloadHash     = "hash"
	payloadRedacted = "redacted"
	payloadFull     = "full"
)

var payloads = []string{payloadNone, payloadHash, payloadRedacted, payloadFull}
