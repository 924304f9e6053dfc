package delivery

import (
	"time"

	"github.com/hookward/hookward/internal/store"
)

// ownInterval is for how long nobody can have taken the store over, in milliseconds: half of
// store.Heartbeat, far below store.Silence.
const ownInterval = int64(500)

// own says whether the store is this process's.
func own(e *Engine) bool {
	e.mu.Lock()
	had := e.owned
	now := e.clock()
	if had && now-e.ownedAt < ownInterval {
		e.mu.Unlock()
		return true
	}
	e.ownedAt = now
	e.mu.Unlock()
	owned := store.Own(e.store, e.owner, time.Now())
	if owned && !store.IsShared(e.store) {
		store.Serve(e.store, time.Now())
	}
	e.mu.Lock()
	e.owned = owned
	e.loaded = e.loaded && (owned || store.IsShared(e.store)) // what another one does with it has to be read
	e.mu.Unlock()
	if had && !owned && !store.IsShared(e.store) {
		e.hooks.Tell("error", "another process works on the store "+e.store.Directory+": nothing is tried here until that ends")
	}
	return owned
}

// leave ends it, once nobody tries anything any more.
func leave(e *Engine) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running > 0 || e.atWork > 0 || e.counted && e.keeping > 0 {
		return false
	}
	for ; e.workers > 0; e.workers-- {
		e.jobs <- nil
	}
	store.Disown(e.store, e.owner)
	store.CloseJournal(e.store)
	if !e.counted {
		close(e.ready) // who wants to store something is told that it can't
	}
	if !e.claimed && e.hooks.Claimed != nil {
		e.hooks.Claimed()
	}
	return true
}
