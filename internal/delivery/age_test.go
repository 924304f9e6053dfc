package delivery

import (
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// sleepFor is a kill, and a new process so much later.
func (w *world) sleepFor(d time.Duration) {
	w.t.Helper()
	sign := w.wall()
	store.Disown(w.e.store, w.e.owner)
	store.CloseJournal(w.e.store)
	w.lead += d.Milliseconds()
	e := New(store.New(w.directory, "m", nil), w.options, w.e.hooks)
	e.clock, e.wall, e.workers = w.e.clock, w.e.wall, maxConcurrency
	if err := count(e); err != nil || !store.Own(e.store, e.owner, time.Now()) {
		w.t.Fatal(err)
	}
	e.owned = true
	w.e = e
	load(e, sign)
}

// The age of what waits is the time in which a process was there, across several downtimes, and
// whatever the clock says at a start.
func TestAgeAcrossDowntimes(t *testing.T) {
	w := newWorld(t)
	w.options.Schedule.MaxAge = 1000 * time.Hour
	w.served["a"] = false
	id := w.keep("a", "", 1)
	late := ""
	age := func(id string) time.Duration {
		return (time.Duration(w.now-w.e.waiting[id].born) * time.Millisecond).Round(time.Minute)
	}
	for i := 1; i <= 4; i++ {
		w.pass(time.Hour)
		w.sleepFor(20 * time.Hour)
		if i == 2 {
			late = w.keep("a", "", 1)
		}
		if got := age(id); got != time.Duration(i)*time.Hour {
			t.Errorf("%s after %d hours", got, i)
		}
	}
	if got := age(late); got != 2*time.Hour {
		t.Errorf("%s, and it came 2 hours ago", got)
	}
	for _, jump := range []time.Duration{-50 * time.Hour, 50 * time.Hour, 24 * 365 * time.Hour, -24 * 365 * time.Hour} {
		w.sleepFor(jump)
		if got := age(id); got > 5*time.Hour {
			t.Errorf("%s after the clock was set by %s", got, jump)
		}
	}
	// What was received when the clock had never been set.
	w.lead -= 55 * 365 * 24 * time.Hour.Milliseconds()
	id = w.keep("a", "", 1)
	w.sleepFor(55 * 365 * 24 * time.Hour)
	w.sleepFor(time.Minute)
	if got := age(id); got > time.Hour {
		t.Errorf("%s, since it came in 1970", got)
	}
}

// What could not be read for a while is as old as it is.
func TestAgeOfWhatWasHeld(t *testing.T) {
	key, err := store.NewKey(make([]byte, store.KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.served["a"] = false
	ChangeOptions(w.e, w.withKeys(key))
	w.options = w.withKeys(key)
	id := w.keep("a", "", 1)
	w.pass(time.Hour)
	keys := w.options
	w.options.Keys = nil
	w.sleepFor(20 * time.Hour)
	if w.e.waiting[id].held == "" {
		t.Fatal("it can be read")
	}
	w.pass(time.Hour)
	ChangeOptions(w.e, keys)
	w.pass(time.Minute)
	if got := time.Duration(w.now-w.e.waiting[id].born) * time.Millisecond; w.e.waiting[id].held != "" || got > 130*time.Minute || got < 110*time.Minute {
		t.Errorf("%s, %q", got, w.e.waiting[id].held)
	}
	w.lead += 400 * 24 * time.Hour.Milliseconds()
	w.e.waiting[id].held = store.Unreadable
	w.e.reread = true
	w.pass(time.Minute)
	if got := time.Duration(w.now-w.e.waiting[id].born) * time.Millisecond; w.e.waiting[id].held != "" || got > 130*time.Minute {
		t.Errorf("%s, since the clock was set", got)
	}
}
