package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// keptByTwo has senders repeat deliveries of the largest size to two gates at once, in a small
// container, whose Traefik has the limit of memory that docs/limits.md advises.
func keptByTwo(t *trial) {
	group := testkit.NewControlGroup(t, container<<20)
	o := newOffice(t, filepath.Join(t.TempDir(), "state"))
	o.look = nil
	o.answer = func(_ string, n int) int {
		time.Sleep(200 * time.Millisecond)
		if n == 1 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	gates := o.gates("")
	for name := range gates {
		gates[name] = strings.Replace(gates[name], "timeout: 2s", "timeout: 30s, retry: {schedule: [1s, 1s, 5s, 5s, 5s, 5s]}", 1)
	}
	s := startIn(t, o.ledger, gates, group, fmt.Sprintf("GOMEMLIMIT=%dMiB", container*4/5))
	before := s.settledMemory()
	bodies := news(32)
	for i := range bodies {
		bodies[i] += strings.Repeat(" and more", 25<<20/9-4)
	}
	refused := 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := n; i < len(bodies); i += 8 {
				for !s.Exited() {
					status := s.deliver([]string{"sync", "accept"}[n%2], bodies[i])
					if status >= 200 && status < 300 {
						break
					}
					mu.Lock()
					refused++
					mu.Unlock()
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	if s.Exited() {
		t.Errorf("Traefik has ended by itself: %d MiB", group.Peak())
		return
	}
	took := o.drain()
	for i, body := range bodies {
		if n := o.times(body); n < 2 {
			t.Errorf("delivery %d has arrived %d times, of which the first failed", i, n)
		}
	}
	t.figure("%d of 25 MiB, %d times refused; Traefik has %d MiB before, %d at most, the container %d of %d; the last arrived %d ms after it was stored", len(bodies), refused, before, s.memory("VmHWM"), group.Peak(), container, took.Milliseconds())
	s.end()
}
