package main

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// stretches is how often in a row a load is sent behind a start.
const stretches = 6

// starting measures what a start is like that finds deliveries waiting, none of which is due.
func (k *kept) starting() error {
	for _, n := range []int{0, 10_000, 100_000} {
		k.directories++
		state := filepath.Join(k.e.dir, fmt.Sprintf("start-%s-%d", k.form, k.directories))
		if err := fill(state, n); err != nil {
			return err
		}
		if err := k.startingWith(state, n); err != nil {
			return fmt.Errorf("a start with %d: %w", n, err)
		}
	}
	return nil
}

// fill stores deliveries as the gate would.
func fill(state string, n int) error {
	s := store.New(store.DirectoryOf(state, "kept@file"), "kept@file", nil)
	if err := store.Create(s); err != nil {
		return err
	}
	due := time.Now().Add(24 * time.Hour).UnixMilli()
	for i := range n {
		d := &store.Delivery{
			ID: store.NewID(), Received: time.Now(), Middleware: "kept@file", Router: "r000@file", Provider: "github", Claim: fmt.Sprintf("%032d", i),
			Method: http.MethodPost, RequestURI: "/hooks/000", URL: "/hooks/000", Host: "localhost", Peer: "127.0.0.1:1",
			Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(strings.Repeat("x", 1<<10)),
		}
		if err := store.Put(s, d, &store.Entry{Attempts: 1, Step: 1, When: due}); err != nil {
			return err
		}
	}
	return nil
}

// startingWith sends deliveries from the first moment on, to the gate whose store that is and to
// another one.
func (k *kept) startingWith(state string, n int) error {
	c := k.gateAt(state, ", delivery: {mode: sync"+fmt.Sprintf(roomy, ""))
	c.middlewares = strings.Replace(c.middlewares, "    kept:", "    live: {plugin: {hookward: {provider: github, secrets: [\"env:HOOKWARD_BENCH_SECRET\"], ban: false}}}\n    kept:", 1)
	c.limited = "live"
	t, err := k.behind(c, k.e.backend)
	if err != nil {
		return err
	}
	defer t.process.stop()
	names := []string{"hooks", "limited"}
	slowest := [2][]string{} // p99 of each stretch of time
	for range stretches {
		loads := [2]*load{}
		errs := make(chan error, len(names))
		for i, name := range names {
			j := job{Address: t.address, Paths: paths(name, 1), Size: 1 << 10, Key: secret, Connections: 16, Duration: k.o.Time, Rate: 50}
			go func() {
				l, err := k.e.generate(k.ctx, j)
				if err == nil && (len(l.Errors) > 0 || l.Statuses["200"] != l.Requests) {
					err = fmt.Errorf("%s: answers %v, errors %v, where all should be 200", name, l.Statuses, l.Errors)
				}
				loads[i] = l
				errs <- err
			}()
		}
		if err := errors.Join(<-errs, <-errs); err != nil {
			return err
		}
		for i := range names {
			slowest[i] = append(slowest[i], ms(loads[i].P99))
		}
	}
	k.report(fmt.Sprintf("a start with %d that wait", n), "Traefik serves after %.1f s; then, at 50 a second and for %s each, p99 of the gate %s; of another gate %s",
		t.start.Seconds(), k.o.Time, strings.Join(slowest[0], ", "), strings.Join(slowest[1], ", "))
	return nil
}
