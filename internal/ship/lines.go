package ship

import (
	"bytes"

	"github.com/hookward/hookward/internal/outbox"
)

// sendLines posts one record a line. There is no more to the protocol: whoever
// answers with a success has taken all of them.
func sendLines(s *Sender, entries []*entry) outbox.Outcome {
	return postAll(s, entries, append(bytes.Join(recordsOf(entries), []byte("\n")), '\n'))
}
