package delivery

import (
	"fmt"
	"os"
	"time"

	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
)

// work is a goroutine that tries one delivery after another.
func work(e *Engine) {
	defer func() { _ = recover() }() // workOn has its own, so nothing here can panic
	jobs := e.jobs
	for {
		it := <-jobs
		if it == nil {
			return
		}
		workOn(e, it)
		Poke(e)
	}
}

// workOn tries a delivery that is due. Whatever panics, it is not lost.
func workOn(e *Engine, it *item) {
	e.mu.Lock()
	e.atWork++
	lease := e.options.Lease
	e.mu.Unlock()
	defer func() {
		if panicked := recover(); panicked != nil {
			e.hooks.Tell("error", "trying delivery "+it.entry.ID+" panicked: "+fmt.Sprint(panicked))
			putBack(e, it, againAfter)
		}
		e.mu.Lock()
		e.atWork--
		e.mu.Unlock()
	}()
	if it.end != "" {
		settle(e, it, nil, Result{NotTried: true})
		return
	}
	d, problem := store.Lease(e.store, &it.entry, lease)
	if problem == store.Undecodable {
		it.end = problem
		settle(e, it, nil, Result{NotTried: true})
		return
	}
	if problem != "" {
		e.mu.Lock()
		free(e, it)
		holdBack(e, it, problem)
		e.mu.Unlock()
		return
	}
	d.Replayed = it.step < it.attempts
	began := time.Now()
	r := try(e, d, it.attempts+1)
	r.Duration = time.Since(began)
	if r.NotTried {
		putBack(e, it, store.Heartbeat.Milliseconds())
		return
	}
	it.attempts++
	judge(e, it, d, r)
}

// try has a delivery tried; a panic is a failure.
func try(e *Engine, d *store.Delivery, number int) Result {
	r := Result{}
	func() {
		defer func() { _ = recover() }()
		r = e.hooks.Try(d, number)
	}()
	return r
}

// free says that nobody works on a delivery any more, with the lock held.
func free(e *Engine, it *item) {
	if !it.busy {
		return
	}
	it.busy = false
	returnMemory(e.underway, it)
	e.running--
	endTurn(e, it)
	queueOf(e, it.router).running--
}

// putBack has a delivery tried again after a while, as if nothing had been.
func putBack(e *Engine, it *item, wait int64) {
	e.mu.Lock()
	if it.busy {
		free(e, it)
		enqueue(e, it, e.clock()+wait)
	}
	e.mu.Unlock()
}

// judge says what becomes of a delivery after an attempt.
func judge(e *Engine, it *item, d *store.Delivery, r Result) {
	e.mu.Lock()
	o := e.options
	q := queueOf(e, it.router)
	isForNow := !retry.Delivered(r.Status) && retry.ForNow(o.Schedule, r.Status)
	if isForNow {
		noteFailure(e, q, it.entry.ID, true)
	} else {
		noteAnswer(e, q)
	}
	old := e.clock()-it.born >= o.Schedule.MaxAge.Milliseconds()
	e.mu.Unlock()
	pause, more := retry.Pause(o.Schedule, it.step, r.After)
	switch {
	case retry.Delivered(r.Status):
		it.end = Delivered
	case !isForNow:
		it.end = Rejected
	case !more:
		it.end = Exhausted
	case old:
		it.end = TooOld
	default:
		plan(e, it, d, r, pause)
		return
	}
	settle(e, it, d, r)
}

// plan has a delivery wait for its next attempt. Where the disk does not take that down, it
// is known here alone, and a restart has one attempt more.
func plan(e *Engine, it *item, d *store.Delivery, r Result, pause time.Duration) {
	it.step++
	next := e.wall().Add(pause)
	err := move(e, it, store.Entry{State: store.Waiting, ID: it.entry.ID, Attempts: it.attempts, Step: it.step, When: next.UnixMilli()})
	if err != nil {
		e.hooks.Tell("error", "the plan of a delivery can't be written down: "+err.Error())
	}
	note(e, it, r, Failed)
	c := resultOf(it, d, r, Failed, "")
	e.mu.Lock()
	free(e, it)
	enqueue(e, it, e.clock()+pause.Milliseconds()) // the next attempt may begin at once
	e.mu.Unlock()
	c.Next = next
	change(e, c)
}

// settle has the store take down how a delivery has ended. Where the disk refuses that, it
// is done again later, and the delivery is not tried again meanwhile.
func settle(e *Engine, it *item, d *store.Delivery, r Result) {
	var err error
	if it.end == Delivered {
		err = retire(e, it)
	} else {
		err = move(e, it, store.Entry{State: store.Dead, ID: it.entry.ID, Attempts: it.attempts, Step: it.step, When: e.wall().UnixMilli(), Reason: it.end})
	}
	if err != nil && !os.IsNotExist(err) {
		e.hooks.Tell("error", "the end of a delivery can't be written down, and is written again: "+err.Error())
		putBack(e, it, againAfter)
		return
	}
	if err != nil && it.end != Delivered && store.IsShared(e.store) {
		e.mu.Lock()
		free(e, it)
		it.end = ""
		holdBack(e, it, store.Gone) // it is another one's now, who says what becomes of it
		e.mu.Unlock()
		return
	}
	end := it.end // an operator may change it, once it is dead
	claim := it.claim
	note(e, it, r, end)
	c := resultOf(it, d, r, Dead, end)
	if end == Delivered {
		c = resultOf(it, d, r, Delivered, "")
	}
	e.mu.Lock()
	free(e, it)
	drop(e, it)
	if end == Delivered {
		forget(e, it.entry.Size)
		noteArrived(e, it.claim)
		if it.entry.State == store.Delivered {
			keepItem(e, &item{entry: it.entry, attempts: it.attempts, step: it.step})
		}
	} else {
		bury(e, it, it.router, it.claim)
	}
	e.mu.Unlock()
	if end != Delivered && claim != "" && !it.entry.Arrived {
		e.hooks.Release(claim)
	} else if end == Delivered && claim != "" {
		if store.IsShared(e.store) {
			e.hooks.Claim(claim) // which the store alone has had so far
		}
		tellOther(e, claim)
	}
	change(e, c)
	if c.To == Dead {
		e.mu.Lock()
		offer(e, it)
		e.mu.Unlock()
	}
}

// move is store.Move for a delivery that is being tried, at which others may look meanwhile.
func move(e *Engine, it *item, to store.Entry) error {
	entry := it.entry
	err := store.Move(e.store, &entry, to)
	e.mu.Lock()
	it.entry = entry
	e.mu.Unlock()
	return err
}

// resultOf returns what an attempt has come to.
func resultOf(it *item, d *store.Delivery, r Result, to, reason string) *Change {
	c := changeOf(it, d, to, reason)
	c.Status = r.Status
	c.Duration = r.Duration
	c.Aborted = r.Aborted
	return c
}

// note writes an attempt down, for people.
func note(e *Engine, it *item, r Result, outcome string) {
	if r.NotTried {
		return
	}
	store.Note(e.store, &store.Attempt{ID: it.entry.ID, Number: it.attempts, Time: e.wall().Add(-r.Duration), Status: r.Status, Duration: r.Duration, Outcome: outcome})
}
