package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An office is a ledger for gates that keep what the backend does not take. It holds what
// senders were told against what has arrived and what is on the disk.
type office struct {
	*ledger
	t     *trial
	state string

	mu   sync.Mutex
	sent []string
	ids  map[string]string // of each body
	mute map[string]bool   // bodies whose senders had no answer at least once
	anew int               // how many of those came with another id then
	odd  []string          // what must not be

	well           atomic.Bool // the backend takes everything
	underway, most atomic.Int64
}

// newOffice has a backend that fails at nearly every second delivery, in some ways, until it
// is well.
func newOffice(t *trial, state string) *office {
	o := &office{ledger: newLedger(), t: t, state: state, ids: map[string]string{}, mute: map[string]bool{}}
	o.answer = func(string, int) int {
		now := o.underway.Add(1)
		defer o.underway.Add(-1)
		for most := o.most.Load(); now > most && !o.most.CompareAndSwap(most, now); most = o.most.Load() {
		}
		if o.well.Load() {
			return http.StatusOK
		}
		switch rand.IntN(6) {
		case 0:
			return http.StatusServiceUnavailable
		case 1:
			return 0
		case 2:
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		}
		return http.StatusOK
	}
	o.look = o.see
	return o
}

// see looks at an arrival. A delivery keeps its id from one attempt to the next, and another
// one has it only where its sender was told nothing and has sent it again.
func (o *office) see(r *http.Request, body string) {
	id, attempt := r.Header.Get("X-Hookward-Id"), r.Header.Get("X-Hookward-Attempt")
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.ids[body]
	switch {
	case !strings.HasPrefix(body, "delivery "):
		o.odd = append(o.odd, fmt.Sprintf("%q arrives, which nobody has signed", body))
	case id == "" || attempt == "":
		o.odd = append(o.odd, fmt.Sprintf("%q arrives without an id or a number", body))
	case before != "" && before != id && o.mute[body]:
		o.anew++
	case before != "" && before != id:
		o.odd = append(o.odd, fmt.Sprintf("%q has the id %s, and had %s", body, id, before))
	}
	o.ids[body] = id
}

// gates are one of each mode, with more options of delivery.
func (o *office) gates(more string) map[string]string {
	gates := map[string]string{}
	for _, mode := range []string{"sync", "accept"} {
		gates[mode] = fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, replay: true, delivery: {mode: %s, timeout: 2s%s}`, o.state, mode, more))
	}
	return gates
}

// briefly is a schedule that is soon at its end.
const briefly = `, concurrency: 8, retry: {schedule: [20ms, 50ms, 100ms, 200ms, 300ms, 300ms, 300ms, 300ms, 300ms, 300ms, 300ms, 300ms]}`

// traffic sends deliveries from some senders until stop is closed or Traefik is gone, every
// tenth forged. The first ones are what nobody was told 2xx of before, as senders repeat.
func (o *office) traffic(s *site, senders int, stop chan struct{}) *sync.WaitGroup {
	o.mu.Lock()
	open := o.unsettled(o.sent)
	o.mu.Unlock()
	var all sync.WaitGroup
	for n := range senders {
		all.Go(func() {
			for i := n; !isClosed(stop); i += senders {
				gate, body := []string{"sync", "accept"}[i/senders%2], ""
				if i < len(open) && i < 50 {
					body = open[i]
				} else {
					body = news(1)[0]
					o.mu.Lock()
					o.sent = append(o.sent, body)
					o.mu.Unlock()
				}
				if s.deliver(gate, body) == 0 {
					o.mu.Lock()
					o.mute[body] = true
					o.mu.Unlock()
				}
				if s.Exited() || i%10 == 9 && !o.forge(s, gate) {
					return
				}
			}
		})
	}
	return &all
}

// forge sends what nobody has signed, and returns false once Traefik is gone.
func (o *office) forge(s *site, gate string) bool {
	r, err := http.NewRequest(http.MethodPost, s.URL+"/"+gate+"/forged", strings.NewReader("forged"))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	response, err := s.client.Do(r)
	if err != nil {
		return !s.Exited()
	}
	if response.StatusCode != http.StatusUnauthorized {
		o.t.Errorf("what is forged gets %d", response.StatusCode)
	}
	return response.Body.Close() == nil
}

// kept returns the bodies on the disk, in clear as they are, by state. It reads the files by
// itself, and asks nothing of hookward.
func (o *office) kept() map[string]map[string]bool {
	bodies := map[string]map[string]bool{"waiting": {}, "dead": {}}
	seen := map[string]string{}
	for state := range bodies {
		files, err := filepath.Glob(filepath.Join(o.state, "delivery-*", state, "?", "*"))
		if err != nil {
			o.t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if os.IsNotExist(err) {
				continue // it has arrived meanwhile
			}
			at := strings.LastIndex(string(content), "delivery ")
			if err != nil || at < 1 || len(content) < at+4 {
				o.t.Errorf("%s can't be read: %v %q", file, err, content)
				continue
			}
			bodies[state][string(content[at:len(content)-4])] = true
			id, _, _ := strings.Cut(filepath.Base(file), ".")
			if seen[id] != "" {
				o.t.Errorf("%s is there twice: %s, %s", id, file, seen[id])
			}
			seen[id] = file
		}
	}
	return bodies
}

// account holds what was told against what there is, while no Traefik runs: whatever was
// acknowledged has arrived, waits or is dead.
func (o *office) account() {
	kept := o.kept()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	for body := range o.good {
		if o.taken[body] == 0 && !kept["waiting"][body] && !kept["dead"][body] {
			o.t.Errorf("%q was told 2xx, and is lost", body)
		}
	}
	for _, bodies := range kept {
		for body := range bodies {
			if _, arrived := o.arrived[body]; !arrived && !slices.Contains(o.sent, body) {
				o.t.Errorf("%q is kept, and nobody has sent it", body)
			}
		}
	}
	for _, odd := range o.odd {
		o.t.Errorf("%s", odd)
	}
	o.odd = nil
}

// waits says how many wait.
func (o *office) waits() int {
	files, _ := filepath.Glob(filepath.Join(o.state, "delivery-*", "waiting", "?", "*"))
	return len(files)
}

// free gives the store to the next process at once, as silence does after some seconds.
func (o *office) free() {
	locks, _ := filepath.Glob(filepath.Join(o.state, "delivery-*", "lock"))
	for _, lock := range locks {
		_ = os.Remove(lock)
	}
}

// drain waits until nothing waits any more: a backend that was down is probed again within
// a minute, and then some arrive all the time.
func (o *office) drain() time.Duration {
	since := time.Now()
	least, progress := o.waits(), since
	for n := least; n > 0; n = o.waits() {
		if n < least {
			least, progress = n, time.Now()
		}
		if time.Since(progress) > 3*time.Minute {
			o.t.Fatalf("%d still wait", n)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(since)
}

// close drains, stops Traefik and reports.
func (o *office) close(s *site) {
	o.well.Store(true)
	took := o.drain()
	dead := len(o.kept()["dead"])
	s.end()
	o.account()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	told, again := len(o.good), 0
	for body := range o.good {
		again += max(0, o.taken[body]-1)
	}
	o.t.figure("%d told 2xx, %d of them dead, none lost; %d came once more; %d that had no answer came with another id; the rest arrived within %d ms; Traefik has %d MiB at most", told, dead, again, o.anew, took.Milliseconds(), s.peak)
	if told < 20 {
		o.t.Errorf("only %d were told 2xx", told)
	}
}
