package deliveries

import (
	"path/filepath"

	"github.com/hookward/hookward/internal/store"
)

// Heir is who takes over deliveries.
type Heir struct {
	Store  *store.Store
	Hold   *Hold
	Router string // through which they go from now on; empty: the one that they came by

	rehoming *store.Store // of the same in Redis: see rehome.go
}

// NewHeir returns the heir of a middleware's name, or nil where that has no store: who makes
// one is the gate.
func NewHeir(stateDirectory, middleware, router string, keys []*store.Key) *Heir {
	directory := store.DirectoryOf(filepath.Clean(stateDirectory), middleware)
	if store.MiddlewareOf(directory) != middleware {
		return nil
	}
	return &Heir{Store: store.New(directory, middleware, keys), Router: router}
}

// CheckAdopt says why a delivery can't be taken over, or nil: then it has its claim among the
// heir's, if it waits.
func CheckAdopt(k *Kept, claims *Claims) error {
	_, problem := store.Load(k.Store, &k.Entry)
	if problem != "" {
		return problemOf(problem)
	}
	if k.Entry.State != store.Waiting {
		return nil
	}
	return claims.take(k)
}

// TakeOver gives a delivery to another middleware, in the state in which it is, with its id
// and its attempts. It is in the heir's store before it leaves its own, so that an end in
// between loses nothing: done once more, it leaves.
func (h *Heir) TakeOver(hold *Hold, k *Kept, action store.Action) error {
	if hold.IsLost() || h.Hold.IsLost() {
		return errLost
	}
	d, problem := store.Load(k.Store, &k.Entry)
	if problem != "" {
		return problemOf(problem)
	}
	a := actionOf(k, action)
	a.From = k.Store.Middleware
	err := store.NoteAction(h.Store, a)
	if err != nil {
		return err
	}
	err = h.take(k, d)
	if err != nil {
		noteFailure(h.Store, a, err)
	}
	return err
}

func (h *Heir) take(k *Kept, d *store.Delivery) error {
	d.Middleware = h.Store.Middleware
	if h.Router != "" {
		d.Router = h.Router
	}
	entry := k.Entry
	if h.Store == k.Store && h.rehoming != nil {
		return store.Put(h.rehoming, d, &entry)
	}
	if h.Store == k.Store {
		entry.When++ // the name is another one, so the old file stays until the new one is there
		err := store.Put(h.Store, d, &entry)
		if err != nil {
			return err
		}
	} else if store.Find(h.Store, d.ID) == nil {
		err := store.Put(h.Store, d, &entry)
		if err != nil {
			return err
		}
		for _, a := range store.Attempts(k.Store, d.ID) {
			one := a
			store.Note(h.Store, &one)
		}
		store.CloseJournal(h.Store)
	}
	return store.Remove(k.Store, &k.Entry)
}
