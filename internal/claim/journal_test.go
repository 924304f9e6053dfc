package claim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/waltest"
)

// voice keeps what is told.
type voice struct {
	mu   sync.Mutex
	said string
}

func (v *voice) tell(level, message string) {
	v.mu.Lock()
	v.said += level + ": " + message + "\n"
	v.mu.Unlock()
}

func (v *voice) text() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.said
}

// onDisk lets a test have a disk of its own, and little patience.
func onDisk(t *testing.T) *waltest.Disk {
	t.Helper()
	d := waltest.NewDisk()
	beforePatience, beforeAppend := patience, appendAll
	patience = 20 * time.Second // a busy machine is no disk that hangs
	appendAll = d.AppendAll
	t.Cleanup(func() {
		patience = beforePatience
		appendAll = beforeAppend
	})
	return d
}

// onDiskThatHangs is onDisk with little patience.
func onDiskThatHangs(t *testing.T) *waltest.Disk {
	t.Helper()
	d := onDisk(t)
	patience = 100 * time.Millisecond
	return d
}

func handOn(t *testing.T, table *Table, keys ...string) {
	t.Helper()
	now := time.Now().UnixNano()
	for _, key := range keys {
		if got := Claim(table, key, stamp(now), false); got != Granted {
			t.Fatalf("%s: %d", key, got)
		}
		Commit(table, key, now)
	}
}

// lost returns which of some deliveries the next process does not know.
func lost(t *testing.T, path string, keys ...string) string {
	t.Helper()
	now := time.Now().UnixNano()
	table := New(time.Hour, 1000, quiet)
	Open(table, path, now)
	unknown := ""
	for _, key := range keys {
		if Claim(table, key, stamp(now), true) != Duplicate {
			unknown += key + " "
		}
	}
	Close(table)
	return unknown
}

// tempDirectory returns one for files whose writer ends a little after the test: t.TempDir fails
// where something is written to it while it is removed.
func tempDirectory(t *testing.T) string {
	t.Helper()
	path, err := os.MkdirTemp("", "hookward")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		await.Until(t, path+" is written to for ever", func() bool { return os.RemoveAll(path) == nil })
	})
	return path
}

// A disk that was full for a while costs nothing: what was missed is written down.
func TestJournalOnAFullDisk(t *testing.T) {
	d := onDisk(t)
	v := &voice{}
	path := filepath.Join(tempDirectory(t), "replay")
	table := New(time.Hour, 1000, v.tell)
	Open(table, path, time.Now().UnixNano())
	handOn(t, table, "before")
	d.Change(true, false)
	handOn(t, table, "missed", "missed as well")
	if !strings.Contains(v.text(), "error: can't be remembered across a restart: no space left on device") {
		t.Errorf("said %q", v.text())
	}
	d.Change(false, false)
	await.Until(t, "it does not say that all is well", func() bool {
		return strings.Contains(v.text(), "info: is remembered across a restart again")
	})
	handOn(t, table, "after")
	if unknown := lost(t, path, "before", "missed", "missed as well", "after"); unknown != "" {
		t.Errorf("it has lost %s", unknown)
	}
	Close(table)
}

// More than may wait to be written is written all the same, from what is remembered.
func TestJournalFarBehind(t *testing.T) {
	d := onDisk(t)
	path := filepath.Join(tempDirectory(t), "replay")
	table := New(time.Hour, 1000, quiet)
	Open(table, path, time.Now().UnixNano())
	handOn(t, table, "before")
	d.Change(true, false)
	handOn(t, table, "missed")
	table.mu.Lock()
	for i := 0; i < maxLines+5; i++ {
		note(table.journal, lineOf(fmt.Sprint(i), 1))
	}
	waiting := len(table.journal.lines)
	table.mu.Unlock()
	if waiting > maxLines {
		t.Errorf("%d lines wait", waiting)
	}
	d.Change(false, false)
	handOn(t, table, "after")
	if unknown := lost(t, path, "before", "missed", "after"); unknown != "" {
		t.Errorf("it has lost %s", unknown)
	}
	Close(table)
}

// Where the file is taken away, that is noticed, told, and made good.
func TestJournalTakenAway(t *testing.T) {
	for _, whole := range []bool{false, true} {
		onDisk(t)
		v := &voice{}
		directory := filepath.Join(tempDirectory(t), "state")
		path := filepath.Join(directory, "replay")
		table := New(time.Hour, 1000, v.tell)
		Open(table, path, time.Now().UnixNano())
		handOn(t, table, "one", "two")
		what := path
		if whole {
			what = directory
		}
		if err := os.RemoveAll(what); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // it looks once a second
		handOn(t, table, "three")
		if unknown := lost(t, path, "one", "two", "three"); unknown != "" || !strings.Contains(v.text(), "was removed or replaced") {
			t.Errorf("it has lost %s, said %q", unknown, v.text())
		}
		Close(table)
	}
}

// A directory that is mounted late may have a journal: it is read, and not overwritten.
func TestJournalMountedLate(t *testing.T) {
	onDisk(t)
	root := tempDirectory(t)
	other := New(time.Hour, 1000, quiet)
	Open(other, filepath.Join(root, "disk", "replay"), time.Now().UnixNano())
	handOn(t, other, "of yesterday")
	Close(other)
	path := filepath.Join(root, "state", "replay")
	table := New(time.Hour, 1000, quiet)
	Open(table, path, time.Now().UnixNano())
	handOn(t, table, "before the mount")
	if err := os.RemoveAll(filepath.Join(root, "state")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(root, "disk"), filepath.Join(root, "state")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	handOn(t, table, "after it")
	if Claim(table, "of yesterday", time.Now(), false) != Duplicate {
		t.Error("it is not read")
	}
	if unknown := lost(t, path, "of yesterday", "before the mount", "after it"); unknown != "" {
		t.Errorf("it has lost %s", unknown)
	}
	Close(table)
}

// A file that can't be had at the start is had later.
func TestJournalThatComesLate(t *testing.T) {
	onDisk(t)
	v := &voice{}
	directory := filepath.Join(tempDirectory(t), "state")
	if err := os.WriteFile(directory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "replay")
	table := New(time.Hour, 1000, v.tell)
	Open(table, path, time.Now().UnixNano())
	handOn(t, table, "one")
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	handOn(t, table, "two")
	if unknown := lost(t, path, "one", "two"); unknown != "" || !strings.Contains(v.text(), "again") {
		t.Errorf("it has lost %s, said %q", unknown, v.text())
	}
	Close(table)
}
