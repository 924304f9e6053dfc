package store

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Who has a dead delivery stands in the name of its file, whatever else is done to it, and is
// gone when it is tried again.
func TestHand(t *testing.T) {
	s := newStore(t)
	e := &Entry{State: Dead, Reason: "rejected", Attempts: 3, Step: 2, When: 5}
	if err := Put(s, sample(NewID()), e); err != nil {
		t.Fatal(err)
	}
	again := func() *Entry {
		found := Find(s, e.ID)
		if found == nil || !reflect.DeepEqual(found, e) {
			t.Fatalf("%+v, want %+v", found, e)
		}
		return found
	}
	for _, mark := range []string{"", "a", "0000000A", "0000000g", "0000000ap0", "../../..", "00000001-00000002"} {
		if Hand(s, e, mark) == nil {
			t.Errorf("%q is a mark", mark)
		}
	}
	if err := Hand(s, again(), "0000000a"); err != nil {
		t.Fatal(err)
	}
	e = Find(s, e.ID)
	if err := Hand(s, e, "0000000bp"); err != nil || again().Marks != "0000000a-0000000bp" {
		t.Fatal(e, err)
	}
	for mark, want := range map[string][2]bool{"0000000a": {true, false}, "0000000b": {true, true}, "0000000c": {false, false}, "": {false, false}} {
		if has, pointer := IsHanded(e, mark); [2]bool{has, pointer} != want {
			t.Errorf("%q: %v %v", mark, has, pointer)
		}
	}
	if _, problem := Load(s, again()); problem != "" {
		t.Error(problem)
	}
	for i := 0; i < 20; i++ {
		if err := Hand(s, e, fmt.Sprintf("%08x", i)); err != nil {
			t.Fatal(err)
		}
	}
	if marks := MarksOf(again()); len(marks) != maxMarks || marks[15] != "00000013" {
		t.Error(marks)
	}
	if err := Move(s, e, Entry{State: Waiting, ID: e.ID, Attempts: 3, Marks: "0000000a"}); err != nil || again().Marks != "" {
		t.Error(e, err)
	}
	if Hand(s, e, "0000000a") == nil {
		t.Error("one that waits is handed over")
	}
}

// Names that somebody has made up are not ours.
func TestMarksOfNames(t *testing.T) {
	s := newStore(t)
	e := &Entry{State: Dead, Reason: "rejected"}
	if err := Put(s, sample(NewID()), e); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Directory, NameOf(e))
	for i, name := range []string{path + ".", path + ".0000000", path + ".0000000a-", path + ".0000000aq", path + ".-0000000a", path + strings.Repeat(".0000000a", 2), path + ".0000000a" + strings.Repeat("-0000000a", 16)} {
		if err := os.Rename(path, name); err != nil {
			t.Fatal(err)
		}
		if foreign, err := List(s, Dead, func(e *Entry) bool { t.Errorf("%+v", e); return true }); foreign != 1 || err != nil {
			t.Error(i, foreign, err)
		}
		if err := os.Rename(name, path); err != nil {
			t.Fatal(err)
		}
	}
}
