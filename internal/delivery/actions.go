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
