package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// offline is a gate that is stopped now and then, and whose dead are replayed meanwhile.
type offline struct {
	t       *testing.T
	state   string
	dynamic string
	g       *gateway.Gateway
}

func (o *offline) start() {
	o.t.Helper()
	g, err := gateway.Start(o.t.Context(), binary, o.dynamic, gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}})
	if err != nil {
		o.t.Fatal(err)
	}
	o.g = g
	o.t.Cleanup(g.Stop)
}

// replay replays all that is dead while Traefik is stopped, and returns what was said.
func (o *offline) replay() string {
	o.t.Helper()
	out, _ := runCommand(o.t, commandBinary(o.t), []string{"STORE=" + storeKey}, "deliveries", "--directory", o.state, "--encryption-key", "env:STORE", "replay", "--state", "dead", "--reason", "mended")
	return out
}

func (o *offline) dead() []string {
	files, _ := filepath.Glob(filepath.Join(o.state, "delivery-*", "dead", "?", "*"))
	return files
}

// Its sender has sent again what is dead, and an operator replays that while Traefik is stopped:
// the backend gets it once, whatever has become of the repeat.
func TestDeliveriesReplayedBesideRepeat(t *testing.T) {
	unsteadily(t)
	m, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	dies := keptAs("kept", state, backend)
	waits := strings.Replace(dies, "[20ms, 20ms]", "[1h]", 1)
	o := &offline{t: t, state: state, dynamic: dies}
	o.start()
	for range 2 { // both die
		n := len(o.dead())
		sendKept(t, o.g, "sent again")
		await(t, "it is dead", func() bool { return len(o.dead()) == n+1 })
	}
	o.g.Stop()
	first, err := os.ReadFile(o.dead()[0])
	if err != nil {
		t.Fatal(err)
	}
	name := o.dead()[0]
	if out := o.replay(); !strings.HasSuffix(out, "1 of 2\n") || !strings.Contains(out, "was sent again by its sender, and that one waits") {
		t.Fatal(out)
	}
	m.well.Store(true)
	o.start()
	await(t, "one has arrived, and ends the other", func() bool { return waitingFiles(state) == 0 && len(o.dead()) == 0 })
	o.g.Stop()
	// One of them is there again, from a backup.
	if err := os.WriteFile(name, first, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := o.replay(); !strings.HasSuffix(out, "0 of 1\n") || !strings.Contains(out, "been delivered once") && !strings.Contains(out, "that one has arrived") {
		t.Error(out)
	}
	if n := strings.Count(m.seen(), "sent again"); n != 1 {
		t.Errorf("it has arrived %d times: %s", n, m.seen())
	}
	// One that is dead is sent again, and that waits while Traefik is stopped.
	for _, file := range o.dead() {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	m.well.Store(false)
	o.start()
	sendKept(t, o.g, "another")
	await(t, "it is dead", func() bool { return len(o.dead()) == 1 })
	o.g.Stop()
	o.dynamic = waits
	o.start()
	sendKept(t, o.g, "another")
	o.g.Stop()
	if out := o.replay(); !strings.HasSuffix(out, "0 of 1\n") || !strings.Contains(out, "was sent again by its sender, and that one waits") || waitingFiles(state) != 1 {
		t.Error(out)
	}
}
