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

// firstBuffer bounds the memory that a sender gets for a mere Content-Length; the
// buffer grows with what arrives.
const firstBuffer = 64 << 10

// Who may go on with a decision, while its body is read: whoever changes the stage.
const (
	notReading int32 = iota
	reading
	bodyOver  // the decider has seen its end
	abandoned // the time was over before
)

// readBody reads the body once, at most one byte more than the limit, and returns
// bodyRead or the reason to refuse.
func readBody(d *decision, r *http.Request, limit int64) string {
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

func bodyProblem(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return bodyTimeout // Traefik's own, respondingTimeouts.readTimeout
	}
	return bodyIncomplete
}

// waitLonger waits for a decision that is not there at once, and for the body no
// longer than the policy allows.
//
// Traefik gives a plugin no way to set a read deadline. So it is another goroutine
// that reads, and this one gives up on it. The read ends with the answer, which
// aborts it: see hangUp.
func waitLonger(d *decision, timeout time.Duration) {
	// No select: Yaegi keeps its cases in one place for all goroutines. There is
	// room for the word of both, so that neither ever waits.
	done := d.done
	timer := time.AfterFunc(timeout, func() { done <- false })
	for {
		decided := <-done
		if decided {
			break
		}
		if giveUpReading(d) {
			d.reason = bodyTimeout
			break
		}
		timer.Reset(timeout) // it is not the body that takes so long
	}
	timer.Stop()
	d.done = make(chan bool, 1) // the other's word may still be on its way
}

// giveUpReading says whether the decision is the caller's from now on, because its
// body is still being read.
func giveUpReading(d *decision) bool {
	return atomic.CompareAndSwapInt32(&d.stage, reading, abandoned)
}

// bodyTimeoutOf returns how long a body may take.
func bodyTimeoutOf(g *gate, now time.Time) time.Duration {
	p := currentPolicy(g, now)
	if p == nil {
		return defaultBodyTimeout
	}
	return p.bodyTimeout
}
