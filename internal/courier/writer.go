package courier

import (
	"context"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/traefik"
)

// writer is the sender's ResponseWriter for a delivery that is not to be lost: where the
// backend fails for now, and that can be stored, the sender gets another answer.
type writer struct {
	http.ResponseWriter
	kept  *Kept
	usual bool // the sender gets what is written
	flush bool // each write, because nobody else can
}

// NewWriter returns what the backend answers a delivery through. It returns the interface:
// Yaegi would let an interface that a caller makes of the struct share its variable.
func NewWriter(rw http.ResponseWriter, k *Kept) http.ResponseWriter {
	return &writer{ResponseWriter: rw, kept: k}
}

// WriteHeader has the usual answer alone.
func (w *writer) WriteHeader(status int) {
	if status != http.StatusOK || !w.kept.Calm || len(w.ResponseWriter.Header()["Content-Length"]) == 0 {
		writeAnyHeader(w, status)
		return
	}
	w.kept.Calm = false
	w.kept.Passed = true
	w.kept.Timer.Stop() // a body may take its time
	w.kept.Sent = status
	w.usual = true
	w.ResponseWriter.WriteHeader(status)
}

func writeAnyHeader(w *writer, status int) {
	k := w.kept
	if status < http.StatusOK && status != http.StatusSwitchingProtocols || k.swallow || k.Passed {
		if !k.swallow {
			w.ResponseWriter.WriteHeader(status)
		}
		return
	}
	header := w.ResponseWriter.Header()
	status = judgeAnswer(k, header, status)
	if status == 0 {
		return
	}
	w.usual = true
	w.kept.Sent = status
	k.Timer.Stop()
	if len(header["Content-Length"]) == 0 {
		w.flush = !traefik.Compiled
		context.AfterFunc(k.Original.Context(), k.Cancel) // no body without a sender
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes what is the sender's.
func (w *writer) Write(b []byte) (int, error) {
	if !w.usual || w.flush {
		return writeAny(w, b)
	}
	return w.ResponseWriter.Write(b)
}

func writeAny(w *writer, b []byte) (int, error) {
	if !w.usual && !w.kept.swallow {
		writeAnyHeader(w, http.StatusOK)
	}
	if w.kept.swallow {
		return len(b), nil
	}
	n, err := w.ResponseWriter.Write(b)
	if w.flush {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
	}
	return n, err
}

// What follows is for http.ResponseController, as the proxy asks it where hookward is compiled in.

// FlushError sends what has been written.
func (w *writer) FlushError() error {
	if !w.usual && !w.kept.swallow {
		writeAnyHeader(w, http.StatusOK)
	}
	if w.kept.swallow {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
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
