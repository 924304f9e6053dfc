package intake

import (
	"sync"

	"github.com/hookward/hookward/internal/traefik"
)

// Where hookward is compiled in, bodies of 16 KiB to 1 MiB are read into buffers that
// are used again: clearing and collecting a new one costs a quarter of a delivery of
// 64 KiB. Interpreted, the body that guards a buffer would cost more than it saves.
//
// A buffer is used again when the request is over and recorded. Its body has been closed
// by then, and copies out what is read, so that no reader ever has another request's bytes.
const (
	middleBody = growth * firstBuffer
	largeBody  = growth * growth * firstBuffer
)

var firstBuffers, middleBuffers, largeBuffers sync.Pool

// isPooled says whether the buffers for a body of a length are used again.
func isPooled(length int64) bool {
	return traefik.Compiled && length > Small && length <= largeBody
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
// writes all, or nil where there is no memory for it. What is held already is paid for.
func roomFor(n, length, held int64, take func(bytes int64) bool) []byte {
	size := n
	pooled := isPooled(length)
	if pooled {
		size = sizeOfBuffer(n)
	}
	if !take(size - held) {
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

// Free lets a buffer be used again.
func Free(buffer []byte) {
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
