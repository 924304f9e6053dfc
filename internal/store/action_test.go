package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Each action is told of once, whole, and in order; what is torn or not ours is passed over.
func TestActions(t *testing.T) {
	s := newStore(t)
	fresh := func() []string {
		got := []string{}
		end := NewActions(s, func(a *Action) { got = append(got, a.Action+" "+a.Reason) })
		Told(s, end)
		return got
	}
	note := func(action, reason string) {
		t.Helper()
		if err := NoteAction(s, &Action{Time: time.Unix(1, 0).UTC(), ID: NewID(), Action: action, Reason: reason}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want ...string) {
		t.Helper()
		if got := fresh(); !reflect.DeepEqual(got, append([]string{}, want...)) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	expect()
	note(Replay, "one\ntwo \"é\"")
	note(Drop, "three")
	expect("replay one\ntwo \"é\"", "drop three")
	expect()
	f, err := os.OpenFile(filepath.Join(s.Directory, actionsFile), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString("\nrubbish\n{\"id\":\"../x\",\"action\":\"drop\"}\n{\"id\":\"torn")
	_ = f.Close()
	expect()
	note(Adopt, "four")
	expect("adopt four")
	for _, told := range []string{"-5\n", "x", "999999999"} {
		if err := os.WriteFile(filepath.Join(s.Directory, toldFile), []byte(told), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := fresh(); len(got) != 3 {
			t.Errorf("%q: %q", told, got)
		}
	}
	all := 0
	Actions(s, "", func(_ *Action) { all++ })
	if all != 3 {
		t.Errorf("%d actions", all)
	}
	if err := os.Remove(filepath.Join(s.Directory, actionsFile)); err != nil {
		t.Fatal(err)
	}
	expect()
}

// What is full is told from what fails otherwise: only then may a drop come before its note.
func TestIsFull(t *testing.T) {
	s := newStore(t)
	a := &Action{ID: NewID(), Action: Drop}
	if err := os.Symlink("/dev/full", filepath.Join(s.Directory, actionsFile)); err != nil {
		t.Fatal(err)
	}
	if err := NoteAction(s, a); !IsFull(err) {
		t.Errorf("%v: it is not full", err)
	}
	if err := os.Remove(filepath.Join(s.Directory, actionsFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.Directory, actionsFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := NoteAction(s, a); err == nil || IsFull(err) || IsFull(nil) {
		t.Errorf("%v: it is full", err)
	}
}

// The file of the actions is bounded, and nothing of it is told twice or not at all, wherever the
// process ends while it is shortened.
func TestActionsAreBounded(t *testing.T) {
	s := newStore(t)
	long := strings.Repeat("x", 500)
	path := filepath.Join(s.Directory, actionsFile)
	told, first := 0, NewID()
	fill := func(id string, n int) {
		t.Helper()
		line, _ := json.Marshal(&Action{ID: id, Action: Replay, Reason: long})
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(strings.Repeat("\n"+string(line)+"\n", n))
		if err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}
	tell := func() { Told(s, NewActions(s, func(_ *Action) { told++ })) }
	fill(first, 10)
	tell()
	n := maxActions / 1000
	last := NewID()
	for i := 0; i < 8; i++ {
		last = NewID()
		fill(last, n)
		tell()
	}
	if told != 10+8*n {
		t.Errorf("%d are told of %d", told, 10+8*n)
	}
	size := int64(0)
	for _, name := range []string{path, path + ".old"} {
		info, err := os.Stat(name)
		if err == nil {
			size += info.Size()
		}
	}
	count := 0
	Actions(s, last, func(_ *Action) { count++ })
	none := 0
	Actions(s, first, func(_ *Action) { none++ })
	if size > 2*maxActions || count != n || none != 0 {
		t.Errorf("%d bytes, %d of %d of the last, %d of the first", size, count, n, none)
	}
	// The process ends after the old ones are aside, and before that is noted.
	Told(s, maxActions+1)
	told = 0
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	fill(last, 3)
	tell()
	if told != 3 {
		t.Errorf("%d are told of 3", told)
	}
}
