package delivery

import (
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// An order that meets a delivery whose end is written down, and not yet noted in memory, leaves
// it: else what has tried it ends what the order has made of it.
func TestOrderMeetsEnd(t *testing.T) {
	for _, status := range []int{200, 404} {
		for _, action := range []string{store.Replay, store.Drop} {
			w := newKeeper(t)
			w.answers["a"] = Result{Status: 503}
			id := w.keep("a", "", 1)
			w.answers["a"] = Result{Status: status}
			var met *Progress
			w.e.wall = func() time.Time {
				it := w.e.waiting[id]
				if met == nil && it != nil && it.entry.State != store.Waiting {
					met = &Progress{}
					met = w.give(Order{Action: action, Force: true}, id)
				}
				return w.wall()
			}
			w.pass(time.Minute)
			if met == nil || met.Done != 0 || !strings.Contains(met.Reasons[0].Why, "is being tried at this moment") {
				t.Fatalf("%d, %s: %+v", status, action, met)
			}
			if w.e.running != 0 || w.e.pace.running != 0 {
				t.Errorf("%d, %s: %d are being tried, %d of the pace", status, action, w.e.running, w.e.pace.running)
			}
			w.check("after the order")
		}
	}
}

// What waited when an order was given, and has arrived before its turn, is kept as any other.
func TestOrderComesLate(t *testing.T) {
	for _, action := range []string{store.Replay, store.Drop} {
		w := newKeeper(t)
		w.answers["a"] = Result{Status: 503}
		id := w.keep("a", "c", 1)
		if _, problem := Give(w.e, Order{Action: action, Force: true, Actor: "ada", Reason: "r"}, []string{id}); problem != "" {
			t.Fatal(problem)
		}
		w.answers["a"] = Result{Status: 200}
		for i := 0; i < 10 && !w.isKept(id); i++ {
			w.now += 1000
			hand(w.e)
			for len(w.e.jobs) > 0 {
				workOn(w.e, <-w.e.jobs)
			}
		}
		carryOut(w.e)
		carryOut(w.e)
		p := Orders(w.e)[0]
		if p.Done != 0 || p.Left != 1 || p.Reasons[0].Why != "has arrived since that was ordered" || !w.isKept(id) {
			t.Errorf("%s: %+v", action, p)
		}
		w.check("after the order")
	}
}

// A forced replay that was written down, and not done since the process ended, is recorded as
// not done; one that was done, and whatever has become of that since, as done.
func TestForcedReplayIsNotDone(t *testing.T) {
	w := newKeeper(t)
	undone, arrived, died := w.arrive(""), w.arrive(""), w.arrive("")
	for id, status := range map[string]int{arrived: 200, died: 404} {
		w.answers["a"] = Result{Status: status}
		w.give(Order{Action: store.Replay, Force: true}, id)
		w.pass(2 * time.Second)
	}
	for _, id := range []string{undone, arrived, died} {
		if err := store.NoteAction(w.e.store, &store.Action{Action: store.Replay, ID: id, State: store.Delivered, Attempts: 1}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]bool{}
	before := w.e.hooks.Changed
	w.e.hooks.Changed = func(c *Change) {
		if c.To == Replayed {
			got[c.ID] = c.Undone
		} else {
			before(c)
		}
	}
	tellActions(w.e)
	if len(got) != 3 || !got[undone] || got[arrived] || got[died] {
		t.Errorf("%v", got)
	}
}
