package delivery

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/store"
)

// Order is what an operator wants done to deliveries.
type Order struct {
	Action   string // store.Replay or store.Drop
	Actor    string
	Reason   string
	Force    bool          // replay what the backend has taken once, too
	Interval time.Duration // between two of them; 0 is as fast as the disk
}

// Progress is what has become of an order.
type Progress struct {
	Number  int64 // of the engine's orders, from 1
	Order   Order
	Total   int
	Done    int
	Left    int    // deliveries that were left as they were
	Reasons []Left // why, of the first of these
	Began   time.Time
	Ended   time.Time // zero while it is under way
	Stopped string    // who has stopped it
}

// Left is a delivery that was left as it was.
type Left struct {
	ID  string
	Why string
}

// order is one that is under way.
type order struct {
	progress Progress
	ids      []string
	at       int   // which of them is next
	busy     bool  // one of them is being changed at this moment
	next     int64 // when, by the own clock
	arrived  map[string]time.Time
	probed   map[string]bool // routers whose backend is asked at once, once
}

// Why an order is not taken.
const (
	UnderWay  = "another order for these deliveries is under way: wait for its end, or stop it"
	NotOwned  = "another process works on these deliveries: ask that one"
	NotThere  = "redis has these deliveries, and can't be asked at the moment"
	NotLoaded = "the store is still being read: ask again in a moment"
)

const (
	// batch is how many deliveries an order changes before others have their turn.
	batch = 16
	// maxReasons bounds for how many deliveries an order says why they were left.
	maxReasons = 100
	// maxOrders is how many orders are remembered.
	maxOrders = 20
)

// maxReason bounds why an operator does something, in bytes.
const maxReason = 500

// FitsReason says whether a text may be the reason of an order: one line, and not nothing.
func FitsReason(text string) bool {
	return strings.TrimSpace(text) != "" && len(text) <= maxReason && utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}

// Give has an order carried out, one delivery after another, and returns what it is so far;
// or why it is not taken. There is one at a time, so that two operators who want the same get
// it once. What is not done when the process ends stays as it was.
func Give(e *Engine, o Order, ids []string) (*Progress, string) {
	if e.other == nil || len(ids) == 0 {
		return give(e, o, ids, 0)
	}
	return giveBoth(e, o, ids)
}

// give gives an order to one engine. Its number is the next one, unless that is said.
func give(e *Engine, o Order, ids []string, number int64) (*Progress, string) {
	arrived := map[string]time.Time{}
	if o.Action == store.Replay && !o.Force {
		arrived = store.Arrivals(e.store)
	}
	e.mu.Lock()
	problem := refusalOf(e)
	if problem != "" {
		e.mu.Unlock()
		return nil, problem
	}
	if number == 0 {
		e.ordered++
		number = e.ordered
	}
	given := &order{ids: ids, arrived: arrived, next: e.clock(), probed: map[string]bool{}}
	given.progress = Progress{Number: number, Order: o, Total: len(ids), Began: e.wall()}
	e.order = given
	p := progressOf(&given.progress)
	e.mu.Unlock()
	poke(e)
	return p, ""
}

// refusalOf says why an engine takes no order, or nothing, with the lock held.
func refusalOf(e *Engine) string {
	switch {
	case !e.owned && !e.closed && store.IsShared(e.store):
		return NotThere
	case !e.owned || e.closed:
		return NotOwned
	case !e.loaded:
		return NotLoaded
	case e.order != nil:
		return UnderWay
	}
	return ""
}

// giveBack ends an order that was taken just before it was known that the store can't be had.
// One that has begun goes on later.
func giveBack(e *Engine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.order == nil || e.order.at > 0 {
		return
	}
	for _, id := range e.order.ids {
		noteDone(e.order, id, refusalOf(e))
	}
	endOrder(e)
}

// progressOf returns a copy, with the lock held.
func progressOf(p *Progress) *Progress {
	c := *p
	c.Reasons = append([]Left{}, p.Reasons...)
	return &c
}

// Orders returns the newest orders, the oldest at first.
func Orders(e *Engine) []*Progress {
	all := []*Progress{}
	for _, one := range both(e) {
		one.mu.Lock()
		all = append(all, one.orders...)
		if one.order != nil {
			all = append(all, progressOf(&one.order.progress))
		}
		one.mu.Unlock()
	}
	return merge(all)
}

// Stop ends an order that is under way, and says whether there was one of that number. What
// is done is done.
func Stop(e *Engine, number int64, actor string) bool {
	stopped := false
	for _, one := range both(e) {
		stopped = stop(one, number, actor) || stopped
	}
	return stopped
}

func stop(e *Engine, number int64, actor string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	o := e.order
	if o == nil || o.progress.Number != number || o.progress.Stopped != "" {
		return false
	}
	o.progress.Stopped = actor
	if o.busy {
		o.at = len(o.ids) // it ends behind the one that is being changed, which counts
	} else {
		endOrder(e)
	}
	return true
}

// endOrder notes that the order is over, with the lock held.
func endOrder(e *Engine) {
	e.order.progress.Ended = e.wall()
	e.orders = append(e.orders, progressOf(&e.order.progress))
	if len(e.orders) > maxOrders {
		e.orders = e.orders[len(e.orders)-maxOrders:]
	}
	e.order = nil
}

// carryOut does a part of the order, and returns when to go on, or when to look again. It is
// called where nobody else ends or begins anything: by dispatch.
func carryOut(e *Engine) time.Duration {
	wait := store.Heartbeat
	noted := false
	began := e.clock()
	for n := 0; ; n++ {
		// On a disk that is slow the store must be said to be this process's all the same.
		if n == batch || e.clock()-began >= ownInterval {
			wait = 0
			break
		}
		o, id, pause := nextOf(e)
		if o == nil {
			break
		}
		if pause > 0 {
			wait = pause
			break
		}
		noted = true
		left := carryOutOne(e, o, id)
		e.mu.Lock()
		noteDone(o, id, left)
		if o.progress.Stopped != "" && e.order == o {
			endOrder(e)
		}
		e.mu.Unlock()
	}
	if noted && store.IsShared(e.store) {
		tellActions(e)
	} else if noted {
		store.Told(e.store, store.ActionsEnd(e.store))
	}
	return wait
}

// nextOf returns the order, which delivery is next, and in how long.
func nextOf(e *Engine) (*order, string, time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	o := e.order
	if o == nil {
		return nil, "", 0
	}
	if o.at == len(o.ids) {
		endOrder(e)
		return nil, "", 0
	}
	now := e.clock()
	if now < o.next {
		return o, "", time.Duration(o.next-now) * time.Millisecond
	}
	o.next = now + o.progress.Order.Interval.Milliseconds()
	o.at++
	o.busy = true
	return o, o.ids[o.at-1], 0
}

// noteDone notes what has become of one delivery, with the lock held.
func noteDone(o *order, id, left string) {
	o.busy = false
	if left == "" {
		o.progress.Done++
		return
	}
	o.progress.Left++
	if len(o.progress.Reasons) < maxReasons {
		o.progress.Reasons = append(o.progress.Reasons, Left{ID: id, Why: left})
	}
}
