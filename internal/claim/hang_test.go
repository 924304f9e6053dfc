package claim

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/errand"
)

// A disk that hangs holds up one delivery for a moment, and then none.
func TestJournalHangs(t *testing.T) {
	d := onDiskThatHangs(t)
	v := &voice{}
	path := filepath.Join(tempDirectory(t), "replay")
	table := New(time.Hour, 1000, v.tell)
	Open(table, path, time.Now().UnixNano())
	handOn(t, table, "before")
	d.Change(false, true)
	handOn(t, table, "first")
	began := time.Now()
	keys := []string{"before", "first"}
	const asked = 50
	for i := 0; i < asked; i++ {
		keys = append(keys, fmt.Sprint(i))
		handOn(t, table, keys[len(keys)-1])
	}
	if passed := time.Since(began); passed > asked/2*patience {
		t.Errorf("50 deliveries take %s", passed)
	}
	if Claim(table, "7", time.Now(), true) != Duplicate {
		t.Error("it is not even remembered")
	}
	if !strings.Contains(v.text(), "the disk does not answer") {
		t.Errorf("said %q", v.text())
	}
	d.Release()
	await.Until(t, "it does not go on", func() bool { return !errand.IsLate(table.journal.writer) })
	handOn(t, table, "after")
	if unknown := lost(t, path, append(keys, "after")...); unknown != "" {
		t.Errorf("it has lost %s", unknown)
	}
	Close(table)
}

// Nobody waits long for a journal that can't be read: where nothing may pass twice, it
// does not pass then, and elsewhere what is remembered has to do.
func TestJournalHangsAtTheStart(t *testing.T) {
	onDiskThatHangs(t)
	table := New(time.Hour, 1000, quiet)
	j := &journal{}
	block := make(chan bool)
	j.writer = errand.New(patience, func() {
		<-block
		table.mu.Lock()
		j.recalled = true
		table.mu.Unlock()
	})
	table.journal = j
	errand.Start(j.writer)
	for i, strict := range []bool{true, true, false} {
		want := map[bool]int{true: Full, false: Granted}[strict]
		if got := Claim(table, "a", time.Now(), strict); got != want {
			t.Errorf("%d: %d, want %d", i, got, want)
		}
	}
	close(block)
	await.Until(t, "it does not come back", func() bool { return Claim(table, "b", time.Now(), true) == Granted })
}
