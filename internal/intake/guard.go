package intake

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/hookward/hookward/internal/traefik"
)

// Reader returns what the next handler reads a body from. It must be closed before the buffer
// of the body is used again.
//
//inline:hot
func Reader(body []byte) io.ReadCloser {
	if traefik.Compiled && len(body) > Small {
		return Guard(body)
	}
	return io.NopCloser(bytes.NewReader(body))
}

// Guard returns what a body is read from whose buffer is used again, once it is closed.
func Guard(body []byte) io.ReadCloser {
	return &guardedBody{rest: body}
}

// guardedBody is a body in a buffer that is used again after Close.
type guardedBody struct {
	mu     sync.Mutex
	rest   []byte
	closed bool
}

// Read copies bytes out. After Close it returns http.ErrBodyReadAfterClose.
func (b *guardedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close waits for a Read that is under way.
func (b *guardedBody) Close() error {
	b.mu.Lock()
	b.closed = true
	b.rest = nil
	b.mu.Unlock()
	return nil
}
