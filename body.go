package hookward

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
)

// A mere Content-Length gets a sender no more memory than firstBuffer, and what has
// arrived gets it growth times as much: who stalls must have paid for what is held.
// Each buffer is garbage when the next one is there: with doubling, a body of 1 MiB
// made 3 MiB of it, and makes 1.3 so.
const (
	firstBuffer = 64 << 10
	growth      = 4
)

// readBody reads the body once, at most one byte more than the limit, and returns
// bodyRead or the reason to refuse.
func readBody(d *decision, r *http.Request, limit int64) string {
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
	return bodyRead
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
		larger := make([]byte, room)
		copy(larger, body)
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
	return bodyRead
}

func bodyProblem(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return bodyTimeout // Traefik's own, respondingTimeouts.readTimeout
	}
	return bodyIncomplete
}
