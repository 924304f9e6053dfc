package deliveries

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

func newStore(t *testing.T) *store.Store {
	t.Helper()
	s := store.New(store.DirectoryOf(t.TempDir(), "m"), "m", nil)
	if err := store.Create(s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Who was killed does not hinder anybody for long; who is there, does.
func TestTake(t *testing.T) {
	before := quiet
	quiet = store.Silence + time.Second
	defer func() { quiet = before }()
	s := newStore(t)
	killed := store.NewOwner()
	if !store.Own(s, killed, time.Now()) {
		t.Fatal("the store can't be had")
	}
	h, err := Take(s)
	if err != nil {
		t.Fatal(err)
	}
	if store.Own(s, killed, time.Now()) {
		t.Error("both have it")
	}
	if _, err := Take(s); err != ErrOwned {
		t.Errorf("%v: a second one has it", err)
	}
	h.Release()
	if _, err := os.Stat(filepath.Join(s.Directory, "lock")); err == nil {
		t.Error("it is not given back")
	}
	h, err = Take(s)
	if err != nil {
		t.Fatal(err)
	}
	h.Release()
}

// A store that somebody else has taken meanwhile is not changed any more.
func TestLostHold(t *testing.T) {
	s := newStore(t)
	h, err := Take(s)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	d := &store.Delivery{ID: store.NewID(), Received: time.Now(), Method: "POST"}
	e := &store.Entry{}
	if err := store.Put(s, d, e); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Directory, "lock"), []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !h.IsLost(); time.Sleep(lookInterval) {
		if time.Now().After(deadline) {
			t.Fatal("it is not noticed")
		}
	}
	k := &Kept{Store: s, Entry: *e}
	if err := Do(h, k, store.Action{Action: store.Drop, Reason: "x"}, time.Time{}); err != errLost || store.Find(s, d.ID) == nil || len(Actions(s, d.ID)) > 0 {
		t.Error(err)
	}
}

// A change is on disk before it is made, and one that can't be written down is not made.
func TestUnwrittenChange(t *testing.T) {
	s := newStore(t)
	e := &store.Entry{}
	if err := store.Put(s, &store.Delivery{ID: store.NewID(), Received: time.Now(), Method: "POST"}, e); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.Directory, "changes"), 0o700); err != nil {
		t.Fatal(err)
	}
	k := &Kept{Store: s, Entry: *e}
	if err := Do(&Hold{}, k, store.Action{Action: store.Drop, Reason: "x"}, time.Time{}); err == nil || store.Find(s, e.ID) == nil {
		t.Errorf("%v: it is dropped", err)
	}
	if err := os.Remove(filepath.Join(s.Directory, "changes")); err != nil {
		t.Fatal(err)
	}
	// What another one has left unfinished hides nothing.
	if err := os.WriteFile(filepath.Join(s.Directory, "changes"), []byte(`{"id":"`+e.ID), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Do(&Hold{}, k, store.Action{Action: store.Drop, Reason: "x"}, time.Time{}); err != nil || store.Find(s, e.ID) != nil {
		t.Error(err)
	}
	if c := Actions(s, e.ID); len(c) != 1 || c[0].Reason != "x" || c[0].State != store.Waiting {
		t.Errorf("%+v", c)
	}
}

// A drop is done on a disk that is full: it is what makes room.
func TestDropOnFullDisk(t *testing.T) {
	s := newStore(t)
	e := &store.Entry{}
	if err := store.Put(s, &store.Delivery{ID: store.NewID(), Received: time.Now(), Method: "POST"}, e); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", filepath.Join(s.Directory, "changes")); err != nil {
		t.Fatal(err)
	}
	k := &Kept{Store: s, Entry: *e}
	if err := Do(&Hold{}, k, store.Action{Action: store.Replay, Reason: "x"}, time.Time{}); err == nil || store.Find(s, e.ID) == nil {
		t.Error(err)
	}
	if err := Do(&Hold{}, k, store.Action{Action: store.Drop, Reason: "x"}, time.Time{}); store.Find(s, e.ID) != nil || err == nil || !strings.Contains(err.Error(), "no record") {
		t.Error(err)
	}
}
