package intake

import (
	"math"
	"sync"
	"sync/atomic"
)

// Watch is what is known from outside of the body that somebody is reading.
//
// Traefik gives a plugin no way to set a read deadline, so a read that stalls is
// given up on by somebody else: see GiveUpLate. The read itself ends with the answer, which
// aborts it: see HangUp. To have a timer for each body instead cost a tenth of a request.
type Watch struct {
	// Deadline is until when the body must be there, by the clock of who asks GiveUpLate; 0
	// while none is read, or givenUp. A negative one, of the past, is that of a
	// request which somebody judges afterwards: it has no limit. Whoever changes it
	// from the time that it has goes on with the request, and nobody else. Atomic; it is
	// exported for Expect and Arrived, which are written out in loops.
	Deadline int64
	giveUp   func()
}

const givenUp = int64(math.MinInt64)

var (
	watchedMu sync.Mutex
	watched   = map[*Watch]bool{}
)

// NewWatch has bodies watched over, one after another, until Unwatch. What is called for one
// that is late must not wait.
func NewWatch(giveUp func()) *Watch {
	w := &Watch{giveUp: giveUp}
	watchedMu.Lock()
	watched[w] = true
	watchedMu.Unlock()
	return w
}

// Unwatch ends that.
func Unwatch(w *Watch) {
	watchedMu.Lock()
	delete(watched, w)
	watchedMu.Unlock()
}

// Expect says until when a body must be there.
//
//inline:hot
func Expect(w *Watch, late int64) {
	atomic.StoreInt64(&w.Deadline, late)
}

// Arrived ends the reading of a body that had to be there until then. It returns false where
// that was too late: somebody has given it up.
//
//inline:hot
func Arrived(w *Watch, late int64) bool {
	return atomic.CompareAndSwapInt64(&w.Deadline, late, 0)
}

// End is Arrived for who does not know whether a body is being read.
func End(w *Watch) bool {
	late := atomic.LoadInt64(&w.Deadline)
	return late == 0 || late != givenUp && Arrived(w, late)
}

// GiveUpLate gives up on the bodies that should have been there by now.
func GiveUpLate(now int64) {
	watchedMu.Lock()
	defer watchedMu.Unlock()
	for w := range watched {
		late := atomic.LoadInt64(&w.Deadline)
		if late > 0 && now > late && atomic.CompareAndSwapInt64(&w.Deadline, late, givenUp) {
			w.giveUp()
		}
	}
}
