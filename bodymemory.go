package hookward

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/traefik"
	"github.com/hookward/hookward/internal/verdict"
)

// bodies is the memory for the bodies of all gates.
var bodies = gates.Bodies

// takeMemory takes memory for a request's body, or returns false.
func takeMemory(x *exchange, n int64) bool {
	if budget.Take(bodies, n) {
		x.held += n
		return true
	}
	if x.holder == "" {
		x.holder = clientKey(x.policy, x.Request, x)
	}
	if !budget.TakeFor(bodies, x.holder, n, memory.Clock(time.Now())) {
		return false
	}
	x.heldByHolder += n
	return true
}

// takeOtherwise takes memory for a small body, for which there is none in anybody's part.
// It returns the reason to refuse, or nothing.
func takeOtherwise(x *exchange) string {
	n := x.held
	returnMemory(x)
	if !takeMemory(x, n) {
		return verdict.MemoryUnavailable
	}
	return ""
}

// endBody gives back what a request has taken that is over. Where its body did not come
// in time, somebody still reads that, and does it: see abandonBody.
//
//inline:hot
func endBody(x *exchange) {
	if x.stalled {
		return
	}
	if x.heldByHolder > 0 {
		returnMemory(x)
	}
	if x.held > 0 {
		atomic.AddInt64(&bodies.Open, x.held)
		x.held = 0
	}
}

// returnMemory gives back what a request has taken. Only who reads the body may do that,
// or who comes after.
func returnMemory(x *exchange) {
	budget.Return(bodies, x.held)
	x.held = 0
	if x.heldByHolder > 0 {
		budget.ReturnFor(bodies, x.holder, x.heldByHolder)
		x.heldByHolder = 0
	}
}

// abandonBody ends the reading of a body whose request has been answered meanwhile.
func abandonBody(x *exchange) string {
	noteStall(x)
	x.arrived = nil
	returnMemory(x)
	return verdict.BodyGivenUp
}

// noteProblem remembers who has stalled with a body, and returns the problem.
func noteProblem(x *exchange, problem string) string {
	if problem == verdict.BodyTimeout || problem == verdict.BodyIncomplete {
		noteStall(x)
	}
	return problem
}

func noteStall(x *exchange) {
	budget.NoteStall(bodies, clientKey(x.policy, x.Request, x), memory.Clock(time.Now()))
}

// Where hookward is compiled in, bodies of 16 KiB to 1 MiB are read into buffers that
// are used again: clearing and collecting a new one costs a quarter of a delivery of
// 64 KiB. Interpreted, the body that guards a buffer would cost more than it saves.
//
// A buffer is used again when the request is over and recorded. Its body has been closed
// by then, and copies out what is read, so that no reader ever has another request's bytes.
const (
	smallBody  = 16 << 10
	middleBody = growth * firstBuffer
	largeBody  = growth * growth * firstBuffer
)

var firstBuffers, middleBuffers, largeBuffers sync.Pool

// isPooled says whether the buffers for a body of a length are used again.
func isPooled(length int64) bool {
	return traefik.Compiled && length > smallBody && length <= largeBody
}

// nextRoom returns the size of the buffer that follows one of have bytes. A buffer that
// is not used again is garbage when the next one is there: each step is a fourth of the
// one after, counted from the last, so all of them together are a third of the body.
func nextRoom(have, length int64) int64 {
	room := length
	if isPooled(length) {
		switch {
		case have == 0 && length > firstBuffer:
			room = firstBuffer
		case have == firstBuffer && length > middleBody:
			room = middleBody
		}
		return room
	}
	for room > firstBuffer && room > growth*have {
		room = (room + growth - 1) / growth
	}
	return room
}

// roomFor returns a buffer of n bytes of any content for a body, of which the caller
// writes all, or nil where there is no memory for it. The buffer before is paid for.
func roomFor(x *exchange, n, length int64) []byte {
	size := n
	pooled := isPooled(length)
	if pooled {
		size = sizeOfBuffer(n)
	}
	if !takeMemory(x, size-x.held-x.heldByHolder) {
		return nil
	}
	if !pooled {
		return make([]byte, n)
	}
	switch size {
	case firstBuffer:
		return idleBuffer(&firstBuffers, firstBuffer)[:n]
	case middleBody:
		return idleBuffer(&middleBuffers, middleBody)[:n]
	}
	return idleBuffer(&largeBuffers, largeBody)[:n]
}

// sizeOfBuffer returns how large a buffer that is used again has to be for n bytes.
func sizeOfBuffer(n int64) int64 {
	switch {
	case n <= firstBuffer:
		return firstBuffer
	case n <= middleBody:
		return middleBody
	}
	return largeBody
}

// idleBuffer returns a buffer that nobody uses, or a new one.
func idleBuffer(idle *sync.Pool, size int) []byte {
	buffer, ok := idle.Get().(*[]byte)
	if ok {
		return *buffer
	}
	return make([]byte, size)
}

// freeBuffer lets a buffer be used again.
func freeBuffer(buffer []byte) {
	if !traefik.Compiled {
		return
	}
	whole := buffer[:cap(buffer)]
	switch len(whole) {
	case firstBuffer:
		firstBuffers.Put(&whole)
	case middleBody:
		middleBuffers.Put(&whole)
	case largeBody:
		largeBuffers.Put(&whole)
	}
}

// freeBody ends the use of a body whose request is over and recorded.
func freeBody(x *exchange) {
	if !x.bodyWhole || len(x.Body) <= smallBody {
		return
	}
	if x.guarded != nil {
		_ = x.guarded.Close()
	}
	freeBuffer(x.Body)
	x.Body = nil
}

// readerOf returns what the next handler reads the body from.
//
//inline:hot
func readerOf(x *exchange) io.ReadCloser {
	if traefik.Compiled && len(x.Body) > smallBody {
		return guardedReader(x)
	}
	return io.NopCloser(bytes.NewReader(x.Body))
}

func guardedReader(x *exchange) io.ReadCloser {
	x.guarded = &guardedBody{rest: x.Body}
	return x.guarded
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
