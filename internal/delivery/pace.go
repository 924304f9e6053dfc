package delivery

import (
	"math/rand"
	"sort"
	"time"
)

const (
	// spreadTime is over which time, at most, what is overdue at a start is spread, and
	// spreadRate how many of those come in a second where no rate says it.
	spreadTime = time.Minute
	spreadRate = 100
	// farthest bounds when a delivery is due, whatever its file and the clock say.
	farthest = 48 * time.Hour
)

// planAll plans those that were read. What is overdue is spread from now on, and not from when
// reading began: that may take longer than the whole spread.
func planAll(e *Engine, read []*item) {
	now := e.clock()
	wall := e.wall()
	overdue := 0
	for _, it := range read {
		if it.entry.When <= wall.UnixMilli() {
			overdue++
		}
	}
	over := spreadOver(e, overdue)
	found := map[string]*item{}
	dues := map[string]int64{}
	keys := make([]string, 0, len(read))
	for _, it := range read {
		due := now + it.entry.When - wall.UnixMilli()
		if latest := now + farthest.Milliseconds(); due > latest {
			due = latest
		}
		if due <= now {
			due = now + rand.Int63n(over.Milliseconds()+1)
		}
		found[it.entry.ID] = it
		dues[it.entry.ID] = due
		keys = append(keys, keyOf(due, it.entry.ID))
	}
	sort.Strings(keys) // in order, each is put at the end of its queue
	for _, key := range keys {
		e.mu.Lock()
		enqueue(e, found[idOf(key)], dues[idOf(key)])
		e.mu.Unlock()
	}
}

func spreadOver(e *Engine, n int) time.Duration {
	each := time.Second / spreadRate
	e.mu.Lock()
	if e.options.Interval > each {
		each = e.options.Interval
	}
	e.mu.Unlock()
	over := time.Duration(n) * each
	if over > spreadTime {
		over = spreadTime
	}
	return over
}

// reader is one who reads many files.
type reader struct {
	files int
	since time.Time
}

func newReader() *reader { return &reader{since: time.Now()} }

// longestRest bounds for how long a reader rests at once, on a disk that is slow.
const longestRest = 100 * time.Millisecond

// breathe is called for each file. Now and then it says that the store is still this
// process's, and rests for as long as it has read: requests need the processor, too.
func breathe(e *Engine, r *reader) {
	r.files++
	if r.files%batch != 0 {
		return
	}
	e.mu.Lock()
	owned := e.owned
	e.mu.Unlock()
	if !owned {
		return // nobody can store anything before it is known how much there is
	}
	own(e)
	rest := time.Since(r.since)
	if rest > longestRest {
		rest = longestRest
	}
	time.Sleep(rest)
	r.since = time.Now()
}

// firstYear is before which nothing was received: a clock said so that was never set.
const firstYear = 2024

// ageOf returns for how long a delivery has waited while a process was there, in milliseconds:
// rather too little than too much, where the clock was wrong.
func ageOf(e *Engine, it *item, received time.Time) int64 {
	if it.step < it.attempts || received.Year() < firstYear {
		return 0 // it was replayed: all begins anew but the number of its attempts
	}
	from := received.UnixMilli()
	to := e.wall().UnixMilli()
	if it.entry.Seen > 0 {
		to = it.entry.Seen
	}
	age := to - from
	for _, one := range e.absent {
		if one.From < from {
			one.From = from
		}
		if one.To > to {
			one.To = to
		}
		if one.From < one.To {
			age -= one.To - one.From
		}
	}
	if age < 0 {
		return 0
	}
	return age
}
