package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// A backend that is down is asked by one attempt at a time, and by more of them as it
// answers. One delivery alone makes it none that is down.
func TestBreaker(t *testing.T) {
	w := newWorld(t)
	w.options.Schedule.Steps = []time.Duration{time.Second, time.Second, time.Second, time.Hour}
	w.answers["a"] = Result{Status: 503}
	w.answers["b"] = Result{Status: 200}
	poison := w.keep("b", "", 1)
	w.poison[poison] = true
	for i := 0; i < 20; i++ {
		w.keep("a", "", 1)
	}
	before := len(w.told)
	w.pass(4 * time.Second)
	tried := 0
	for _, n := range w.attempts {
		tried += n - 1
	}
	if tried > 4+2*4+3 { // until it was tripped, with four at once; and the poison
		t.Errorf("%d attempts at a backend that is down", tried)
	}
	w.pass(2 * time.Minute)
	probes := 0
	for id, n := range w.attempts {
		if id != poison {
			probes += n - 1
		}
	}
	if most := tried + 6; probes > most {
		t.Errorf("%d attempts in two minutes, want at most %d", probes, most)
	}
	if !strings.Contains(strings.Join(w.told[before:], "\n"), `the backend of router "a" fails since`) {
		t.Errorf("nobody is told: %q", w.told)
	}
	// The other router is not held up, and its poison dies alone.
	if id := w.keep("b", "", 0); id == "" {
		t.Fatal("not kept")
	}
	w.pass(time.Second)
	if n := len(w.files(store.Waiting)); n > 21 {
		t.Errorf("%d wait", n)
	}
	w.answers["a"] = Result{Status: 200}
	w.pass(3 * time.Minute)
	if n := Count(w.e); n.Waiting > 1 {
		t.Errorf("%+v: it has answered for minutes", n)
	}
	w.check("at the end")
}

// A success of a request that waits for it ends the pause.
func TestArrivedEndsPause(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 503}
	for i := 0; i < 6; i++ {
		w.keep("a", "", 1)
		NoteFailed(w.e, "a", fmt.Sprint(i))
	}
	if w.e.Alert == 0 || w.e.queues["a"].allowed != 1 {
		t.Fatalf("%d, %+v", w.e.Alert, w.e.queues["a"])
	}
	w.answers["a"] = Result{Status: 200}
	Arrived(w.e, "a", "")
	w.pass(3 * time.Second)
	if n := Count(w.e); n.Waiting != 0 || w.e.Alert != 0 {
		t.Errorf("%+v, %d", n, w.e.Alert)
	}
}

func TestRate(t *testing.T) {
	w := newWorld(t)
	w.options.Interval = 100 * time.Millisecond
	w.e.options.Interval = w.options.Interval
	for i := 0; i < 40; i++ {
		w.keep("a", "", 0)
	}
	w.answers["a"] = Result{Status: 200}
	w.pass(2 * time.Second)
	if n := Count(w.e).Waiting; n < 18 || n > 22 {
		t.Errorf("after 2 s at 10 a second, %d of 40 wait", n)
	}
}

// What is full takes nothing more, drops nothing, and says so; it does so again when there
// is room.
func TestFull(t *testing.T) {
	w := newWorld(t)
	w.options.Schedule.Steps = []time.Duration{time.Hour}
	w.served["a"] = false
	for i := 0; i < w.options.MaxDeliveries; i++ {
		if w.keep("a", "", 1) == "" {
			t.Fatalf("%d are too many: %v", i, w.told)
		}
	}
	if w.keep("a", "", 1) != "" || !strings.Contains(w.told[len(w.told)-1], "50 deliveries, 0 of them dead, and store.maxDeliveries") {
		t.Errorf("%v", w.told)
	}
	w.check("full")
	w.served["a"] = true
	w.answers["a"] = Result{Status: 404}
	w.pass(2 * time.Hour)
	if n := Count(w.e); n.Dead != 0 && n.Dead+n.Waiting != w.options.MaxDeliveries {
		t.Errorf("%+v", n)
	}
	w = newWorld(t)
	w.e.options.MaxBytes = 10_000
	n := 0
	for w.keep("a", "", 1) != "" {
		n++
	}
	if n == 0 || n > 20 || !strings.Contains(w.told[len(w.told)-1], "store.maxBytes") {
		t.Errorf("%d, %v", n, w.told)
	}
	w.check("full of bytes")
}

// What can't be read is set aside, or waits, and the rest goes on. What a later version has
// written is left alone.
func TestDamagedFiles(t *testing.T) {
	w := newWorld(t)
	w.served["a"] = false
	ids := map[string]string{}
	for _, what := range []string{"good", "damaged", "newer", "gone"} {
		ids[what] = w.keep("a", what, 1)
	}
	path := func(what string) string {
		found, _ := filepath.Glob(filepath.Join(w.directory, "waiting", "?", ids[what]+"*"))
		if len(found) != 1 {
			t.Fatalf("%s: %v", what, found)
		}
		return found[0]
	}
	newer := path("newer")
	content, err := os.ReadFile(newer)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{path("damaged"): "rubbish", newer: strings.Replace(string(content), "hookward-delivery 1", "hookward-delivery 2", 1)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gone := path("gone")
	for _, when := range []string{"at work", "after a restart"} {
		if when == "at work" {
			_ = os.Remove(gone)
		} else {
			w.restart()
		}
		w.served["a"] = true
		w.answers["a"] = Result{NotTried: true}
		w.pass(time.Minute)
		if n := Count(w.e); n.Waiting != 2 || n.Held != 1 || n.Dead != 1 {
			t.Errorf("%s: %+v", when, n)
		}
		if w.e.dead[ids["damaged"]] == nil || w.e.dead[ids["damaged"]].entry.Reason != store.Undecodable {
			t.Errorf("%s: %+v", when, w.e.dead)
		}
	}
	w.answers["a"] = Result{Status: 200}
	w.pass(time.Minute)
	if n := Count(w.e); n.Waiting != 1 || w.attempts[ids["good"]] != 2 {
		t.Errorf("%+v, %v", n, w.attempts)
	}
	if text, err := os.ReadFile(newer); err != nil || !strings.HasPrefix(string(text), "hookward-delivery 2") {
		t.Error("the newer file is not left alone", err)
	}
}

// Without its key a delivery waits, untouched, until the key is there again.
func TestLostKey(t *testing.T) {
	w := newWorld(t)
	key, err := store.NewKey([]byte(strings.Repeat("k", store.KeyBytes)))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := store.NewKey([]byte(strings.Repeat("o", store.KeyBytes)))
	store.SetKeys(w.e.store, []*store.Key{key})
	id := w.keep("a", "claim", 1)
	w.answers["a"] = Result{Status: 200}
	ChangeOptions(w.e, w.withKeys(other))
	w.pass(time.Minute)
	w.restart()
	w.pass(time.Minute)
	if n := Count(w.e); n.Waiting != 1 || n.Held != 1 || w.attempts[id] != 1 {
		t.Fatalf("%+v, %v", n, w.attempts)
	}
	ChangeOptions(w.e, w.withKeys(other, key))
	w.pass(time.Minute)
	if n := Count(w.e); n.Waiting != 0 || w.attempts[id] != 2 {
		t.Errorf("%+v, %v", n, w.attempts)
	}
}

func (w *world) withKeys(keys ...*store.Key) Options {
	o := w.options
	o.Keys = keys
	return o
}

// Age counts only where it can: neither a clock that jumps nor a long downtime kills what
// waits before it was tried once more.
func TestAge(t *testing.T) {
	w := newWorld(t)
	w.options.Schedule.Steps = []time.Duration{time.Second, time.Second, time.Second, time.Second}
	w.answers["a"] = Result{Status: 503}
	id := w.keep("a", "", 1)
	w.lead += 400 * 24 * time.Hour.Milliseconds()
	w.pass(1500 * time.Millisecond)
	if w.ended[id] != "" || w.attempts[id] != 2 {
		t.Errorf("%q after %d attempts: the clock has jumped", w.ended[id], w.attempts[id])
	}
	w.restart()
	w.answers["a"] = Result{Status: 200}
	w.pass(time.Minute)
	if w.ended[id] != Delivered {
		t.Errorf("%q: it is no older for a downtime", w.ended[id])
	}
	w = newWorld(t)
	w.options.Schedule.MaxAge = 2 * time.Second
	w.options.Schedule.Steps = []time.Duration{time.Second, 5 * time.Second, time.Second}
	w.answers["a"] = Result{Status: 503}
	id = w.keep("a", "", 1)
	w.pass(20 * time.Second)
	if w.ended[id] != Dead || w.e.dead[id].entry.Reason != TooOld {
		t.Errorf("%q", w.ended[id])
	}
}

// What is known in memory of ten thousand that wait, and of as many that are dead.
func TestMemory(t *testing.T) {
	w := newWorld(t)
	heap := func() int64 {
		runtime.GC()
		m := runtime.MemStats{}
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const many = 10_000
	before := heap()
	w.e.mu.Lock()
	for i := 0; i < many; i++ {
		it := &item{entry: store.Entry{State: store.Waiting, ID: store.NewID(), When: int64(i), Size: 5000}, router: "a", claim: fmt.Sprintf("%032d", i)}
		adopt(w.e, it)
		enqueue(w.e, it, int64(many-i))
	}
	w.e.mu.Unlock()
	grown := heap() - before // below zero where other tests have left more behind
	if grown > 8<<20 {
		t.Errorf("%d bytes for %d that wait", grown, many)
	}
	t.Logf("%d bytes for each", grown/many)
	if q := w.e.queues["a"]; len(q.due) != many || q.due[0] > q.due[1] || q.due[many-2] > q.due[many-1] {
		t.Error("they are not in order")
	}
	runtime.KeepAlive(w)
}

// Started for real: deliveries arrive, a second engine over the same store waits, and a
// closed one gives the store back.
func TestGoroutines(t *testing.T) {
	w := newWorld(t)
	store.Disown(w.e.store, w.e.owner)
	arrived := make(chan string, 100)
	hooks := Hooks{
		Serves:  func(_ string) bool { return true },
		Try:     func(d *store.Delivery, _ int) Result { arrived <- d.ID; return Result{Status: 200} },
		Changed: func(_ *Change) {}, Claim: func(_ string) {}, Release: func(_ string) {}, Tell: func(_, message string) { t.Log(message) },
	}
	engines := []*Engine{}
	for i := 0; i < 2; i++ {
		e := New(store.New(w.directory, "m", nil), w.options, hooks)
		Start(e)
		engines = append(engines, e)
		waitFor(t, "it is not counted", func() bool { return Count(e).Loaded || i > 0 })
	}
	for _, e := range engines {
		for i := 0; i < 10; i++ {
			k, problem := Keep(e, &store.Delivery{ID: store.NewID(), Received: time.Now(), Router: "a", Method: "POST", RequestURI: "/", URL: "/"}, 1, 1, 0)
			if problem != "" {
				t.Fatal(problem)
			}
			Begin(k)
		}
	}
	waitFor(t, "the first has not delivered", func() bool { return Count(engines[0]).Waiting == 0 })
	Close(engines[0])
	waitFor(t, "the second has not taken over", func() bool { return Count(engines[1]).Waiting == 0 })
	if len(arrived) != 20 {
		t.Errorf("%d arrived", len(arrived))
	}
	Close(engines[1])
	waitFor(t, "the store is not given back", func() bool {
		_, err := os.Stat(filepath.Join(w.directory, "lock"))
		return err != nil
	})
	if _, problem := Keep(engines[1], &store.Delivery{}, 1, 1, 0); problem == "" {
		t.Error("a closed engine takes more")
	}
}

// An engine that ends gives the store back once what its workers did is recorded.
func TestEndsAfterRecords(t *testing.T) {
	w := newWorld(t)
	store.Disown(w.e.store, w.e.owner)
	recording, recorded := make(chan bool), make(chan bool)
	e := New(store.New(w.directory, "m", nil), w.options, Hooks{
		Serves: func(_ string) bool { return true },
		Try:    func(_ *store.Delivery, _ int) Result { return Result{Status: 200} },
		Changed: func(c *Change) {
			if c.To == Delivered {
				recording <- true
				<-recorded
			}
		},
		Claim: func(_ string) {}, Release: func(_ string) {}, Tell: func(_, message string) { t.Log(message) },
	})
	Start(e)
	waitFor(t, "it is not counted", func() bool { return Count(e).Loaded })
	k, problem := Keep(e, &store.Delivery{ID: store.NewID(), Received: time.Now(), Router: "a", Method: "POST", RequestURI: "/", URL: "/"}, 1, 1, 0)
	if problem != "" {
		t.Fatal(problem)
	}
	Begin(k)
	<-recording
	if Count(e).Waiting != 0 || leave(e) {
		t.Error("it leaves while a worker records")
	}
	close(recorded)
	Close(e)
	waitFor(t, "the store is not given back", func() bool {
		_, err := os.Stat(filepath.Join(w.directory, "lock"))
		return err != nil
	})
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// A disk that hangs is waited for, but not for long; and what it takes after that is not
// kept, since its sender was told so.
func TestHangingDisk(t *testing.T) {
	before := patience
	patience = 50 * time.Millisecond
	defer func() { patience = before }()
	w := newWorld(t)
	w.e.ready = make(chan bool) // as it is until the disk has answered
	if w.keep("a", "", 1) != "" || !strings.Contains(w.told[len(w.told)-1], "the disk does not answer") {
		t.Fatalf("%v", w.told)
	}
	if n := Count(w.e); n.Bytes == 0 {
		t.Error("what is still being written has no room")
	}
	close(w.e.ready)
	waitFor(t, "it is kept all the same", func() bool { return Count(w.e).Bytes == 0 })
	w.check("after that")
}

// Deliveries that fail while their senders wait trip a backend, and do not put off the
// probe of one that is tripped.
func TestFailuresPutNoProbeOff(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 200}
	for i := 0; i < 20; i++ {
		w.keep("a", "", 1)
	}
	for i := 0; i < 500; i++ {
		NoteFailed(w.e, "a", fmt.Sprint(i))
		w.now++
	}
	w.pass(6 * time.Second)
	if n := Count(w.e); n.Waiting == 20 {
		t.Errorf("%+v: nothing is probed, %+v", n, w.e.queues["a"])
	}
	w.pass(10 * time.Second)
	if n := Count(w.e); n.Waiting > 0 {
		t.Errorf("%+v", n)
	}
}
