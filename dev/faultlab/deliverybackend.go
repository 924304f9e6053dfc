package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// reloads is how often keptReloads changes the configuration, and outage for how long
// keptLarge has deliveries of the largest size come faster than a slow backend takes them, to
// a gate that may try many at once, in a container that has not the memory for that.
func keptLarge(t *trial) {
	room := 2 * container
	group := testkit.NewControlGroup(t, room<<20)
	o := newOffice(t, filepath.Join(t.TempDir(), "state"))
	o.look = nil
	o.answer = func(string, int) int {
		now := o.underway.Add(1)
		defer o.underway.Add(-1)
		o.most.Store(max(o.most.Load(), now))
		time.Sleep(8 * time.Second)
		return http.StatusOK
	}
	gates := o.gates(`, concurrency: 32`)
	gates = map[string]string{"accept": strings.Replace(gates["accept"], "timeout: 2s", "timeout: 30s", 1)}
	s := start(t, o.ledger, gates, group)
	before := s.settledMemory()
	bodies := news(24)
	for i := range bodies {
		bodies[i] += strings.Repeat(" and more", 25<<20/9-4)
		if status := s.deliver("accept", bodies[i]); status != http.StatusAccepted {
			t.Fatalf("delivery %d of %d bytes is told %d", i, len(bodies[i]), status)
		}
	}
	took := o.drain()
	for i, body := range bodies {
		if n := o.times(body); n != 1 {
			t.Errorf("delivery %d has arrived %d times", i, n)
		}
	}
	if o.most.Load() > int64(room/8/25) {
		t.Errorf("%d of 25 MiB were tried at once, of %d MiB", o.most.Load(), room)
	}
	t.figure("%d were tried at once at most; Traefik has %d MiB before, %d at most, the container %d of %d; the last arrived %d ms after it was stored", o.most.Load(), before, s.memory("VmHWM"), group.Peak(), room, took.Milliseconds())
	s.end()
}

// keptOutage has the backend down.
var (
	reloads = 60
	outage  = 2 * time.Minute
)

// keptReloads changes the configuration each second, with schedules, limits and gates of
// others, while the backend fails and both stores are nearly full of dead ones. No attempt is
// made twice, and nothing that is dead goes for what comes.
func keptReloads(t *trial) {
	o := newOffice(t, filepath.Join(t.TempDir(), "state"))
	var mu sync.Mutex
	attempts := map[string]int{}
	o.look = func(r *http.Request, body string) {
		o.see(r, body)
		mu.Lock()
		attempts[r.Header.Get("X-Hookward-Id")+" "+r.Header.Get("X-Hookward-Attempt")]++
		mu.Unlock()
	}
	backend, err := gateway.Serve(t.ctx, "127.0.0.1:0", o.ledger)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, o.ledger, o.gates(briefly+nearlyFull), nil)
	buried := o.bury(s)
	before := 0
	o.during(s, func() {
		for n := range reloads {
			if n == 5 {
				before = s.memory("VmRSS")
			}
			more := strings.Replace(briefly+nearlyFull, "concurrency: 8", fmt.Sprintf("concurrency: %d", 2+n%16), 1)
			text := configuration("main", backend, o.gates(more))
			if err := s.Configure("main.yml", text); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
	})
	twice := 0
	for attempt, n := range attempts {
		if n > 1 {
			twice++
			t.Errorf("the attempt %s came %d times", attempt, n)
		}
	}
	refused := o.refusals()
	t.figure("%d reloads, %d attempts, %d of them twice; %d were refused, as a store was full; Traefik has %d MiB after 5 reloads, %d after all", reloads, len(attempts), twice, refused, before, s.memory("VmRSS"))
	if refused == 0 {
		t.Errorf("no store was full")
	}
	dead := o.kept()["dead"]
	for _, body := range buried {
		if !dead[body] {
			t.Errorf("%q was dead, and is gone", body)
		}
	}
	o.close(s)
}

// nearlyFull is a store with room for a few beside those that bury puts there.
const nearlyFull = `, store: {maxDeliveries: 206}`

// bury has 200 deliveries of each gate die, and returns them.
func (o *office) bury(s *site) []string {
	bodies, doomed := news(400), map[string]int{} // by the arrival that is refused for good
	for i, body := range bodies {
		doomed[body] = 2 - i/200 // the first one is while the sender waits, in the mode sync
	}
	o.ledger.mu.Lock()
	usual := o.answer
	o.answer = func(body string, n int) int {
		switch {
		case doomed[body] == 0:
			return usual(body, n)
		case n < doomed[body]:
			return http.StatusServiceUnavailable
		}
		return http.StatusGone
	}
	o.ledger.mu.Unlock()
	o.sent = append(o.sent, bodies...)
	s.load("sync", 2, bodies[:200])
	s.load("accept", 2, bodies[200:])
	o.drain()
	return bodies
}

// refusals says how many requests to the gate that accepts were told that nothing is kept.
func (o *office) refusals() int {
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	n := 0
	for path, status := range o.told {
		if status == http.StatusServiceUnavailable && strings.HasPrefix(path, "/accept/") {
			n++
		}
	}
	return n
}

// keptOutage has the backend refuse everything for a while, at 100 deliveries a second, and
// then take it.
func keptOutage(t *trial) {
	o := newOffice(t, filepath.Join(t.TempDir(), "state"))
	usual := o.answer
	var down atomic.Bool
	down.Store(true)
	o.answer = func(body string, n int) int {
		if down.Load() {
			return 0
		}
		return usual(body, n)
	}
	o.well.Store(true)
	schedule := `, concurrency: 8, store: {maxDeliveries: 100000}, retry: {schedule: [1s, 5s` + strings.Repeat(", 10s", 30) + `]}`
	s := start(t, o.ledger, o.gates(schedule), nil)
	before := s.settledMemory()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	var all sync.WaitGroup
	for since, n := time.Now(), 0; time.Since(since) < outage; n++ {
		<-ticks.C
		body := news(1)[0]
		o.mu.Lock()
		o.sent = append(o.sent, body)
		o.mu.Unlock()
		all.Go(func() { s.deliver([]string{"sync", "accept"}[n%2], body) })
	}
	all.Wait()
	waiting, during := o.waits(), s.memory("VmRSS")
	arrived := 0
	for _, body := range o.sent {
		arrived += o.times(body)
	}
	o.most.Store(0)
	down.Store(false)
	took := o.drain()
	t.figure("%d of %d waited after %v, in %d MiB more; %d attempts met the backend while it was down; then all arrived within %d ms, %.0f a second, %d at once at most", waiting, len(o.sent), outage, during-before, arrived, took.Milliseconds(), float64(waiting)/took.Seconds(), o.most.Load())
	if waiting < len(o.sent) {
		t.Errorf("of %d deliveries %d wait", len(o.sent), waiting)
	}
	if o.most.Load() > 16 {
		t.Errorf("more than 8 attempts of each gate at once")
	}
	o.close(s)
}

// keptRenamed has a middleware come back by another name: what waits is told of a minute
// after the start, and stays where it is.
func keptRenamed(t *trial) {
	o := newOffice(t, filepath.Join(t.TempDir(), "state"))
	o.answer = func(string, int) int { return 0 }
	gates := o.gates(`, retry: {schedule: [1h]}`)
	s := start(t, o.ledger, map[string]string{"accept": gates["accept"]}, nil)
	for range 5 {
		o.accepts(s)
	}
	s.end()
	before := o.waits()
	again := start(t, o.ledger, map[string]string{"renamed": gates["accept"]}, nil)
	since := time.Now()
	for len(again.Stderr.Lines("there is no such middleware")) == 0 {
		if time.Since(since) > 3*time.Minute {
			t.Fatalf("nothing is said of what waits")
		}
		time.Sleep(100 * time.Millisecond)
	}
	lines := again.Stderr.Lines("there is no such middleware")
	t.figure("after %d s: %s", int(time.Since(since).Seconds()), lines[0])
	if o.waits() != before || !strings.Contains(lines[0], fmt.Sprintf("has %d deliveries of it", before)) {
		t.Errorf("%d waited before, %d now", before, o.waits())
	}
	again.end()
	o.account()
}
