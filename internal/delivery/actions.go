package delivery

import "github.com/hookward/hookward/internal/store"

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
	for _, a := range actions {
		change(e, &Change{To: done[a.Action], Reason: a.Reason, ID: a.ID, Attempt: a.Attempts, Actor: a.Actor, Undone: a.Error != ""})
	}
	if len(actions) > 0 {
		store.Told(e.store, end)
	}
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
