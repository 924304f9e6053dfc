package hooktest

import (
	"bytes"
	"sync"
)

// LockedBuffer is written to by many goroutines.
type LockedBuffer struct {
	mu     sync.Mutex
	Buffer bytes.Buffer
}

func (b *LockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *LockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func (b *LockedBuffer) Reset() {
	b.mu.Lock()
	b.Buffer.Reset()
	b.mu.Unlock()
}

func (b *LockedBuffer) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Len()
}
