package inventory

import (
	"testing"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

func TestInterpolate(t *testing.T) {
	t.Setenv("HOOKWARD_SET", "value")
	t.Setenv("HOOKWARD_EMPTY", "")
	tests := []struct{ text, without, with string }{
		{"plain", "plain", "plain"},
		{"a$$b", "a$b", "a$b"},
		{"${HOOKWARD_SET}", "⟦variable HOOKWARD_SET of Compose⟧", "value"},
		{"$HOOKWARD_SET/x", "⟦variable HOOKWARD_SET of Compose⟧/x", "value/x"},
		{"${HOOKWARD_SET:-other}", "other", "value"},
		{"${HOOKWARD_EMPTY:-other}", "other", "other"},
		{"${HOOKWARD_EMPTY-other}", "other", ""},
		{"${HOOKWARD_MISSING-other}", "other", "other"},
		{"${HOOKWARD_MISSING:?tell}", "⟦variable HOOKWARD_MISSING of Compose⟧", ""},
		{"${HOOKWARD_SET:+other}", "⟦variable HOOKWARD_SET of Compose⟧", "other"},
		{"${HOOKWARD_MISSING:+other}", "⟦variable HOOKWARD_MISSING of Compose⟧", ""},
		{"$(x) ${", "$(x) ${", "$(x) ${"},
	}
	for _, test := range tests {
		if got := interpolate(test.text, nil); got != test.without {
			t.Errorf("%s: %q, want %q", test.text, got, test.without)
		}
		if got := interpolate(test.text, &reading.Environment{}); got != test.with {
			t.Errorf("%s with the environment: %q, want %q", test.text, got, test.with)
		}
	}
}
