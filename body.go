package hookward

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// firstBuffer bounds the memory that a sender gets for a mere Content-Length.
const firstBuffer = 64 << 10

// bufferGrowth is how much more a sender gets who has filled what it had: few
// steps, because each is one more copy, and one more buffer to be collected.
const bufferGrowth = 16

// readBody reads the body once, at most one byte more than the limit, and returns
// bodyRead or the reason to refuse.
func readBody(d *decision, r *http.Request, limit int64) string {
	most := limit + 1
	if r.ContentLength >= 0 && r.ContentLength < limit {
		most = r.ContentLength + 1 // one more, so that the end is seen
	}
	buffer := &bytes.Buffer{}
	for next := int64(firstBuffer); ; next *= bufferGrowth {
		if next > most {
			next = most
		}
		buffer.Grow(int(next) - buffer.Len() + bytes.MinRead)
		_, err := buffer.ReadFrom(io.LimitReader(r.Body, next-int64(buffer.Len())))
		if err != nil {
			return bodyProblem(err)
		}
		if int64(buffer.Len()) < next || next == most {
			break
		}
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
