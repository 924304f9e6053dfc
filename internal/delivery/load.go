package delivery

import (
	"fmt"
	"sort"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// count finds out how many there are. With an error, it is to be called again.
func count(e *Engine) error {
	err := store.Create(e.store)
	if err != nil {
		return err
	}
	found := map[string]*item{}
	foreign := 0
	if !store.IsShared(e.store) { // else it is another one's, or comes with keepUp
		found, foreign, err = scan(e)
		if err != nil {
			return err
		}
	}
	e.mu.Lock()
	for _, it := range found {
		enter(e, it)
	}
	resetArrivals(e, found)
	e.counted = true
	e.mu.Unlock()
	if foreign > 0 {
		e.hooks.Tell("warn", fmt.Sprintf("%d files in the store have names that are not of this store's, and are left alone", foreign))
	}
	close(e.ready)
	return nil
}

// scan reads the names of all files, and returns how many are not ours. Of a delivery that
// stands in two states, the one that was tried more often stays.
func scan(e *Engine) (map[string]*item, int, error) {
	if store.IsShared(e.store) {
		return scanMine(e)
	}
	found := map[string]*item{}
	twice := []store.Entry{}
	foreign := 0
	r := newReader()
	for _, state := range []string{store.Waiting, store.Dead, store.Delivered} {
		n, err := store.List(e.store, state, func(one *store.Entry) bool {
			breathe(e, r)
			it := &item{entry: *one, attempts: one.Attempts, step: one.Step}
			before := found[one.ID]
			if before != nil && before.attempts > one.Attempts {
				twice = append(twice, *one)
				return true
			}
			if before != nil {
				twice = append(twice, before.entry)
			}
			found[one.ID] = it
			return true
		})
		foreign += n
		if err != nil {
			return nil, 0, err
		}
	}
	for i := range twice {
		_ = store.Remove(e.store, &twice[i])
	}
	return found, foreign, nil
}

// enter counts a delivery of which only the name is known, with the lock held. What is kept
// of what has arrived is counted by resetArrivals.
func enter(e *Engine, it *item) {
	if it.entry.State == store.Delivered {
		return
	}
	if it.entry.State == store.Dead {
		e.dead[it.entry.ID] = it
	} else {
		e.waiting[it.entry.ID] = it
	}
	e.count++
	e.bytes += it.entry.Size
}

// recount looks what another process has changed after it was known here, and before the store
// was this process's, be it once more: a Traefik that ends, or the command.
func recount(e *Engine) error {
	names := map[string]string{}
	e.mu.Lock()
	for _, it := range itemsOf(e) {
		names[it.entry.ID] = store.NameOf(&it.entry)
	}
	e.mu.Unlock()
	found, _, err := scan(e)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, name := range names {
		forgetChanged(e, found, id, name)
	}
	for id, it := range found {
		if !e.pending[id] && e.waiting[id] == nil && e.dead[id] == nil {
			enter(e, it)
		}
	}
	resetArrivals(e, found)
	for claim, id := range e.claims {
		if e.waiting[id] == nil && !e.pending[id] {
			delete(e.claims, claim)
		}
	}
	return nil
}

// forgetChanged forgets a delivery of which another process has changed the name, with the lock
// held. What this one has changed meanwhile, as it was tried, was found too early.
func forgetChanged(e *Engine, found map[string]*item, id, name string) {
	it := itemOf(e, id)
	switch {
	case it == nil || it.busy:
		delete(found, id)
	case store.NameOf(&it.entry) != name:
		found[id] = it
	case found[id] == nil || store.NameOf(&found[id].entry) != name:
		lose(e, it)
	}
}

// load reads what the deliveries are that an earlier process has left, whose last sign of
// life was at a time. It reads no bodies.
func load(e *Engine, lastSign time.Time) {
	store.Clean(e.store)
	err := recount(e)
	if err != nil {
		e.hooks.Tell("error", "the store can't be read: "+err.Error())
		return // the next turn tries again
	}
	freeDropped(e)
	tellActions(e)
	e.mu.Lock()
	waiting := unread(e.waiting)
	dead := unread(e.dead)
	e.mu.Unlock()
	e.absent = store.NoteDowntime(e.store, lastSign, e.wall())
	begin(e, waiting, dead)
	e.mu.Lock()
	e.loaded = true
	refill(e)
	e.mu.Unlock()
}

// begin reads what deliveries are of which only the names are known, and plans those that
// wait.
func begin(e *Engine, waiting, dead []*item) {
	r := newReader()
	for _, it := range dead {
		breathe(e, r)
		d, problem := store.Head(e.store, &it.entry)
		if problem == "" {
			e.mu.Lock()
			bury(e, it, d.Router, d.Claim)
			e.mu.Unlock()
			if d.Claim != "" && !it.entry.Arrived && !Waits(e, d.Claim) {
				e.hooks.Release(d.Claim) // the end of the process may have come in between
			}
		}
	}
	read := make([]*item, 0, len(waiting))
	for _, it := range waiting {
		breathe(e, r)
		if readOne(e, it) {
			read = append(read, it)
		}
	}
	planAll(e, read)
}

// claimAll claims what waits on a disk, once, before anything else is done: senders who
// repeat it wait for that. The newest comes first, since the kill of a process may have kept
// its claim alone from the journal.
func claimAll(e *Engine) {
	e.mu.Lock()
	if e.claimed {
		e.mu.Unlock()
		return
	}
	waiting := map[string]*item{}
	ids := []string{}
	for _, it := range unread(e.waiting) {
		waiting[it.entry.ID] = it
		ids = append(ids, it.entry.ID)
	}
	e.claimed = true
	e.mu.Unlock()
	freeDropped(e)
	sort.Sort(sort.Reverse(sort.StringSlice(ids)))
	for _, id := range ids {
		d, problem := store.Head(e.store, &waiting[id].entry)
		if problem == "" && d.Claim != "" {
			e.hooks.Claim(d.Claim)
			e.mu.Lock()
			e.claims[d.Claim] = d.ID
			e.mu.Unlock()
		}
	}
	if e.hooks.Claimed != nil {
		e.hooks.Claimed()
	}
}

// unread returns what was counted and not begun here.
func unread(items map[string]*item) []*item {
	list := make([]*item, 0, len(items))
	for _, it := range items {
		if it.router == "" && it.claim == "" && it.due == 0 {
			list = append(list, it)
		}
	}
	return list
}

// readOne reads one that waits, and says whether it is to be planned.
func readOne(e *Engine, it *item) bool {
	d, problem := store.Head(e.store, &it.entry)
	if problem == "" && d.Claim != "" && !store.IsShared(e.store) {
		e.hooks.Claim(d.Claim)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	it.held = ""
	if problem == store.Undecodable {
		it.end = store.Undecodable
		enqueue(e, it, e.clock())
		return false
	}
	if problem != "" {
		holdBack(e, it, problem)
		return false
	}
	it.router = d.Router
	it.claim = d.Claim
	if it.due == 0 { // else it was begun here already
		it.born = e.clock() - ageOf(e, it, d.Received)
	}
	adopt(e, it)
	return true
}

// holdBack has a delivery wait whose file can't be read, with the lock held: see readAgain.
// One that somebody else has taken away is forgotten.
func holdBack(e *Engine, it *item, problem string) {
	if problem == store.Gone && !store.IsShared(e.store) {
		drop(e, it)
		forget(e, it.entry.Size)
		return
	}
	it.held = problem
	e.shared.behind = e.shared.behind || problem == store.Gone
}

// readAgain reads what is held back, because the disk may give it now, or there are other
// keys. What a later version has written stays as it is.
func readAgain(e *Engine) {
	e.mu.Lock()
	again := []*item{}
	for _, it := range e.waiting {
		if it.held == store.Unreadable || it.held == store.Unencryptable {
			again = append(again, it)
		}
	}
	e.mu.Unlock()
	for _, it := range again {
		if readOne(e, it) {
			e.mu.Lock()
			enqueue(e, it, e.clock())
			e.mu.Unlock()
		}
	}
}
