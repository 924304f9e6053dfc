package delivery

import (
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// A sender has sent the same again and again, and each has died. Whichever of them is replayed,
// the backend gets one.
func TestReplayOfSeveralOfOneClaim(t *testing.T) {
	for first := 0; first < 3; first++ {
		w := newWorld(t)
		w.answers["a"] = Result{Status: 404}
		ids := []string{}
		for i := 0; i < 3; i++ {
			ids = append(ids, w.keep("a", "claim", 1))
			w.pass(2 * time.Second)
		}
		w.answers["a"] = Result{Status: 200}
		order := []string{ids[first], ids[(first+1)%3], ids[(first+2)%3]}
		if _, problem := Give(w.e, Order{Action: store.Replay, Actor: "ada", Reason: "mended", Interval: 2 * time.Second}, order); problem != "" {
			t.Fatal(problem)
		}
		w.pass(10 * time.Second)
		if w.ended[order[0]] != Delivered || w.ended[order[1]] != Superseded || w.ended[order[2]] != Superseded {
			t.Errorf("replayed from %d on: %q", first, w.ended)
		}
		if p := Orders(w.e)[0]; p.Done != 1 || p.Left != 2 || len(w.e.graves) != 0 || w.e.Alert != 0 || Count(w.e).Dead != 0 {
			t.Errorf("%+v, %v, %d", p, w.e.graves, w.e.Alert)
		}
		if left := w.files(store.Dead); len(left) != 0 {
			t.Errorf("%v", left)
		}
	}
}

// What its sender has sent again, and the backend has just taken, is not sent once more by an
// order that comes before it is ended.
func TestReplayOfWhatHasArrived(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 404}
	ids := []string{w.keep("a", "claim", 1), ""}
	w.pass(2 * time.Second)
	ids[1] = w.keep("a", "claim", 1)
	w.pass(2 * time.Second)
	Arrived(w.e, "a", "claim")
	if p := w.give(Order{Action: store.Replay}, ids...); p.Done != 0 || p.Left != 2 {
		t.Errorf("%+v", p)
	}
	w.pass(time.Second)
	if w.ended[ids[0]] != Superseded || w.ended[ids[1]] != Superseded {
		t.Errorf("%q", w.ended)
	}
	w.check("at the end")
}

// The sender of what was dropped while it waited may send it again, and it is kept anew: it is
// not told that it is there.
func TestDropGivesClaimBack(t *testing.T) {
	s := newSeveral(t, 1)
	s.served["a"] = false
	first, _ := s.keeps(0, "a", "claim")
	s.e.owned = true
	if p := s.give(Order{Action: store.Drop}, first); p.Done != 1 || s.released["claim"] == 0 {
		t.Fatalf("%+v, %v", p, s.released)
	}
	second, kept := s.keeps(0, "a", "claim")
	if !kept || store.Find(s.e.store, second) == nil || Count(s.e).Waiting != 1 {
		t.Errorf("it is taken for one that is there: %v", s.c.claims)
	}
	s.served["a"] = true
	s.answers["a"] = Result{Status: 200}
	s.all(10 * time.Second)
	if s.ended[second] != Delivered {
		t.Errorf("%q", s.ended)
	}
	// Where the store does not say that it is done, it is gone, and its sender may send it again.
	third, _ := s.keeps(0, "a", "other")
	s.c.loses = 1
	if p := s.give(Order{Action: store.Drop}, third); p.Left != 1 {
		t.Errorf("%+v", p)
	}
	s.all(30 * time.Second)
	if store.Find(s.e.store, third) != nil || s.e.dead[third] != nil || s.e.waiting[third] != nil {
		t.Errorf("%+v", Count(s.e))
	}
	if fourth, kept := s.keeps(0, "a", "other"); !kept || store.Find(s.e.store, fourth) == nil {
		t.Errorf("it is taken for one that is there: %v", s.c.claims)
	}
}

// What was done counts, be it that the order was stopped meanwhile.
func TestStopMeanwhile(t *testing.T) {
	w := newWorld(t)
	ids := []string{w.dies(), w.dies(), w.dies()}
	p, problem := Give(w.e, Order{Action: store.Drop, Actor: "ada", Reason: "why not"}, ids)
	if problem != "" {
		t.Fatal(problem)
	}
	changed := w.e.hooks.Changed
	w.e.hooks.Changed = func(c *Change) {
		changed(c)
		if c.To == Dropped && (!Stop(w.e, p.Number, "bob") || Stop(w.e, p.Number, "eve")) {
			t.Error("it is not stopped, or twice")
		}
	}
	carryOut(w.e)
	if p := Orders(w.e)[0]; p.Done != 1 || p.Left != 0 || p.Stopped != "bob" || p.Ended.IsZero() || Count(w.e).Dead != 2 {
		t.Errorf("%+v, %+v", p, Count(w.e))
	}
	w.check("stopped")
}

// On a slow disk an order lets the store be said to be this process's, as before each second is
// over: another one would take it over.
func TestOrderOnSlowDisk(t *testing.T) {
	w := newWorld(t)
	ids := []string{}
	for i := 0; i < batch; i++ {
		ids = append(ids, w.dies())
	}
	if _, problem := Give(w.e, Order{Action: store.Drop, Actor: "ada", Reason: "why not"}, ids); problem != "" {
		t.Fatal(problem)
	}
	changed := w.e.hooks.Changed
	w.e.hooks.Changed = func(c *Change) {
		changed(c)
		w.now += 300
	}
	for began := w.now; w.e.order != nil; began = w.now {
		if wait := carryOut(w.e); w.now-began > 1000 || w.e.order != nil && wait > 0 {
			t.Fatalf("%d ms in one turn, and it goes on after %s", w.now-began, wait)
		}
	}
	if Count(w.e).Dead != 0 {
		t.Errorf("%+v", Count(w.e))
	}
}

// What its sender has sent again, and waits at another Traefik, or has arrived through that, is
// not replayed by this one.
func TestReplayBesideRepeatElsewhere(t *testing.T) {
	s := newSeveral(t, 2)
	s.answers["a"] = Result{Status: 404}
	first, _ := s.keeps(0, "a", "claim")
	s.all(3 * time.Second)
	s.served["a"] = false
	second, kept := s.keeps(1, "a", "claim")
	if s.ended[first] != Dead || !kept {
		t.Fatalf("%q", s.ended)
	}
	s.e = s.engines[0]
	s.e.owned = true
	if p := s.give(Order{Action: store.Replay}, first); p.Done != 0 || p.Reasons[0].Why != store.ErrWaits.Error() {
		t.Errorf("%+v", p)
	}
	s.c.claims["claim"] = "done" // before this one hears of that
	if p := s.give(Order{Action: store.Replay}, first); p.Done != 0 || p.Reasons[0].Why != store.ErrArrived.Error() {
		t.Errorf("%+v", p)
	}
	delete(s.c.claims, "claim")
	if p := s.give(Order{Action: store.Replay}, first); p.Done != 1 || s.c.claims["claim"] != "stored" {
		t.Errorf("%+v, %s", p, second)
	}
}
