package delivery

import (
	"fmt"
	"time"

	"github.com/hookward/hookward/internal/backoff"
	"github.com/hookward/hookward/internal/store"
)

const (
	tellInterval  = int64(30 * time.Second / time.Millisecond)
	sweepInterval = int64(time.Minute / time.Millisecond)
	// againAfter is when what the disk refuses is tried once more.
	againAfter = int64(10 * time.Second / time.Millisecond)
)

// dispatch is the goroutine that says what is tried next.
func dispatch(e *Engine) {
	defer func() { _ = recover() }() // each turn has its own, so nothing here can panic
	failures := 0
	lastSign := e.wall()
	wake := e.wake
	for {
		<-wake
		wait := time.Second
		over := false
		func() {
			defer func() {
				if panicked := recover(); panicked != nil {
					e.hooks.Tell("error", fmt.Sprint("looking for what is due panicked: ", panicked))
				}
			}()
			wait, over = turn(e, &failures, &lastSign)
		}()
		if over {
			return
		}
		e.timer.Reset(wait)
	}
}

// turn does what there is to do, and returns when to look again, and whether it is over.
func turn(e *Engine, failures *int, lastSign *time.Time) (time.Duration, bool) {
	e.mu.Lock()
	closed := e.closed
	counted := e.counted
	loaded := e.loaded
	owned := e.owned
	e.mu.Unlock()
	if closed {
		if loaded && own(e) && tendArrivals(e) {
			return time.Millisecond, false
		}
		over := leave(e)
		if !over && !store.IsShared(e.store) {
			own(e) // nobody else tries what is under way: no lease is there to say so
		}
		return store.Heartbeat, over
	}
	if !counted {
		err := count(e)
		if err != nil {
			*failures++
			e.hooks.Tell("error", "the store can't be had: "+err.Error())
			return backoff.Wait(*failures, time.Second, 30*time.Second), false
		}
	}
	claimAll(e)
	if !owned {
		*lastSign = store.LastServed(e.store)
	}
	if !own(e) {
		giveBack(e)
		return store.Heartbeat, false
	}
	if !loaded {
		load(e, *lastSign)
		if !own(e) {
			return store.Heartbeat, false
		}
	}
	if store.IsShared(e.store) {
		keepUp(e)
	}
	again := carryOut(e)
	next := hand(e)
	serveOutlets(e)
	if tendArrivals(e) {
		again = 0
	}
	tend(e)
	if again < next {
		next = again
	}
	if next < time.Millisecond {
		next = time.Millisecond
	}
	return next, false
}

// never is a time that does not come.
const never = int64(1) << 60

// hand hands on what is due, and returns when to look again.
func hand(e *Engine) time.Duration {
	served := map[string]bool{}
	e.mu.Lock()
	routers := make([]string, 0, len(e.queues))
	for router := range e.queues {
		routers = append(routers, router)
	}
	e.mu.Unlock()
	for _, router := range routers {
		served[router] = e.hooks.Serves(router)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.clock()
	next := now + store.Heartbeat.Milliseconds()
	for _, router := range routers {
		due := handQueue(e, e.queues[router], served[router], now)
		if due < next {
			next = due
		}
	}
	if next <= now {
		next = now + 1
	}
	return time.Duration(next-now) * time.Millisecond
}

// handQueue hands on what is due of a router, with the lock held, and returns when there is
// more to do, as far as that is known.
func handQueue(e *Engine, q *queue, served bool, now int64) int64 {
	for len(q.due) > 0 {
		it := e.waiting[idOf(q.due[0])]
		if it == nil || it.busy {
			q.due = q.due[1:] // which does not happen
			continue
		}
		if it.due > now {
			return it.due
		}
		if e.running >= maxConcurrency || !hasMemory(e.underway, it) {
			return never
		}
		if it.end == "" {
			if !served || !mayTry(q, now) {
				return never
			}
			until := takeTurn(e, now)
			if until > 0 {
				return until
			}
			it.paced = true
		}
		q.due = q.due[1:]
		it.busy = true
		takeMemory(e.underway, it)
		q.running++
		e.running++
		if e.workers < e.running && e.workers < maxConcurrency {
			e.workers++
			go work(e)
		}
		e.jobs <- it
	}
	return never
}

// tend does what is to be done now and then.
func tend(e *Engine) {
	e.mu.Lock()
	replaced := e.replaced
	e.replaced = nil
	now := e.clock()
	sweep := e.swept == 0 || now-e.swept > sweepInterval
	if sweep {
		e.swept = now + 1
	}
	again := e.reread || now-e.readAt > againAfter
	if again {
		e.reread = false
		e.readAt = now
	}
	told := []string{}
	for _, q := range e.queues {
		text := troubleOf(e, q, now)
		if text != "" {
			told = append(told, text)
		}
	}
	told = append(told, troubleOfOutlets(e, now)...)
	e.mu.Unlock()
	for _, text := range told {
		e.hooks.Tell("error", text)
	}
	endReplaced(e, replaced)
	renew(e)
	if again {
		readAgain(e)
	}
	if sweep {
		expire(e)
		tellHeld(e)
	}
}

// tellHeld tells of what waits, and can't be read.
func tellHeld(e *Engine) {
	e.mu.Lock()
	held := map[string]int{}
	for _, it := range e.waiting {
		if it.held != "" {
			held[it.held]++
		}
	}
	e.mu.Unlock()
	for problem, n := range held {
		e.hooks.Tell("error", fmt.Sprintf("%d deliveries wait and can't be tried: their files are %s", n, problem))
	}
}

// troubleOf says what an operator is to know of a router that does not answer, with the
// lock held.
func troubleOf(e *Engine, q *queue, now int64) string {
	if q.allowed == 0 || len(q.due) == 0 || q.told > 0 && now-q.told < tellInterval {
		return ""
	}
	q.told = now + 1
	oldest := now
	it := e.waiting[idOf(q.due[0])]
	if it != nil {
		oldest = it.born
	}
	return fmt.Sprintf("the backend of router %q fails since %s: %d deliveries wait, the next one for %s, and it is probed again in %s",
		q.router, q.since.UTC().Format(time.RFC3339), len(q.due), age(now-oldest), age(q.until-now))
}

func age(milliseconds int64) time.Duration {
	if milliseconds < 0 {
		milliseconds = 0
	}
	return (time.Duration(milliseconds) * time.Millisecond).Round(time.Second)
}

// largestJump is by how much the system's clock may have been set before it says nothing
// any more of how long the dead were kept.
const largestJump = int64(time.Hour / time.Millisecond)

// hasJumped says that it was set by more than that.
func hasJumped(e *Engine) bool {
	return e.wall().Round(0).Sub(e.began.Round(0)).Milliseconds()-e.clock() > largestJump
}

// expire removes the dead that were kept for their time, and that all outputs have.
func expire(e *Engine) {
	if hasJumped(e) {
		return
	}
	e.mu.Lock()
	now := e.wall()
	over := []*item{}
	for _, it := range e.dead {
		if it.entry.When < now.Add(-keepOf(e, it)).UnixMilli() && isHandedOver(e, it) {
			over = append(over, it)
		}
	}
	e.mu.Unlock()
	for _, it := range over {
		end(e, it, Expired)
	}
}

// end removes a dead delivery that is over.
func end(e *Engine, it *item, to string) {
	e.deadMu.Lock()
	defer e.deadMu.Unlock()
	if _, known := entryOf(e, it); !known {
		return // somebody else has ended it
	}
	d, problem := store.Head(e.store, &it.entry)
	if problem != store.Gone && store.Remove(e.store, &it.entry) != nil {
		return // the next sweep finds it again
	}
	e.mu.Lock()
	lose(e, it)
	e.mu.Unlock()
	change(e, changeOf(it, d, to, it.entry.Reason))
}
