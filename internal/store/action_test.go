package store

import (
	"os"
	"path/filepath"
	"reflect"
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
	Actions(s, 0, func(_ *Action) { all++ })
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
