package delivery

import (
	"fmt"
	"sort"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/backoff"
	"github.com/hookward/hookward/internal/store"
)

// queue has what waits for one router, and whether that answers.
type queue struct {
	router string
	// due has a key for each that waits, in order: the time when it is due, and its id. The
	// compiled search in it costs less than a heap does interpreted.
	due     []string
	running int

	// A backend that has failed again and again is asked by one attempt at a time, and by
	// more of them only as it answers.
	failures int    // in a row, of different deliveries
	last     string // whose failure was the last
	allowed  int    // attempts at once while it is being probed; 0 is no limit
	probes   int    // that have failed in a row
	until    int64  // when to probe next
	since    time.Time
	told     int64
}

const (
	// tripAt is after how many failures in a row a backend is taken to be down.
	tripAt       = 5
	firstProbe   = 5 * time.Second
	longestProbe = time.Minute
)

func keyOf(due int64, id string) string { return fmt.Sprintf("%015d%s", due, id) }

func idOf(key string) string { return key[15:] }

// queueOf returns a router's queue, with the lock held.
func queueOf(e *Engine, router string) *queue {
	q := e.queues[router]
	if q == nil {
		q = &queue{router: router}
		e.queues[router] = q
	}
	return q
}

// enqueue plans the next attempt of a delivery, with the lock held.
func enqueue(e *Engine, it *item, due int64) {
	if due < 0 {
		due = 0
	}
	q := queueOf(e, it.router)
	it.due = due
	q.due = insert(q.due, keyOf(due, it.entry.ID))
}

// insert puts a key among others that are in order.
func insert(keys []string, key string) []string {
	i := sort.SearchStrings(keys, key)
	keys = append(keys, "")
	copy(keys[i+1:], keys[i:])
	keys[i] = key
	return keys
}

// unqueue takes back what enqueue has planned, with the lock held.
func unqueue(e *Engine, it *item) {
	q := e.queues[it.router]
	if q == nil {
		return
	}
	key := keyOf(it.due, it.entry.ID)
	i := sort.SearchStrings(q.due, key)
	if i < len(q.due) && q.due[i] == key {
		q.due = append(q.due[:i], q.due[i+1:]...)
	}
}

// mayTry says whether an attempt may begin now, with the lock held.
func mayTry(q *queue, now int64) bool {
	if q.allowed == 0 {
		return true
	}
	return q.running < q.allowed && now >= q.until
}

// noteAnswer notes that the backend of a router has answered, with the lock held.
func noteAnswer(e *Engine, q *queue) {
	q.failures = 0
	q.probes = 0
	q.until = 0
	q.allowed *= 2
	if q.allowed >= e.options.Concurrency {
		q.allowed = 0
	}
	setAlert(e)
}

// noteFailure notes that it has not, at a delivery, with the lock held. One delivery alone
// says nothing of the backend. While it is being probed, only probes count: what comes
// while its sender waits must not put the next one off.
func noteFailure(e *Engine, q *queue, id string, background bool) {
	if q.last == id && q.allowed == 0 || q.allowed > 0 && (!background || e.clock() < q.until) {
		return
	}
	q.last = id
	q.failures++
	raise(e, 1)
	if q.failures == 1 {
		q.since = e.wall()
	}
	if q.failures < tripAt && q.allowed == 0 {
		return
	}
	q.allowed = 1
	q.probes++
	wait := backoff.Wait(q.probes, firstProbe, longestProbe)
	q.until = e.clock() + backoff.Spread(wait, wait/5).Milliseconds()
}

// setAlert says whether anybody has to hear of what arrives, with the lock held.
func setAlert(e *Engine) {
	alert := int32(0)
	if len(e.graves) > 0 || e.shared.graves > 0 || e.options.KeepDelivered > 0 {
		alert = 1
	}
	for _, q := range e.queues {
		if q.failures > 0 || q.allowed > 0 {
			alert = 1
		}
	}
	raise(e, alert)
}

// raise sets Alert, which is asked for where the deliveries are that others have, too: it
// stands there for both.
func raise(e *Engine, alert int32) {
	other := otherOf(e)
	isShared := other != nil && store.IsShared(e.store)
	if isShared {
		alert |= atomic.LoadInt32(&other.Alert)
	}
	atomic.StoreInt32(&e.Alert, alert)
	switch {
	case isShared && atomic.LoadInt32(&other.Alert) == 1:
		atomic.StoreInt32(&e.Alert, 1) // the other one may have raised it meanwhile
	case other != nil && !isShared && alert == 1:
		atomic.StoreInt32(&other.Alert, 1)
	}
}

// drop takes a delivery out of those that wait, with the lock held.
func drop(e *Engine, it *item) {
	delete(e.waiting, it.entry.ID)
	if e.claims[it.claim] == it.entry.ID {
		delete(e.claims, it.claim)
	}
}

// bury notes a dead delivery, with the lock held.
func bury(e *Engine, it *item, router, claim string) {
	it.router = router
	it.claim = claim
	e.dead[it.entry.ID] = it
	if claim != "" {
		e.graves[claim] = append(e.graves[claim], it.entry.ID)
		setAlert(e)
	}
}
