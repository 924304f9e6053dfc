package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// mended is a backend that refuses everything until it is mended, and then notes what comes.
type mended struct {
	well atomic.Bool

	mu      sync.Mutex
	arrived []string // id, attempt and body
}

// serveMended serves such a backend for as long as a test runs, and returns its URL as well.
func serveMended(t *testing.T) (*mended, string) {
	t.Helper()
	m := &mended{}
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", m)
	if err != nil {
		t.Fatal(err)
	}
	return m, backend
}

func (m *mended) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if !m.well.Load() {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	m.mu.Lock()
	m.arrived = append(m.arrived, r.Header.Get("X-Hookward-Id")+" "+r.Header.Get("X-Hookward-Attempt")+" "+string(body))
	m.mu.Unlock()
}

func (m *mended) seen() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.arrived, "\n")
}

const storeKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// The command and the gate have one store: not at once, and with one opinion of it. What is
// dead is replayed while Traefik is stopped, and arrives once it runs, once, with its id and
// its bytes, encrypted on the disk all the while.
func TestDeliveriesCommand(t *testing.T) {
	ctx := t.Context()
	m, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	dynamic := keptAs("kept", state, backend)
	settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}}
	command := commandBinary(t)
	run := func(arguments ...string) (string, int) {
		return runCommand(t, command, []string{"STORE=" + storeKey}, append([]string{"deliveries", "--directory", state, "--encryption-key", "env:STORE"}, arguments...)...)
	}
	g, err := gateway.Start(ctx, binary, dynamic, settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { g.Stop() }()
	for _, body := range []string{"to be replayed", "to be dropped"} {
		sendKept(t, g, body)
	}
	testkit.Await(t, "both are dead", func() bool {
		files, _ := filepath.Glob(filepath.Join(state, "delivery-*", "dead", "?", "*"))
		return len(files) == 2
	})
	out, status := run("list", "--state", "dead", "--json")
	list := []struct{ ID, Reason, Middleware string }{}
	if json.Unmarshal([]byte(out), &list) != nil || status != 1 || len(list) != 2 || list[0].Reason != "attempts_exhausted" || list[0].Middleware != "kept@file" {
		t.Fatalf("%d %s", status, out)
	}
	first := list[0].ID
	if out, status := run("show", first); status != 0 || !strings.Contains(out, "\n\nto be replayed\n") || !strings.Contains(out, "attempt 3 at") {
		t.Errorf("%d %s", status, out)
	}
	for _, action := range []string{"replay", "drop"} {
		if out, status := run(action, first, "--reason", "test"); status != 2 || !strings.Contains(out, "works on the deliveries of kept@file: nothing is changed") {
			t.Errorf("%s while Traefik runs: %d %s", action, status, out)
		}
	}
	g.Stop()
	if out, status := run("replay", first, "--reason", "the backend is mended"); status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
		t.Fatalf("%d %s", status, out)
	}
	if out, status := run("drop", "--state", "dead", "--reason", "test"); status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
		t.Fatalf("%d %s", status, out)
	}
	m.well.Store(true)
	g, err = gateway.Start(ctx, binary, dynamic, settings)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the replayed one has arrived, and nothing is left", func() bool {
		out, status := run("list")
		return m.seen() != "" && out == "none\n" && status == 0
	})
	if want := first + " 4 to be replayed"; m.seen() != want {
		t.Errorf("%q has arrived, want %q", m.seen(), want)
	}
	for action, reason := range map[string]string{"replayed": "the backend is mended", "dropped": "test"} {
		lines := g.Stdout.Lines(`"event.action":"` + action + `"`)
		if len(lines) != 1 || !strings.Contains(lines[0], `"event.reason":"`+reason+`"`) || !strings.Contains(lines[0], `"event.outcome":"success"`) || !strings.Contains(lines[0], `"user.name":"`) {
			t.Errorf("%s is recorded as %q", action, lines)
		}
	}
	if out, status := run("replay", first, "--reason", "again"); status != 1 || !strings.Contains(out, first+" was delivered at ") {
		t.Errorf("%d %s", status, out)
	}
}

// keptAs is a configuration whose middleware has a name, and whose router is always the same.
func keptAs(name, state, backend string) string {
	return `http:
  middlewares: {` + name + `: {plugin: {hookward: {provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + state + `,
    delivery: {timeout: 2s, retry: {schedule: [20ms, 20ms]}, store: {encryptionKeys: ["env:STORE"]}}}}}}
  routers: {hooks: {rule: "PathPrefix(` + "`/`" + `)", service: backend, middlewares: [` + name + `]}}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
}

// A middleware that was renamed delivers what it has stored under its old name, once that
// was adopted.
func TestDeliveriesAdopted(t *testing.T) {
	ctx := t.Context()
	m, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}}
	command := commandBinary(t)
	run := func(arguments ...string) (string, int) {
		return runCommand(t, command, []string{"STORE=" + storeKey}, append([]string{"deliveries", "--directory", state, "--encryption-key", "env:STORE", "--reason", "renamed"}, arguments...)...)
	}
	g, err := gateway.Start(ctx, binary, keptAs("old", state, backend), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { g.Stop() }()
	sendKept(t, g, "to be adopted")
	testkit.Await(t, "it is dead", func() bool {
		files, _ := filepath.Glob(filepath.Join(state, "delivery-*", "dead", "?", "*"))
		return len(files) == 1
	})
	g.Stop()
	m.well.Store(true)
	g, err = gateway.Start(ctx, binary, keptAs("new", state, backend), settings)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "both stores are there", func() bool {
		locks, _ := filepath.Glob(filepath.Join(state, "delivery-*", "lock"))
		return len(locks) == 2
	})
	adopt := []string{"adopt", "--middleware", "old", "--to", "new@file"}
	if out, status := run(adopt...); status != 2 || !strings.Contains(out, "works on the deliveries of new@file") {
		t.Errorf("while Traefik runs: %d %s", status, out)
	}
	g.Stop()
	for _, arguments := range [][]string{adopt, {"replay", "--middleware", "new@file"}} {
		if out, status := run(arguments...); status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
			t.Fatalf("%v: %d %s", arguments, status, out)
		}
	}
	g, err = gateway.Start(ctx, binary, keptAs("new", state, backend), settings)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "it has arrived", func() bool { return strings.HasSuffix(m.seen(), " 4 to be adopted") })
}

func sendKept(t *testing.T, g *gateway.Gateway, body string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, g.URL+"/in", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_, value, _ := strings.Cut(signed(secret, body), ": ")
	r.Header.Set("X-Hub-Signature-256", value)
	client := &http.Client{Timeout: testkit.Patience}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		t.Fatal(response.Status)
	}
}
