package delivery

import (
	"fmt"
	"os"
	"sort"

	"github.com/hookward/hookward/internal/store"
)

// arrivals are what has arrived and is kept for a while, for people. It takes the room that
// what waits and what is dead leave: nothing is refused for it, and the oldest gives way.
type arrivals struct {
	items  map[string]*item  // by id
	order  []string          // keys by when they arrived: see keyOf. Some may be of what is gone
	bytes  int64             // of the files
	queue  []*store.Delivery // what is to be written
	queued int64             // bytes of these

	unkept  int64 // how many could not be kept, or gave way before their time
	missing int   // of these, what nobody has told of yet
	problem string
	told    int64
}

// maxQueued bounds what waits to be written, in bytes, but for one delivery; maxWriting how many.
const maxQueued = 16 << 20

// KeepArrived keeps a delivery that the backend has taken while its sender waited, once there
// is time for that. The delivery is the engine's then.
func KeepArrived(e *Engine, d *store.Delivery) {
	size := int64(len(d.Body))
	e.mu.Lock()
	a := &e.arrived
	if e.closed || len(a.queue) == maxWriting || len(a.queue) > 0 && a.queued+size > maxQueued {
		miss(e, "they come faster than they are written")
	} else {
		a.queue = append(a.queue, d)
		a.queued += size
	}
	e.mu.Unlock()
	poke(e)
}

// arrivalsTurn is for how long at once, in milliseconds, what has arrived is written: what waits
// has its turn in between.
const arrivalsTurn = int64(50)

// miss notes that one is not kept for its time, with the lock held.
func miss(e *Engine, problem string) {
	e.arrived.unkept++
	e.arrived.missing++
	e.arrived.problem = problem
}

// tendArrivals writes what has arrived, and removes what was kept for its time, or has to give
// way. It is called where nothing else is begun or ended, and says whether to call it again.
func tendArrivals(e *Engine) bool {
	began := e.clock()
	for e.clock()-began < arrivalsTurn {
		d := nextArrival(e)
		if d != nil {
			writeArrival(e, d)
			continue
		}
		if !makeRoom(e, 0, 0) || !removeOver(e) {
			tellUnkept(e)
			return false
		}
	}
	return true
}

func nextArrival(e *Engine) *store.Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := &e.arrived
	if len(a.queue) == 0 {
		return nil
	}
	d := a.queue[0]
	a.queue[0] = nil // what lies before the slice holds no body
	a.queue = a.queue[1:]
	a.queued -= int64(len(d.Body))
	return d
}

func writeArrival(e *Engine, d *store.Delivery) {
	entry := &store.Entry{State: store.Delivered, Attempts: 1, Step: 1, When: e.wall().UnixMilli()}
	problem := ""
	if makeRoom(e, 1, store.PlannedSize(d)) {
		err := store.Put(e.store, d, entry)
		if err != nil {
			problem = err.Error()
		}
	} else {
		problem = "what waits, and what is dead, leave no room"
	}
	e.mu.Lock()
	if problem != "" {
		miss(e, problem)
	} else {
		keepItem(e, &item{entry: *entry, attempts: 1, step: 1})
	}
	e.mu.Unlock()
}

// keepItem counts one that is kept, with the lock held.
func keepItem(e *Engine, it *item) {
	a := &e.arrived
	a.items[it.entry.ID] = it
	a.bytes += it.entry.Size
	a.order = insert(a.order, keyOf(it.entry.When, it.entry.ID))
}

// dropItem takes one out of what is kept, with the lock held.
func dropItem(e *Engine, it *item) {
	delete(e.arrived.items, it.entry.ID)
	e.arrived.bytes -= it.entry.Size
}

// resetArrivals counts anew what is kept, of what was found, with the lock held.
func resetArrivals(e *Engine, found map[string]*item) {
	a := &e.arrived
	a.items = map[string]*item{}
	a.order = []string{}
	a.bytes = 0
	for id, it := range found {
		if it.entry.State == store.Delivered {
			a.items[id] = it
			a.bytes += it.entry.Size
			a.order = append(a.order, keyOf(it.entry.When, id))
		}
	}
	sort.Strings(a.order)
}

// oldest returns the one that has arrived first, with the lock held; nil where there is none,
// or an operator changes it at this moment.
func oldest(e *Engine) *item {
	a := &e.arrived
	for len(a.order) > 0 {
		it := a.items[idOf(a.order[0])]
		if it != nil && keyOf(it.entry.When, it.entry.ID) == a.order[0] {
			if it.busy {
				return nil
			}
			return it
		}
		a.order = a.order[1:]
	}
	return nil
}

// makeRoom has the oldest give way until there is room for n more files of a size together,
// and says whether there is.
func makeRoom(e *Engine, n int, size int64) bool {
	for {
		it, fits := giveWay(e, n, size)
		if it == nil {
			return fits
		}
		if !removeKept(e, it) {
			return false
		}
	}
}

// giveWay takes out the oldest where there is no room, and says whether there is.
func giveWay(e *Engine, n int, size int64) (*item, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := &e.arrived
	if e.count+len(a.items)+n <= e.options.MaxDeliveries && e.bytes+a.bytes+size <= e.options.MaxBytes {
		return nil, true
	}
	it := oldest(e)
	if it != nil {
		dropItem(e, it)
		miss(e, "the store is full, and the oldest give way")
	}
	return it, false
}

// removeOver removes one that was kept for its time, and says whether there was one.
func removeOver(e *Engine) bool {
	it := takeOver(e)
	return it != nil && removeKept(e, it)
}

// takeOver takes out one that was kept for its time, or returns nil.
func takeOver(e *Engine) *item {
	e.mu.Lock()
	defer e.mu.Unlock()
	it := oldest(e)
	keep := e.options.KeepDelivered
	if it == nil || keep > 0 && (hasJumped(e) || it.entry.When >= e.wall().Add(-keep).UnixMilli()) {
		return nil
	}
	dropItem(e, it)
	return it
}

// removeKept removes the file of one that was taken out. Where the disk refuses that, it is
// kept.
func removeKept(e *Engine, it *item) bool {
	err := store.Remove(e.store, &it.entry)
	if err == nil || os.IsNotExist(err) {
		return true
	}
	e.mu.Lock()
	keepItem(e, it)
	miss(e, err.Error())
	e.mu.Unlock()
	return false
}

// tellUnkept says, now and then, how many were not kept for their time.
func tellUnkept(e *Engine) {
	e.mu.Lock()
	a := &e.arrived
	now := e.clock()
	text := ""
	if a.missing > 0 && (a.told == 0 || now-a.told > tellInterval) {
		text = fmt.Sprintf("%d delivered deliveries are not kept for store.keepDelivered, and have arrived all the same: %s", a.missing, a.problem)
		a.missing = 0
		a.told = now + 1
	}
	e.mu.Unlock()
	if text != "" {
		e.hooks.Tell("warn", text)
	}
}

// retire ends one that has arrived: it is kept where that is wanted, or removed.
func retire(e *Engine, it *item) error {
	e.mu.Lock()
	keeps := e.options.KeepDelivered > 0
	e.mu.Unlock()
	if keeps {
		err := move(e, it, store.Entry{State: store.Delivered, ID: it.entry.ID, Attempts: it.attempts, Step: it.step, When: e.wall().UnixMilli()})
		if err == nil || os.IsNotExist(err) {
			return err
		}
		e.mu.Lock()
		miss(e, err.Error())
		e.mu.Unlock()
	}
	return store.Remove(e.store, &it.entry)
}
