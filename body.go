package hookward

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// A mere Content-Length gets a sender no more memory than firstBuffer, and what has
// arrived gets it growth times as much: who stalls must have paid for what is held.
// Each buffer is garbage when the next one is there: with doubling, a body of 1 MiB
// made 3 MiB of it, and makes 1.3 so.
const (
	firstBuffer = 64 << 10
	growth      = 4
)

// readBody reads the body once, at most one byte more than the limit, and returns
// bodyRead or the reason to refuse.
func readBody(d *decision, r *http.Request, limit int64) string {
	if r.ContentLength > 0 {
		return readLength(d, r)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, firstBuffer+bytes.MinRead))
	_, err := buffer.ReadFrom(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return bodyProblem(err)
	}
	d.arrived = buffer.Bytes()
	if int64(len(d.arrived)) > limit {
		return bodyTooLarge
	}
	return bodyRead
}

// readLength reads a body of a length that is known, and within the limit.
func readLength(d *decision, r *http.Request) string {
	body := []byte{}
	for have := int64(0); have < r.ContentLength; {
		room := growth * have
		if have == 0 {
			room = firstBuffer
		}
		if room > r.ContentLength {
			room = r.ContentLength
		}
		larger := newBuffer(room)
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
	d.arrived = body
	return bodyRead
}

// A request that is refused before its body was read costs the sender its connection,
// unless what is left of the body is small, and comes soon.
const (
	maxDrained   = 64 << 10
	drainTimeout = 250 * time.Millisecond
)

// maxDraining bounds the drains that are under way: each keeps a decider for as long as
// the sender likes, up to drainTimeout, and comes before any check of who that is.
const maxDraining = 64

// draining is how many there are; atomic.
var draining int64

// isWorthDraining says whether the body of a refused request may be read for the sake of
// its connection. Who has asked with Expect whether to send it has not sent it. Where the
// connection can't be taken away from a read that stalls, the read would keep it open.
func isWorthDraining(d *decision, r *http.Request) bool {
	return !d.forward && d.answer == nil && d.hijackable && r.ProtoMajor == 1 && r.Body != nil &&
		r.ContentLength != 0 && r.ContentLength <= maxDrained && len(r.Header["Expect"]) == 0
}

// drain reads a body that nobody wants. It returns false where that took too long: then
// the request has been answered meanwhile, and the decision is nobody's any more.
func drain(d *decision, r *http.Request, w *bodyWatch) bool {
	defer atomic.AddInt64(&draining, -1)
	if atomic.AddInt64(&draining, 1) > maxDraining {
		return true // and the connection ends
	}
	w.d = d
	late := sinceStart(time.Now()) + int64(drainTimeout)
	atomic.StoreInt64(&w.deadline, late)
	n, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxDrained+1))
	if !atomic.CompareAndSwapInt64(&w.deadline, late, 0) {
		return false
	}
	d.drained = err == nil && n <= maxDrained
	return true
}

func bodyProblem(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return bodyTimeout // Traefik's own, respondingTimeouts.readTimeout
	}
	return bodyIncomplete
}
