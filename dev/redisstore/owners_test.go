package redisstore

import (
	"errors"
	"os"
	"reflect"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/redisstore"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// Only its owner tries a delivery and says what becomes of it. Another one has it once that
// has given up, and even then does not try what the first is trying still.
func TestOneOwner(t *testing.T) {
	server := stores.Redis(t)
	a, b := open(server.Address, nil), open(server.Address, nil)
	a.own(t)
	b.own(t)
	tried, idle := delivery("tried", "tried"), delivery("idle", "idle")
	first, second := a.put(t, tried), a.put(t, idle)
	refused := func(o *owner, e store.Entry) {
		t.Helper()
		if _, problem := store.Lease(o.Store, &e, time.Minute); problem != store.Gone {
			t.Errorf("it is tried: %q", problem)
		}
		if err := store.Move(o.Store, &e, dead(&e)); !os.IsNotExist(err) {
			t.Errorf("it is moved: %v", err)
		}
		if err := store.Remove(o.Store, &e); !os.IsNotExist(err) {
			t.Errorf("it is removed: %v", err)
		}
	}
	refused(b, *first)
	if _, problem := store.Lease(a.Store, first, time.Minute); problem != "" {
		t.Fatal(problem)
	}
	// Who has only just begun to speak to the server does not judge.
	b.own(t)
	if got := b.mine(t); len(got) > 0 {
		t.Fatalf("%v is taken from one who is there", got)
	}
	store.Disown(a.Store, nil)
	b.own(t)
	want := []string{first.ID, second.ID}
	sort.Strings(want)
	if got := b.mine(t); !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	_, err := b.Store.Medium.List("", true, func(e *store.Entry) bool {
		wait := time.Until(time.UnixMilli(e.When))
		if e.Seen == 0 || (e.ID == first.ID) != (wait > 30*time.Second) {
			t.Errorf("%+v, due in %v", e, wait)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, problem := store.Lease(b.Store, first, time.Minute); problem != store.Unreadable {
		t.Errorf("two try it: %q", problem)
	}
	if _, problem := store.Lease(b.Store, second, time.Minute); problem != "" {
		t.Error(problem)
	}
	// The one that was taken to be gone has lost it.
	refused(open(server.Address, nil), *second)
	if err := store.Move(b.Store, second, store.Entry{State: store.Waiting, ID: second.ID, Attempts: 2, Step: 2, When: 7}); err != nil {
		t.Fatal(err)
	}
	if got := store.Find(b.Store, second.ID); got == nil || got.Attempts != 2 || got.When != 7 {
		t.Errorf("%+v", got)
	}
}

// A claim and its delivery are taken in one step, and end in one.
func TestClaims(t *testing.T) {
	server := stores.Redis(t)
	a, b := open(server.Address, nil), open(server.Address, nil)
	leases := lease.New(resp.NewClient(resp.Options{Endpoints: []string{server.Address}, DialTimeout: testkit.Patience, ReadTimeout: testkit.Patience, WriteTimeout: testkit.Patience, PoolSize: 2}, func(_, _ string, _ time.Time) {}), time.Second, func(_ string) {})
	claims := func(want int) {
		t.Helper()
		found, number, err := lease.Claim(leases, lease.KeyOf(lease.Tag("kept@file"), "claim"))
		if err != nil || found != want {
			t.Errorf("%d %v, want %d", found, err, want)
		}
		if found == lease.Granted {
			lease.Release(leases, lease.KeyOf(lease.Tag("kept@file"), "claim"), number)
		}
	}
	claims(lease.Granted)
	e := a.put(t, delivery("claim", "one"))
	claims(lease.Stored)
	if err := store.Put(b.Store, delivery("claim", "two"), &store.Entry{}); !errors.Is(err, store.ErrThere) {
		t.Errorf("%v: one claim has two deliveries", err)
	}
	if ttl, err := strconv.Atoi(server.Do(t, "PTTL", lease.KeyOf(lease.Tag("kept@file"), "claim"))); err != nil || ttl < int(window.Milliseconds())/2 {
		t.Error(ttl, err)
	}
	if err := store.Move(a.Store, e, dead(e)); err != nil {
		t.Fatal(err)
	}
	claims(lease.Granted)
	// Who has had it delivered after all ends the dead one, whoever's it is.
	fetched := b.Store.Medium.Fetch([]string{"unknown", "claim"})
	if len(fetched) != 1 || fetched[0].ID != e.ID || len(a.mine(t)) != 0 || len(b.mine(t)) != 1 {
		t.Errorf("%+v %v %v", fetched, a.mine(t), b.mine(t))
	}
	// An operator has it tried again.
	o := open(server.Address, operator)
	back := store.Entry{State: store.Waiting, ID: e.ID, Attempts: 1, When: 1}
	if err := store.Move(o.Store, fetched[0], back); err != nil {
		t.Fatal(err)
	}
	claims(lease.Stored)
	b.own(t)
	if b.Store.Medium.Standing().Revision == 0 {
		t.Error("its owner does not hear of it")
	}
	if err := store.Remove(b.Store, &back); err != nil {
		t.Fatal(err)
	}
	claims(lease.Duplicate)
	if err := store.Put(b.Store, delivery("claim", "two"), &store.Entry{}); !errors.Is(err, store.ErrThere) {
		t.Errorf("%v: what was delivered is stored", err)
	}
}

// What an operator does is told by one of the gates, once, and is kept.
func TestActions(t *testing.T) {
	server := stores.Redis(t)
	a := open(server.Address, nil)
	a.own(t)
	e := a.put(t, delivery("", "body"))
	o := open(server.Address, operator)
	action := &store.Action{ID: e.ID, Action: store.Drop, Reason: "x"}
	if err := store.NoteAction(o.Store, action); err != nil {
		t.Fatal(err)
	}
	if err := store.Remove(o.Store, e); err != nil {
		t.Fatal(err)
	}
	store.Disown(o.Store, nil)
	a.own(t)
	told := 0
	end := store.NewActions(a.Store, func(got *store.Action) {
		told++
		if *got != *action {
			t.Errorf("%+v", got)
		}
	})
	store.Told(a.Store, end)
	store.Told(a.Store, end)
	store.NewActions(a.Store, func(_ *store.Action) { told++ })
	kept := 0
	store.Actions(a.Store, "", func(_ *store.Action) { kept++ })
	if told != 1 || kept != 1 {
		t.Errorf("told %d times, %d are kept", told, kept)
	}
	for i := range 3 {
		store.Note(a.Store, &store.Attempt{ID: e.ID, Number: i + 1, Time: time.Now(), Outcome: "failed"})
	}
	for i, one := range store.Attempts(a.Store, e.ID) {
		if one.Number != i+1 {
			t.Errorf("%+v", one)
		}
	}
	names, err := redisstore.Names(o.client)
	if err != nil || !reflect.DeepEqual(names, []string{"kept@file"}) {
		t.Error(names, err)
	}
	if n, err := o.Store.Medium.Alive(); n != 1 || err != nil {
		t.Error(n, err)
	}
	// What nobody has any more is known, and what somebody has is no orphan.
	options := resp.Options{Endpoints: []string{server.Address}, DialTimeout: testkit.Patience, ReadTimeout: testkit.Patience, WriteTimeout: testkit.Patience, PoolSize: 2}
	a.put(t, delivery("", "body"))
	for _, want := range []map[string]int{{}, {"kept@file": 1}} {
		if found, err := redisstore.Orphans(options); err != nil || !reflect.DeepEqual(found, want) {
			t.Errorf("%v %v, want %v", found, err, want)
		}
		store.Disown(a.Store, nil)
	}
}
