package delivery

import "sync/atomic"

// underway is what is being tried, which is in memory, body and all. Atomic.
type underway struct {
	bytes int64
	limit int64 // 0 is none
}

// everything is what all engines of the process try.
var everything underway

// SetAttemptMemory bounds the bytes of all deliveries that are tried at once, in the process.
// One that is larger is tried while no other is.
func SetAttemptMemory(bytes int64) { atomic.StoreInt64(&everything.limit, bytes) }

// hasMemory says whether an attempt may begin, which then calls takeMemory. Engines that ask
// at the same moment may be one delivery above the bound.
func hasMemory(u *underway, it *item) bool {
	limit := atomic.LoadInt64(&u.limit)
	used := atomic.LoadInt64(&u.bytes)
	return limit == 0 || used == 0 || used+it.entry.Size <= limit
}

func takeMemory(u *underway, it *item) {
	it.taken = it.entry.Size
	atomic.AddInt64(&u.bytes, it.taken)
}

func returnMemory(u *underway, it *item) {
	atomic.AddInt64(&u.bytes, -it.taken)
	it.taken = 0
}
