// Package deliveries finds the deliveries that gates have stored, and has those tried again or
// dropped that an operator names. It must not know how anything of it is printed.
package deliveries

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Kept is a stored delivery.
type Kept struct {
	Store    *store.Store
	Entry    store.Entry
	Delivery *store.Delivery // without its body; nil where Problem says why
	Problem  string          // what is wrong with its file, in a word of internal/store
	Last     *store.Attempt  // the last one that is known, or nil
	Arrived  bool            // the backend has taken it, by what is known of its attempts
}

// Filter says which deliveries are meant. What is empty, or zero, excludes none.
type Filter struct {
	IDs        []string // of hookward, or of the sender
	State      string
	Middleware string // with its provider, such as @file, or without
	Event      string
	Since      time.Time // when they were received
	Until      time.Time // exclusive
}

// Stores returns the stores below a stateDirectory, of a middleware if one is named.
func Stores(stateDirectory, middleware string, keys []*store.Key) ([]*store.Store, error) {
	info, err := os.Stat(stateDirectory)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, errors.New(stateDirectory + " is no directory")
	}
	stores := []*store.Store{}
	for _, directory := range store.Directories(stateDirectory) {
		_, err := os.ReadDir(directory)
		if err != nil {
			return nil, err // of another user, perhaps: what can't be seen is not nothing
		}
		name := store.MiddlewareOf(directory)
		bare, _, _ := strings.Cut(name, "@")
		if middleware == "" || name == middleware || bare == middleware {
			stores = append(stores, store.New(directory, name, keys))
		}
	}
	return stores, nil
}

// Find returns the deliveries that a filter leaves, in the order in which they came, and how
// many it can't judge because their files can't be read.
func Find(stores []*store.Store, f Filter) ([]*Kept, int, error) {
	found := []*Kept{}
	unknown := 0
	for _, s := range stores {
		ofStore, n, err := findIn(s, f)
		if err != nil {
			return nil, 0, err
		}
		found = append(found, ofStore...)
		unknown += n
	}
	sort.SliceStable(found, func(i, j int) bool { return orderOf(found[i]) < orderOf(found[j]) })
	return found, unknown, nil
}

// orderOf returns what deliveries are sorted by. Ids sort by the time, too, as far as one
// process made them.
func orderOf(k *Kept) string {
	received := time.Time{}
	if k.Delivery != nil {
		received = k.Delivery.Received
	}
	return received.UTC().Format("2006-01-02T15:04:05.000000000") + k.Entry.ID
}

func findIn(s *store.Store, f Filter) ([]*Kept, int, error) {
	byID := map[string]*Kept{}
	unknown := 0
	for _, state := range []string{store.Waiting, store.Dead, store.Delivered} {
		_, err := store.List(s, state, func(e *store.Entry) bool {
			before := byID[e.ID]
			if before == nil || e.Attempts >= before.Entry.Attempts {
				byID[e.ID] = &Kept{Store: s, Entry: *e} // the gate takes the same one of two
			}
			return true
		})
		if err != nil {
			return nil, 0, err
		}
	}
	found := []*Kept{}
	for id, k := range byID {
		if f.State != "" && k.Entry.State != f.State {
			delete(byID, id)
			continue
		}
		k.Delivery, k.Problem = store.Head(s, &k.Entry)
		if k.Problem == store.Gone {
			delete(byID, id)
			continue
		}
		fits, known := fits(k, f)
		if fits {
			found = append(found, k)
		}
		if !known {
			unknown++
		}
	}
	store.EachAttempt(s, func(a *store.Attempt) {
		k := byID[a.ID]
		if k == nil {
			return
		}
		one := *a
		k.Last = &one
		k.Arrived = k.Arrived || a.Outcome == Delivered
	})
	return found, unknown, nil
}

// Delivered is the outcome of an attempt that the backend has taken.
const Delivered = "delivered"

// fits says whether a delivery is meant, and whether that can be known.
func fits(k *Kept, f Filter) (bool, bool) {
	named := len(f.IDs) == 0
	bySender := false // an id may be the sender's
	for _, id := range f.IDs {
		named = named || id == k.Entry.ID || k.Delivery != nil && id == k.Delivery.DeliveryID
		bySender = bySender || !store.FitsID(id)
	}
	if k.Delivery == nil {
		needsHead := f.Event != "" || !f.Since.IsZero() || !f.Until.IsZero()
		return named && !needsHead, !(named && needsHead || !named && bySender)
	}
	if !named || f.Event != "" && k.Delivery.EventType != f.Event {
		return false, true
	}
	received := k.Delivery.Received
	return !received.Before(f.Since) && (f.Until.IsZero() || received.Before(f.Until)), true
}

// Whereabouts says what is known of a delivery that is not there any more, or nothing.
func Whereabouts(stores []*store.Store, id string) string {
	text := ""
	for _, s := range stores {
		for _, a := range store.Attempts(s, id) {
			if a.Outcome == Delivered {
				text = fmt.Sprintf("was delivered at %s, and is not kept", a.Time.UTC().Format(time.RFC3339))
			}
		}
		for _, a := range Actions(s, id) {
			if a.Action == store.Drop && a.Error == "" {
				text = fmt.Sprintf("was dropped at %s by %s: %s", a.Time.UTC().Format(time.RFC3339), a.Actor, a.Reason)
			}
		}
	}
	return text
}
