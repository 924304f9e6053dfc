package delivery

import (
	"time"

	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/words"
)

// itemOf returns what there is of an id, or nil, with the lock held.
func itemOf(e *Engine, id string) *item {
	it := e.waiting[id]
	if it == nil {
		it = e.dead[id]
	}
	if it == nil {
		it = e.arrived.items[id]
	}
	return it
}

// carryOutOne does what an order says to one delivery, or returns why it is left as it is.
func carryOutOne(e *Engine, o *order, id string) string {
	e.deadMu.Lock() // an output that gets it at this moment changes its file's name
	defer e.deadMu.Unlock()
	e.mu.Lock()
	it := itemOf(e, id)
	// What is being tried has another state as soon as that is written down.
	busy := it != nil && (it.busy || it.end != "" && e.waiting[id] == it)
	kept := it != nil && !busy && it.entry.State == store.Delivered
	late := kept && it.entry.When > o.progress.Began.UnixMilli()
	kept = kept && !late
	if kept {
		it.busy = true // so that it does not give way meanwhile
	}
	e.mu.Unlock()
	if kept {
		defer func() {
			e.mu.Lock()
			it.busy = false
			e.mu.Unlock()
		}()
	}
	if it == nil {
		return "is not there any more"
	}
	if busy {
		return "is being tried at this moment"
	}
	if late {
		return "has arrived since that was ordered"
	}
	if o.progress.Order.Action == store.Drop {
		return dropOne(e, o, it)
	}
	return replayOne(e, o, it)
}

// replayOne has a delivery tried again that is dead or, where that is forced, has arrived: with
// its id, its attempts counted on, and from the start of the schedule.
func replayOne(e *Engine, o *order, it *item) string {
	if it.entry.State == store.Waiting {
		return "waits already, and is tried by itself"
	}
	why := hadBefore(o, it)
	if why != "" {
		return why
	}
	d, problem := store.Load(e.store, &it.entry)
	if problem != "" {
		return "can't be read: its file is " + problem
	}
	taken := d.Claim
	if it.entry.Arrived || it.entry.State == store.Delivered {
		taken = "" // it has its claim for good
	}
	err := takeClaim(e, taken)
	if err == nil && taken == "" && d.Claim != "" && Waits(e, d.Claim) {
		err = store.ErrWaits
	}
	if err != nil {
		return err.Error()
	}
	a := actionOf(e, o, it)
	err = store.NoteAction(e.store, a)
	if err != nil {
		untake(e, taken)
		return notWritten(err)
	}
	entry := it.entry
	err = store.Move(e.store, &entry, store.Entry{State: store.Waiting, ID: entry.ID, Attempts: it.attempts, When: e.wall().UnixMilli()})
	if err != nil {
		untake(e, taken)
		return undo(e, o, it, d, a, err)
	}
	e.mu.Lock()
	leaveState(e, it)
	e.count++
	e.bytes += entry.Size
	it.entry = entry
	it.router = d.Router
	it.claim = d.Claim
	it.step = 0
	it.end = ""
	it.born = e.clock()
	adopt(e, it)
	enqueue(e, it, e.clock())
	if !o.probed[it.router] {
		o.probed[it.router] = true
		queueOf(e, it.router).until = 0 // who replays says that the backend is back: it is probed at once
	}
	e.mu.Unlock()
	if d.Claim != "" {
		e.hooks.Claim(d.Claim)
	}
	tellOrdered(e, orderedChange(o, it, d, Replayed))
	return ""
}

// takeClaim claims what is dead for its replay, or says why it can't be had: whoever is first,
// the operator or the sender with a repeat, has the backend asked.
func takeClaim(e *Engine, claim string) error {
	if claim == "" {
		return nil
	}
	var err error
	if e.hooks.Take != nil {
		err = e.hooks.Take(claim)
	}
	known := err
	if Waits(e, claim) {
		known = store.ErrWaits
	} else if hasArrived(e, claim) {
		known = store.ErrArrived
	}
	if known != nil && err == nil {
		untake(e, claim)
	}
	return known
}

func untake(e *Engine, claim string) {
	if claim != "" && e.hooks.Untake != nil {
		e.hooks.Untake(claim)
	}
}

// hadBefore says why an order leaves what the backend has had, or nothing.
func hadBefore(o *order, it *item) string {
	if o.progress.Order.Force {
		return ""
	}
	at, has := o.arrived[it.entry.ID]
	if it.entry.State == store.Delivered {
		at = time.UnixMilli(it.entry.When)
		has = true
	}
	if has {
		return "was delivered at " + at.UTC().Format(time.RFC3339) + "; force sends it all the same"
	}
	if it.entry.Arrived {
		return "was delivered before it was replayed; force sends it all the same"
	}
	return ""
}

// leaveState takes a delivery out of what its state has, with the lock held.
func leaveState(e *Engine, it *item) {
	if it.entry.State == store.Delivered {
		dropItem(e, it)
	} else {
		lose(e, it)
	}
}

// hasArrived says whether the dead of a claim are about to be ended, as it has arrived after all.
func hasArrived(e *Engine, claim string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return words.Contains(e.replaced, claim)
}

// dropOne removes a delivery for good.
func dropOne(e *Engine, o *order, it *item) string {
	d, problem := store.Head(e.store, &it.entry)
	if problem == store.Gone {
		return "is not there any more"
	}
	if d != nil && it.entry.State == store.Delivered {
		it.router = d.Router // which is not in memory
	}
	a := actionOf(e, o, it)
	if !it.entry.Arrived {
		store.NoteClaim(e.store, a, it.claim)
	}
	err := store.NoteAction(e.store, a)
	full := store.IsFull(err)
	if err != nil && !full {
		return notWritten(err)
	}
	err = store.Discard(e.store, &it.entry)
	if err != nil {
		return undo(e, o, it, d, a, err)
	}
	if full {
		err = store.NoteAction(e.store, a)
	}
	if err != nil {
		e.hooks.Tell("error", "delivery "+it.entry.ID+" is dropped, of which only the record tells: "+err.Error())
	}
	e.mu.Lock()
	leaveState(e, it)
	e.mu.Unlock()
	if it.entry.State == store.Waiting && it.claim != "" && !it.entry.Arrived {
		e.hooks.Release(it.claim) // its sender may send it again
	}
	tellOrdered(e, orderedChange(o, it, d, Dropped))
	return ""
}

// unbury takes a delivery's claim from those of the dead, with the lock held.
func unbury(e *Engine, it *item) {
	left := []string{}
	for _, id := range e.graves[it.claim] {
		if id != it.entry.ID {
			left = append(left, id)
		}
	}
	if len(left) > 0 {
		e.graves[it.claim] = left
		return
	}
	delete(e.graves, it.claim)
	setAlert(e)
}

func actionOf(e *Engine, o *order, it *item) *store.Action {
	p := o.progress.Order
	return &store.Action{Time: e.wall().UTC(), ID: it.entry.ID, Action: p.Action, State: it.entry.State, Death: it.entry.Reason, Attempts: it.attempts, Actor: p.Actor, Reason: p.Reason}
}

func notWritten(err error) string {
	return "can't be changed, as that can't be written down: " + err.Error()
}

// undo writes down that what is written down was not done.
func undo(e *Engine, o *order, it *item, d *store.Delivery, a *store.Action, err error) string {
	a.Error = err.Error()
	_ = store.NoteAction(e.store, a) // there is nothing else to be done
	c := orderedChange(o, it, d, done[a.Action])
	c.Undone = true
	tellOrdered(e, c)
	if err == store.ErrSent || err == store.ErrWaits || err == store.ErrArrived {
		return err.Error()
	}
	return "can't be changed: " + err.Error()
}

// tellOrdered tells of what an order has done. In a store that is shared it is told of with
// what others have done there: see carryOut.
func tellOrdered(e *Engine, c *Change) {
	if !store.IsShared(e.store) {
		change(e, c)
	}
}

func orderedChange(o *order, it *item, d *store.Delivery, to string) *Change {
	p := o.progress.Order
	c := changeOf(it, d, to, p.Reason)
	c.Actor = p.Actor
	return c
}
