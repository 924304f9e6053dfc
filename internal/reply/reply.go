// Package reply notes what becomes of an answer while it goes on to the sender. It must not
// know who answers, nor what for.
package reply

import (
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/traefik"
)

// writer notes the backend's status. Yaegi lets an interpreted type be
// nothing but a plain http.ResponseWriter, so Flush is lost there; a response
// without a length is then flushed at each write, as the reverse proxy would do.
type writer struct {
	http.ResponseWriter
	request *http.Request
	sent    *Sent
	usual   bool // the status is noted, and nobody has to flush
}

// Sent is what the sender of a request was sent.
type Sent struct {
	Status int // 0 where nothing was
	// Left says that it was gone before the status was there, which is an error: that may be
	// Traefik's own, because of it, and not the backend's.
	Left bool
}

// NewWriter returns what a request's answer is written through, and noted. It returns the
// interface: Yaegi would let one that a caller makes share its variable.
func NewWriter(rw http.ResponseWriter, r *http.Request, sent *Sent) http.ResponseWriter {
	return &writer{ResponseWriter: rw, request: r, sent: sent}
}

// WriteHeader has the usual answer alone: interpreted, a call costs as much as the function is
// long.
func (w *writer) WriteHeader(status int) {
	if status != http.StatusOK || w.sent.Status != 0 || len(w.ResponseWriter.Header()["Content-Length"]) == 0 {
		writeAnyHeader(w, status)
		return
	}
	w.sent.Status = status
	w.usual = true
	w.ResponseWriter.WriteHeader(status)
}

// writeAnyHeader notes the status, unless it is an interim one, or one too many.
func writeAnyHeader(w *writer, status int) {
	if w.sent.Status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		w.sent.Status = status
		w.sent.Left = status > 299 && w.request.Context().Err() != nil
		w.usual = len(w.ResponseWriter.Header()["Content-Length"]) > 0
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes on.
func (w *writer) Write(b []byte) (int, error) {
	if !w.usual {
		return writeThrough(w, b)
	}
	return w.ResponseWriter.Write(b)
}

func writeThrough(w *writer, b []byte) (int, error) {
	if w.sent.Status == 0 {
		w.sent.Status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	if !traefik.Compiled {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
	}
	return n, err
}

// What follows is for http.ResponseController, where hookward is compiled in: the
// proxy flushes by itself there, and knows when. Hijack is left out: a response
// that becomes a tunnel would carry bytes past the gate.

// FlushError sends what has been written.
func (w *writer) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if err == nil && w.sent.Status == 0 {
		w.sent.Status = http.StatusOK
	}
	return err
}

// Flush is FlushError for whoever asks for an http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// SetReadDeadline sets the deadline for reading the request.
func (w *writer) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(deadline)
}

// SetWriteDeadline sets the deadline for writing the response.
func (w *writer) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(deadline)
}

// EnableFullDuplex lets the request be read while the response is written.
func (w *writer) EnableFullDuplex() error {
	return http.NewResponseController(w.ResponseWriter).EnableFullDuplex()
}
