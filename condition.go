package hookward

import (
	"fmt"
	"regexp"
	"strings"
)

// condition is one place of the option handshakes[].when.
type condition struct {
	place place
	texts []string // of which one must stand there; none: any text
}

// plainHint are texts that nobody escapes in JSON.
var plainHint = regexp.MustCompile(`^[A-Za-z_.]{4,}$`)

// compileConditions compiles the option when. Texts for one place are alternatives.
func compileConditions(n *notes, h *handshake, o HandshakeOptions, path string) {
	for i, text := range o.When {
		left, want, _ := strings.Cut(text, "=")
		at, problem := parsePlace(left)
		if problem != "" {
			addProblem(n, fmt.Sprintf("%s.when[%d]", path, i), kindInvalid, problem)
		}
		k := 0
		for k < len(h.conditions) && !samePlace(h.conditions[k].place, at) {
			k++
		}
		if k == len(h.conditions) {
			h.conditions = append(h.conditions, condition{place: at})
		}
		if want != "" {
			h.conditions[k].texts = append(h.conditions[k].texts, want)
		}
	}
	for i := range h.conditions {
		q := &h.conditions[i]
		if q.place.kind == "json" && len(q.texts) == 1 && plainHint.MatchString(q.texts[0]) {
			h.hint = []byte(q.texts[0])
		}
	}
}

// compileFields notes the fields of the form in which strangers ask. One with others has
// more to it than a question: a delivery that nobody has signed.
func compileFields(h *handshake) {
	places := []place{h.challenge, h.tokenAt}
	for i := range h.conditions {
		places = append(places, h.conditions[i].place)
	}
	for i := range places {
		if h.unsigned && places[i].kind == "form" {
			if h.fields == nil {
				h.fields = map[string]bool{}
			}
			h.fields[places[i].name] = true
		}
	}
}

// isHandshake says whether a request is this handshake: every condition holds,
// and there is a challenge.
func isHandshake(h *handshake, m *message) bool {
	for i := range h.conditions {
		q := &h.conditions[i]
		text := textAt(&q.place, m)
		if text == "" || len(q.texts) > 0 && !contains(q.texts, text) {
			return false
		}
	}
	if h.fields != nil && !hasExactly(h.fields, m) {
		return false
	}
	return h.challenge.kind == "" || len(textsAt(&h.challenge, m)) > 0
}

// hasExactly says whether a form has these fields and no others.
func hasExactly(names map[string]bool, m *message) bool {
	fields := formOf(m)
	for name := range fields {
		if !names[name] {
			return false
		}
	}
	return len(fields) == len(names)
}
