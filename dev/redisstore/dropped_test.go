package redisstore

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// A dead delivery that is handed over leaves the claim to the sender's repeat, which waits, or
// has died itself.
func TestHandLeavesClaim(t *testing.T) {
	server := stores.Redis(t)
	o := open(server.Address, nil)
	o.own(t)
	first := o.put(t, delivery("claim", "one"))
	if err := store.Move(o.Store, first, dead(first)); err != nil {
		t.Fatal(err)
	}
	repeat := o.put(t, delivery("claim", "one"))
	if err := store.Hand(o.Store, first, "0000000a"); err != nil {
		t.Fatal(err)
	}
	if got := claimOf(t, server, "claim"); got != "stored" {
		t.Errorf("the claim of what waits is %q", got)
	}
	if err := store.Move(o.Store, repeat, dead(repeat)); err != nil {
		t.Fatal(err)
	}
	if err := store.Hand(o.Store, first, "0000000b"); err != nil {
		t.Fatal(err)
	}
	found := o.Store.Medium.Fetch([]string{"claim"})
	if len(found) != 1 || found[0].ID != repeat.ID {
		t.Errorf("%+v: the grave is another one's", found)
	}
	if got := store.Find(o.Store, first.ID); got == nil || got.Marks != "0000000a-0000000b" {
		t.Errorf("%+v", got)
	}
}

// What an operator drops was not delivered: its sender may send it again.
func TestDropFreesClaim(t *testing.T) {
	server := stores.Redis(t)
	o, operator := open(server.Address, nil), open(server.Address, operator)
	o.own(t)
	for _, who := range []*owner{o, operator} {
		e := o.put(t, delivery("claim", "one"))
		if err := store.Discard(who.Store, e); err != nil {
			t.Fatal(err)
		}
		if got := claimOf(t, server, "claim"); got != "" {
			t.Fatalf("the claim of what was dropped is %q", got)
		}
	}
}

// Who is trying a delivery while another one takes it over says what becomes of it, until the
// time for that is over, and does not try it again.
func TestLeaseOutlivesOwner(t *testing.T) {
	server := stores.Redis(t)
	a, b := open(server.Address, nil), open(server.Address, nil)
	a.own(t)
	b.own(t)
	arrives, fails, late := a.put(t, delivery("arrives", "1")), a.put(t, delivery("fails", "2")), a.put(t, delivery("late", "3"))
	for _, e := range []*store.Entry{arrives, fails} {
		if _, problem := store.Lease(a.Store, e, time.Hour); problem != "" {
			t.Fatal(problem)
		}
	}
	if _, problem := store.Lease(a.Store, late, time.Millisecond); problem == store.Gone {
		t.Fatal(problem) // it is unreadable, since the answer came too late
	}
	silence(t, server)
	b.own(t)
	if got := b.mine(t); len(got) != 3 {
		t.Fatal(got)
	}
	revision := b.Store.Medium.Standing().Revision
	if _, problem := store.Lease(a.Store, arrives, time.Hour); problem != store.Gone {
		t.Errorf("it is tried again: %q", problem)
	}
	if err := store.Remove(a.Store, arrives); err != nil {
		t.Error(err)
	}
	if got := claimOf(t, server, "arrives"); got != "done" {
		t.Errorf("the claim is %q", got)
	}
	if taken, err := b.Store.Medium.Taken(arrives.ID); !taken || err != nil {
		t.Errorf("its owner takes it for lost: %v", err)
	}
	to := store.Entry{State: store.Waiting, ID: fails.ID, Attempts: 2, Step: 2, When: 7}
	if err := store.Move(a.Store, fails, to); err != nil {
		t.Error(err)
	}
	// That was its attempt.
	if err := store.Move(a.Store, fails, to); !os.IsNotExist(err) {
		t.Errorf("it is moved again: %v", err)
	}
	if err := store.Remove(a.Store, late); !os.IsNotExist(err) {
		t.Errorf("it is removed late: %v", err)
	}
	b.own(t)
	if b.Store.Medium.Standing().Revision == revision {
		t.Error("its owner does not hear of it")
	}
	if _, problem := store.Lease(b.Store, fails, time.Minute); problem != "" {
		t.Error(problem)
	}
}

// silence has all owners be gone who do not say anew that they are there.
func silence(t *testing.T, server *stores.RedisServer) {
	t.Helper()
	members := "hookward:store:" + lease.Tag("kept@file") + ":members"
	for _, one := range strings.Fields(server.Do(t, "ZRANGE", members, "0", "-1")) {
		server.Do(t, "ZADD", members, "0", one)
	}
}

// What others have had is not lost for its owner, until that has it again.
func TestTaken(t *testing.T) {
	server := stores.Redis(t)
	a, b := open(server.Address, nil), open(server.Address, nil)
	a.own(t)
	b.own(t)
	is := func(o *owner, e *store.Entry, want bool) {
		t.Helper()
		if taken, err := o.Store.Medium.Taken(e.ID); taken != want || err != nil {
			t.Errorf("%v %v, want %v", taken, err, want)
		}
	}
	e := a.put(t, delivery("claim", "one"))
	is(a, e, false)
	if err := store.Move(a.Store, e, dead(e)); err != nil {
		t.Fatal(err)
	}
	if got := b.Store.Medium.Fetch([]string{"claim"}); len(got) != 1 {
		t.Fatal(got)
	}
	is(a, e, true)
	is(b, e, false)
	silence(t, server)
	a.own(t)
	is(a, e, false)
	is(b, e, true)
}

// What is dead waits again only if its claim is nobody else's.
func TestReplayTakesClaim(t *testing.T) {
	server := stores.Redis(t)
	o, other, operator := open(server.Address, nil), open(server.Address, nil), open(server.Address, operator)
	o.own(t)
	other.own(t)
	e := o.put(t, delivery("claim", "one"))
	if err := store.Move(o.Store, e, dead(e)); err != nil {
		t.Fatal(err)
	}
	again := store.Entry{State: store.Waiting, ID: e.ID, Attempts: e.Attempts, When: 1}
	repeat := other.put(t, delivery("claim", "one"))
	for _, who := range []*owner{o, operator} {
		if err := store.Move(who.Store, e, again); err != store.ErrWaits || store.Find(o.Store, e.ID).State != store.Dead {
			t.Errorf("%v: its repeat waits", err)
		}
	}
	if err := store.Remove(other.Store, repeat); err != nil {
		t.Fatal(err)
	}
	if err := store.Move(o.Store, e, again); err != store.ErrArrived {
		t.Errorf("%v: its repeat has arrived", err)
	}
	key := lease.KeyOf(lease.Tag("kept@file"), "claim")
	server.Do(t, "SET", key, "0123:7")
	if err := store.Move(o.Store, e, again); err != store.ErrSent {
		t.Errorf("%v: its repeat is on its way", err)
	}
	server.Do(t, "DEL", key)
	to := *e
	for i := range 2 { // the answer to the first may be lost
		*e = to
		if err := store.Move(o.Store, e, again); err != nil || claimOf(t, server, "claim") != "stored" {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// An entry whose bytes alone are lost is not taken for one that is gone.
func TestLostBytes(t *testing.T) {
	server := stores.Redis(t)
	o := open(server.Address, nil)
	o.own(t)
	e := o.put(t, delivery("claim", "one"))
	server.Do(t, "DEL", "hookward:store:"+lease.Tag("kept@file")+":b:"+e.ID)
	for i := range 2 {
		_, leased := store.Lease(o.Store, e, time.Minute)
		_, head := store.Head(o.Store, e)
		_, loaded := store.Load(o.Store, e)
		if want := []string{store.Undecodable, store.Gone}[i]; leased != want || head != want || loaded != want {
			t.Errorf("%s, %s, %s, want %s", leased, head, loaded, want)
		}
		if i == 0 && (store.Move(o.Store, e, dead(e)) != nil || claimOf(t, server, "claim") != "" || store.Remove(o.Store, e) != nil) {
			t.Error("it stays")
		}
	}
}

// The claim of what waits is renewed, and set where it has ended; nothing else is changed.
func TestRenew(t *testing.T) {
	server := stores.Redis(t)
	o := open(server.Address, nil)
	o.own(t)
	ids := []string{}
	for _, claim := range []string{"ends", "ended", "dead", "done", "free", ""} {
		e := o.put(t, delivery(claim, "body"))
		ids = append(ids, e.ID)
		if claim == "dead" && store.Move(o.Store, e, dead(e)) != nil {
			t.Fatal("it does not die")
		}
	}
	key := func(claim string) string { return lease.KeyOf(lease.Tag("kept@file"), claim) }
	server.Do(t, "PEXPIRE", key("ends"), "60000")
	server.Do(t, "DEL", key("ended"))
	server.Do(t, "SET", key("done"), "done", "PX", "60000")
	server.Do(t, "SET", key("free"), "owner:1", "PX", "60000")
	if err := o.Store.Medium.Renew(append(ids, store.NewID())); err != nil {
		t.Fatal(err)
	}
	for claim, want := range map[string]string{"ends": "stored", "ended": "stored", "dead": "", "done": "done", "free": "owner:1"} {
		long := len(server.Do(t, "PTTL", key(claim))) > len("60000")
		if got := claimOf(t, server, claim); got != want || long != (want == "stored") {
			t.Errorf("%s: %q, %v", claim, got, long)
		}
	}
}

// The commit of a delivery that is on the disk of one Traefik is renewed for all, and takes no
// claim away that somebody else has made since.
func TestRenewCommit(t *testing.T) {
	server := stores.Redis(t)
	client := resp.NewClient(resp.Options{Endpoints: []string{server.Address}, DialTimeout: testkit.Patience, ReadTimeout: testkit.Patience, WriteTimeout: testkit.Patience, PoolSize: 2}, func(_, _ string, _ time.Time) {})
	table := lease.New(client, testkit.Patience, func(problem string) { t.Error(problem) })
	defer lease.Close(table)
	for before, want := range map[string]string{"done": "done", "": "done", "owner:1": "owner:1"} {
		server.Do(t, "DEL", "key")
		if before != "" {
			server.Do(t, "SET", "key", before, "PX", "60000")
		}
		lease.Renew(table, "key", time.Hour)
		long := len(server.Do(t, "PTTL", "key")) > len("60000")
		if got := server.Do(t, "GET", "key"); got != want || long != (want == "done") {
			t.Errorf("%q becomes %q, %v", before, got, long)
		}
	}
}
