package delivery

import "sync/atomic"

// What is being tried is in memory, body and all. attemptBytes are the bytes of that, of all
// engines, and attemptMemory how many there may be; 0 is no limit. Atomic.
var attemptBytes, attemptMemory int64

// SetAttemptMemory bounds the bytes of all deliveries that are tried at once, in the process.
// One that is larger is tried while no other is.
func SetAttemptMemory(bytes int64) { atomic.StoreInt64(&attemptMemory, bytes) }

// hasMemory says whether an attempt may begin, which then calls takeMemory. Engines that ask
// at the same moment may be one delivery above the bound.
func hasMemory(it *item) bool {
	limit := atomic.LoadInt64(&attemptMemory)
	used := atomic.LoadInt64(&attemptBytes)
	return limit == 0 || used == 0 || used+it.entry.Size <= limit
}

func takeMemory(it *item) {
	it.taken = it.entry.Size
	atomic.AddInt64(&attemptBytes, it.taken)
}

func returnMemory(it *item) {
	atomic.AddInt64(&attemptBytes, -it.taken)
	it.taken = 0
}
