package store

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What was delivered has a place of its own, which is there once something is; and whatever
// becomes of it then, its name tells that it has arrived, but for nobody to take it for what
// is delivered and tried.
func TestDelivered(t *testing.T) {
	s := newStore(t)
	place := filepath.Join(s.Directory, Delivered)
	if _, err := os.Stat(place); !os.IsNotExist(err) {
		t.Errorf("%v: every store has it", err)
	}
	want := sample(NewID())
	e := &Entry{State: Delivered, Attempts: 1, Step: 1, When: 5}
	if err := Put(s, want, e); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(place)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info, err)
	}
	if found := Find(s, want.ID); !reflect.DeepEqual(found, e) {
		t.Errorf("%+v, want %+v", found, e)
	}
	if d, problem := Load(s, e); problem != "" || !reflect.DeepEqual(d.Body, want.Body) {
		t.Errorf("%s %+v", problem, d)
	}
	left := *e
	for _, step := range []struct {
		to      Entry
		arrived bool
		name    string
	}{
		{Entry{State: Waiting, ID: e.ID, Attempts: 1, When: 6}, true, ".1.0d.6"},
		{Entry{State: Waiting, ID: e.ID, Attempts: 2, Step: 1, When: 7}, true, ".2.1d.7"},
		{Entry{State: Dead, ID: e.ID, Attempts: 3, Step: 1, When: 8, Reason: "rejected"}, true, ".3.1d.8.rejected"},
		{Entry{State: Waiting, ID: e.ID, Attempts: 3, When: 9}, true, ".3.0d.9"},
		{Entry{State: Delivered, ID: e.ID, Attempts: 4, When: 10}, false, ".4.0.10"},
	} {
		if err := Move(s, e, step.to); err != nil {
			t.Fatal(err)
		}
		if found := Find(s, e.ID); found == nil || found.Arrived != step.arrived || !strings.HasSuffix(NameOf(found), step.name) || !reflect.DeepEqual(found, e) {
			t.Errorf("%+v, want %+v", found, step)
		}
	}
	if err := Move(s, &left, Entry{State: Delivered, ID: e.ID, When: 11}); !os.IsNotExist(err) {
		t.Errorf("%v: what is gone is moved", err)
	}
	// What waited is moved where there is no such directory yet.
	other := newStore(t)
	e = &Entry{}
	if err := Put(other, want, e); err != nil {
		t.Fatal(err)
	}
	if err := Move(other, e, Entry{State: Delivered, ID: e.ID, Attempts: 1, When: 5}); err != nil || Find(other, e.ID).Arrived {
		t.Errorf("%v", err)
	}
}

// FuzzName: whatever a file is called, its name is read as one entry or none, and no other
// name is that entry's.
func FuzzName(f *testing.F) {
	id := NewID()
	for _, end := range []string{".0.0.0", ".7.3.1764500000000", ".7.3d.1", ".1.1.1.too_old", ".3.0d.9.rejected.0123abcd-89abcdefp", ".07.3.1", ".7.d.1"} {
		f.Add(id + end)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, state := range []string{Waiting, Dead, Delivered} {
			for i := range shards {
				e := entryOf(state, shards[i:i+1], name)
				if e == nil {
					continue
				}
				if path := NameOf(e); path != state+"/"+shards[i:i+1]+"/"+name || e.State != state || strings.Contains(name, "/") || e.Arrived && state == Delivered {
					t.Fatalf("%q is %+v, whose name is %q", name, e, path)
				}
			}
		}
	})
}
