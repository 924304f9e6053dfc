package hookward

import (
	"context"
	"net/http"
	"time"
)

// keptWriter is the statusWriter of a delivery that is not to be lost: where the backend
// fails for now, and that can be stored, the sender gets another answer.
type keptWriter struct {
	http.ResponseWriter
	x     *exchange
	usual bool // the sender gets what is written
	flush bool // each write, because nobody else can
}

// newKeptWriter returns the interface: see newStatusWriter.
func newKeptWriter(rw http.ResponseWriter, x *exchange) http.ResponseWriter {
	return &keptWriter{ResponseWriter: rw, x: x}
}

// WriteHeader has the usual answer alone.
func (w *keptWriter) WriteHeader(status int) {
	if status != http.StatusOK || !w.x.kept.calm || len(w.ResponseWriter.Header()["Content-Length"]) == 0 {
		writeAnyHeader(w, status)
		return
	}
	w.x.kept.calm = false
	w.x.kept.passed = true
	w.x.kept.timer.Stop() // a body may take its time
	w.x.status = status
	w.usual = true
	w.ResponseWriter.WriteHeader(status)
}

func writeAnyHeader(w *keptWriter, status int) {
	k := w.x.kept
	if status < http.StatusOK && status != http.StatusSwitchingProtocols || k.swallow || k.passed {
		if !k.swallow {
			w.ResponseWriter.WriteHeader(status)
		}
		return
	}
	header := w.ResponseWriter.Header()
	status = judgeAnswer(w.x, header, status)
	if status == 0 {
		return
	}
	w.usual = true
	w.x.status = status
	k.timer.Stop()
	if len(header["Content-Length"]) == 0 {
		w.flush = !compiled
		context.AfterFunc(w.x.Request.Context(), k.cancel) // no body without a sender
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes what is the sender's.
func (w *keptWriter) Write(b []byte) (int, error) {
	if !w.usual || w.flush {
		return writeAny(w, b)
	}
	return w.ResponseWriter.Write(b)
}

func writeAny(w *keptWriter, b []byte) (int, error) {
	if !w.usual && !w.x.kept.swallow {
		writeAnyHeader(w, http.StatusOK)
	}
	if w.x.kept.swallow {
		return len(b), nil
	}
	n, err := w.ResponseWriter.Write(b)
	if w.flush {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
	}
	return n, err
}

// What follows is for http.ResponseController, as that of statusWriter.

// FlushError sends what has been written.
func (w *keptWriter) FlushError() error {
	if !w.usual && !w.x.kept.swallow {
		writeAnyHeader(w, http.StatusOK)
	}
	if w.x.kept.swallow {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for whoever asks for an http.Flusher.
func (w *keptWriter) Flush() { _ = w.FlushError() }

// SetReadDeadline sets the deadline for reading the request.
func (w *keptWriter) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(deadline)
}

// SetWriteDeadline sets the deadline for writing the response.
func (w *keptWriter) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(deadline)
}

// EnableFullDuplex lets the request be read while the response is written.
func (w *keptWriter) EnableFullDuplex() error {
	return http.NewResponseController(w.ResponseWriter).EnableFullDuplex()
}
