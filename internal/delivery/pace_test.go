package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Reading what an earlier process has left may take longer than anybody may be silent, and
// longer than what is overdue is spread over. The store stays this process's all the same,
// and nothing is due at once behind that.
func TestLongLoad(t *testing.T) {
	w := newWorld(t)
	w.options.MaxDeliveries = 10 * batch
	ChangeOptions(w.e, w.options)
	w.answers["a"] = Result{Status: 503}
	for i := 0; i < 5*batch; i++ {
		w.keep("a", fmt.Sprint("claim ", i), 1)
	}
	w.now += time.Hour.Milliseconds() // all are overdue
	store.Disown(w.e.store, w.e.owner)
	first := w.e
	w.e = New(store.New(w.directory, "m", nil), w.options, first.hooks)
	w.e.clock = first.clock
	w.e.wall = first.wall
	w.e.workers = maxConcurrency
	lock := filepath.Join(w.directory, "lock")
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	slow, seen := 0, 0
	w.e.hooks.Claim = func(_ string) { // of each that is read
		seen++
		w.now += time.Second.Milliseconds()
		info, err := os.Stat(lock)
		if err != nil {
			t.Fatal(err)
		}
		if info.ModTime().Equal(long) {
			slow++
		} else {
			slow = 0
		}
		if slow > 2*batch {
			t.Fatalf("%d files were read without a sign of life", slow)
		}
		if err := os.Chtimes(lock, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := count(w.e); err != nil {
		t.Fatal(err)
	}
	if !own(w.e) {
		t.Fatal("the store is somebody else's")
	}
	load(w.e, w.wall())
	if n := Count(w.e); n.Waiting != 5*batch || seen != 5*batch {
		t.Fatalf("%+v, %d were read", n, seen)
	}
	due := 0
	for _, it := range w.e.waiting {
		if it.due <= w.now {
			due++
		}
	}
	if due > batch {
		t.Errorf("%d of %d are due at once", due, 5*batch)
	}
}
