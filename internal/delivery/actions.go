package delivery

import (
	"fmt"

	"github.com/hookward/hookward/internal/store"
)

// done are the words of records for what operators do.
var done = map[string]string{store.Replay: Replayed, store.Drop: Dropped, store.Adopt: Adopted}

// tellActions has those told who are told of transitions what operators have done since the
// last time. What is told, and not noted because this process ends, is told again.
func tellActions(e *Engine) {
	actions := []*store.Action{}
	end := store.NewActions(e.store, func(a *store.Action) {
		if done[a.Action] != "" {
			actions = append(actions, a)
		}
	})
	last := map[string]int{}
	failed := map[int]bool{} // those of which a later one says that they were not done
	for i, a := range actions {
		before, known := last[a.ID]
		if known && a.Error != "" && actions[before].Action == a.Action {
			failed[before] = true
		}
		last[a.ID] = i
	}
	unfinished := 0
	for i, a := range actions {
		if failed[i] {
			continue
		}
		if a.Error == "" && last[a.ID] == i && !isDone(e, a) {
			a.Error = "the process ended before that was done"
			unfinished++
			if !store.IsShared(e.store) && store.NoteAction(e.store, a) == nil {
				end = store.ActionsEnd(e.store)
			}
		}
		change(e, &Change{To: done[a.Action], Reason: a.Reason, ID: a.ID, Attempt: a.Attempts, Actor: a.Actor, Undone: a.Error != ""})
	}
	if unfinished > 0 {
		e.hooks.Tell("warn", fmt.Sprintf("%d orders of operators were written down, and not carried out, as a process ended: see the records", unfinished))
	}
	if len(actions) > 0 {
		store.Told(e.store, end)
	}
}

// isDone says whether an operator's last action on a delivery was done. It is written down
// before, and the process may have ended in between.
func isDone(e *Engine, a *store.Action) bool {
	var entry *store.Entry
	if store.IsShared(e.store) {
		entry = store.Find(e.store, a.ID)
	} else {
		one := glance(e, a.ID)
		if one != nil {
			entry = &one.Entry
		}
	}
	switch a.Action {
	case store.Drop:
		return entry == nil
	case store.Adopt:
		return entry != nil || store.IsShared(e.store) // where it may have arrived since
	}
	return entry == nil || entry.State == store.Waiting || entry.Attempts > a.Attempts
}

// freeDropped gives back the claims of what was dropped while no gate worked on the store, or
// by one that ended before it had done so: its sender may send it again.
func freeDropped(e *Engine) {
	claims := map[string]string{}
	store.NewActions(e.store, func(a *store.Action) {
		claim := store.ClaimOf(a)
		if claim != "" {
			claims[a.ID] = claim
		}
	})
	for id, claim := range claims {
		e.mu.Lock()
		_, waits := e.claims[claim]
		done := e.freed[id] || waits || e.waiting[id] != nil // it was not dropped after all
		if !done {
			e.freed[id] = true
		}
		e.mu.Unlock()
		if !done {
			e.hooks.Release(claim)
		}
	}
}
