package delivery

import (
	"fmt"
	"os"

	"github.com/hookward/hookward/internal/backoff"
	"github.com/hookward/hookward/internal/store"
)

// serveOutlets has somebody work for each output that something waits for.
func serveOutlets(e *Engine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.clock()
	if len(e.outlets) > 0 && now-e.refilled > askAgain {
		askAll(e)
	}
	for _, o := range e.outlets {
		if !o.busy && len(o.waiting) > 0 && now >= o.until {
			o.busy = true
			e.atWork++
			go serveOutlet(e, o)
		}
	}
}

// serveOutlet hands over what waits, until there is nothing, or it can't be.
func serveOutlet(e *Engine, o *outlet) {
	defer func() {
		panicked := recover()
		e.mu.Lock()
		o.current = ""
		if panicked != nil {
			noteUntaken(e, o, Handed{Problem: fmt.Sprint("panicked: ", panicked)})
			refill(e)
		}
		o.busy = false
		e.atWork--
		e.mu.Unlock()
		poke(e)
	}()
	for handOne(e, o) {
	}
}

// handOne hands over the oldest that waits, and says whether to go on.
func handOne(e *Engine, o *outlet) bool {
	it, key, mark := takeDead(e, o)
	if it == nil {
		return false
	}
	d, entry, problem := loadDead(e, it)
	if problem != "" {
		e.mu.Lock()
		o.aside[it.entry.ID] = true
		o.refusal = "the file is " + problem
		e.mu.Unlock()
		return true
	}
	if mark == "" {
		h := e.hooks.Hand(o.mark, d, entry)
		if !h.Taken {
			return goOnAfter(e, o, it, key, h)
		}
		mark = o.mark
		if h.Pointer {
			mark += store.Pointer
		}
	}
	return noteTaken(e, o, it, key, mark, d)
}

// takeDead takes the oldest one that waits for an output out of its list, or returns nil. The
// mark is empty, unless the output has it, and only its file does not say so yet.
func takeDead(e *Engine, o *outlet) (*item, string, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(o.waiting) > 0 && e.owned && !e.closed && outletOf(e, o.mark) == o {
		key := o.waiting[0]
		o.waiting = o.waiting[1:]
		it := e.dead[idOf(key)]
		if it != nil && lacks(o, it) {
			o.current = it.entry.ID
			return it, key, o.unnoted[it.entry.ID]
		}
	}
	o.current = ""
	return nil, "", ""
}

// loadDead reads a dead delivery, whose file may get another name at any time.
func loadDead(e *Engine, it *item) (*store.Delivery, *store.Entry, string) {
	e.deadMu.Lock()
	defer e.deadMu.Unlock()
	entry, known := entryOf(e, it)
	if !known {
		return nil, nil, store.Gone
	}
	d, problem := store.Load(e.store, entry)
	return d, entry, problem
}

// entryOf returns how the file of a dead delivery is called, and whether it is dead still.
func entryOf(e *Engine, it *item) (*store.Entry, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	entry := it.entry
	return &entry, e.dead[entry.ID] == it
}

// goOnAfter notes that an output has not taken a delivery, and says whether it may take the
// next one.
func goOnAfter(e *Engine, o *outlet, it *item, key string, h Handed) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	o.current = ""
	if h.Refused {
		o.aside[it.entry.ID] = true
		o.refusal = h.Problem
		o.failed++
		return true
	}
	o.waiting = append([]string{key}, o.waiting...)
	if h.NotTried {
		o.until = e.clock() + store.Heartbeat.Milliseconds()
	} else {
		noteUntaken(e, o, h)
	}
	return false
}

// noteUntaken plans when to try again, with the lock held.
func noteUntaken(e *Engine, o *outlet, h Handed) {
	o.failures++
	o.failed++
	o.problem = h.Problem
	if o.failures == 1 {
		o.since = e.wall()
	}
	wait := backoff.Wait(o.failures, firstHandWait, longestHandWait)
	wait = backoff.Spread(wait, wait/5)
	if wait < h.Wait {
		wait = h.Wait
	}
	o.until = e.clock() + wait.Milliseconds()
}

// noteTaken writes down that an output has a delivery. Where the disk refuses that, it is
// done again later, and the delivery is not sent again meanwhile, but by the next process.
func noteTaken(e *Engine, o *outlet, it *item, key, mark string, d *store.Delivery) bool {
	entry, known, err := markDead(e, it, mark)
	e.mu.Lock()
	if err != nil && os.IsNotExist(err) && store.IsShared(e.store) {
		known = false // it is another one's, or not dead any more
		err = nil
		e.shared.behind = true
	}
	o.current = ""
	o.failures = 0
	if err != nil {
		o.unnoted[entry.ID] = mark
		o.waiting = append([]string{key}, o.waiting...)
		o.until = e.clock() + againAfter
		e.mu.Unlock()
		e.hooks.Tell("error", "that a dead letter was handed over can't be written down, and is written again: "+err.Error())
		return false
	}
	delete(o.unnoted, entry.ID)
	o.taken++
	over := known && isHandedOver(e, it) && keepOf(e, it) == 0
	c := &Change{To: HandedOver, Reason: entry.Reason, Delivery: d, ID: entry.ID, Router: d.Router, Attempt: entry.Attempts, Bytes: entry.Size, Output: o.name}
	e.mu.Unlock()
	if mark != o.mark {
		c.Reason = TooLarge
	}
	change(e, c)
	if over {
		end(e, it, Expired)
	}
	return true
}

// markDead has the file of a dead delivery say that an output has it, and returns how it is
// called then, and whether it is dead still.
func markDead(e *Engine, it *item, mark string) (*store.Entry, bool, error) {
	e.deadMu.Lock()
	defer e.deadMu.Unlock()
	entry, known := entryOf(e, it)
	if !known {
		return entry, false, nil
	}
	err := store.Hand(e.store, entry, mark)
	if err == nil {
		e.mu.Lock()
		it.entry = *entry
		e.mu.Unlock()
	}
	return entry, true, err
}

// TooLarge is the reason of a hand-over that told only which delivery it is.
const TooLarge = "too_large"
