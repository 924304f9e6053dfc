package hookward

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/traefik"
	"github.com/hookward/hookward/internal/verdict"
)

// smallBody is up to how long a body is that is read at once.
const smallBody = intake.Small

// readBody reads the body once, before its deadline. If it comes too late, the request
// has been answered meanwhile, which BodyGivenUp says.
//
//inline:hot
func readBody(p *policy.Policy, x *exchange, own *scratch) string {
	r := x.Request
	if r.ContentLength > p.MaxBodyBytes {
		return verdict.BodyTooLarge
	}
	x.bodyBegun = true
	if r.ContentLength != 0 && r.Body != nil {
		own.watch.d = x
		x.reason = verdict.BodyTimeout // until it is there: see giveUpLate
		late := x.at + x.delay + int64(p.BodyTimeout)
		atomic.StoreInt64(&own.watch.deadline, late)
		problem := ""
		if r.ProtoMajor == 1 && r.ContentLength > 0 && r.ContentLength <= smallBody {
			// RFC 9112, 6.2: there is no more, and no trailer.
			x.held = r.ContentLength
			if atomic.AddInt64(&bodies.Open, -r.ContentLength) < 0 {
				problem = takeOtherwise(x)
			}
			if problem == "" {
				x.arrived = make([]byte, r.ContentLength)
				_, err := io.ReadFull(r.Body, x.arrived)
				if err != nil {
					x.arrived = nil
					problem = intake.Problem(err)
				}
			}
		} else {
			problem = readAnyBody(p, x)
		}
		if !atomic.CompareAndSwapInt64(&own.watch.deadline, late, 0) {
			return abandonBody(x)
		}
		x.Body = x.arrived
		if problem != "" {
			return noteProblem(x, problem)
		}
	}
	x.bodyWhole = true
	x.bodyBytes = int64(len(x.Body))
	x.bodySum = sha256.Sum256(x.Body)
	return ""
}

// readAnyBody reads a body of any kind. It returns the reason to refuse, or nothing.
func readAnyBody(p *policy.Policy, x *exchange) string {
	take := func(bytes int64) bool { return takeMemory(x, bytes) }
	arrived, problem := intake.Read(x.Request, p.MaxBodyBytes, take)
	x.arrived = arrived
	return problem
}

// A request that is refused before its body was read costs the sender its connection,
// unless what is left of the body is small, and comes soon.
const (
	maxDrained   = 64 << 10
	drainTimeout = 250 * time.Millisecond
)

// maxDraining bounds the drains that are under way: each keeps a worker for as long as
// the sender likes, up to drainTimeout, and comes before any check of who that is.
const maxDraining = 64

// draining is how many there are; atomic.
var draining int64

// isWorthDraining says whether the body of a refused request may be read for the sake of
// its connection. Who has asked with Expect whether to send it has not sent it. Where the
// connection can't be taken away from a read that stalls, the read would keep it open.
func isWorthDraining(x *exchange, r *http.Request) bool {
	return !x.forward && x.answer == nil && x.hijackable && r.ProtoMajor == 1 && r.Body != nil &&
		r.ContentLength != 0 && r.ContentLength <= maxDrained && len(r.Header["Expect"]) == 0
}

// drain reads the body of a refused request, if that is worth it. It returns false where
// that took too long: then the request has been answered meanwhile, and the exchange is
// nobody's any more.
func drain(x *exchange, own *scratch) bool {
	r := x.Request
	if !isWorthDraining(x, r) {
		return true
	}
	w := own.watch
	defer atomic.AddInt64(&draining, -1)
	if atomic.AddInt64(&draining, 1) > maxDraining {
		return true // and the connection ends
	}
	w.d = x
	late := memory.Clock(time.Now()) + int64(drainTimeout)
	atomic.StoreInt64(&w.deadline, late)
	n, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxDrained+1))
	if !atomic.CompareAndSwapInt64(&w.deadline, late, 0) {
		return false
	}
	x.drained = err == nil && n <= maxDrained
	return true
}

// bodyWatch is what is known from outside of the body that a worker is reading.
//
// Traefik gives a plugin no way to set a read deadline, so a read that stalls is
// given up on by somebody else: see watch. The read itself ends with the answer, which
// aborts it: see intake.HangUp. To have a timer for each body instead cost a tenth of a
// request.
type bodyWatch struct {
	// deadline is until when the body must be there, in nanoseconds since started; 0
	// while none is read, or givenUp. A negative one, of the past, is that of a
	// request which somebody judges afterwards: it has no limit. Whoever changes it
	// from the time that it has goes on with the request, and nobody else. Atomic.
	deadline int64
	d        *exchange // whose body it is, or was last
}

const givenUp = int64(math.MinInt64)

var (
	watchedMu sync.Mutex
	watched   = map[*bodyWatch]bool{}
)

// newWatch has bodies watched over, one after another, until it is said to be enough.
func newWatch() *bodyWatch {
	w := &bodyWatch{}
	watchedMu.Lock()
	watched[w] = true
	watchedMu.Unlock()
	return w
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

// isOver ends the reading of a body for a worker, and says whether the request is
// the worker's still.
func isOver(w *bodyWatch) bool {
	late := atomic.LoadInt64(&w.deadline)
	return late == 0 || late != givenUp && atomic.CompareAndSwapInt64(&w.deadline, late, 0)
}

// bodies is the memory for the bodies of all gates.
var bodies = gates.Bodies

// takeMemory takes memory for a request's body, or returns false.
func takeMemory(x *exchange, n int64) bool {
	if budget.Take(bodies, n) {
		x.held += n
		return true
	}
	if x.holder == "" {
		x.holder = clientip.Key(policy.StrategyOf(x.policy), x.client, x.Request)
	}
	if !budget.TakeFor(bodies, x.holder, n, memory.Clock(time.Now())) {
		return false
	}
	x.heldByHolder += n
	return true
}

// takeOtherwise takes memory for a small body, for which there is none in anybody's part.
// It returns the reason to refuse, or nothing.
func takeOtherwise(x *exchange) string {
	n := x.held
	returnMemory(x)
	if !takeMemory(x, n) {
		return verdict.MemoryUnavailable
	}
	return ""
}

// endBody gives back what a request has taken that is over. Where its body did not come
// in time, somebody still reads that, and does it: see abandonBody.
//
//inline:hot
func endBody(x *exchange) {
	if x.stalled {
		return
	}
	if x.heldByHolder > 0 {
		returnMemory(x)
	}
	if x.held > 0 {
		atomic.AddInt64(&bodies.Open, x.held)
		x.held = 0
	}
}

// returnMemory gives back what a request has taken. Only who reads the body may do that,
// or who comes after.
func returnMemory(x *exchange) {
	budget.Return(bodies, x.held)
	x.held = 0
	if x.heldByHolder > 0 {
		budget.ReturnFor(bodies, x.holder, x.heldByHolder)
		x.heldByHolder = 0
	}
}

// abandonBody ends the reading of a body whose request has been answered meanwhile.
func abandonBody(x *exchange) string {
	noteStall(x)
	x.arrived = nil
	returnMemory(x)
	return verdict.BodyGivenUp
}

// noteProblem remembers who has stalled with a body, and returns the problem.
func noteProblem(x *exchange, problem string) string {
	if problem == verdict.BodyTimeout || problem == verdict.BodyIncomplete {
		noteStall(x)
	}
	return problem
}

func noteStall(x *exchange) {
	budget.NoteStall(bodies, clientip.Key(policy.StrategyOf(x.policy), x.client, x.Request), memory.Clock(time.Now()))
}

// freeBody ends the use of a body whose request is over and recorded.
func freeBody(x *exchange) {
	if !x.bodyWhole || len(x.Body) <= smallBody {
		return
	}
	if x.guarded != nil {
		_ = x.guarded.Close()
	}
	intake.Free(x.Body)
	x.Body = nil
}

// readerOf returns what the next handler reads the body from.
//
//inline:hot
func readerOf(x *exchange) io.ReadCloser {
	if traefik.Compiled && len(x.Body) > smallBody {
		return guardedReader(x)
	}
	return io.NopCloser(bytes.NewReader(x.Body))
}

func guardedReader(x *exchange) io.ReadCloser {
	x.guarded = intake.Guard(x.Body)
	return x.guarded
}
