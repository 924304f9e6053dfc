package delivery

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// besides is a process with deliveries in Redis and, beside that, on its disk.
type besides struct {
	*several
	e, disk *Engine
}

func newBesides(t *testing.T) *besides {
	b := &besides{several: &several{world: newWorld(t), arrived: map[string]bool{}}}
	store.Disown(b.world.e.store, b.world.e.owner)
	b.c = newCommons(func() int64 { return b.wall().UnixMilli() })
	b.engines = make([]*Engine, 1)
	b.names = make([]string, 1)
	b.begin(0)
	b.join()
	return b
}

// join gives the process its disk, as it is.
func (b *besides) join() {
	b.e = b.engines[0]
	if b.disk != nil {
		store.Disown(b.disk.store, b.disk.owner)
		store.CloseJournal(b.disk.store)
	}
	b.disk = New(store.New(b.directory, "m", nil), b.options, b.e.hooks)
	Join(b.e, b.disk)
	for _, e := range both(b.e) {
		e.clock = func() int64 { return b.now }
		e.wall = b.wall
		e.workers = maxConcurrency
	}
	if err := count(b.disk); err != nil {
		b.t.Fatal(err)
	}
	if !store.Own(b.disk.store, b.disk.owner, time.Now()) {
		b.t.Fatal("the disk is somebody else's")
	}
	b.disk.owned = true
	load(b.disk, b.wall())
}

// dies is a kill -9, and a new process.
func (b *besides) dies() {
	before := b.names[0]
	b.begin(0)
	b.join()
	b.c.silence(before) // as is seen after a while
}

// passes lets time pass for both.
func (b *besides) passes(d time.Duration) {
	for end := b.now + d.Milliseconds(); b.now < end; b.now += 1000 {
		b.turn(0)
		for _, e := range both(b.e) {
			if e == b.e && b.c.away {
				continue
			}
			b.world.e = e
			now := b.now
			b.pass(time.Millisecond)
			b.now = now
		}
	}
}

// stores has a delivery stored, and says where: in Redis, on the disk, or nowhere.
func (b *besides) stores(claim string) (string, string) {
	b.t.Helper()
	d := &store.Delivery{ID: store.NewID(), Received: b.wall(), Middleware: "m", Router: "a", Claim: claim, Method: "POST", RequestURI: "/", URL: "/", Host: "h", Tokens: []string{}, Headers: map[string][]string{}, Body: []byte("body")}
	b.kept[d.ID] = d
	b.attempts[d.ID] = 1
	k, problem := Keep(b.e, d, 1, 1, 0)
	if problem != "" {
		return d.ID, problem
	}
	Begin(k)
	if IsShared(k) {
		return d.ID, "redis"
	}
	return d.ID, "disk"
}

// What Redis does not store waits on the disk, is known there, and is tried while Redis is
// away, and by the next process.
func TestBesideRedis(t *testing.T) {
	b := newBesides(t)
	b.served["a"] = false
	inRedis, where := b.stores("one")
	if where != "redis" {
		t.Fatal(where)
	}
	b.c.away = true
	id, where := b.stores("two")
	if where != "disk" || !b.said("redis does not store a delivery, so it waits on the disk of this machine: it is away") {
		t.Fatal(where, b.told)
	}
	for _, claim := range []string{"one", "two"} {
		if !Waits(b.e, claim) || !Waits(b.disk, claim) {
			t.Errorf("nobody knows that %s waits", claim)
		}
	}
	if n := Count(b.e); n.Waiting != 2 || n.Beside == nil || n.Beside.Waiting != 1 || n.Changes[Stored] != 2 {
		t.Errorf("%+v", n)
	}
	b.dies()
	if !Waits(b.e, "two") || b.claimed["two"] == 0 {
		t.Error("the next process does not know what waits on the disk")
	}
	b.served["a"] = true
	b.answers["a"] = Result{Status: 200}
	b.passes(5 * time.Second)
	if b.ended[id] != Delivered || b.ended[inRedis] != "" {
		t.Errorf("while Redis is away: %v", b.ended)
	}
	b.c.away = false
	b.passes(40 * time.Second)
	if b.ended[inRedis] != Delivered || len(b.c.things) != 0 {
		t.Errorf("when it is back: %v", b.ended)
	}
	if _, where := b.stores("three"); where != "redis" {
		t.Errorf("when Redis is back, the %s has it", where)
	}
}

// Where Redis has stored what it did not answer to, the disk's counts, whatever has become of
// it by the time that the other one is found; and the claim is right in each case.
func TestBesideRedisTwice(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		dies   bool
		claim  string // in Redis
	}{
		"waits": {503, false, "done"}, "arrived": {200, false, "done"}, "dead": {404, false, ""},
		"waits, with a kill": {503, true, "done"}, "dead, with a kill": {404, true, ""},
	} {
		b := newBesides(t)
		b.options.Schedule.Steps = []time.Duration{time.Hour}
		b.c.loses = 1
		id, where := b.stores("claim")
		if where != "disk" || b.c.find(id) == nil || b.c.claims["claim"] != "stored" {
			t.Fatal(name, where)
		}
		if c.status == 503 {
			b.served["a"] = false // else it is tried once more, and dies
		}
		b.answers["a"] = Result{Status: c.status}
		b.world.e = b.disk
		b.pass(time.Millisecond) // before anybody looks into Redis
		if c.dies {
			b.dies()
		}
		b.passes(40 * time.Second)
		if b.c.find(id) != nil || b.e.waiting[id] != nil || b.c.claims["claim"] != c.claim {
			t.Errorf("%s: in Redis %v, %v, and the claim %q", name, b.c.find(id), b.e.waiting[id], b.c.claims["claim"])
		}
		if want := map[int]string{503: "", 200: Delivered, 404: Dead}[c.status]; b.ended[id] != want {
			t.Errorf("%s: it is %q, want %q", name, b.ended[id], want)
		}
		if n := b.attempts[id] - 1; n > 1 || c.status == 503 && n > 0 {
			t.Errorf("%s: it was tried %d times", name, n)
		}
	}
}

// Where the disk has no room either, the sender hears so; and what Redis has all the same is
// delivered from there.
func TestBesideRedisNeither(t *testing.T) {
	b := newBesides(t)
	b.answers["a"] = Result{Status: 200}
	if err := os.RemoveAll(b.directory); err != nil {
		t.Fatal(err)
	}
	b.c.loses = 1
	id, problem := b.stores("claim")
	if !strings.HasPrefix(problem, "it is away; nor on the disk: ") {
		t.Fatal(problem)
	}
	b.passes(40 * time.Second)
	if b.ended[id] != Delivered || b.c.claims["claim"] != "done" {
		t.Errorf("%v, and the claim %q", b.ended, b.c.claims["claim"])
	}
}

// What died on the disk is superseded by what arrives through Redis, and the other way round,
// and anybody who asks is told of both.
func TestBesideRedisSuperseded(t *testing.T) {
	b := newBesides(t)
	b.answers["a"] = Result{Status: 404}
	b.c.away = true
	onDisk, _ := b.stores("two")
	b.passes(2 * time.Second)
	if b.e.Alert == 0 {
		t.Error("who is asked for both does not know of what is dead on the disk")
	}
	b.c.away = false
	inRedis, _ := b.stores("one")
	b.passes(5 * time.Second)
	if b.ended[inRedis] != Dead || b.ended[onDisk] != Dead || b.e.Alert == 0 {
		t.Fatalf("%v, %d", b.ended, b.e.Alert)
	}
	b.answers["a"] = Result{Status: 200}
	if _, where := b.stores("two"); where != "redis" {
		t.Fatal(where)
	}
	b.c.away = true
	b.stores("one")
	b.passes(2 * time.Second)
	b.c.away = false
	b.passes(10 * time.Second)
	if b.ended[inRedis] != Superseded || b.ended[onDisk] != Superseded {
		t.Errorf("%v", b.ended)
	}
	for range [3]int{} {
		Arrived(b.e, "a", "")
	}
	if b.e.Alert != 0 {
		t.Error("whoever succeeds is asked to say so for good")
	}
}

// One backend sees one rate, and one number of attempts at once.
func TestBesideRedisPace(t *testing.T) {
	b := newBesides(t)
	b.served["a"] = false
	for i := range [12]int{} {
		b.c.away = i%2 == 1
		b.stores("")
	}
	b.c.away = false
	b.served["a"] = true
	b.passes(time.Second)
	b.options.Concurrency = 4
	b.planned = map[string]int64{}
	for _, e := range both(b.e) {
		for _, it := range e.waiting {
			unqueue(e, it)
			enqueue(e, it, 0)
		}
		hand(e)
	}
	if n := len(b.e.jobs) + len(b.disk.jobs); n != b.options.Concurrency {
		t.Errorf("%d attempts at once", n)
	}
	for _, e := range both(b.e) {
		for len(e.jobs) > 0 {
			workOn(e, <-e.jobs)
		}
		e.options.Interval = time.Hour
	}
	if b.e.pace.running != 0 {
		t.Errorf("%d turns are not given back", b.e.pace.running)
	}
	hand(b.disk)
	hand(b.e)
	if n := len(b.e.jobs) + len(b.disk.jobs); n > 1 {
		t.Errorf("%d attempts in one hour", n)
	}
}
