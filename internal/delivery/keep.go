package delivery

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/store"
)

const (
	// maxWriting bounds what is being written at once.
	maxWriting = 128
	// fullAt is from which part of its limits on a store is said to be nearly full, in percent.
	fullAt = 80
)

// patience is how long anybody waits for the disk.
var patience = 5 * time.Second

// Kept is a delivery that is stored, and that nobody tries before it is begun. Without an
// item it is another process's.
type Kept struct {
	e  *Engine
	it *item
}

// writing is a delivery on its way to the disk.
type writing struct {
	d       *store.Delivery
	entry   *store.Entry
	planned int64
	err     error
	there   bool // another one has stored it, or has had it delivered
	done    chan bool
	state   int32 // atomic: 1 is written, 2 is given up
}

// Keep stores a delivery that was tried so often, and is to be tried again after a pause;
// step is the step of the schedule behind that. It returns nil and why where it can't be
// stored. What Redis does not store, the disk does, if there is one.
func Keep(e *Engine, d *store.Delivery, attempts, step int, pause time.Duration) (*Kept, string) {
	k, problem := keep(e, d, attempts, step, pause)
	if problem == "" || e.other == nil {
		return k, problem
	}
	e.mu.Lock()
	doubt(e, d.ID)
	e.mu.Unlock()
	k, second := keep(otherOf(e), d, attempts, step, pause)
	if second != "" {
		e.mu.Lock()
		delete(e.doubtful, d.ID)
		e.mu.Unlock()
		return nil, problem + "; nor on the disk: " + second
	}
	e.hooks.Tell("warn", "redis does not store a delivery, so it waits on the disk of this machine: "+problem)
	return k, ""
}

// keep stores a delivery in one place. On the disk, nothing is left of what is not stored.
func keep(e *Engine, d *store.Delivery, attempts, step int, pause time.Duration) (*Kept, string) {
	w := &writing{d: d, planned: store.PlannedSize(d), done: make(chan bool, 2)}
	problem, warning := reserve(e, d.ID, w.planned)
	if warning != "" {
		e.hooks.Tell("warn", warning)
	}
	if problem != "" {
		return nil, problem
	}
	defer endKeeping(e)
	w.entry = &store.Entry{Attempts: attempts, Step: step, When: e.wall().Add(pause).UnixMilli()}
	alarm := time.AfterFunc(patience, func() {
		if atomic.CompareAndSwapInt32(&w.state, 0, 2) {
			w.done <- false
		}
	})
	go write(e, w)
	inTime := <-w.done
	alarm.Stop()
	if !inTime {
		return nil, mediumOf(e) + " does not answer"
	}
	if w.err != nil {
		return nil, w.err.Error()
	}
	if w.there {
		return &Kept{e: e}, ""
	}
	now := e.clock()
	it := &item{
		entry: *w.entry, router: d.Router, claim: d.Claim, attempts: attempts, step: step,
		due: now + pause.Milliseconds(), born: now - e.wall().Sub(d.Received).Milliseconds(),
	}
	if d.Claim != "" {
		e.mu.Lock()
		e.claims[d.Claim] = d.ID // whoever knows that it is taken finds it here
		e.mu.Unlock()
	}
	return &Kept{e: e, it: it}, ""
}

// endKeeping lets an engine leave that is closed: whoever has the store next finds what is kept.
func endKeeping(e *Engine) {
	e.mu.Lock()
	e.keeping--
	e.mu.Unlock()
}

// IsShared says whether a delivery is where several processes know of it, and of its claim.
func IsShared(k *Kept) bool { return store.IsShared(k.e.store) }

// Begin has a delivery tried that is stored.
func Begin(k *Kept) {
	e := k.e
	if k.it == nil {
		return
	}
	e.mu.Lock()
	delete(e.pending, k.it.entry.ID)
	e.changes[Stored]++
	adopt(e, k.it)
	enqueue(e, k.it, k.it.due)
	e.mu.Unlock()
	poke(e)
}

// adopt makes an item one of those that wait, with the lock held.
func adopt(e *Engine, it *item) {
	e.waiting[it.entry.ID] = it
	if it.claim != "" {
		e.claims[it.claim] = it.entry.ID
	}
}

// reserve takes the room for a file, or says why there is none. The second text is a
// warning that there is hardly any.
func reserve(e *Engine, id string, size int64) (string, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	o := &e.options
	switch {
	case e.closed:
		return "the gate is gone", ""
	case e.writing >= maxWriting:
		return strconv.Itoa(maxWriting) + " deliveries wait for " + mediumOf(e) + " already", ""
	case e.count >= o.MaxDeliveries:
		return fmt.Sprintf("it has %d deliveries, %d of them dead, and store.maxDeliveries allows no more", e.count, len(e.dead)), ""
	case e.bytes+size > o.MaxBytes:
		return fmt.Sprintf("it has %d deliveries, %d of them dead, and store.maxBytes allows no more", e.count, len(e.dead)), ""
	}
	e.count++
	e.writing++
	e.keeping++
	e.bytes += size
	e.pending[id] = true
	return "", nearlyFull(e)
}

// nearlyFull says, now and then, that hardly anything more can be stored, with the lock
// held.
func nearlyFull(e *Engine) string {
	o := &e.options
	if e.count*100 < o.MaxDeliveries*fullAt && e.bytes/fullAt < o.MaxBytes/100 {
		return ""
	}
	now := e.clock()
	if e.warned > 0 && now-e.warned < tellInterval {
		return ""
	}
	e.warned = now + 1
	return fmt.Sprintf("the store is more than %d %% full: %d of %d deliveries (%d of them dead), %d of %d bytes", fullAt, e.count, o.MaxDeliveries, len(e.dead), e.bytes, o.MaxBytes)
}

// mediumOf names what a store is on.
func mediumOf(e *Engine) string {
	if store.IsShared(e.store) {
		return "redis"
	}
	return "the disk"
}

// forget gives room back, with the lock held.
func forget(e *Engine, size int64) {
	e.count--
	e.bytes -= size
}

// write writes a delivery. It may take as long as the disk likes.
func write(e *Engine, w *writing) {
	defer func() {
		if panicked := recover(); panicked != nil {
			w.err = fmt.Errorf("storing it panicked: %v", panicked)
			w.done <- true
		}
	}()
	ready := e.ready
	<-ready
	makeRoom(e, 0, 0) // its own is taken already
	w.err = store.Put(e.store, w.d, w.entry)
	w.there = w.err == store.ErrThere
	if w.there {
		w.err = nil
	}
	given := !atomic.CompareAndSwapInt32(&w.state, 0, 1)
	if given && w.err == nil && !store.IsShared(e.store) {
		// Its sender was told that it is not there. Where others have been told that it is,
		// it stays, and is found by keepUp.
		_ = store.Remove(e.store, w.entry)
	}
	e.mu.Lock()
	e.writing--
	if given || w.err != nil || w.there {
		forget(e, w.planned)
		delete(e.pending, w.d.ID)
		if !given && w.err != nil && e.doubtful != nil {
			doubt(e, w.d.ID) // until Keep has asked the disk
		}
	} else {
		e.bytes += w.entry.Size - w.planned
	}
	e.mu.Unlock()
	if !given {
		w.done <- true
	}
}
