package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// A sender leaves before it is told that its delivery is stored. It is, and its repeat is
// acknowledged and not stored once more.
func TestDeliveryAnswerLost(t *testing.T) {
	unsteadily(t)
	release := make(chan bool)
	options := strings.Replace(kept(t, ", timeout: 20s"), "300ms, 300ms, 300ms", "1h", 1)
	s := start(t, func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/kept/") {
			<-release
		}
		rw.WriteHeader(http.StatusServiceUnavailable)
	}, []gate{{name: "kept", options: options}}, gateway.Settings{})
	ctx, leave := context.WithCancel(context.Background())
	r := s.request("kept", hello, helloSignature)
	gone := make(chan bool)
	go func() {
		defer close(gone)
		response, err := s.client.Do(r.WithContext(ctx))
		if err == nil {
			_ = response.Body.Close()
		}
	}()
	s.arrives(t, r.URL.Path, 1)
	leave()
	<-gone
	close(release)
	if first := s.record(t, r.URL.Path); first.KeptState != "stored" {
		t.Fatalf("%+v", first)
	}
	again := s.post(t, "kept", hello, helloSignature)
	if record := s.record(t, again.path); again.StatusCode != http.StatusAccepted || record.Reason != "delivery_stored" || len(s.backend.at(again.path)) != 0 {
		t.Errorf("%s %+v", again.Status, record)
	}
}

// After a kill, the next process may not work on the store for some seconds. Its first request
// knows what waits there all the same.
func TestDeliveryRepeatAfterKill(t *testing.T) {
	unsteadily(t)
	ctx := t.Context()
	m, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	// Claims are not remembered by the file of replay, but by the store alone.
	dynamic := strings.Replace(keptAs("kept", state, backend), "[20ms, 20ms]", "[1h]", 1)
	settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}}
	g, err := gateway.Start(ctx, binary, dynamic, settings)
	if err != nil {
		t.Fatal(err)
	}
	sendKept(t, g, "a body")
	g.Kill()
	g.Stop()
	files, _ := filepath.Glob(filepath.Join(state, "*"))
	for _, file := range files {
		if !strings.HasPrefix(filepath.Base(file), "delivery-") {
			if err := os.RemoveAll(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	g, err = gateway.Start(ctx, binary, dynamic, settings)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop()
	m.well.Store(true)
	sendKept(t, g, "a body") // it waits until the store is known
	await(t, "the repeat is recorded", func() bool { return len(g.Stdout.Lines(`"event.reason":"delivery_`)) > 0 })
	if n, ids := storedFiles(t, state); n != 1 || strings.Count(m.seen(), "a body") > 0 {
		t.Errorf("%d files, %v, and %q has arrived", n, ids, m.seen())
	}
}

// Two operators replay the same delivery at once: one of them does.
func TestDeliveriesReplayedByTwo(t *testing.T) {
	ctx := t.Context()
	m, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}}
	command := commandBinary(t)
	g, err := gateway.Start(ctx, binary, keptAs("kept", state, backend), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { g.Stop() }()
	sendKept(t, g, "to be replayed once")
	testkit.Await(t, "it is dead", func() bool {
		files, _ := filepath.Glob(filepath.Join(state, "delivery-*", "dead", "?", "*"))
		return len(files) == 1
	})
	g.Stop()
	var mu sync.Mutex
	done, said := 0, []string{}
	var all sync.WaitGroup
	for n := range 6 {
		all.Go(func() {
			out, status := runCommand(t, command, []string{"STORE=" + storeKey}, "deliveries", "--directory", state, "--encryption-key", "env:STORE",
				"replay", "--state", "dead", "--reason", fmt.Sprint("operator ", n))
			mu.Lock()
			defer mu.Unlock()
			said = append(said, fmt.Sprint(status, " ", out))
			if strings.HasSuffix(out, "1 of 1\n") {
				done++
			}
		})
	}
	all.Wait()
	if done != 1 {
		t.Errorf("%d have replayed it: %q", done, said)
	}
	m.well.Store(true)
	g, err = gateway.Start(ctx, binary, keptAs("kept", state, backend), settings)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "it has arrived", func() bool { return waitingFiles(state) == 0 })
	if n := strings.Count(m.seen(), "to be replayed once"); n != 1 {
		t.Errorf("it has arrived %d times", n)
	}
}
