package delivery

import (
	"sync"
	"sync/atomic"
)

// pace says how many attempts there may be at once, and when, of one engine or of both.
type pace struct {
	mu      sync.Mutex
	running int
	free    int64 // when the next attempt may begin, by the rate
}

// takeTurn takes a turn for an attempt, with the engine's lock held. It returns when to ask
// again where there is none yet.
func takeTurn(e *Engine, now int64) int64 {
	p := e.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running >= e.options.Concurrency {
		return never
	}
	if e.options.Interval > 0 && now < p.free {
		return p.free
	}
	p.free = now + e.options.Interval.Milliseconds()
	p.running++
	return 0
}

// endTurn gives the turn back, if there was one, with the engine's lock held.
func endTurn(e *Engine, it *item) {
	if !it.paced {
		return
	}
	it.paced = false
	e.pace.mu.Lock()
	e.pace.running--
	e.pace.mu.Unlock()
}

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
