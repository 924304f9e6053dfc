package reissue

import (
	"errors"
	"net/http"
)

// maxDrained bounds what is read of an answer that nobody wants.
const maxDrained = 64 << 10

// Answer is what a backend has answered to an attempt: its status, and the headers with
// it.
type Answer struct {
	Status int
	Header http.Header // as it was with the status
}

// writer is a ResponseWriter that keeps the answer and forgets the body.
type writer struct {
	header http.Header
	answer *Answer
	left   int
	cancel func()
}

// NewWriter returns a ResponseWriter that notes the answer. One with a longer body than
// anybody reads is cut off by cancel.
func NewWriter(a *Answer, cancel func()) http.ResponseWriter {
	return &writer{header: http.Header{}, answer: a, left: maxDrained, cancel: cancel}
}

// Header returns the headers of the answer.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader notes the status, unless it is an interim one, or one too many.
func (w *writer) WriteHeader(status int) {
	if w.answer.Status == 0 && status >= http.StatusOK {
		w.answer.Status = status
		w.answer.Header = w.header.Clone()
	}
}

var errEnough = errors.New("nobody reads more of the answer")

// Write counts what it forgets.
func (w *writer) Write(b []byte) (int, error) {
	if w.answer.Status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.left -= len(b)
	if w.left < 0 {
		w.cancel()
		return 0, errEnough
	}
	return len(b), nil
}
