// Package claim knows which deliveries have been handed on, so that each is handed on
// once. It must not know what a delivery is: it has a key.
//
// A delivery is claimed before, and the claim is settled after: kept where that went
// well, and given back where it did not, so that the sender's next attempt has its
// chance. Where nobody knows, it is held for a time.
package claim

import (
	"strconv"
	"sync"
	"time"
)

// Table remembers up to a number of deliveries for a window of time.
type Table struct {
	mu sync.Mutex // guards all

	// flying has what is claimed, and not settled.
	flying map[string]bool
	// held has what of that nobody will settle, in the order in which it ends.
	held []hold
	// current has when each delivery was handed on, in two generations: what the
	// older one has is over when the younger one is as old as the window, and is
	// forgotten by dropping a map.
	current  map[string]int64
	previous map[string]int64
	// until is when the younger generation is as old as the window.
	until int64
	// room is how many deliveries may be claimed before anybody has to look whether
	// there are too many; never more than that. Whoever claims one takes it off.
	room int

	since   int64 // when the younger generation began
	lead    int64 // that it has followed; see timeOf
	window  int64 // in nanoseconds
	most    int
	journal *journal // nil where it is not journaled
	awaits  int64    // until when Claim waits for Told, by the process's own clock; 0: not at all
	evicted int64
	tell    func(level, message string)
}

// hold is a claim that ends by itself.
type hold struct {
	key string
	end int64 // by the process's own clock
}

// HoldTime is how long a delivery stays in flight of which nobody will hear any more.
const HoldTime = 2 * time.Minute

// What Claim says.
const (
	Granted   = iota // the delivery is the caller's, who has to settle it
	InFlight         // another one has it, and may give it back
	Duplicate        // it has been handed on
	Full             // there is no room, or the journal can't be read yet, and nothing is to be forgotten
)

// New returns a table that remembers deliveries for a window. What is forgotten
// early is told, briefly and with a lock held.
func New(window time.Duration, most int, tell func(level, message string)) *Table {
	return &Table{
		tell: tell, window: int64(window), most: most, lead: look(),
		flying: map[string]bool{}, current: map[string]int64{}, previous: map[string]int64{},
	}
}

// Claim claims a delivery by its key. With strict, it is not granted at the price of
// forgetting another one too early.
//
// Interpreted, a call costs what all variables of the function cost: so Claim has the
// usual case alone, a new delivery while there is room.
func Claim(t *Table, key string, now time.Time, strict bool) int {
	t.mu.Lock()
	_, known := t.current[key]
	if !known {
		_, known = t.previous[key]
	}
	if known || t.flying[key] || t.room <= 0 || now.UnixNano() >= t.until {
		return claimAny(t, key, now, strict)
	}
	t.flying[key] = true
	t.room--
	t.mu.Unlock()
	return Granted
}

// claimAny is Claim for every case. It begins with the lock held.
func claimAny(t *Table, key string, at time.Time, strict bool) int {
	t.mu.Unlock()
	known := isRecalled(t)
	t.mu.Lock()
	if t.awaits != 0 {
		t.mu.Unlock()
		known = isTold(t) && known
		t.mu.Lock()
	}
	if strict && !known {
		t.mu.Unlock()
		return Full
	}
	now := timeOf(t, at)
	endHolds(t, ownTime(at))
	if t.flying[key] {
		t.mu.Unlock()
		return InFlight
	}
	handed, taken := t.current[key]
	if !taken {
		handed, taken = t.previous[key]
	}
	if taken && now-handed < t.window {
		t.mu.Unlock()
		return Duplicate
	}
	if now-t.since >= t.window || len(t.current)+len(t.flying) >= t.most/2 {
		turn(t, now, strict)
	}
	if len(t.current)+len(t.previous)+len(t.flying) >= t.most {
		t.mu.Unlock()
		return Full
	}
	t.flying[key] = true
	t.room = t.most/2 - len(t.current) - len(t.flying)
	if t.most/2 > t.most-len(t.previous) {
		t.room -= len(t.previous) - (t.most - t.most/2)
	}
	if t.awaits != 0 {
		t.room = 0
	}
	t.mu.Unlock()
	return Granted
}

// turn begins a new generation. Where the present one is full before its time,
// deliveries of the one before are forgotten early, unless none must be.
func turn(t *Table, now int64, strict bool) {
	early := now-t.since < t.window
	if early && (strict && len(t.previous) > 0 || len(t.current) == 0) {
		return
	}
	if early && len(t.previous) > 0 {
		t.evicted += int64(len(t.previous))
		t.tell("error", "more deliveries come within the window than can be remembered; the oldest are forgotten, "+strconv.FormatInt(t.evicted, 10)+" so far")
	}
	t.previous = t.current
	t.current = map[string]int64{}
	t.since = now
	t.until = now + t.window
	if t.journal != nil {
		note(t.journal, nil)
	}
}

// Commit keeps a claim: until the window is over, the delivery is a duplicate.
func Commit(t *Table, key string, now int64) {
	t.mu.Lock()
	delete(t.flying, key)
	t.current[key] = now
	if t.journal != nil {
		keep(t, key, now)
		return
	}
	t.mu.Unlock()
}

// Release gives a claim back.
func Release(t *Table, key string) {
	t.mu.Lock()
	delete(t.flying, key)
	t.mu.Unlock()
}

// Hold leaves a claim in flight for HoldTime: what has become of the delivery is not known.
func Hold(t *Table, key string, at time.Time) {
	t.mu.Lock()
	t.held = append(t.held, hold{key: key, end: ownTime(at) + int64(HoldTime)})
	t.mu.Unlock()
}

// endHolds gives back what was held for its time.
func endHolds(t *Table, own int64) {
	n := 0
	for n < len(t.held) && t.held[n].end <= own {
		delete(t.flying, t.held[n].key)
		n++
	}
	t.held = t.held[n:]
}

// Resize changes the window, also for what is remembered already.
func Resize(t *Table, window time.Duration) {
	t.mu.Lock()
	t.window = int64(window)
	t.until = t.since + t.window
	t.mu.Unlock()
}

// Entries returns how many deliveries are remembered, those in flight among them.
func Entries(t *Table) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(len(t.current) + len(t.previous) + len(t.flying))
}

// Evicted returns how many deliveries have been forgotten before their time.
func Evicted(t *Table) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.evicted
}
