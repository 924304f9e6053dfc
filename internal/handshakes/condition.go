package handshakes

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// condition is one location of the option handshakes[].when.
type condition struct {
	Location message.Location
	Texts    []string // of which one must stand there; none: any text
}

// plainHint are texts that nobody escapes in JSON.
var plainHint = regexp.MustCompile(`^[A-Za-z_.]{4,}$`)

// compileConditions compiles the option when. Texts for one location are alternatives.
func compileConditions(n *config.Notes, h *Handshake, o config.HandshakeOptions, path string) {
	for i, text := range o.When {
		left, want, _ := strings.Cut(text, "=")
		at, problem := message.ParseLocation(left)
		if problem != "" {
			config.AddProblem(n, fmt.Sprintf("%s.when[%d]", path, i), config.KindInvalid, problem)
		}
		k := 0
		for k < len(h.Conditions) && !signature.SameLocation(h.Conditions[k].Location, at) {
			k++
		}
		if k == len(h.Conditions) {
			h.Conditions = append(h.Conditions, condition{Location: at})
		}
		if want != "" {
			h.Conditions[k].Texts = append(h.Conditions[k].Texts, want)
		}
	}
	for i := range h.Conditions {
		q := &h.Conditions[i]
		if q.Location.Kind == "json" && len(q.Texts) == 1 && plainHint.MatchString(q.Texts[0]) {
			h.hint = []byte(q.Texts[0])
		}
		h.form = h.form || q.Location.Kind == "form"
	}
}

// compileFields notes the fields of the form in which strangers ask. One with others has
// more to it than a question: a delivery that nobody has signed.
func compileFields(h *Handshake) {
	locations := []message.Location{h.Challenge, h.TokenAt}
	for i := range h.Conditions {
		locations = append(locations, h.Conditions[i].Location)
	}
	for i := range locations {
		if h.Unsigned && (locations[i].Kind == "form" || locations[i].Kind == "multipart") {
			if h.Fields == nil {
				h.Fields = map[string]bool{}
			}
			h.Fields[locations[i].Name] = true
		}
	}
}

// Matches says whether a request is this handshake: every condition holds,
// and there is a challenge.
func Matches(h *Handshake, m *message.Message) bool {
	for i := range h.Conditions {
		q := &h.Conditions[i]
		text := message.TextAt(&q.Location, m)
		if text == "" || len(q.Texts) > 0 && !words.Contains(q.Texts, text) {
			return false
		}
	}
	if h.Fields != nil && !HasExactly(h.Fields, m) {
		return false
	}
	return h.Challenge.Kind == "" || len(message.TextsAt(&h.Challenge, m)) > 0
}

// HasExactly says whether a form has these fields and no others.
func HasExactly(names map[string]bool, m *message.Message) bool {
	count := 0
	for _, fields := range []url.Values{message.FormOf(m), message.MultipartOf(m)} {
		count += len(fields) // a body has those of one kind
		for name := range fields {
			if !names[name] {
				return false
			}
		}
	}
	return count == len(names)
}
