package hookward

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"time"
)

// maxFirstBuffer bounds the memory that a sender gets for a mere
// Content-Length; the buffer grows with what arrives.
const maxFirstBuffer = 64 << 10

// bodyResult is what a read of the body came to.
type bodyResult struct {
	body []byte
	err  error
}

// readBody reads the body once, within a limit of bytes and of time, and notes
// it on the decision. It returns bodyRead or the reason to refuse.
//
// Traefik gives a plugin no way to set a read deadline, so another goroutine
// reads. It ends when the body does, or with the answer to the request, which
// aborts the read: see hangUp.
func readBody(d *decision, r *http.Request, limit int64, timeout time.Duration) string {
	if r.ContentLength > limit {
		return bodyTooLarge
	}
	if r.ContentLength == 0 || r.Body == nil {
		noteBody(d, nil)
		return bodyRead
	}
	// No select here: Yaegi keeps the cases of a select statement in one place
	// for all goroutines, and concurrent requests would get each other's bodies.
	// The first of the two to arrive counts; there is room for both, so that
	// neither ever waits.
	done := make(chan *bodyResult, 2)
	go readAll(r.Body, limit, r.ContentLength, done)
	// Most bodies are here already, and need no timer.
	runtime.Gosched()
	var result *bodyResult
	if len(done) > 0 {
		result = <-done
	} else {
		result = waitForBody(done, timeout)
	}
	if result == nil || result.err != nil {
		return bodyProblem(result)
	}
	if int64(len(result.body)) > limit {
		d.body = result.body
		return bodyTooLarge
	}
	noteBody(d, result.body)
	return bodyRead
}

// readAll reads at most one byte more than the limit.
func readAll(body io.Reader, limit, length int64, done chan *bodyResult) {
	defer func() {
		if p := recover(); p != nil {
			done <- &bodyResult{err: errors.New("reading the body panicked: " + fmt.Sprint(p))}
		}
	}()
	if length < 0 || length > maxFirstBuffer {
		length = maxFirstBuffer
	}
	buffer := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead))
	_, err := buffer.ReadFrom(io.LimitReader(body, limit+1))
	done <- &bodyResult{body: buffer.Bytes(), err: err}
}

// waitForBody returns nil when the time is over.
func waitForBody(done chan *bodyResult, timeout time.Duration) *bodyResult {
	timer := time.AfterFunc(timeout, func() { done <- nil })
	result := <-done
	timer.Stop()
	return result
}

func bodyProblem(result *bodyResult) string {
	if result == nil {
		return bodyTimeout
	}
	if errors.Is(result.err, os.ErrDeadlineExceeded) {
		return bodyTimeout // Traefik's own, respondingTimeouts.readTimeout
	}
	return bodyIncomplete
}

func noteBody(d *decision, body []byte) {
	sum := sha256.Sum256(body)
	d.body = body
	d.bodyWhole = true
	d.bodyBytes = int64(len(body))
	d.bodyHash = hex.EncodeToString(sum[:])
}
