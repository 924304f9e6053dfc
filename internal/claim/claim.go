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

// Table remembers up to a number of deliveries for a window of time. Fields are exported for
// the loop that dev/inline writes Claim and Commit into.
type Table struct {
	Mu sync.Mutex // guards all

	// Flying has what is claimed, and not settled.
	Flying map[string]bool
	// held has what of that nobody will settle, in the order in which it ends.
	held []hold
	// Current has when each delivery was handed on, in two generations: what the
	// older one has is over when the younger one is as old as the window, and is
	// forgotten by dropping a map.
	Current  map[string]int64
	Previous map[string]int64
	// Until is when the younger generation is as old as the window.
	Until int64
	// Room is how many deliveries may be claimed before anybody has to look whether
	// there are too many; never more than that. Whoever claims one takes it off.
	Room int

	since   int64 // when the younger generation began
	lead    int64 // that it has followed; see timeOf
	window  int64 // in nanoseconds
	most    int
	Journal *journal // nil where it is not journaled
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
		Flying: map[string]bool{}, Current: map[string]int64{}, Previous: map[string]int64{},
	}
}

// Claim claims a delivery by its key. With strict, it is not granted at the price of
// forgetting another one too early.
//
// Claim has the usual case alone, a new delivery while there is room.
//
//inline:hot
func Claim(t *Table, key string, now time.Time, strict bool) int {
	t.Mu.Lock()
	_, known := t.Current[key]
	if !known {
		_, known = t.Previous[key]
	}
	if known || t.Flying[key] || t.Room <= 0 || now.UnixNano() >= t.Until {
		t.Mu.Unlock()
		return ClaimAny(t, key, now, strict)
	}
	t.Flying[key] = true
	t.Room--
	t.Mu.Unlock()
	return Granted
}

// ClaimAny is Claim for every case.
func ClaimAny(t *Table, key string, at time.Time, strict bool) int {
	known := isRecalled(t)
	t.Mu.Lock()
	if t.awaits != 0 {
		t.Mu.Unlock()
		known = isTold(t) && known
		t.Mu.Lock()
	}
	if strict && !known {
		t.Mu.Unlock()
		return Full
	}
	now := timeOf(t, at)
	endHolds(t, ownTime(at))
	if t.Flying[key] {
		t.Mu.Unlock()
		return InFlight
	}
	handed, taken := t.Current[key]
	if !taken {
		handed, taken = t.Previous[key]
	}
	if taken && now-handed < t.window {
		t.Mu.Unlock()
		return Duplicate
	}
	if now-t.since >= t.window || len(t.Current)+len(t.Flying) >= t.most/2 {
		turn(t, now, strict)
	}
	if len(t.Current)+len(t.Previous)+len(t.Flying) >= t.most {
		t.Mu.Unlock()
		return Full
	}
	t.Flying[key] = true
	t.Room = t.most/2 - len(t.Current) - len(t.Flying)
	if t.most/2 > t.most-len(t.Previous) {
		t.Room -= len(t.Previous) - (t.most - t.most/2)
	}
	if t.awaits != 0 {
		t.Room = 0
	}
	t.Mu.Unlock()
	return Granted
}

// turn begins a new generation. Where the present one is full before its time,
// deliveries of the one before are forgotten early, unless none must be.
func turn(t *Table, now int64, strict bool) {
	early := now-t.since < t.window
	if early && (strict && len(t.Previous) > 0 || len(t.Current) == 0) {
		return
	}
	if early && len(t.Previous) > 0 {
		t.evicted += int64(len(t.Previous))
		t.tell("error", "more deliveries come within the window than can be remembered; the oldest are forgotten, "+strconv.FormatInt(t.evicted, 10)+" so far")
	}
	t.Previous = t.Current
	t.Current = map[string]int64{}
	t.since = now
	t.Until = now + t.window
	if t.Journal != nil {
		note(t.Journal, nil)
	}
}

// Commit keeps a claim: until the window is over, the delivery is a duplicate.
//
//inline:hot
func Commit(t *Table, key string, now int64) {
	t.Mu.Lock()
	delete(t.Flying, key)
	t.Current[key] = now
	journaled := t.Journal != nil
	t.Mu.Unlock()
	if journaled {
		Keep(t, key, now)
	}
}

// Release gives a claim back.
func Release(t *Table, key string) {
	t.Mu.Lock()
	delete(t.Flying, key)
	t.Mu.Unlock()
}

// Hold leaves a claim in flight for HoldTime: what has become of the delivery is not known.
func Hold(t *Table, key string, at time.Time) {
	t.Mu.Lock()
	t.held = append(t.held, hold{key: key, end: ownTime(at) + int64(HoldTime)})
	t.Mu.Unlock()
}

// endHolds gives back what was held for its time.
func endHolds(t *Table, own int64) {
	n := 0
	for n < len(t.held) && t.held[n].end <= own {
		delete(t.Flying, t.held[n].key)
		n++
	}
	t.held = t.held[n:]
}

// Resize changes the window, also for what is remembered already.
func Resize(t *Table, window time.Duration) {
	t.Mu.Lock()
	t.window = int64(window)
	t.Until = t.since + t.window
	t.Mu.Unlock()
}

// Entries returns how many deliveries are remembered, those in flight among them.
func Entries(t *Table) int64 {
	t.Mu.Lock()
	defer t.Mu.Unlock()
	return int64(len(t.Current) + len(t.Previous) + len(t.Flying))
}

// Evicted returns how many deliveries have been forgotten before their time.
func Evicted(t *Table) int64 {
	t.Mu.Lock()
	defer t.Mu.Unlock()
	return t.evicted
}
