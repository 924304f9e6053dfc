package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// What waits is dropped while Traefik is stopped. Its sender sends it again to the next Traefik,
// at once: it is not told that it is there, and it arrives. What was not dropped is known.
func TestDeliveryDroppedWhileStopped(t *testing.T) {
	unsteadily(t)
	ctx := t.Context()
	_, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	dynamic := strings.Replace(keptAs("kept", state, backend), "[20ms, 20ms]", "[1h]", 1)
	settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}}
	g, err := gateway.Start(ctx, binary, dynamic, settings)
	if err != nil {
		t.Fatal(err)
	}
	sendKept(t, g, "to be dropped")
	_, ids := storedFiles(t, state)
	sendKept(t, g, "to be kept")
	g.Stop()
	for id := range ids {
		out, status := runCommand(t, commandBinary(t), []string{"STORE=" + storeKey}, "deliveries", "--directory", state, "--encryption-key", "env:STORE", "drop", "--reason", "a test", id)
		if status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
			t.Fatal(status, out)
		}
	}
	g, err = gateway.Start(ctx, binary, dynamic, settings)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop()
	sendKept(t, g, "to be dropped") // it fails, and is stored anew
	sendKept(t, g, "to be kept")
	sendKept(t, g, "to be dropped")
	await(t, "both repeats are known", func() bool { return len(g.Stdout.Lines(`"event.reason":"delivery_stored"`)) == 2 })
	n, now := storedFiles(t, state)
	for id := range ids {
		if n != 2 || len(now[id]) > 0 {
			t.Errorf("%v is stored, and %s was dropped", now, id)
		}
	}
	await(t, "the drop is recorded", func() bool { return len(g.Stdout.Lines(`"event.action":"dropped"`)) == 1 })
}

// A delivery waits for longer than the window of replay. Its sender's repeats are known all the
// while.
func TestDeliveryOutlastsWindow(t *testing.T) {
	unsteadily(t)
	ctx := t.Context()
	m, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	dynamic := strings.Replace(keptAs("kept", state, backend), "schedule: [20ms, 20ms]", "schedule: [1h], maxAge: 12s", 1)
	dynamic = strings.Replace(dynamic, "replay: true", "replay: {window: 12s}", 1)
	g, err := gateway.Start(ctx, binary, dynamic, gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop()
	sendKept(t, g, "a body")
	m.well.Store(true)
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(500 * time.Millisecond) {
		sendKept(t, g, "a body") // were it new, it would get the backend's 200
	}
	if n, _ := storedFiles(t, state); n != 1 || m.seen() != "" {
		t.Errorf("%d files, and %q has arrived", n, m.seen())
	}
}
