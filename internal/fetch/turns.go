package fetch

import (
	"fmt"
	"time"

	"github.com/hookward/hookward/internal/backoff"
)

// wake plans the next turn: at once, if somebody asks for it. It ends the present one.
func wake(d *Document, wait time.Duration) {
	d.mu.Lock()
	if d.asks.wanted {
		wait = 0
	}
	d.asks.turning = false
	if d.timer == nil {
		d.timer = time.AfterFunc(wait, func() { turn(d) })
	} else {
		d.timer.Reset(wait)
	}
	d.mu.Unlock()
}

// turn updates a document if it is time, or if somebody asks for it, and plans its next
// turn. There is only one at a time.
func turn(d *Document) {
	defer func() { _ = recover() }() // of the plan, which has nothing that could panic
	if !beginTurn(d) || ended(d, time.Now()) {
		return
	}
	if isWanted(d) || !time.Now().Before(d.due) {
		attempt(d, time.Now())
		d.due = time.Now().Add(jitter(delay(d)))
	}
	plan(d, time.Now())
}

// guardedUpdate survives a panic: in a goroutine it would end Traefik.
func guardedUpdate(d *Document, now time.Time) {
	defer func() {
		if p := recover(); p != nil {
			fail(d, "made the update panic: "+fmt.Sprint(p), now)
		}
	}()
	update(d, now)
}

// ended ends the turns of a document that nobody uses, and says whether it did.
func ended(d *Document, now time.Time) bool {
	d.mu.Lock()
	if d.ctx.Err() == nil || d.uses != d.seen || d.last.IsZero() {
		d.last = now
		d.seen = d.uses
	}
	idle := now.Sub(d.last) > linger
	if idle {
		d.running = false
		d.asks.turning = false
	}
	d.mu.Unlock()
	if !idle {
		return false
	}
	documentsMu.Lock()
	if documents[d.source.Key] == d {
		delete(documents, d.source.Key)
	}
	documentsMu.Unlock()
	return true
}

// plan sets the time of the next turn: that of the next update, or earlier, to
// see whether anybody still wants one.
func plan(d *Document, now time.Time) {
	wait := d.due.Sub(now)
	if wait > linger {
		wait = linger
	}
	wake(d, wait)
}

// delay returns how long to wait for the next update.
func delay(d *Document) time.Duration {
	interval := d.source.Refresh
	if d.source.Soonest > 0 && d.fresh >= 0 && d.fresh < interval {
		interval = d.fresh
	}
	if interval < d.source.Soonest {
		interval = d.source.Soonest
	}
	switch {
	case d.failures == 0 || d.source.File != "":
		return interval
	case valueOf(d) == nil:
		return backoff.Wait(d.failures, firstRetry, slowestFirst)
	}
	return backoff.Wait(d.failures, laterRetry, interval)
}

// jitter spreads the updates of several processes.
func jitter(wait time.Duration) time.Duration {
	return backoff.Spread(wait, wait/5)
}

// valueOf is Value of somebody who is no user.
func valueOf(d *Document) any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.value
}
