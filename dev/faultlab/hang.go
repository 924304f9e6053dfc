package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// A disk that is frozen under what one gate keeps on it.
var hangCases = []faultCase{
	{"disk hangs: replay", hungReplay},
	{"disk hangs: required", hungRequired},
	{"disk hangs: file output", hungOutput},
	{"disk hangs: reload, other gates", hungElsewhere},
}

// hung runs a Traefik with gates on a disk, and freezes that once they have delivered.
func hung(t *trial, gates func(mount string) map[string]string) (*site, string, func(how string)) {
	mount, freeze := testkit.FreezableDisk(t)
	s := start(t, newLedger(), gates(mount), nil)
	thaw := func() { _ = freeze("--unfreeze") }
	t.Cleanup(thaw) // before Traefik is stopped
	return s, mount, func(how string) {
		if err := freeze(how); err != nil {
			t.Fatal(err)
		}
	}
}

func hungReplay(t *trial) {
	gates := func(mount string) map[string]string {
		return map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, replay: {window: 1h}`, mount+"/state"))}
	}
	s, mount, freeze := hung(t, gates)
	bodies := news(60)
	s.load("gh", 4, bodies[:20])
	freeze("--freeze")
	longest := slowest(20, func(n int) { s.deliver("gh", bodies[20+n]) })
	s.load("gh", 4, bodies[:40]) // duplicates, all of them
	freeze("--unfreeze")
	s.load("gh", 4, bodies[40:])
	s.kill()
	again := start(t, s.ledger, gates(mount), nil)
	again.load("gh", 4, bodies)
	t.figure("the slowest of 20 deliveries took %d ms", longest.Milliseconds())
	s.ledger.sum(t.lines("", s, again)).check(t, promise{once: true, killed: true})
}

func hungRequired(t *trial) {
	s, _, freeze := hung(t, func(mount string) map[string]string {
		return map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, audit: {required: "true"}`, mount+"/state"))}
	})
	bodies := news(60)
	s.load("gh", 4, bodies[:20])
	freeze("--freeze")
	longest := slowest(20, func(n int) {
		if status := s.deliver("gh", bodies[20+n]); status != http.StatusServiceUnavailable {
			t.Errorf("a delivery gets %d, want 503", status)
		}
	})
	freeze("--unfreeze")
	s.retry("gh", bodies)
	t.figure("the slowest of 20 refusals took %d ms", longest.Milliseconds())
	s.ledger.sum(t.lines("", s)).check(t, promise{required: true})
}

func hungOutput(t *trial) {
	path := ""
	s, _, freeze := hung(t, func(mount string) map[string]string {
		path = filepath.Join(mount, "hooks.log")
		return map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, audit: {outputs: [{type: file, path: %q}]}`, path))}
	})
	s.load("gh", 4, news(20))
	freeze("--freeze")
	bodies := news(200)
	var all sync.WaitGroup
	all.Go(func() { s.load("gh", 8, bodies) })
	// The request that writes is held up, until the disk is there again.
	testkit.Await(t, "all deliveries pass but one", func() bool { return len(s.ledger.unsettled(bodies)) <= 1 })
	t.figure("%d of 200 are held up", len(s.ledger.unsettled(bodies)))
	freeze("--unfreeze")
	all.Wait()
	settled(t, path)
	s.end()
	s.ledger.sum(t.lines(path)).check(t, promise{})
}

// hungElsewhere changes other gates while one hangs: a new one, a secret on another disk.
func hungElsewhere(t *trial) {
	elsewhere := filepath.Join(t.TempDir(), "secret")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(elsewhere, "another secret, which is to be replaced")
	s, mount, freeze := hung(t, func(mount string) map[string]string {
		write(mount+"/secret", secret)
		return map[string]string{
			"hung":      fmt.Sprintf(`{provider: github, secrets: ["file:%[1]s/secret"], ban: false, stateDirectory: "%[1]s/state", replay: {window: 1h}, audit: {required: "true"}}`, mount),
			"elsewhere": fmt.Sprintf(`{provider: github, secrets: ["file:%s"], ban: false}`, elsewhere),
			"other":     fmt.Sprintf(github, ""),
		}
	})
	passes := func(gate string) bool { return s.deliver(gate, news(1)[0]) == http.StatusOK }
	s.load("hung", 4, news(20))
	freeze("--freeze")
	if passes("hung") {
		t.Errorf("a delivery passes that can't be announced")
	}
	longest := slowest(50, func(int) {
		if !passes("other") {
			t.Errorf("another gate's delivery does not pass")
		}
	})
	since := time.Now()
	write(elsewhere, secret)
	testkit.Await(t, "the secret on another disk is in force", func() bool { return passes("elsewhere") })
	secretTook := time.Since(since)
	since = time.Now()
	backend, err := gateway.Serve(t.ctx, "127.0.0.1:0", s.ledger)
	if err == nil {
		err = s.Configure("new.yml", configuration("new", backend, map[string]string{
			"new":  fmt.Sprintf(github, ""),
			"late": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: "%s/state", replay: {window: 1h}`, mount)),
		}))
	}
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "a new gate is there", func() bool { return passes("new") && passes("late") })
	t.figure("another gate's slowest of 50 took %d ms, its new secret %d ms, a reload %d ms", longest.Milliseconds(), secretTook.Milliseconds(), time.Since(since).Milliseconds())
	freeze("--unfreeze")
	testkit.Await(t, "the gate delivers again", func() bool { return passes("hung") })
	s.ledger.sum(t.lines("", s)).check(t, promise{})
}
