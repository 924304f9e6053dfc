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
)

// keptReloads changes the configuration each second, with schedules, limits and gates of
// others, while the backend fails. No attempt is made twice, and all options are those of
// the newest configuration in the end.
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
	s := start(t, o.ledger, o.gates(briefly), nil)
	before := 0
	o.during(s, func() {
		for n := range 60 {
			if n == 5 {
				before = s.memory("VmRSS")
			}
			more := strings.Replace(briefly, "concurrency: 8", fmt.Sprintf("concurrency: %d", 2+n%16), 1)
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
	t.figure("60 reloads, %d attempts, %d of them twice; Traefik has %d MiB after 5 reloads, %d after all", len(attempts), twice, before, s.memory("VmRSS"))
	o.close(s)
}

// keptOutage has the backend refuse everything for two minutes, at 100 deliveries a second,
// and then take it.
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
	const schedule = `, concurrency: 8, store: {maxDeliveries: 20000}, retry: {schedule: [1s, 5s, 10s, 10s, 10s, 10s, 10s, 10s, 10s, 10s, 10s, 10s]}`
	s := start(t, o.ledger, o.gates(schedule), nil)
	before := s.settledMemory()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	var all sync.WaitGroup
	for since, n := time.Now(), 0; time.Since(since) < 2*time.Minute; n++ {
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
	t.figure("%d waited after 2 minutes, in %d MiB more; %d attempts met the backend while it was down; then all arrived within %d ms, %d at once at most", waiting, during-before, arrived, took.Milliseconds(), o.most.Load())
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
