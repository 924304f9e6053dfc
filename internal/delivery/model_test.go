package delivery

import (
	"fmt"
	"math/rand"
	"reflect"
	"sort"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
)

// world is a store, an engine that a test drives step by step, and all that is known of its
// deliveries from outside.
type world struct {
	t         *testing.T
	directory string
	e         *Engine
	now       int64 // of the own clock, in milliseconds
	lead      int64 // by how much the system's clock was set ahead
	options   Options
	answers   map[string]Result // by router
	poison    map[string]bool   // ids at which the backend panics
	served    map[string]bool

	kept     map[string]*store.Delivery
	attempts map[string]int
	planned  map[string]int64 // when the next attempt may be, at the earliest
	ended    map[string]string
	released map[string]int // by claim
	claimed  map[string]int
	told     []string
	taken    map[string]bool // by the backend
	replayed map[string]int  // by an operator
	dropping map[string]bool // by an operator's order
	had      map[string]bool // it has arrived once, so that its claim is never given back

	fuse int               // how many steps until the process ends; 0: it does not
	left map[string][]byte // the disk, once it has ended
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, directory: store.DirectoryOf(t.TempDir(), "m"), now: 1,
		options: Options{
			Schedule:    &retry.Schedule{Steps: []time.Duration{time.Second, 5 * time.Second, 25 * time.Second}, Jitter: 0.2, On: []retry.Range{{From: 429, To: 429}, {From: 500, To: 599}}, Network: true, MaxAge: 24 * time.Hour, MaxRetryAfter: time.Minute},
			Concurrency: 4, MaxBytes: 1 << 20, MaxDeliveries: 50, Keep: time.Hour,
		},
		answers: map[string]Result{}, poison: map[string]bool{}, served: map[string]bool{"a": true, "b": true},
		kept: map[string]*store.Delivery{}, attempts: map[string]int{}, planned: map[string]int64{}, ended: map[string]string{}, released: map[string]int{}, claimed: map[string]int{},
		taken: map[string]bool{}, replayed: map[string]int{}, dropping: map[string]bool{}, had: map[string]bool{},
	}
	w.restart()
	return w
}

// restart is a kill -9, and a new process.
func (w *world) restart() {
	if w.e != nil {
		store.Disown(w.e.store, w.e.owner) // as if Silence had passed
		store.CloseJournal(w.e.store)
	}
	w.e = New(store.New(w.directory, "m", nil), w.options, Hooks{
		Serves: func(router string) bool { return w.served[router] },
		Try:    w.try, Changed: w.changed,
		Claim:   func(key string) { w.claimed[key]++ },
		Release: func(key string) { w.mayCrash(); w.released[key]++ },
		Tell:    func(level, message string) { w.told = append(w.told, level+" "+message) },
	})
	w.e.clock = func() int64 { return w.now }
	w.e.wall = w.wall
	w.e.workers = maxConcurrency // the test does their work
	if err := count(w.e); err != nil {
		w.t.Fatal(err)
	}
	if !store.Own(w.e.store, w.e.owner, time.Now()) {
		w.t.Fatal("the store is somebody else's")
	}
	w.e.owned = true
	load(w.e, w.wall())
}

func (w *world) wall() time.Time { return time.UnixMilli(1764500000000 + w.now + w.lead) }

func (w *world) try(d *store.Delivery, number int) Result {
	w.mayCrash()
	want := w.kept[d.ID]
	d.Received, want.Received = time.Time{}, time.Time{}
	d.Replayed = false // see TestForcedReplay
	if !reflect.DeepEqual(d, want) {
		w.t.Errorf("what is tried is not what was kept:\n%+v\n%+v", d, want)
	}
	if w.now < w.planned[d.ID] {
		w.t.Errorf("%s is tried %d ms before its time", d.ID, w.planned[d.ID]-w.now)
	}
	if w.ended[d.ID] != "" {
		w.t.Errorf("%s is tried, and was %s", d.ID, w.ended[d.ID])
	}
	if !w.served[d.Router] {
		w.t.Errorf("%s is tried, and nobody serves its router", d.ID)
	}
	if number != w.attempts[d.ID]+1 {
		w.t.Errorf("attempt %d comes after %d", number, w.attempts[d.ID])
	}
	if !w.poison[d.ID] && w.answers[d.Router].NotTried {
		return w.answers[d.Router]
	}
	w.attempts[d.ID]++
	if w.poison[d.ID] {
		panic("poison")
	}
	return w.note(d.ID, w.answers[d.Router])
}

func (w *world) changed(c *Change) {
	w.mayCrash()
	if c.Undone || c.Delivery == nil && (c.To == Replayed || c.To == Dropped) { // told again by the next process
		return
	}
	switch c.To {
	case Failed:
		w.planned[c.ID] = w.now + c.Next.UnixMilli() - w.wall().UnixMilli()
	case Dead, Delivered, Superseded, Expired:
		before := w.ended[c.ID]
		if before != "" && !(before == Dead && (c.To == Superseded || c.To == Expired)) {
			w.t.Errorf("%s is %s, and was %s", c.ID, c.To, before)
		}
		w.ended[c.ID] = c.To
		w.had[c.ID] = w.had[c.ID] || c.To == Delivered && w.options.KeepDelivered > 0
	case Replayed:
		if w.ended[c.ID] != Dead && w.ended[c.ID] != Delivered {
			w.t.Errorf("%s is replayed, and was %q", c.ID, w.ended[c.ID])
		}
		delete(w.ended, c.ID)
		w.planned[c.ID] = 0
		w.replayed[c.ID]++
		w.released[w.kept[c.ID].Claim] = 0
	case Dropped:
		w.ended[c.ID] = Dropped
	}
}

// keep stores a delivery that has failed once, or waits for its first attempt.
func (w *world) keep(router, claim string, attempts int) string {
	id := store.NewID()
	d := &store.Delivery{ID: id, Received: w.wall(), Middleware: "m", Router: router, Claim: claim, Method: "POST", RequestURI: "/", URL: "/", Host: "h",
		Tokens: []string{}, Headers: map[string][]string{"X-Id": {id}}, Body: []byte(id + "\x00body")}
	pause := time.Duration(0)
	step := 0
	if attempts > 0 {
		pause, _ = retry.Pause(w.options.Schedule, 0, 0)
		step = 1
	}
	k, problem := Keep(w.e, d, attempts, step, pause)
	if problem != "" {
		w.told = append(w.told, problem)
		return ""
	}
	w.kept[id] = d
	w.attempts[id] = attempts
	w.planned[id] = w.now + pause.Milliseconds()
	w.mayCrash()
	Begin(k)
	return id
}

// pass lets time pass, with the engine at work all the while.
func (w *world) pass(d time.Duration) {
	for end := w.now + d.Milliseconds(); w.now < end; {
		again := carryOut(w.e).Milliseconds()
		step := hand(w.e).Milliseconds()
		if again < step {
			step = again + 1
		}
		if w.now+step > end {
			step = end - w.now
		}
		running := len(w.e.jobs)
		if running > w.options.Concurrency {
			w.t.Errorf("%d attempts at once", running)
		}
		for len(w.e.jobs) > 0 {
			workOn(w.e, <-w.e.jobs)
		}
		tendArrivals(w.e)
		tend(w.e)
		w.now += step
	}
}

func (w *world) files(state string) map[string]int64 {
	found := map[string]int64{}
	if _, err := store.List(w.e.store, state, func(e *store.Entry) bool { found[e.ID] = e.Size; return true }); err != nil {
		w.t.Fatal(err)
	}
	return found
}

// check holds what the engine and the disk say against what was seen.
func (w *world) check(when string) {
	w.t.Helper()
	waiting := w.files(store.Waiting)
	dead := w.files(store.Dead)
	w.checkArrivals(when, len(waiting)+len(dead))
	bytes := int64(0)
	for id, d := range w.kept {
		_, isWaiting := waiting[id]
		_, isDead := dead[id]
		want := w.ended[id]
		if isWaiting && isDead || isWaiting != (want == "") || isDead != (want == Dead) {
			w.t.Fatalf("%s: %s is %q; waiting %v, dead %v", when, id, want, isWaiting, isDead)
		}
		if most := (len(w.options.Schedule.Steps) + 1) * (1 + w.replayed[id]); w.attempts[id] > most {
			w.t.Fatalf("%s: %s was tried %d times", when, id, w.attempts[id])
		}
		if d.Claim != "" && Waits(w.e, d.Claim) != isWaiting {
			w.t.Fatalf("%s: the claim of %s, which is %q, is %v", when, id, want, !isWaiting)
		}
		if d.Claim != "" && (w.released[d.Claim] > 0) != (!w.had[id] && (want == Dead || want == Superseded || want == Expired || want == Dropped)) {
			w.t.Fatalf("%s: the claim of %s, which is %q, was released %d times", when, id, want, w.released[d.Claim])
		}
	}
	for _, files := range []map[string]int64{waiting, dead} {
		for id, size := range files {
			bytes += size
			if w.kept[id] == nil {
				w.t.Fatalf("%s: %s was never acknowledged, and is there", when, id)
			}
		}
	}
	n := Count(w.e)
	if n.Waiting != len(waiting) || n.Dead != len(dead) || n.Bytes != bytes || w.e.count != len(waiting)+len(dead) {
		w.t.Fatalf("%s: %+v, %d; on disk %d waiting, %d dead, %d bytes", when, n, w.e.count, len(waiting), len(dead), bytes)
	}
}

// TestModel has anything happen in any order, many times.
func TestModel(t *testing.T) {
	for seed := int64(1); seed <= 14; seed++ {
		random := rand.New(rand.NewSource(seed))
		w := newWorld(t)
		if seed%2 == 0 {
			w.options.KeepDelivered = 3 * time.Minute
			w.options.MaxDeliveries = 20
			w.restart()
		}
		for i := 0; i < 60 && !t.Failed(); i++ {
			w.fuse = random.Intn(6) // where not 0, the process may end in the middle
			what := w.step(random, i)
			if w.crash() {
				what += ", and a crash in the middle"
			}
			w.check(fmt.Sprintf("seed %d, step %d, %s", seed, i, what))
		}
		if t.Failed() {
			return
		}
		// In the end, everything has its end.
		w.served["a"], w.served["b"] = true, true
		w.answers = map[string]Result{"a": {Status: 200}, "b": {Status: 204}}
		w.pass(30 * time.Minute)
		w.check(fmt.Sprintf("seed %d, at the end", seed))
		if n := Count(w.e); n.Waiting != 0 {
			t.Fatalf("seed %d: %+v", seed, n)
		}
	}
}

// step has one thing happen, and returns what.
func (w *world) step(random *rand.Rand, i int) string {
	router := []string{"a", "b"}[random.Intn(2)]
	switch n := random.Intn(16); n {
	case 0, 1, 2, 3:
		claim := ""
		if random.Intn(3) > 0 {
			claim = fmt.Sprint("claim ", i)
		}
		id := w.keep(router, claim, random.Intn(2))
		w.poison[id] = random.Intn(8) == 0
		return "keep " + id
	case 4, 5, 6:
		w.pass(time.Duration(random.Intn(20000)) * time.Millisecond)
		return "pass"
	case 7:
		answers := []Result{{Status: 200}, {Status: 204, Aborted: true}, {Status: 503}, {Status: 0}, {Status: 429, After: 30 * time.Second}, {Status: 404}, {Status: 302}, {NotTried: true}, {Status: 200}}
		w.answers[router] = answers[random.Intn(len(answers))]
		return fmt.Sprintf("%s answers %+v", router, w.answers[router])
	case 8:
		w.served[router] = !w.served[router]
		return "serve"
	case 9:
		claims := []string{}
		for id, d := range w.kept {
			if d.Claim != "" && w.ended[id] == Dead {
				claims = append(claims, d.Claim)
			}
		}
		sort.Strings(claims)
		if len(claims) > 0 {
			Arrived(w.e, router, claims[random.Intn(len(claims))])
			tend(w.e)
		}
		return "supersede"
	case 10:
		w.lead += int64(random.Intn(3)-1) * 2 * time.Minute.Milliseconds()
		return "the clock jumps"
	case 11:
		w.fuse = 0
		return w.operate(random)
	case 14, 15:
		return w.arrive(fmt.Sprint("claim ", i))
	case 12:
		return w.order(random)
	default:
		w.fuse = 0
		w.restart()
		// The new process spreads what is overdue, and knows no more than the files say.
		for id := range w.kept {
			w.planned[id] = 0
		}
		return "restart"
	}
}
