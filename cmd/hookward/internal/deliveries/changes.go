package deliveries

import (
	"errors"
	"fmt"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Why a delivery is left as it is.
var (
	errLost    = errors.New("somebody else has taken the store meanwhile: nothing more is changed")
	errArrived = errors.New("has been delivered once; --force sends it all the same")
	errWaits   = errors.New("waits already, and is tried by itself")
)

// CheckReplay says why a delivery is not to be replayed, or nil: then it has its claim.
func CheckReplay(k *Kept, claims *Claims, force bool) error {
	switch {
	case k.Problem != "":
		return problemOf(k.Problem)
	case k.Entry.State == store.Waiting:
		return errWaits
	case k.hadBefore() && !force:
		return errArrived
	}
	_, problem := store.Load(k.Store, &k.Entry)
	if problem != "" {
		return problemOf(problem)
	}
	return claims.take(k)
}

// problemOf says for people what is wrong with a file.
func problemOf(problem string) error {
	if problem == store.Unencryptable {
		return errors.New("is encrypted with a key that is not among those of --encryption-key")
	}
	return errors.New("can't be read: its file is " + problem)
}

// Do replays or drops a delivery. That is on disk before it is done, or where the disk is full, a
// drop is done before. A replayed one is due at
// a time; it keeps its id, and its attempts are counted on, while its schedule begins anew.
func Do(h *Hold, k *Kept, action store.Action, due time.Time) error {
	if h.IsLost() {
		return errLost
	}
	a := actionOf(k, action)
	err := store.NoteAction(k.Store, a)
	full := a.Action == store.Drop && store.IsFull(err)
	if err != nil && !full {
		return err
	}
	if a.Action == store.Drop {
		err = store.Discard(k.Store, &k.Entry)
	} else {
		err = store.Move(k.Store, &k.Entry, store.Entry{State: store.Waiting, ID: k.Entry.ID, Attempts: k.Entry.Attempts, When: due.UnixMilli()})
	}
	if err != nil {
		noteFailure(k.Store, a, err)
		return err
	}
	if full { // there is room now
		err = store.NoteAction(k.Store, a)
	}
	if err != nil {
		return fmt.Errorf("is dropped, and no record will tell of that: %w", err)
	}
	return nil
}

// actionOf completes what is written down of an action.
func actionOf(k *Kept, a store.Action) *store.Action {
	a.ID = k.Entry.ID
	a.State = k.Entry.State
	a.Death = k.Entry.Reason
	a.Attempts = k.Entry.Attempts
	if k.Delivery != nil && !k.Entry.Arrived {
		store.NoteClaim(k.Store, &a, k.Delivery.Claim)
	}
	return &a
}

// noteFailure writes down that an action which is written down was not done.
func noteFailure(s *store.Store, a *store.Action, err error) {
	a.Error = err.Error()
	_ = store.NoteAction(s, a) // there is nothing else to be done
}

// Actions returns what operators have done to a delivery, in order.
func Actions(s *store.Store, id string) []store.Action {
	actions := []store.Action{}
	store.Actions(s, id, func(a *store.Action) { actions = append(actions, *a) })
	return actions
}
