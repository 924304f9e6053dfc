package audit

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hookward/hookward/internal/ahead"
)

// What was handed on after one that is safe had its turn, may not be safe.
func TestSafeOnlyBefore(t *testing.T) {
	log, _, problem := ahead.Open(filepath.Join(t.TempDir(), "ahead"))
	if problem != "" {
		t.Fatal(problem)
	}
	trail := NewNumbers("x")
	begin := func(n int64) {
		if err := ahead.Begin(log, n, "text"); err != nil {
			t.Fatal(err)
		}
	}
	left := func() string {
		text := ""
		for i := range trail.Unsafe {
			text += fmt.Sprint(trail.Unsafe[i].sequence, " ")
		}
		return text
	}
	begin(1)
	begin(2)
	begin(3)
	SettleAhead(trail, log, 1, false, 0)
	before := HandedOn(trail) // the third one's turn comes
	SettleAhead(trail, log, 2, false, 0)
	SettleAhead(trail, log, 3, true, before)
	if left() != "2 " {
		t.Errorf("%q is left", left())
	}
	SettleAhead(trail, nil, 0, true, HandedOn(trail))
	if left() != "" {
		t.Errorf("%q is left", left())
	}
}
