package hookward

import (
	"bytes"
	"crypto/sha256"
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

// readBody reads the body once, before its deadline. If it comes too late, the request
// has been answered meanwhile, which bodyGivenUp says.
//
//inline:hot
func readBody(p *policy, d *decision, own *scratch) string {
	r := d.request
	if r.ContentLength > p.maxBodyBytes {
		return bodyTooLarge
	}
	d.bodyBegun = true
	if r.ContentLength != 0 && r.Body != nil {
		own.watch.d = d
		d.reason = bodyTimeout // until it is there: see giveUpLate
		late := int64(d.start.Sub(started)) + d.delay + int64(p.bodyTimeout)
		atomic.StoreInt64(&own.watch.deadline, late)
		problem := ""
		if r.ProtoMajor == 1 && r.ContentLength > 0 && r.ContentLength <= smallBody {
			// RFC 9112, 6.2: there is no more, and no trailer.
			d.arrived = make([]byte, r.ContentLength)
			_, err := io.ReadFull(r.Body, d.arrived)
			if err != nil {
				d.arrived = nil
				problem = bodyProblem(err)
			}
		} else {
			problem = readAnyBody(d, r, p.maxBodyBytes)
		}
		if !atomic.CompareAndSwapInt64(&own.watch.deadline, late, 0) {
			return bodyGivenUp
		}
		d.body = d.arrived
		if problem != "" {
			return problem
		}
	}
	d.bodyWhole = true
	d.bodyBytes = int64(len(d.body))
	d.bodySum = sha256.Sum256(d.body)
	return ""
}

// readAnyBody reads a body of any kind, at most one byte more than the limit. It
// returns the reason to refuse, or nothing.
func readAnyBody(d *decision, r *http.Request, limit int64) string {
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
	return ""
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
func isWorthDraining(d *decision, r *http.Request) bool {
	return !d.forward && d.answer == nil && d.hijackable && r.ProtoMajor == 1 && r.Body != nil &&
		r.ContentLength != 0 && r.ContentLength <= maxDrained && len(r.Header["Expect"]) == 0
}

// drain reads the body of a refused request, if that is worth it. It returns false where
// that took too long: then the request has been answered meanwhile, and the decision is
// nobody's any more.
func drain(d *decision, own *scratch) bool {
	r := d.request
	if !isWorthDraining(d, r) {
		return true
	}
	w := own.watch
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
