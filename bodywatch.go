package hookward

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// bodyWatch is what is known from outside of the body that a worker is reading.
//
// Traefik gives a plugin no way to set a read deadline, so a read that stalls is
// given up on by somebody else: see watch. The read itself ends with the answer, which
// aborts it: see hangUp. To have a timer for each body instead cost a tenth of a
// request.
type bodyWatch struct {
	// deadline is until when the body must be there, in nanoseconds since started; 0
	// while none is read, or givenUp. A negative one, of the past, is that of a
	// request which somebody judges afterwards: it has no limit. Whoever changes it
	// from the time that it has goes on with the decision, and nobody else. Atomic.
	deadline int64
	d        *decision // whose body it is, or was last
}

const givenUp = int64(math.MinInt64)

var (
	watchedMu sync.Mutex
	watched   = map[*bodyWatch]bool{}
)

// watchFor has a body watched over, until it is said to be enough.
func watchFor(w *bodyWatch) {
	watchedMu.Lock()
	watched[w] = true
	watchedMu.Unlock()
}

// unwatch ends that. Yaegi keeps the newest one for as long as who has started its
// worker, so it lets go of the body.
func unwatch(w *bodyWatch) {
	watchedMu.Lock()
	delete(watched, w)
	w.d = nil
	watchedMu.Unlock()
}

// giveUpLate gives up on the bodies that should have been there by now.
func giveUpLate(now int64) {
	watchedMu.Lock()
	defer watchedMu.Unlock()
	for w := range watched {
		late := atomic.LoadInt64(&w.deadline)
		if late > 0 && now > late && atomic.CompareAndSwapInt64(&w.deadline, late, givenUp) {
			w.d.stalled = true
			if w.d.inGate == 0 {
				w.d.inGate = int64(time.Since(w.d.start))
			}
			w.d.done <- true
		}
	}
}

// isOver ends the reading of a body for a worker, and says whether the decision is
// the worker's still.
func isOver(w *bodyWatch) bool {
	late := atomic.LoadInt64(&w.deadline)
	return late == 0 || late != givenUp && atomic.CompareAndSwapInt64(&w.deadline, late, 0)
}
