package fetch

import (
	"time"
)

// asks are what those have to do with a document who can't wait for its next update. Its
// lock guards them.
type asks struct {
	wanted    bool      // an attempt is to be made at once
	turning   bool      // a turn is under way
	updating  bool      // an attempt is under way
	attempted time.Time // when the last attempt began
	worked    bool      // the last attempt that has ended did
	waiting   []chan bool
}

// maxWaiting bounds those who wait for one attempt, and with them the requests that a
// source which hangs can hold up. Those beyond are told at once that it has not worked.
const maxWaiting = 256

// Ask has a document updated now, and says whether it is as its source has it. All who
// ask at the same time wait for the same attempt, for no longer than patience. Where the
// last attempt is not older than least, there is no other one, and its outcome counts: so
// whoever asks, and however often, the source is asked once in that time.
func Ask(d *Document, least, patience time.Duration) bool {
	d.mu.Lock()
	d.uses++
	a := &d.asks
	if !a.updating && !a.wanted && time.Since(a.attempted) < least || len(a.waiting) >= maxWaiting {
		worked := a.worked && !a.updating && !a.wanted
		d.mu.Unlock()
		return worked
	}
	if !a.updating {
		a.wanted = true
		if d.running && !a.turning && d.timer != nil {
			d.timer.Reset(0)
		}
	}
	done := make(chan bool, 2) // one word of the attempt, one of the alarm
	a.waiting = append(a.waiting, done)
	running := d.running
	d.mu.Unlock()
	if !running {
		resume(d)
	}
	alarm := time.AfterFunc(patience, func() { done <- false })
	worked := <-done
	alarm.Stop()
	return worked
}

// Updated returns when the source of a document has last said that it is what Value
// returns: the zero time where it has never been asked in vain or otherwise.
func Updated(d *Document) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.updated
}

// beginTurn says whether a turn may begin: there is only one at a time.
func beginTurn(d *Document) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asks.turning {
		return false // wake, which ends it, sees what is wanted
	}
	d.asks.turning = true
	return true
}

func isWanted(d *Document) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asks.wanted
}

// attempt updates a document, and tells those who wait for it how that went.
func attempt(d *Document, now time.Time) {
	d.mu.Lock()
	d.asks.wanted = false
	d.asks.updating = true
	d.asks.attempted = time.Now()
	d.mu.Unlock()
	guardedUpdate(d, now)
	d.mu.Lock()
	worked := d.failures == 0
	waiting := d.asks.waiting
	d.asks.updating = false
	d.asks.worked = worked
	d.asks.waiting = nil
	d.mu.Unlock()
	for i := range waiting {
		waiting[i] <- worked
	}
}
