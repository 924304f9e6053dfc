// Package claim remembers which deliveries have been handed on, so that each is
// handed on once. A delivery is claimed before, and the claim is settled after:
// kept where that went well, and given back where it did not, so that the
// sender's next attempt has its chance.
package claim

import (
	"strconv"
	"sync"
	"time"
)

// Table remembers up to a number of deliveries for a window of time.
//
// What is exported is for one caller that has the usual case of Claim, and of Commit,
// written out: a delivery that is new, while there is room, and before Until; and one
// that is in no journal. Interpreted, a call costs as much as all variables and
// temporaries of what is called, which is four times what these cases do.
type Table struct {
	Mu sync.Mutex // guards all

	// Flying has what is claimed, and not settled.
	Flying map[string]bool
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
	// Journaled says whether a restart forgets nothing.
	Journaled bool

	since   int64 // when the younger generation began
	window  int64 // in nanoseconds
	most    int
	journal *journal // nil where it is not journaled
	evicted int64
	tell    func(problem string)
}

// What Claim says.
const (
	Granted   = iota // the delivery is the caller's, who has to settle it
	InFlight         // another one has it, and may give it back
	Duplicate        // it has been handed on
	Full             // there is no room, and nothing is to be forgotten
)

// New returns a table that remembers deliveries for a window. What is forgotten
// early is told, briefly and with a lock held.
func New(window time.Duration, most int, tell func(problem string)) *Table {
	return &Table{tell: tell, window: int64(window), most: most, Flying: map[string]bool{}, Current: map[string]int64{}, Previous: map[string]int64{}}
}

// Claim claims a delivery by its key, at a time in nanoseconds since 1970. With
// strict, it is not granted at the price of forgetting another one too early.
func Claim(t *Table, key string, now int64, strict bool) int {
	t.Mu.Lock()
	if t.Flying[key] {
		t.Mu.Unlock()
		return InFlight
	}
	at, known := t.Current[key]
	if !known {
		at, known = t.Previous[key]
	}
	if known && now-at < t.window {
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
		t.tell("more deliveries come within the window than can be remembered; the oldest are forgotten, " + strconv.FormatInt(t.evicted, 10) + " so far")
	}
	t.Previous = t.Current
	t.Current = map[string]int64{}
	t.since = now
	t.Until = now + t.window
	if t.journal != nil {
		turnJournal(t.journal)
	}
}

// Commit keeps a claim: until the window is over, the delivery is a duplicate.
func Commit(t *Table, key string, now int64) {
	t.Mu.Lock()
	delete(t.Flying, key)
	t.Current[key] = now
	if t.journal != nil {
		note(t.journal, key, now)
	}
	t.Mu.Unlock()
}

// Release gives a claim back.
func Release(t *Table, key string) {
	t.Mu.Lock()
	delete(t.Flying, key)
	t.Mu.Unlock()
}

// Resize changes the window, also for what is remembered already.
func Resize(t *Table, window time.Duration) {
	t.Mu.Lock()
	t.window = int64(window)
	t.Until = t.since + t.window
	t.Mu.Unlock()
}

// Evicted returns how many deliveries have been forgotten before their time.
func Evicted(t *Table) int64 {
	t.Mu.Lock()
	defer t.Mu.Unlock()
	return t.evicted
}
