package delivery

import (
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/store"
)

// sharing is what an engine knows of a store that others work on, too. What is in memory are
// the deliveries that are this process's; others may have given it some, or taken them, or
// an operator has changed them.
type sharing struct {
	revision int64 // of what is in memory
	behind   bool  // that is not what the store has
	differs  int   // how often in a row another number of deliveries was there than is in memory
	readAt   int64 // when the store was last read
	ownedAt  int64 // when Own said what keepUp has seen last
	graves   int   // dead deliveries of all processes that have a claim
}

const (
	// differsFor is how often the numbers must differ, since they are not looked at together.
	differsFor   = 3
	rereadAfter  = int64(10_000)
	maxElsewhere = 10_000
	// missedFor is how often a delivery must be missing before it counts as lost.
	missedFor = 2
)

// keepUp takes over what has changed about the deliveries that are this process's.
func keepUp(e *Engine) {
	s := e.store.Medium.Standing()
	e.mu.Lock()
	now := e.clock()
	h := &e.shared
	if h.ownedAt == e.ownedAt && !h.behind {
		e.mu.Unlock()
		return // nothing new was heard
	}
	h.ownedAt = e.ownedAt
	if h.graves != s.Graves {
		h.graves = s.Graves
		setAlert(e)
	}
	h.differs++
	if s.Owned == len(e.waiting)+len(e.dead)+len(e.pending) {
		h.differs = 0
	}
	again := h.behind || s.Revision != h.revision || h.differs >= differsFor && now-h.readAt > rereadAfter
	h.behind = false
	e.mu.Unlock()
	if !again {
		return
	}
	err := reread(e)
	e.mu.Lock()
	if err == nil {
		h.revision = s.Revision
		h.readAt = e.clock()
	} else {
		h.behind = true
	}
	e.mu.Unlock()
	if err != nil {
		e.hooks.Tell("error", "the store can't be read: "+err.Error())
		return
	}
	tellActions(e)
}

// reread reads what is this process's, and has the memory follow.
func reread(e *Engine) error {
	found, foreign, err := scanMine(e)
	if err != nil {
		return err
	}
	if foreign > 0 {
		e.hooks.Tell("warn", fmt.Sprintf("%d deliveries in the store have no entry of this store's, and are left alone", foreign))
	}
	if e.other != nil {
		leaveToDisk(e, found)
	}
	e.mu.Lock()
	missing := compare(e, found)
	waiting := []*item{}
	dead := []*item{}
	for id, it := range found {
		if e.pending[id] || e.waiting[id] != nil || e.dead[id] != nil {
			continue
		}
		enter(e, it)
		if it.entry.State == store.Dead {
			dead = append(dead, it)
		} else {
			waiting = append(waiting, it)
			e.renewed = 0 // nobody may have been there to renew its claim
		}
	}
	e.mu.Unlock()
	begin(e, waiting, dead)
	if len(dead) > 0 {
		e.mu.Lock()
		refill(e) // outputs may not have them
		e.mu.Unlock()
	}
	lost := 0
	ended := map[string]bool{}
	if len(missing) > 0 {
		ended = endedByOperators(e)
	}
	for _, it := range missing {
		if leaveOne(e, it, ended) {
			lost++
		}
	}
	if lost > 0 {
		e.hooks.Tell("error", fmt.Sprintf("%d deliveries are not in the store any more, and nobody has dropped them: redis has lost them", lost))
	}
	return nil
}

// compare forgets what is in another state than it was, and returns what was not found
// again and again, with the lock held.
func compare(e *Engine, found map[string]*item) []*item {
	missing := []*item{}
	for _, it := range itemsOf(e) {
		if it.busy || it.end != "" && it.entry.State == store.Waiting {
			continue // what has become of it is written down first
		}
		now := found[it.entry.ID]
		if now == nil {
			it.missed++
			e.shared.behind = e.shared.behind || it.missed < missedFor
			if it.missed >= missedFor {
				missing = append(missing, it)
			}
			continue
		}
		it.missed = 0
		if now.entry.State != it.entry.State || it.held == store.Gone || isBehind(it, &now.entry) {
			lose(e, it)
		}
	}
	return missing
}

// isBehind says whether others have gone on with a delivery since this process last had it:
// they have tried it, or handed it over.
func isBehind(it *item, now *store.Entry) bool {
	if now.Attempts > it.attempts {
		return true
	}
	for _, mark := range store.MarksOf(now) {
		has, _ := store.IsHanded(&it.entry, strings.TrimSuffix(mark, store.Pointer))
		if !has {
			return true
		}
	}
	return false
}

// scanMine is scan for a store that is shared.
func scanMine(e *Engine) (map[string]*item, int, error) {
	found := map[string]*item{}
	n, err := e.store.Medium.List("", true, func(one *store.Entry) bool {
		found[one.ID] = &item{entry: *one, attempts: one.Attempts, step: one.Step}
		return true
	})
	return found, n, err
}

func itemsOf(e *Engine) []*item {
	items := make([]*item, 0, len(e.waiting)+len(e.dead))
	for _, it := range e.waiting {
		items = append(items, it)
	}
	for _, it := range e.dead {
		items = append(items, it)
	}
	return items
}

// lose forgets a delivery, with the lock held.
func lose(e *Engine, it *item) {
	unqueue(e, it)
	drop(e, it)
	delete(e.dead, it.entry.ID)
	unbury(e, it)
	forget(e, it.entry.Size)
	for _, o := range e.outlets {
		delete(o.unnoted, it.entry.ID) // by when it comes back, it may have died anew
		delete(o.aside, it.entry.ID)
	}
}

// leaveOne forgets a delivery that is not this process's any more, and says whether it is
// nobody's, and nobody knows why.
func leaveOne(e *Engine, it *item, ended map[string]bool) bool {
	_, problem := store.Head(e.store, &it.entry)
	taken, err := e.store.Medium.Taken(it.entry.ID)
	if problem == store.Unreadable || err != nil {
		return false // the next time
	}
	e.mu.Lock()
	there := !it.busy && (e.waiting[it.entry.ID] == it || e.dead[it.entry.ID] == it)
	if there {
		lose(e, it)
	}
	e.mu.Unlock()
	if !there {
		return false
	}
	if it.claim != "" {
		e.hooks.Release(it.claim)
	}
	if problem != store.Gone || taken || ended[it.entry.ID] {
		return false
	}
	change(e, changeOf(it, nil, Lost, ""))
	return true
}

// endedByOperators returns the ids of what operators have dropped, or given away.
func endedByOperators(e *Engine) map[string]bool {
	ended := map[string]bool{}
	store.Actions(e.store, "", func(a *store.Action) {
		if a.Action != store.Replay {
			ended[a.ID] = true
		}
	})
	return ended
}

// mayBeElsewhere says whether a dead delivery may have a claim that is none of this
// process's own, with the lock held.
func mayBeElsewhere(e *Engine, claim string) bool {
	return e.shared.graves > 0 && claim != "" && len(e.replaced) < maxElsewhere
}

// endReplaced ends the dead whose claims have arrived after all.
func endReplaced(e *Engine, claims []string) {
	elsewhere := []string{}
	for _, claim := range claims {
		e.mu.Lock()
		found := []*item{}
		for _, id := range e.graves[claim] {
			if e.dead[id] != nil {
				found = append(found, e.dead[id])
			}
		}
		e.mu.Unlock()
		for _, it := range found {
			end(e, it, Superseded)
		}
		if len(found) == 0 {
			elsewhere = append(elsewhere, claim)
		}
	}
	if store.IsShared(e.store) && len(elsewhere) > 0 {
		supersede(e, elsewhere)
	}
}

// supersede ends the dead of other processes whose claims have arrived after all.
func supersede(e *Engine, claims []string) {
	for _, entry := range e.store.Medium.Fetch(claims) {
		it := &item{entry: *entry, attempts: entry.Attempts, step: entry.Step}
		d, problem := store.Head(e.store, &it.entry)
		e.mu.Lock()
		if e.dead[entry.ID] == nil {
			enter(e, it)
			if problem == "" {
				bury(e, it, d.Router, d.Claim)
			}
		}
		it = e.dead[entry.ID]
		e.mu.Unlock()
		end(e, it, Superseded)
	}
}
