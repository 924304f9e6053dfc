//go:build gc
// +build gc

package hookward

import (
	"crypto/sha256"
	"strings"
)

// refusedHandshake says what is wrong with a question that is asked as it should be.
func (j *judgement) refusedHandshake() []string {
	m := j.message()
	for _, h := range j.policy.handshakes {
		if h.method != j.request.Method || !isHandshake(h, m) {
			continue
		}
		if sum := sha256.Sum256([]byte(textAt(&h.tokenAt, m))); h.tokenAt.kind != "" && string(sum[:]) != string(h.token) {
			return []string{"it is one, but " + placeName(&h.tokenAt) + ", which is " + times(len(textsAt(&h.tokenAt, m))) + ", is not verifyToken"}
		}
		return []string{"it is one, but " + placeName(&h.challenge) + ", the challenge, is " + shown(textAt(&h.challenge, m)) + ", and not as pattern says"}
	}
	return nil
}

// unmetConditions says of each handshake of the request's method why this is none.
func (j *judgement) unmetConditions(unsigned bool) []string {
	lines := []string{}
	m := j.message()
	if unsigned {
		m.body = j.body
	}
	for _, h := range j.policy.handshakes {
		if h.unsigned == unsigned && h.method == j.request.Method {
			lines = append(lines, "not the handshake "+h.method+", because "+unmetCondition(h, m))
		}
	}
	return lines
}

// unmetCondition names the first condition of a handshake that does not hold; see isHandshake.
func unmetCondition(h *handshake, m *message) string {
	for i := range h.conditions {
		q := &h.conditions[i]
		found := textsAt(&q.place, m)
		name := placeName(&q.place)
		switch {
		case len(found) != 1:
			return name + " is " + times(len(found))
		case found[0] == "":
			return name + " is empty"
		case len(q.texts) > 0 && !contains(q.texts, found[0]):
			return name + " is " + shown(found[0]) + ", and not " + strings.Join(q.texts, " or ")
		}
	}
	if h.fields != nil && !hasExactly(h.fields, m) {
		return "the form has other fields too"
	}
	return placeName(&h.challenge) + ", the challenge, is not there"
}
