package delivery

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// dies has a delivery die, and returns its id.
func (w *world) dies() string {
	w.answers["a"] = Result{Status: 404}
	id := w.keep("a", "", 1)
	w.pass(2 * time.Second)
	if w.e.dead[id] == nil {
		w.t.Fatal("it does not die")
	}
	return id
}

// replay does to a dead delivery what the command does.
func (w *world) replay(id string) {
	w.t.Helper()
	e := store.Find(w.e.store, id)
	if e == nil || store.Move(w.e.store, e, store.Entry{State: store.Waiting, ID: id, Attempts: e.Attempts, When: w.wall().UnixMilli()}) != nil {
		w.t.Fatal("it can't be replayed")
	}
	delete(w.ended, id)
}

// What another process has stored, replayed and delivered after it was counted, and before
// that process has given the store back, is known.
func TestTakeover(t *testing.T) {
	w := newWorld(t)
	replayed := w.dies()
	w.answers["a"] = Result{Status: 503}
	delivered := w.keep("a", "", 1)
	first := w.e
	second := New(store.New(w.directory, "m", nil), w.options, first.hooks)
	second.clock = first.clock
	second.wall = first.wall
	second.workers = maxConcurrency
	if err := count(second); err != nil {
		t.Fatal(err)
	}
	late := w.keep("a", "", 1)
	if err := store.Remove(first.store, store.Find(first.store, delivered)); err != nil {
		t.Fatal(err)
	}
	w.replay(replayed)
	store.Disown(first.store, first.owner)
	w.e = second
	if !store.Own(second.store, second.owner, time.Now()) {
		t.Fatal("it can't be taken over")
	}
	load(second, w.wall())
	if n := Count(second); n.Waiting != 2 || n.Dead != 0 || second.count != 2 || second.waiting[late] == nil || second.waiting[replayed] == nil {
		t.Fatalf("%+v, %d", n, second.count)
	}
	w.answers["a"] = Result{Status: 200}
	w.pass(time.Minute)
	if n := Count(second); n.Waiting != 0 || w.ended[late] != Delivered || w.ended[replayed] != Delivered || w.attempts[replayed] != 3 || n.Bytes != 0 {
		t.Errorf("%+v, %v", n, w.ended)
	}
}

// While a store is still another process's, what waits there is claimed: its senders may
// repeat it before this one may work.
func TestClaimsBeforeTakeover(t *testing.T) {
	w := newWorld(t)
	w.keep("a", "a claim", 1)
	second := New(store.New(w.directory, "m", nil), w.options, w.e.hooks)
	second.timer = time.NewTimer(time.Hour)
	failures, lastSign := 0, time.Now()
	for i := 0; i < 3; i++ {
		if turn(second, &failures, &lastSign); second.owned {
			t.Fatal("it has a store that is another one's")
		}
	}
	if w.claimed["a claim"] != 1 || !Waits(second, "a claim") {
		t.Errorf("it was claimed %d times", w.claimed["a claim"])
	}
	// It arrives by the first one after all.
	w.answers["a"] = Result{Status: 200}
	w.pass(time.Minute)
	store.Disown(w.e.store, w.e.owner)
	turn(second, &failures, &lastSign)
	if n := Count(second); !n.Loaded || n.Waiting != 0 || Waits(second, "a claim") {
		t.Errorf("it waits, and has arrived: %+v", n)
	}
}

// A replay of what is far older than maxAge has the whole schedule.
func TestReplayBeginsAnew(t *testing.T) {
	w := newWorld(t)
	id := w.dies()
	w.lead += 30 * 24 * time.Hour.Milliseconds()
	w.replay(id)
	w.answers["a"] = Result{Status: 503}
	w.restart()
	w.pass(5 * time.Minute)
	if w.ended[id] != Dead || w.e.dead[id].entry.Reason != Exhausted || w.attempts[id] != 2+1+len(w.options.Schedule.Steps) {
		t.Errorf("%q after %d attempts: %+v", w.ended[id], w.attempts[id], w.e.dead[id])
	}
}

// What an operator has done is told of once, by the gate that works on the store next.
func TestActionsAreTold(t *testing.T) {
	w := newWorld(t)
	id := w.dies()
	for _, a := range []store.Action{
		{Action: store.Replay, Reason: "mended", Actor: "ada"}, {Action: store.Drop, Reason: "test", Actor: "ada", Error: "no space"}, {Action: "unheard of"}, {Action: store.Adopt, Reason: "renamed", Actor: "eve"},
	} {
		a.ID = id
		a.Attempts = 2
		if err := store.NoteAction(w.e.store, &a); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"replayed mended ada 2 false", "dropped test ada 2 true", "adopted renamed eve 2 false"}
	for _, when := range []string{"at first", "again"} {
		got := []string{}
		hooks := w.e.hooks
		hooks.Changed = func(c *Change) {
			if c.ID == id {
				got = append(got, fmt.Sprint(c.To, " ", c.Reason, " ", c.Actor, " ", c.Attempt, " ", c.Undone))
			}
		}
		store.Disown(w.e.store, w.e.owner)
		next := New(store.New(w.directory, "m", nil), w.options, hooks)
		if err := count(next); err != nil || !store.Own(next.store, next.owner, time.Now()) {
			t.Fatal(err)
		}
		load(next, w.wall())
		w.e = next
		if when == "again" {
			want = []string{}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
}

// An engine that ends keeps the store from others until its last attempt is over.
func TestEndingOwns(t *testing.T) {
	w := newWorld(t)
	load(w.e, w.wall())
	e := w.e
	if !store.Own(e.store, e.owner, time.Now()) {
		t.Fatal("it is not owned")
	}
	e.closed = true
	e.running = 1
	before := store.LastSign(e.store)
	failures := 0
	sign := time.Time{}
	for w.now = 0; w.now < 10_000; w.now += 1000 {
		if _, over := turn(e, &failures, &sign); over {
			t.Fatal("it is over")
		}
	}
	if !store.LastSign(e.store).After(before) {
		t.Error("it says nothing of being there while it tries one")
	}
	e.running = 0
	if _, over := turn(e, &failures, &sign); !over {
		t.Error("it is not over")
	}
}

// What waits is claimed before anything else is done, the newest first, and that is said. A
// dead one of the same claim does not take that back.
func TestClaimsAtStart(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 404}
	w.keep("a", "both", 1)
	w.pass(2 * time.Second)
	w.answers["a"] = Result{Status: 503}
	w.keep("a", "both", 1)
	w.keep("a", "newest", 1)
	got := []string{}
	hooks := w.e.hooks
	hooks.Claim = func(key string) { got = append(got, key) }
	hooks.Release = func(key string) { got = append(got, "not "+key) }
	hooks.Claimed = func() { got = append(got, "all") }
	store.Disown(w.e.store, w.e.owner)
	next := New(store.New(w.directory, "m", nil), w.options, hooks)
	next.timer = time.NewTimer(time.Hour)
	next.workers = maxConcurrency // nothing is tried
	failures, lastSign := 0, time.Now()
	turn(next, &failures, &lastSign)
	if !next.loaded || len(got) < 3 || !reflect.DeepEqual(got[:3], []string{"newest", "both", "all"}) {
		t.Errorf("%v", got)
	}
	for _, one := range got[3:] {
		if one != "both" && one != "newest" {
			t.Errorf("%s is said afterwards", one)
		}
	}
}

// What an operator drops after its claim was taken, and before the store is this process's, gives
// the claim back once; not where another one of the same claim waits, nor where it is there still.
func TestDroppedBeforeTakeover(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 503}
	ids := []string{w.keep("a", "dropped", 1), w.keep("a", "twice", 1), w.keep("a", "not dropped", 1)}
	second := New(store.New(w.directory, "m", nil), w.options, w.e.hooks)
	second.timer = time.NewTimer(time.Hour)
	second.workers = maxConcurrency // nothing is tried
	failures, lastSign := 0, time.Now()
	turn(second, &failures, &lastSign)
	for i, id := range ids {
		e := store.Find(w.e.store, id)
		a := &store.Action{ID: id, Action: store.Drop, State: e.State, Actor: "ada", Reason: "a test"}
		store.NoteClaim(w.e.store, a, w.kept[id].Claim)
		if err := store.NoteAction(w.e.store, a); err != nil || i < 2 && store.Discard(w.e.store, e) != nil {
			t.Fatal(err)
		}
	}
	w.keep("a", "twice", 1)
	store.Disown(w.e.store, w.e.owner)
	for i := 0; i < 3; i++ {
		turn(second, &failures, &lastSign)
	}
	if !second.loaded || w.released["dropped"] != 1 || w.released["not dropped"] != 0 {
		t.Errorf("%v", w.released)
	}
	if !Waits(second, "twice") || !Waits(second, "not dropped") || Waits(second, "dropped") {
		t.Errorf("%v", second.claims)
	}
}

// What is written down of an operator, and was not done since the process ended, is recorded as
// not done, on a disk and in a store that is shared, and so is what failed: once.
func TestActionsAreNotDone(t *testing.T) {
	w := newWorld(t)
	w.options.Keep = 1_000_000 * time.Hour
	replayed, dropped, failed, done := w.dies(), w.dies(), w.dies(), w.dies()
	adopted := store.NewID()
	for _, a := range []store.Action{
		{Action: store.Replay, ID: replayed}, {Action: store.Drop, ID: dropped}, {Action: store.Adopt, ID: adopted},
		{Action: store.Drop, ID: failed}, {Action: store.Drop, ID: failed, Error: "no"}, {Action: store.Drop, ID: done},
	} {
		a.Attempts = 2
		if err := store.NoteAction(w.e.store, &a); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Discard(w.e.store, store.Find(w.e.store, done)); err != nil {
		t.Fatal(err)
	}
	want := []string{"replayed " + replayed + " true", "dropped " + dropped + " true", "adopted " + adopted + " true", "dropped " + failed + " true", "dropped " + done + " false"}
	for _, when := range []string{"at first", "again"} {
		got := []string{}
		hooks := w.e.hooks
		hooks.Changed = func(c *Change) { got = append(got, fmt.Sprint(c.To, " ", c.ID, " ", c.Undone)) }
		store.Disown(w.e.store, w.e.owner)
		w.e = New(store.New(w.directory, "m", nil), w.options, hooks)
		w.e.timer = time.NewTimer(time.Hour)
		w.e.workers = maxConcurrency // nothing is tried
		failures, lastSign := 0, time.Now()
		turn(w.e, &failures, &lastSign)
		if when == "again" {
			want = []string{}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	if _, actions := History(w.e, replayed); len(actions) != 2 || actions[1].Error == "" {
		t.Errorf("%+v", actions)
	}
	if told := Whereabouts(w.e, []string{done}); !strings.Contains(told[0].Why, "was dropped") {
		t.Errorf("%+v", told)
	}
}

func TestSharedActionsAreNotDone(t *testing.T) {
	s := newSeveral(t, 2)
	s.answers["a"] = Result{Status: 404}
	id, _ := s.keeps(0, "a", "claim")
	s.all(3 * time.Second)
	if err := store.NoteAction(s.c.open("operator"), &store.Action{Action: store.Replay, ID: id, Attempts: s.attempts[id], Actor: "ada"}); err != nil {
		t.Fatal(err)
	}
	s.c.silence("operator")
	before := Count(s.engines[0]).Changes[Replayed] + Count(s.engines[1]).Changes[Replayed]
	s.all(5 * time.Second)
	after := Count(s.engines[0]).Changes[Replayed] + Count(s.engines[1]).Changes[Replayed]
	if after != before || !s.said("1 orders of operators") || s.ended[id] != Dead {
		t.Errorf("%d, before %d; %q", after, before, s.told)
	}
}
