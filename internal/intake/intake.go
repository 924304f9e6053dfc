// Package intake reads the bodies of requests into memory that is granted to it bit by bit.
// It must not know who grants it, nor what the bodies are.
package intake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/hookward/hookward/internal/verdict"
)

// A mere Content-Length gets a sender no more memory than firstBuffer, and what has
// arrived gets it growth times as much: who stalls must have paid for what is held.
const (
	firstBuffer = 64 << 10
	growth      = 4
)

// Small is up to how long a body is that is not worth a buffer that is used again.
const Small = 16 << 10

// Read reads a body of any kind, at most one byte more than the limit. It returns what was
// read, and the reason to refuse, or nothing.
func Read(r *http.Request, limit int64, take func(bytes int64) bool) ([]byte, string) {
	if r.ContentLength > 0 {
		return readLength(r, take)
	}
	buffer := &bytes.Buffer{}
	for have := int64(0); have <= limit; have = int64(buffer.Len()) {
		room := 2 * have
		if have == 0 {
			room = firstBuffer
		}
		if room > limit {
			room = limit + 1
		}
		if !take(room - have) {
			return buffer.Bytes(), verdict.MemoryUnavailable
		}
		larger := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
		larger.Write(buffer.Bytes())
		buffer = larger
		n, err := buffer.ReadFrom(io.LimitReader(r.Body, room-have))
		if err != nil {
			return nil, Problem(err)
		}
		if n < room-have {
			return buffer.Bytes(), ""
		}
	}
	return buffer.Bytes(), verdict.BodyTooLarge
}

// readLength reads a body of a length that is known, and within the limit.
func readLength(r *http.Request, take func(bytes int64) bool) ([]byte, string) {
	body := []byte{}
	held := int64(0)
	for have := int64(0); have < r.ContentLength; {
		room := nextRoom(have, r.ContentLength)
		larger := roomFor(room, r.ContentLength, held, take)
		if larger == nil {
			return body, verdict.MemoryUnavailable
		}
		held = int64(cap(larger))
		copy(larger, body)
		if have > 0 {
			Free(body)
		}
		body = larger
		_, err := io.ReadFull(r.Body, body[have:])
		if err != nil {
			return nil, Problem(err)
		}
		have = room
	}
	if r.ProtoMajor != 1 {
		// HTTP/1 ends a body there, RFC 9112, 6.2. Elsewhere the end, and what
		// stands behind it, is still to come.
		n, err := io.Copy(io.Discard, io.LimitReader(r.Body, 1))
		if err != nil || n > 0 {
			return nil, Problem(err)
		}
	}
	return body, ""
}

// Problem returns the reason to refuse a request whose body can't be read.
func Problem(err error) string {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return verdict.BodyTimeout // Traefik's own, respondingTimeouts.readTimeout
	}
	return verdict.BodyIncomplete
}
