package explain

import (
	"crypto/sha256"
	"strings"

	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/words"
)

// refusedHandshake says what is wrong with a question that is asked as it should be.
func (j *judgement) refusedHandshake() []string {
	m := j.message()
	for _, h := range j.policy.Handshakes {
		if h.Method != j.request.Method || !handshakes.Matches(h, m) {
			continue
		}
		if sum := sha256.Sum256([]byte(message.TextAt(&h.TokenAt, m))); h.TokenAt.Kind != "" && string(sum[:]) != string(h.Token) {
			return []string{"it is one, but " + locationName(&h.TokenAt) + ", which is " + times(len(message.TextsAt(&h.TokenAt, m))) + ", is not verifyToken"}
		}
		return []string{"it is one, but " + locationName(&h.Challenge) + ", the challenge, is " + shown(message.TextAt(&h.Challenge, m)) + ", and not as pattern says"}
	}
	return nil
}

// unmetConditions says of each handshake of the request's method why this is none.
func (j *judgement) unmetConditions(unsigned bool) []string {
	lines := []string{}
	m := j.message()
	if unsigned {
		m.Body = j.body
	}
	for _, h := range j.policy.Handshakes {
		if h.Unsigned == unsigned && h.Method == j.request.Method {
			lines = append(lines, "not the handshake "+h.Method+", because "+unmetCondition(h, m))
		}
	}
	return lines
}

// unmetCondition names the first condition of a handshake that does not hold; see Matches.
func unmetCondition(h *handshakes.Handshake, m *message.Message) string {
	for i := range h.Conditions {
		q := &h.Conditions[i]
		found := message.TextsAt(&q.Location, m)
		name := locationName(&q.Location)
		switch {
		case len(found) != 1:
			return name + " is " + times(len(found))
		case found[0] == "":
			return name + " is empty"
		case len(q.Texts) > 0 && !words.Contains(q.Texts, found[0]):
			return name + " is " + shown(found[0]) + ", and not " + strings.Join(q.Texts, " or ")
		}
	}
	if h.Fields != nil && !handshakes.HasExactly(h.Fields, m) {
		return "the form has other fields too"
	}
	return locationName(&h.Challenge) + ", the challenge, is not there"
}
