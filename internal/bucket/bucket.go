// Package bucket limits how often, by token buckets: each key has one of its own. It
// must not know whose key that is.
//
// A bucket is a single number, the time at which it will be full again, as in the
// generic cell rate algorithm (ITU-T I.371, "virtual scheduling"). So in any
// window at most burst plus rate times window is let through, at any rate and
// however often the clock is read.
package bucket

import (
	"hash/maphash"
	"math"
	"sync"
	"time"
)

// Table holds the buckets of up to a number of keys.
type Table struct {
	// Interval is the time in which one token is filled in, in nanoseconds.
	// Rounded up: rather a little less often than too often.
	Interval int64
	// depth is the time in which an empty bucket fills, in nanoseconds.
	depth int64

	mu sync.Mutex // guards what follows

	// now never goes back: see clock.
	now int64
	// until is when the current generation ends; in the past, where the clock was
	// set back.
	until int64
	// current has the time at which each bucket is full, in two generations: what
	// was last touched before the older one was closed is full again, and forgotten
	// by dropping a map. Nothing is ever walked through.
	current  map[string]int64
	previous map[string]int64
	since    int64 // when the current one began

	most   int
	offset int64

	overflow []int64 // see share
	seed     maphash.Seed
	shared   int64 // how many requests have shared a bucket
}

// shares is how many buckets there are for the keys that find no room.
const shares = 1024

// New returns a table in which each key may take burst tokens at once, and
// average tokens in a period. Their sizes are the caller's to check; see Fits.
// A burst of zero lets nothing through.
func New(average int64, period time.Duration, burst int64, most int) *Table {
	interval := intervalOf(average, period)
	t := &Table{
		Interval: interval,
		depth:    burst * interval,
		most:     most,
		now:      math.MinInt64,
		until:    math.MinInt64,
		current:  map[string]int64{},
		previous: map[string]int64{},
		overflow: make([]int64, shares),
		seed:     maphash.MakeSeed(),
	}
	for i := range t.overflow {
		t.overflow[i] = math.MinInt64
	}
	return t
}

// maxDepth bounds the time in which a bucket fills: sums of such times are far
// from overflowing.
const maxDepth = int64(10 * 365 * 24 * time.Hour)

// Fits says whether New can count so much: at most one token a nanosecond, and
// at most ten years to fill a bucket.
func Fits(average int64, period time.Duration, burst int64) bool {
	if average < 1 || period < 1 || burst < 0 || average > int64(period) {
		return false
	}
	return burst <= maxDepth/intervalOf(average, period)
}

// intervalOf rounds up.
func intervalOf(average int64, period time.Duration) int64 {
	return 1 + (int64(period)-1)/average
}

// Take takes a token out of a key's bucket. The result is negative where there is
// none, and then how many nanoseconds it takes until there is; otherwise it is
// the time that the tokens left took to be filled in: divided by Interval, their
// number.
//
// Interpreted, a call costs what all variables of the function cost: so Take has the
// usual case alone, a key of the current generation, in time.
func Take(t *Table, key string, now int64) int64 {
	t.mu.Lock()
	full, known := t.current[key]
	if !known || now < t.now || now > t.until {
		return takeAny(t, key, now)
	}
	t.now = now
	if full < now {
		full = now
	}
	full += t.Interval
	room := now + t.depth - full
	if room >= 0 {
		t.current[key] = full
	}
	t.mu.Unlock()
	return room
}

// takeAny is Take for every case. It begins with the lock held.
func takeAny(t *Table, key string, now int64) int64 {
	if now+t.offset >= t.now && t.now != math.MinInt64 {
		now += t.offset // as clock has it
		t.now = now
	} else {
		now = clock(t, now)
	}
	if now-t.since > t.depth {
		turn(t, now)
	}
	full, known := t.current[key]
	if !known {
		full, known = older(t, key)
		if !known && len(t.current)+len(t.previous) >= t.most {
			room := share(t, key, now)
			t.mu.Unlock()
			return room
		}
	}
	if !known && t.shared > 0 {
		full = startOf(t, key, now)
	} else if !known || full < now {
		full = now
	}
	room := t.depth - (full + t.Interval - now)
	if room >= 0 {
		t.current[key] = full + t.Interval
	} else if known {
		t.current[key] = full // it may have been in the older generation
	}
	t.mu.Unlock()
	return room
}

// older takes a bucket out of the older generation.
func older(t *Table, key string) (int64, bool) {
	full, known := t.previous[key]
	if known {
		delete(t.previous, key)
	}
	return full, known
}

// startOf returns when a new bucket counts as full. A key that has shared a bucket
// takes along what that was used for.
func startOf(t *Table, key string, now int64) int64 {
	full := t.overflow[maphash.String(t.seed, key)%shares]
	if full < now {
		return now
	}
	return full
}

// maxDisorder is how far apart two requests may come here from the order in which
// they looked at the clock, in nanoseconds. What goes back further is the clock.
const maxDisorder = int64(10 * time.Second)

// clock returns a time that never goes back. Requests that come here late are not
// earlier than those before them. Where the clock itself goes back, time stands
// still for a moment and goes on from there: to take the older time would lock
// everybody out for as long as the clock was set back by, and to begin anew would
// forget what was taken.
func clock(t *Table, now int64) int64 {
	if t.now == math.MinInt64 {
		t.since = now
		t.now = now
		t.until = now + t.depth
		return now
	}
	now += t.offset
	if t.now-now > maxDisorder {
		t.offset += t.now - now
		t.until = math.MinInt64
	}
	if now < t.now {
		return t.now
	}
	t.now = now
	return now
}

// turn begins a new generation.
func turn(t *Table, now int64) {
	t.previous = t.current
	if now-t.since > 2*t.depth {
		t.previous = map[string]int64{} // all of it is full again as well
	}
	t.current = map[string]int64{}
	t.since = now
	if t.offset == 0 {
		t.until = now + t.depth
	}
}

// share takes a token for a key that finds no room, out of one of the buckets for
// all of these. A budget that is spent is thus never forgotten, be it by a flood
// of addresses, and whoever comes new in a flood is not refused for that alone.
func share(t *Table, key string, now int64) int64 {
	t.shared++
	i := maphash.String(t.seed, key) % shares
	full := t.overflow[i]
	if full < now {
		full = now
	}
	room := t.depth - (full + t.Interval - now)
	if room >= 0 {
		t.overflow[i] = full + t.Interval
	}
	return room
}

// Own says whether a key has a bucket of its own, and does not share one.
func Own(t *Table, key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.current[key]
	if !known {
		_, known = t.previous[key]
	}
	return known
}

// Adopt makes a bucket, which Take was asked for just now, what Take has said of the same
// bucket elsewhere, where more may have been taken.
func Adopt(t *Table, key string, room int64) {
	if room < 0 {
		room += t.Interval // none was taken
	}
	if room < 0 {
		room = 0
	}
	if room > t.depth {
		room = t.depth
	}
	t.mu.Lock()
	_, known := t.current[key]
	if known {
		t.current[key] = t.now + t.depth - room
	}
	t.mu.Unlock()
}

// Sources returns how many keys have a bucket that is remembered. A bucket that has not been
// touched for as long as it takes to fill is forgotten when another key comes.
func Sources(t *Table) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(len(t.current) + len(t.previous))
}
