package delivery

import (
	"sort"

	"github.com/hookward/hookward/internal/store"
)

// A gate whose deliveries are in Redis may have a second engine, for the disk of its own
// machine: that has what Redis did not store, until it has arrived or its time is over. A
// delivery is in one of both, and is never moved. Who asks the first one is told of both.

// Join has a second engine store, on disk, what the first one can't store in Redis. It is to
// be called before Start, which then starts both.
func Join(e, disk *Engine) {
	disk.began = e.began
	disk.pace = e.pace
	disk.other = e
	e.other = disk
	e.doubtful = map[string]int64{}
}

// both returns an engine and, where there is one, the other of the same gate.
func both(e *Engine) []*Engine {
	other := otherOf(e)
	if other == nil {
		return []*Engine{e}
	}
	return []*Engine{e, other}
}

// otherOf returns the disk beside Redis, or Redis beside the disk, or nil. Its type has to be
// asked for, since Yaegi knows none that contains itself.
func otherOf(e *Engine) *Engine {
	if e.other == nil {
		return nil
	}
	return e.other.(*Engine)
}

// whoHas returns the engine of both that has a delivery; the one that is asked, if none has.
func whoHas(e *Engine, id string) *Engine {
	other := otherOf(e)
	if other != nil && stateIn(e, id) == "" && stateIn(other, id) != "" {
		return other
	}
	return e
}

// stateIn returns the state in which one engine has a delivery, or nothing.
func stateIn(e *Engine, id string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.waiting[id] != nil || e.pending[id]:
		return store.Waiting
	case e.dead[id] != nil:
		return store.Dead
	}
	return ""
}

// Waits says whether a delivery is stored and waits, by its claim.
func Waits(e *Engine, claim string) bool {
	for _, one := range both(e) {
		one.mu.Lock()
		id := one.claims[claim]
		one.mu.Unlock()
		if id != "" {
			return true
		}
	}
	return false
}

// Arrived says that a router's backend has taken a delivery while its sender waited: it
// answers, and a dead one of the same claim is superseded. It need not be called while Alert
// is 0.
func Arrived(e *Engine, router, claim string) {
	for _, one := range both(e) {
		one.mu.Lock()
		q := one.queues[router]
		if q != nil {
			noteAnswer(one, q)
		}
		noteArrived(one, claim)
		one.mu.Unlock()
		poke(one)
	}
}

// NoteFailed says that a router's backend has failed at a delivery while its sender waited.
func NoteFailed(e *Engine, router, id string) {
	for _, one := range both(e) {
		one.mu.Lock()
		noteFailure(one, queueOf(one, router), id, false)
		one.mu.Unlock()
	}
}

// idsOf returns the ids of a state, or of all, that come behind one, in order.
func idsOf(e *Engine, state, after string) []string {
	ids := []string{}
	for _, one := range both(e) {
		ids = append(ids, idsIn(one, state)...)
	}
	sort.Strings(ids)
	return ids[sort.Search(len(ids), func(i int) bool { return ids[i] > after }):]
}

func idsIn(e *Engine, state string) []string {
	ids := []string{}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, items := range []map[string]*item{e.waiting, e.dead, e.arrived.items} {
		for id, it := range items {
			if state == "" || it.entry.State == state {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// tellOther has the other engine end the dead of a claim that has arrived after all.
func tellOther(e *Engine, claim string) {
	other := otherOf(e)
	if other == nil {
		return
	}
	other.mu.Lock()
	noteArrived(other, claim)
	other.mu.Unlock()
}

// doubtTime is for how long at least, in milliseconds, Redis must have been read before what
// it was last asked to store can't appear there any more.
const doubtTime = int64(60_000)

// doubt notes that what the disk has may appear in Redis as well, with the lock held: nobody
// knows what becomes of a write that is not answered.
func doubt(e *Engine, id string) {
	if len(e.doubtful) < maxElsewhere {
		e.doubtful[id] = e.clock() + 1
	}
}

// leaveToDisk takes out of Redis, and of what was found there, what its disk has: that was
// acknowledged, and only one of both is to be tried.
func leaveToDisk(e *Engine, found map[string]*item) {
	for id, it := range found {
		if it.entry.State != store.Waiting || stateIn(e, id) != "" {
			continue
		}
		state := stateIn(otherOf(e), id)
		e.mu.Lock()
		doubted := e.doubtful[id] > 0
		e.mu.Unlock()
		if state == "" && !doubted {
			continue
		}
		delete(found, id)
		if state == store.Dead {
			_ = store.Discard(e.store, &it.entry) // its sender may send it again
		} else {
			_ = store.Remove(e.store, &it.entry) // for all others, it is a duplicate
		}
	}
	e.mu.Lock()
	for id, at := range e.doubtful {
		if at < e.shared.readAt-doubtTime {
			delete(e.doubtful, id)
		}
	}
	e.mu.Unlock()
}

// addBeside adds what the disk beside Redis has. Both have the same limits, so that the fuller
// one counts.
func addBeside(n *Numbers, disk Numbers) {
	if disk.Loaded {
		n.Beside = &Beside{Waiting: disk.Waiting, Dead: disk.Dead}
	}
	n.Waiting += disk.Waiting
	n.Held += disk.Held
	n.Dead += disk.Dead
	if disk.Bytes > n.Bytes {
		n.Bytes = disk.Bytes
	}
	if disk.Overdue > n.Overdue {
		n.Overdue = disk.Overdue
	}
	for word, count := range disk.Changes {
		n.Changes[word] += count
	}
	for word, count := range disk.Deaths {
		n.Deaths[word] += count
	}
	for i := range disk.Outputs {
		if i < len(n.Outputs) {
			addOutput(&n.Outputs[i], &disk.Outputs[i])
		}
	}
}

func addOutput(o, disk *OutputNumbers) {
	o.Waiting += disk.Waiting
	o.Refused += disk.Refused
	o.Taken += disk.Taken
	o.Failures += disk.Failures
	o.Up = o.Up && disk.Up
}
