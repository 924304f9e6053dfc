// Package budget divides memory among sources that take it piece by piece, and may
// stall with what they have.
//
// The first eighth goes to whoever comes, and nobody asks who that is: this is the usual
// case, one atomic operation. Of the rest, a source may hold no more than it leaves to
// all others: one holds at most a half, each of two a third. For one that has stalled
// lately the rest is half as large, so half is kept for those that have not.
package budget

import (
	"math"
	"sync"
	"sync/atomic"
)

const (
	openPart = 8 // of the whole, one in so many bytes is anybody's

	// A stall is remembered for one to two turns, of at most maxStalled sources each.
	turnTime   = int64(5 * 60 * 1e9)
	maxStalled = 10_000
)

// Budget is an amount of bytes.
type Budget struct {
	// Open is what is left of anybody's part. Atomic. Below zero, somebody has taken too
	// much, and gives it back at once. Whoever can't afford a call takes it here.
	Open int64

	mu      sync.Mutex // guards what follows
	limit   int64
	used    int64            // of what is not anybody's
	held    map[string]int64 // by whom
	stalled map[string]bool  // in this turn
	before  map[string]bool  // in the turn before
	until   int64            // the end of this turn
}

// New returns a budget without a limit, for now.
func New() *Budget {
	return &Budget{
		Open:    math.MaxInt64 / openPart,
		limit:   math.MaxInt64,
		held:    map[string]int64{},
		stalled: map[string]bool{},
		before:  map[string]bool{},
	}
}

// SetLimit changes the limit. What is held beyond a smaller one stays until it is
// given back.
func SetLimit(b *Budget, limit int64) {
	b.mu.Lock()
	atomic.AddInt64(&b.Open, limit/openPart-b.limit/openPart)
	b.limit = limit
	b.mu.Unlock()
}

// Largest returns how much one source can count on while nobody else holds anything.
func Largest(limit int64) int64 {
	return (limit - limit/openPart) / 2
}

// Take takes n bytes of anybody's part, or returns false.
//
//inline:hot
func Take(b *Budget, n int64) bool {
	if atomic.AddInt64(&b.Open, -n) >= 0 {
		return true
	}
	atomic.AddInt64(&b.Open, n)
	return false
}

// Return gives back what Take has taken.
func Return(b *Budget, n int64) {
	atomic.AddInt64(&b.Open, n)
}

// TakeFor takes n bytes for a source out of the rest, or returns false. The time is in
// nanoseconds of any clock that never goes back.
func TakeFor(b *Budget, source string, n, now int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	turn(b, now)
	rest := b.limit - b.limit/openPart
	if b.stalled[source] || b.before[source] {
		rest /= 2
	}
	own := b.held[source] + n
	if own > rest-b.used-n {
		return false
	}
	b.held[source] = own
	b.used += n
	return true
}

// ReturnFor gives back what TakeFor has taken.
func ReturnFor(b *Budget, source string, n int64) {
	b.mu.Lock()
	b.used -= n
	b.held[source] -= n
	if b.held[source] <= 0 {
		delete(b.held, source)
	}
	b.mu.Unlock()
}

// NoteStall remembers that a source has stalled with what it had.
func NoteStall(b *Budget, source string, now int64) {
	b.mu.Lock()
	turn(b, now)
	b.stalled[source] = true
	b.mu.Unlock()
}

// turn forgets old stalls, by dropping a map: nothing is ever walked through.
func turn(b *Budget, now int64) {
	if now < b.until && len(b.stalled) < maxStalled {
		return
	}
	b.before = b.stalled
	b.stalled = map[string]bool{}
	b.until = now + turnTime
}

// Used returns how many bytes are taken, and of how many.
func Used(b *Budget) (int64, int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limit/openPart - atomic.LoadInt64(&b.Open) + b.used, b.limit
}
