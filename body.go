package hookward

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// A mere Content-Length gets a sender no more memory than firstBuffer, and what has
// arrived gets it growth times as much: who stalls must have paid for what is held.
const (
	firstBuffer = 64 << 10
	growth      = 4
)

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
					problem = bodyProblem(err)
				}
			}
		} else {
			problem = readAnyBody(x, r, p.MaxBodyBytes)
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

// readAnyBody reads a body of any kind, at most one byte more than the limit. It
// returns the reason to refuse, or nothing.
func readAnyBody(x *exchange, r *http.Request, limit int64) string {
	if r.ContentLength > 0 {
		return readLength(x, r)
	}
	buffer := &bytes.Buffer{}
	for have := int64(0); have <= limit; have = int64(buffer.Len()) {
		room := 2 * have
		if have == 0 {
			room = firstBuffer
		}
		if room > limit {
			room = limit + 1
		}
		if !takeMemory(x, room-have) {
			x.arrived = buffer.Bytes()
			return verdict.MemoryUnavailable
		}
		larger := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
		larger.Write(buffer.Bytes())
		buffer = larger
		n, err := buffer.ReadFrom(io.LimitReader(r.Body, room-have))
		if err != nil {
			return bodyProblem(err)
		}
		if n < room-have {
			x.arrived = buffer.Bytes()
			return ""
		}
	}
	x.arrived = buffer.Bytes()
	return verdict.BodyTooLarge
}

// readLength reads a body of a length that is known, and within the limit.
func readLength(x *exchange, r *http.Request) string {
	body := []byte{}
	for have := int64(0); have < r.ContentLength; {
		room := nextRoom(have, r.ContentLength)
		larger := roomFor(x, room, r.ContentLength)
		if larger == nil {
			x.arrived = body
			return verdict.MemoryUnavailable
		}
		copy(larger, body)
		if have > 0 {
			freeBuffer(body)
		}
		body = larger
		_, err := io.ReadFull(r.Body, body[have:])
		if err != nil {
			return bodyProblem(err)
		}
		have = room
	}
	if r.ProtoMajor != 1 {
		// HTTP/1 ends a body there, RFC 9112, 6.2. Elsewhere the end, and what
		// stands behind it, is still to come.
		n, err := io.Copy(io.Discard, io.LimitReader(r.Body, 1))
		if err != nil || n > 0 {
			return bodyProblem(err)
		}
	}
	x.arrived = body
	return ""
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

func bodyProblem(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return verdict.BodyTimeout // Traefik's own, respondingTimeouts.readTimeout
	}
	return verdict.BodyIncomplete
}

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
