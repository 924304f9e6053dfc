package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

const (
	operatorToken = "a-token-for-operators-of-it"
	viewerToken   = "a-token-for-viewers-of-the-page"
)

// operated has two gates that keep deliveries, and a console beside them. Each dies at once.
func operated(state, backend, address string) string {
	gate := `{plugin: {hookward: {provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + state + `,
    delivery: {timeout: 10s, retry: {schedule: [20ms], on: ["503"]}, store: {encryptionKeys: ["env:STORE"]}}}}}`
	return `http:
  middlewares:
    one: ` + gate + `
    two: ` + gate + `
    console: {plugin: {hookward: {console: {hosts: ["` + address + `"], viewers: ["env:VIEWER"], operators: ["env:OPERATOR"]}}}}
  routers:
    one: {rule: "Path(` + "`/in`" + `)", service: backend, middlewares: [one]}
    two: {rule: "Path(` + "`/two`" + `)", service: backend, middlewares: [two]}
    console: {rule: "PathPrefix(` + "`/hookward`" + `)", service: noop@internal, middlewares: [console]}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
}

// While Traefik runs, its gates replay and drop what the command asks for, each its own, once,
// and with records; the store is nobody else's all the while.
func TestOperator(t *testing.T) {
	unsteadily(t)
	ctx := t.Context()
	m, backend := serveMended(t)
	state := filepath.Join(t.TempDir(), "state")
	address := testkit.Addresses(t, 1)[0]
	environment := []string{"GH=" + secret, "STORE=" + storeKey, "VIEWER=" + viewerToken, "OPERATOR=" + operatorToken}
	g, err := gateway.Start(ctx, binary, operated(state, backend, address), gateway.Settings{Web: address, Env: environment})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { g.Stop() }()
	command := commandBinary(t)
	run := func(arguments string) (string, int) {
		if !strings.Contains(arguments, "--token") {
			arguments += " --token env:OPERATOR"
		}
		return runCommand(t, command, environment, append([]string{"deliveries"}, strings.Fields(arguments+" --url "+g.URL)...)...)
	}
	for _, body := range []string{"first", "second", "third"} {
		sendKept(t, g, body)
	}
	list := []struct{ ID, Middleware, Reason string }{}
	testkit.Await(t, "all three are dead", func() bool {
		out, _ := run("list --state dead --json")
		return json.Unmarshal([]byte(out), &list) == nil && len(list) == 3
	})
	if list[0].Middleware != "one@file" || list[0].Reason != "attempts_exhausted" {
		t.Fatalf("%+v", list)
	}
	first, second, third := list[0].ID, list[1].ID, list[2].ID
	for arguments, want := range map[string]string{
		"replay --reason x --middleware one --state dead --token env:VIEWER": "403: that takes the role operator, and you are a viewer",
		"drop --reason x --state dead":                                       "--middleware: is required",
		"drop --reason x --middleware two " + first:                          first + " is not stored, or not among those that are meant\n",
		"replay --middleware one --state dead --preview":                     first + " would be tried again\n",
	} {
		if out, _ := run(arguments); !strings.Contains(out, want) {
			t.Errorf("%s: %s", arguments, out)
		}
	}
	if out, status := run("show --middleware one --token env:VIEWER " + first); status != 0 || !strings.Contains(out, "503, attempts_exhausted after") || strings.Contains(out, "User-Agent") {
		t.Errorf("%d %s", status, out)
	}
	if out, status := run("show " + first); status != 0 || !strings.Contains(out, "User-Agent: ") || strings.Contains(out, "first") {
		t.Errorf("%d %s", status, out) // the payload is not recorded, so it is not shown
	}
	m.well.Store(true)
	if out, status := run("replay --reason mended --middleware one " + first); status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
		t.Fatalf("%d %s", status, out)
	}
	testkit.Await(t, "it arrives", func() bool { return m.seen() == first+" 3 first" })
	testkit.Await(t, "it is known to have arrived", func() bool {
		out, status := run("replay --reason again --middleware one " + first)
		return status == 1 && strings.Contains(out, first+" was delivered at ")
	})
	if out, status := run("drop --reason unwanted --middleware one " + second); status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
		t.Errorf("%d %s", status, out)
	}
	// Eight at once get the last one once.
	var wait sync.WaitGroup
	for range 8 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			_ = post(t, g.URL, operatorToken, "replay", fmt.Sprintf(`{"gate":"one@file","ids":[%q],"reason":"all at once"}`, third))
		}()
	}
	wait.Wait()
	testkit.Await(t, "the last one arrives", func() bool {
		out, status := run("list")
		return out == "none\n" && status == 0
	})
	if want := first + " 3 first\n" + third + " 3 third"; m.seen() != want {
		t.Errorf("%q has arrived, want %q", m.seen(), want)
	}
	for action, want := range map[string]int{"replayed": 2, "dropped": 1} {
		lines := g.Stdout.Lines(`"event.action":"` + action + `"`)
		if len(lines) != want || !strings.Contains(lines[0], `"event.dataset":"hookward.delivery"`) || !strings.Contains(lines[0], `"user.name":"operator: `) || !strings.Contains(lines[0], `"hookward.middleware":"one@file"`) {
			t.Errorf("%s: %q", action, lines)
		}
	}
	for _, want := range []string{`"user.roles":["viewer"]`, `"event.reason":"mended"`, `"event.reason":"unwanted"`} {
		lines := g.Stdout.Lines(want)
		found := false
		for _, line := range lines {
			found = found || strings.Contains(line, `"event.dataset":"hookward.console"`) && strings.Contains(line, `"hookward.middleware":"console@file"`)
		}
		if !found {
			t.Errorf("no record of the console's has %s: %q", want, lines)
		}
	}
}

// post has the console do something, and returns the status.
func post(t *testing.T, address, token, action, body string) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address+"/hookward/api/"+action, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("X-Hookward-Action", action)
	response, err := (&http.Client{Timeout: testkit.Patience}).Do(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
