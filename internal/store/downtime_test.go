package store

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// Downtimes are kept, and bounded; one that ends before it begins is none, and a short life
// between two is no life.
func TestDowntimes(t *testing.T) {
	s := newStore(t)
	minute := time.Minute.Milliseconds()
	note := func(from, to int64) []Span {
		return NoteDowntime(s, time.UnixMilli(from*minute), time.UnixMilli(to*minute))
	}
	spans := func(minutes ...int64) []Span {
		all := []Span{}
		for i := 0; i < len(minutes); i += 2 {
			all = append(all, Span{minutes[i] * minute, minutes[i+1] * minute})
		}
		return all
	}
	for i, c := range []struct {
		from, to int64
		want     []Span
	}{
		{10, 20, spans(10, 20)},
		{30, 30, spans(10, 20)},
		{40, 50, spans(10, 20, 40, 50)},
		{50, 60, spans(10, 20, 40, 60)}, // it lived for less than a minute
		{70, 65, spans(10, 20, 40, 60)}, // the clock was set back
		{70, 1000, spans(10, 20, 40, 60, 70, 1000)},
		{80, 90, spans(10, 20, 40, 60, 70, 1000)},
		{30, 35, spans(10, 20, 40, 60, 70, 1000, 30, 35)}, // it was set back
	} {
		if got := note(c.from, c.to); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
	path := filepath.Join(s.Directory, downtimesFile)
	if err := os.WriteFile(path, []byte("x\n5 1\n1 2 3\n9999999999999999999 1\n120000 180000"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := note(10, 20); !reflect.DeepEqual(got, append([]Span{{1, 2}}, spans(2, 3, 10, 20)...)) {
		t.Errorf("%v", got)
	}
	for i := int64(0); i < 300; i++ {
		note(100+10*i, 105+10*i)
	}
	if got := note(100_000, 100_001); len(got) != maxDowntimes || got[maxDowntimes-1] != spans(100_000, 100_001)[0] {
		t.Errorf("%d, %v", len(got), got[len(got)-1])
	}
	now := time.Now().Add(-time.Hour).Truncate(time.Second)
	Serve(s, now)
	Serve(s, now)
	if got := LastServed(s); !got.Equal(now) {
		t.Errorf("%s, want %s", got, now)
	}
}
