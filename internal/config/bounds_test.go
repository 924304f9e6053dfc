package config

import (
	"reflect"
	"testing"
	"time"
)

// What is allowed stands in the sentence, as it is written in a configuration; the bound
// itself is allowed.
func TestBounds(t *testing.T) {
	n := &Notes{}
	CheckMost(n, "a", 64, 64)
	CheckMost(n, "a", 65, 64)
	CheckLongest(n, "b", time.Hour, time.Hour)
	CheckLongest(n, "b", 721*time.Hour, 720*time.Hour)
	CheckLongest(n, "c", time.Minute, 10*time.Second)
	CheckLongest(n, "c", time.Hour, 10*time.Minute)
	CheckCount(n, "d", 8, 8)
	CheckCount(n, "d", 9, 8)
	CheckKnown(n, "e", "", []string{"sync", "accept"})
	CheckKnown(n, "e", "accept", []string{"sync", "accept"})
	CheckKnown(n, "e", "acept", []string{"sync", "accept"})
	want := []string{
		"a: must be at most 64", "b: must be at most 720h", "c: must be at most 10s", "c: must be at most 10m", "d: are more than 8",
		`e: "acept" is not known, did you mean accept? (allowed: sync, accept)`,
	}
	if got := Sentences(n.Problems); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if NumberOr(0, 4) != 4 || NumberOr(2, 4) != 2 || DurationOr(0, 4) != 4 || DurationOr(-1, 4) != -1 {
		t.Error("a default has taken the place of what was given, or none that of nothing")
	}
}
