package claim

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/errand"
)

// What was given up is as new, here and after a restart, in whichever of the two files it
// stood, and until it is handed on once more.
func TestForget(t *testing.T) {
	path := filepath.Join(tempDirectory(t), "replay")
	open := func() *Table {
		table := New(time.Hour, 200, func(_, problem string) { t.Error(problem) })
		Open(table, path, 0)
		return table
	}
	commit := func(table *Table, key string) {
		if Claim(table, key, stamp(1), false) != Granted {
			t.Errorf("%s is not granted", key)
		}
		Commit(table, key, 1)
	}
	table := open()
	for _, key := range []string{"old", "old, and again", "kept"} {
		commit(table, key)
	}
	table.mu.Lock()
	turn(table, int64(2*time.Hour), false)
	table.mu.Unlock()
	commit(table, "young")
	commit(table, "twice")
	for _, key := range []string{"old", "old, and again", "young", "twice", "never there"} {
		Forget(table, key)
	}
	commit(table, "old, and again")
	commit(table, "twice")
	Forget(table, "twice")
	want := map[string]int{"old": Granted, "old, and again": Duplicate, "kept": Duplicate, "young": Granted, "twice": Granted, "never there": Granted}
	for _, which := range []string{"here", "after a restart"} {
		for key, found := range want {
			got := Claim(table, key, stamp(2), false)
			if got == Granted {
				Release(table, key)
			}
			if got != found {
				t.Errorf("%s, %q: %d, want %d", which, key, got, found)
			}
		}
		errand.Run(table.journal.writer)
		Close(table)
		table = open()
		isRecalled(table)
	}
	Restore(table, "kept", 5)
	Restore(table, "restored", 5)
	if Claim(table, "restored", stamp(6), false) != Duplicate || table.current["kept"] == 5 {
		t.Error("what an earlier process has taken is not taken, or is taken anew")
	}
	Close(table)
}

// What is given back before the journal is read stays so.
func TestForgetBeforeRecall(t *testing.T) {
	path := filepath.Join(tempDirectory(t), "replay")
	table := New(time.Hour, 200, quiet)
	Open(table, path, 0)
	handOn(t, table, "given up", "kept")
	errand.Run(table.journal.writer)
	Close(table)
	for i := 0; i < 20; i++ {
		table = New(time.Hour, 200, quiet)
		Open(table, path, 0)
		Forget(table, "given up")
		if Claim(table, "given up", stamp(1), false) != Granted || Claim(table, "kept", stamp(1), false) != Duplicate {
			t.Fatalf("%d: it comes back", i)
		}
		errand.Run(table.journal.writer)
		Close(table)
	}
}

// What waits keeps its claim for longer than the window, here and after a restart, if it is
// restored again and again.
func TestRestoreRenews(t *testing.T) {
	path := filepath.Join(tempDirectory(t), "replay")
	window := int64(time.Hour)
	now := time.Now().UnixNano()
	table := New(time.Hour, 200, quiet)
	Open(table, path, now)
	for i := 0; i < 10; i++ {
		Restore(table, "waits", now)
		if i == 0 {
			Restore(table, "not renewed", now)
		}
		before := table.current["waits"]
		if Restore(table, "waits", now+window/4); table.current["waits"] != before {
			t.Error("it is renewed each time")
		}
		now += window / 4 * 3
		if got := Claim(table, "waits", time.Unix(0, now), false); got != Duplicate {
			t.Fatalf("%d: %d", i, got)
		}
	}
	if got := Claim(table, "not renewed", time.Unix(0, now), false); got != Granted {
		t.Errorf("%d: what nobody renews lasts", got)
	}
	errand.Run(table.journal.writer)
	found := Read(path, quiet)
	if want := table.current["waits"] + table.previous["waits"]; found["waits"] != want {
		t.Errorf("%d is written down, want %d", found["waits"], want)
	}
	Close(table)
}
