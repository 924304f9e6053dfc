package delivery

import (
	"testing"
	"time"
)

// What is tried at once is bounded by its bytes, in all engines together; what is larger than
// that is tried alone, and nothing waits for ever.
func TestAttemptMemory(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	u := &underway{} // other tests leave attempts behind
	w.e.underway, other.e.underway = u, u
	w.answers["a"] = Result{Status: 200}
	other.answers["a"] = Result{Status: 200}
	id := w.keep("a", "", 0)
	for i := 0; i < 7; i++ {
		w.keep("a", "", 0)
	}
	last := other.keep("a", "", 0)
	size := w.e.waiting[id].entry.Size
	for _, c := range []struct {
		limit int64
		want  int
	}{{3*size + 1, 3}, {size / 2, 1}, {0, w.options.Concurrency}} {
		u.limit = c.limit
		hand(w.e)
		if n := len(w.e.jobs); n != c.want {
			t.Errorf("%d are tried at once of %d bytes each, in %d", n, size, c.limit)
		}
		hand(other.e)
		if n := len(other.e.jobs); (n > 0) != (c.limit == 0) {
			t.Errorf("another engine tries %d, in %d bytes that are taken", n, c.limit)
		}
		for len(w.e.jobs) > 0 {
			workOn(w.e, <-w.e.jobs)
		}
	}
	workOn(other.e, <-other.e.jobs)
	w.pass(time.Minute)
	if n := Count(w.e); n.Waiting != 0 || other.ended[last] != Delivered || u.bytes != 0 {
		t.Errorf("%+v, %q; %d bytes are said to be tried", n, other.ended[last], u.bytes)
	}
}
