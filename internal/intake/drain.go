package intake

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// A request that is refused before its body was read costs the sender its connection,
// unless what is left of the body is small, and comes soon.
const (
	maxDrained   = 64 << 10
	drainTimeout = 250 * time.Millisecond
)

// maxDraining bounds the drains that are under way: each keeps its goroutine for as long as
// the sender likes, up to drainTimeout, and comes before any check of who that is.
const maxDraining = 64

// draining is how many there are; atomic.
var draining int64

// Drain reads a body of HTTP/1 that nobody will use, for the sake of its connection, if that
// is worth it. It says whether it has read all of it; and whether it was in time: else the
// body has been given up meanwhile, as any other. Now is by the clock of GiveUpLate.
func Drain(w *Watch, r *http.Request, now int64) (bool, bool) {
	// Who has asked with Expect whether to send the body has not sent it.
	if r.ProtoMajor != 1 || r.Body == nil || r.ContentLength == 0 || r.ContentLength > maxDrained || len(r.Header["Expect"]) > 0 {
		return false, true
	}
	defer atomic.AddInt64(&draining, -1)
	if atomic.AddInt64(&draining, 1) > maxDraining {
		return false, true
	}
	late := now + int64(drainTimeout)
	Expect(w, late)
	n, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxDrained+1))
	inTime := Arrived(w, late)
	return err == nil && n <= maxDrained, inTime
}
