package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// Traefik is killed, and configured anew, under load.
var killCases = []faultCase{
	{"kill -9: nine times under load", killed},
	{"kill -9: quiet gate after an outage", killedQuiet},
	{"kill -9: 100 MiB wait for a store", announced},
	{"reload: 40 times under load", reloaded},
}

// killed kills Traefik nine times while senders deliver, who try again. A delivery arrives
// twice where Traefik ended before its end was known: its sender was told nothing.
func killed(t *trial) {
	l, state := newLedger(), t.TempDir()
	path := filepath.Join(t.TempDir(), "hooks.log")
	gates := map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, replay: {window: 1h}, audit: {required: "true", outputs: [{type: file, path: %q}]}`, state, path))}
	all := []string{}
	var s *site
	for range 9 {
		s = start(t, l, gates, nil)
		bodies := news(1500)
		all = append(all, bodies...)
		var loads sync.WaitGroup
		loads.Go(func() { s.load("gh", 16, bodies) })
		testkit.Await(t, "some have passed", func() bool { return len(l.unsettled(bodies)) < len(bodies)-500 })
		s.kill()
		loads.Wait()
	}
	open := l.unsettled(all)
	good := without(all, open)
	s = start(t, l, gates, nil)
	before := l.surplus(good)
	s.load("gh", 16, good) // duplicates
	again := l.surplus(good) - before
	s.retry("gh", open)
	settled(t, path)
	t.figure("of %d deliveries %d had no answer at first; of the others %d pass again after the kills", len(all), len(open), again)
	if again > 0 {
		t.Errorf("deliveries that were told 2xx have passed again after a restart")
	}
	s.end()
	l.sum(t.lines(path)).check(t, promise{required: true, killed: true})
}

// without returns those of all that are not among some.
func without(all, some []string) []string {
	left := []string{}
	for _, one := range all {
		if !slices.Contains(some, one) {
			left = append(left, one)
		}
	}
	return left
}

// killedQuiet has records wait while their disk is full, and arrive; then the gate is
// quiet, and killed. Nothing is recorded a second time.
func killedQuiet(t *trial) {
	disk, l := testkit.NewSmallDisk(t, 16<<20), newLedger()
	gates, path := fileGate(disk, t.TempDir(), true)
	s := start(t, l, gates, nil)
	s.load("gh", 16, news(100))
	disk.Fill()
	s.load("gh", 16, news(600))
	disk.Free()
	settled(t, path)
	for range 2 {
		s.kill()
		s = start(t, l, gates, nil)
		settled(t, path)
	}
	s.end()
	l.sum(t.lines(path)).check(t, promise{required: true})
}

func reloaded(t *trial) {
	l, state := newLedger(), t.TempDir()
	gates := map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, replay: {window: 1h}`, state))}
	s := start(t, l, gates, nil)
	bodies := news(4000)
	var loads sync.WaitGroup
	loads.Go(func() { s.load("gh", 16, bodies) })
	for n := range 40 {
		text := configuration("other", "http://127.0.0.1:9", map[string]string{fmt.Sprint("other", n%3): fmt.Sprintf(github, fmt.Sprintf(", maxBodyBytes: %d", 1000+n))})
		if err := s.Configure("other.yml", text); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // above what Traefik takes for one change
	}
	loads.Wait()
	s.load("gh", 16, bodies)
	if left := len(l.unsettled(bodies)); left > 0 {
		t.Errorf("%d deliveries were told no 2xx", left)
	}
	t.figure("Traefik has %d MiB at most", s.memory("VmHWM"))
	l.sum(t.lines("", s)).check(t, promise{once: true})
}
