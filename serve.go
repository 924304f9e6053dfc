package hookward

import (
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/traefik"
)

// This file stays tiny. When a backend aborts a response, the reverse proxy
// panics through every frame on the stack, and Yaegi then walks the whole
// source file of each interpreted one: 53 ms of CPU in a large file, 0.05 ms
// here.

// handler decides on each request, answers or forwards it, and records it.
func handler(g *gates.Gate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		x := new(exchange) // a literal would be made twice
		_, x.hijackable = rw.(http.Hijacker)
		x.gate = g
		x.start = time.Now()
		x.done = make(chan bool, 1)
		x.Request = r
		submit(deciders, x)
		<-x.done
		if x.limit != "" {
			tellClient(rw, x)
		}
		if !x.forward {
			refuse(rw, r, x)
			finish(x)
			return
		}
		// Deferred, so that a panic of the backend leaves its record as well.
		// The panic itself goes on: it is how a broken response is aborted.
		// Yaegi would skip a deferred call of a function that it has not read
		// yet; record.go sorts before serve.go, and the dialect check knows.
		defer finish(x)
		next.ServeHTTP(newStatusWriter(rw, x), x.Request)
		x.completed = true
	})
}

// statusWriter notes the backend's status. Yaegi lets an interpreted type be
// nothing but a plain http.ResponseWriter, so Flush is lost there; a response
// without a length is then flushed at each write, as the reverse proxy would do.
type statusWriter struct {
	http.ResponseWriter
	x     *exchange
	flush bool // each write, because nobody else can
}

// newStatusWriter returns the interface and not the struct: Yaegi would let the
// interface share the caller's variable.
func newStatusWriter(rw http.ResponseWriter, x *exchange) http.ResponseWriter {
	return &statusWriter{ResponseWriter: rw, x: x, flush: !traefik.Compiled}
}

// WriteHeader notes the status, unless it is an interim one, or one too many.
func (w *statusWriter) WriteHeader(status int) {
	if w.x.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		w.x.status = status
		if status > 299 {
			noteLeft(w)
		}
		if len(w.ResponseWriter.Header()["Content-Length"]) > 0 {
			w.flush = false
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// noteLeft notes whether the caller was gone before an error: that may be Traefik's own,
// because of it, and not the backend's.
func noteLeft(w *statusWriter) { w.x.left = isGone(w.x) }

// Write does in a function of its own what most responses don't need: interpreted,
// a call costs as much as the function is long.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.flush || w.x.status == 0 {
		return writeThrough(w, b)
	}
	return w.ResponseWriter.Write(b)
}

func writeThrough(w *statusWriter, b []byte) (int, error) {
	if w.x.status == 0 {
		w.x.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	if w.flush {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
	}
	return n, err
}

// What follows is for http.ResponseController, where hookward is compiled in: the
// proxy flushes by itself there, and knows when. Hijack is left out: a response
// that becomes a tunnel would carry bytes past the gate.

// FlushError sends what has been written.
func (w *statusWriter) FlushError() error {
	err := http.NewResponseController(w.ResponseWriter).Flush()
	if err == nil && w.x.status == 0 {
		w.x.status = http.StatusOK
	}
	return err
}

// Flush is FlushError for whoever asks for an http.Flusher.
func (w *statusWriter) Flush() { _ = w.FlushError() }

// SetReadDeadline sets the deadline for reading the request.
func (w *statusWriter) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(deadline)
}

// SetWriteDeadline sets the deadline for writing the response.
func (w *statusWriter) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(deadline)
}

// EnableFullDuplex lets the request be read while the response is written.
func (w *statusWriter) EnableFullDuplex() error {
	return http.NewResponseController(w.ResponseWriter).EnableFullDuplex()
}
