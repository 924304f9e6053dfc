package delivery

import (
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Filter says which deliveries are meant. What is empty, or zero, excludes none.
type Filter struct {
	IDs    []string // of hookward, or of the sender
	State  string   // waiting, dead or delivered
	Reason string   // of a death
	Event  string
	Router string
	Since  time.Time // when they were received
	Until  time.Time // exclusive
	Text   string    // in an id, the event or the path; in lower case

	// Show returns what may be seen of a text. In what may not, nothing is found: who can ask
	// again and again would learn it letter by letter. Nil hides nothing.
	Show func(text string) string
}

// Seen is a delivery as it was when somebody looked at it.
type Seen struct {
	Entry    store.Entry
	Due      time.Time // when it is tried; zero where it does not wait, or is held
	Busy     bool      // it is being tried
	Delivery *store.Delivery
	Problem  string // why there is no Delivery: what is wrong with its file
}

const (
	// maxLooked bounds how many files are read for one list.
	maxLooked = 2000
	// maxFirst is how many of those that are meant a preview shows.
	maxFirst = 20
)

// Look returns the first deliveries that a filter leaves, in the order of their ids and
// behind one of these, without their bodies. The second result is the id to go on behind, or
// nothing: a list may end before there are so many.
func Look(e *Engine, f *Filter, after string, most int) ([]*Seen, string) {
	ids := idsOf(e, f.State, after)
	found := []*Seen{}
	for i, id := range ids {
		if len(found) == most || i == maxLooked {
			return found, ids[i-1]
		}
		one := See(e, id)
		if one != nil && fits(f, one) {
			found = append(found, one)
		}
	}
	return found, ""
}

// glance returns what is known of a delivery without its file, or nil where there is none.
func glance(e *Engine, id string) *Seen {
	e.mu.Lock()
	defer e.mu.Unlock()
	it := itemOf(e, id)
	if it == nil {
		return nil
	}
	one := &Seen{Entry: it.entry, Busy: it.busy, Problem: it.held}
	if it.entry.State == store.Waiting && it.held == "" {
		one.Due = e.wall().Add(time.Duration(it.due-e.clock()) * time.Millisecond)
	}
	return one
}

// See returns a delivery without its body, or nil where there is none.
func See(e *Engine, id string) *Seen {
	e = whoHas(e, id)
	for tries := 0; tries < 2; tries++ {
		one := glance(e, id)
		if one == nil {
			return nil
		}
		one.Delivery, one.Problem = store.Head(e.store, &one.Entry)
		if one.Problem != store.Gone {
			return one
		}
		// Its name is another one now, or it is over.
	}
	return nil
}

// Open returns a delivery with its body, or nil where there is none.
func Open(e *Engine, id string) *Seen {
	e = whoHas(e, id)
	one := See(e, id)
	if one == nil || one.Delivery == nil {
		return one
	}
	one.Delivery, one.Problem = store.Load(e.store, &one.Entry)
	if one.Problem == store.Gone {
		return nil
	}
	return one
}

// History returns the attempts that are known of a delivery, and what operators have done to
// it, in order.
func History(e *Engine, id string) ([]store.Attempt, []store.Action) {
	e = whoHas(e, id)
	actions := []store.Action{}
	store.Actions(e.store, id, func(a *store.Action) { actions = append(actions, *a) })
	attempts := store.Attempts(e.store, id)
	return attempts, actions
}

// Whereabouts says of ids that are of no stored delivery what has become of it, as far as that
// is known.
func Whereabouts(e *Engine, ids []string) []Left {
	dropped := map[string]string{}
	arrivals := map[string]time.Time{}
	for _, one := range both(e) {
		store.Actions(one.store, "", func(a *store.Action) {
			if a.Action == store.Drop && a.Error == "" {
				dropped[a.ID] = "was dropped at " + a.Time.UTC().Format(time.RFC3339) + " by " + a.Actor
			}
		})
		for id, at := range store.Arrivals(one.store) {
			arrivals[id] = at
		}
	}
	told := []Left{}
	for _, id := range ids {
		why := "is not stored, or not among those that are meant"
		if dropped[id] != "" {
			why = dropped[id]
		}
		if !arrivals[id].IsZero() {
			why = "was delivered at " + arrivals[id].UTC().Format(time.RFC3339) + ", and is not kept"
		}
		told = append(told, Left{ID: id, Why: why})
	}
	return told
}

// fitsName says whether a filter leaves a delivery, by what its file's name says.
func fitsName(f *Filter, one *Seen) bool {
	return (f.State == "" || f.State == one.Entry.State) && (f.Reason == "" || f.Reason == one.Entry.Reason)
}

// readsFile says whether a filter asks for what stands in the file alone.
func readsFile(f *Filter) bool {
	return f.Event+f.Router+f.Text != "" || !f.Since.IsZero() || !f.Until.IsZero()
}

func fits(f *Filter, one *Seen) bool {
	if !fitsName(f, one) {
		return false
	}
	d := one.Delivery
	if d == nil {
		return !readsFile(f)
	}
	if f.Event != "" && f.Event != d.EventType || f.Router != "" && f.Router != d.Router {
		return false
	}
	if d.Received.Before(f.Since) || !f.Until.IsZero() && !d.Received.Before(f.Until) {
		return false
	}
	return f.Text == "" || hasText(f, d)
}

// hasText says whether what may be seen of a delivery has the text. A query may have secrets.
func hasText(f *Filter, d *store.Delivery) bool {
	path, _, _ := strings.Cut(d.RequestURI, "?")
	for _, text := range []string{d.ID, d.DeliveryID, d.EventType, path} {
		if f.Show != nil {
			text = f.Show(text)
		}
		if strings.Contains(strings.ToLower(text), f.Text) {
			return true
		}
	}
	return false
}

// Picked are the deliveries that an order is for.
type Picked struct {
	IDs     []string // hookward's, in order
	First   []*Seen
	Missing []string // ids that were named, and are of no delivery that is meant
	Unknown int      // deliveries whose files can't be read, so that nobody knows whether they are meant
}

// Pick returns all deliveries that a filter leaves. It may read the files of all.
func Pick(e *Engine, f *Filter) *Picked {
	p := &Picked{IDs: []string{}, First: []*Seen{}, Missing: []string{}}
	named := map[string]bool{} // ids that were named, and whether they are found
	bySender := false
	for _, id := range f.IDs {
		named[id] = false
		bySender = bySender || !store.FitsID(id)
	}
	ids := f.IDs
	if len(ids) == 0 || bySender {
		ids = idsOf(e, f.State, "")
	} else {
		ids = append([]string{}, ids...)
		sort.Strings(ids)
	}
	before := ""
	for _, id := range ids {
		if id != before {
			pickOne(e, f, p, id, named, bySender)
		}
		before = id
	}
	for _, id := range f.IDs {
		if !named[id] {
			p.Missing = append(p.Missing, id)
			named[id] = true // it may be named twice
		}
	}
	return p
}

// pickOne picks a delivery, if it is meant.
func pickOne(e *Engine, f *Filter, p *Picked, id string, named map[string]bool, bySender bool) {
	e = whoHas(e, id)
	one := glance(e, id)
	if one == nil || !fitsName(f, one) {
		return
	}
	if bySender || readsFile(f) || len(p.IDs) < maxFirst {
		one = See(e, id)
		if one == nil {
			return
		}
	}
	if len(named) > 0 && !isNamed(named, one) {
		return
	}
	if one.Delivery == nil && readsFile(f) {
		p.Unknown++
		return
	}
	if readsFile(f) && !fits(f, one) {
		return
	}
	p.IDs = append(p.IDs, id)
	if len(p.First) < maxFirst {
		p.First = append(p.First, one)
	}
}

// isNamed says whether a delivery's id, or its sender's for it, is among those that were
// named, and notes that.
func isNamed(named map[string]bool, one *Seen) bool {
	_, byID := named[one.Entry.ID]
	if byID {
		named[one.Entry.ID] = true
	}
	if one.Delivery == nil {
		return byID
	}
	_, bySender := named[one.Delivery.DeliveryID]
	if bySender {
		named[one.Delivery.DeliveryID] = true
	}
	return byID || bySender
}
