package hookward

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
)

// firstBuffer bounds the memory that a sender gets for a mere Content-Length; the
// buffer grows with what arrives.
const firstBuffer = 64 << 10

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
