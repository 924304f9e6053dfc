package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
)

// A router has another name. What has come by it waits in Redis until an operator gives it to the
// new one, while the Traefiks run; then it arrives, once, with its id and its bytes. What is dead
// goes through the new one, too, when it is replayed.
func TestSharedStoreRouterRenamed(t *testing.T) {
	unsteadily(t)
	server := stores.Redis(t, "--appendonly", "yes")
	m, backend := serveMended(t)
	dynamic := func(router, schedule string) string {
		return `http:
  middlewares:
    kept: {plugin: {hookward: {provider: github, secrets: ["env:GH"], ban: false, replay: true, redis: {endpoints: "` + server.Address + `", readTimeout: 1s},
      delivery: {retry: {schedule: [` + schedule + `]}, store: {type: redis, encryptionKeys: ["env:STORE"]}}}}}
  routers:
    ` + router + `: {rule: "PathPrefix(` + "`/`" + `)", service: backend, middlewares: [kept]}
    version: {rule: "Path(` + "`/" + fmt.Sprint(router, len(schedule)) + "`" + `)", priority: 1000, service: backend}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
	}
	env := []string{"GH=" + secret, "STORE=" + storeKey}
	gates := []*gateway.Gateway{}
	for _, form := range []gateway.Form{"", gateway.Interpreted} {
		settings := gateway.Settings{Env: env, Form: form}
		g, err := gateway.Start(t.Context(), binaryOf(t, settings), dynamic("old", "20ms, 20ms"), settings)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Stop)
		gates = append(gates, g)
	}
	command := commandBinary(t)
	run := func(arguments string) (string, int) {
		return runCommand(t, command, env, append(strings.Fields("deliveries --redis "+server.Address+" --encryption-key env:STORE"), strings.Fields(arguments)...)...)
	}
	lists := func(state string, want int) {
		t.Helper()
		await(t, fmt.Sprintf("%d are %s", want, state), func() bool {
			out, _ := run("list --json --state " + state)
			return strings.Count(out, `"id":`) == want
		})
	}
	sendKept(t, gates[0], "dead")
	lists("dead", 1)
	patient := strings.Repeat("3s, ", 29) + "3s"
	configure := func(router string) {
		t.Helper()
		for _, g := range gates {
			if err := g.Configure("main.yml", dynamic(router, patient)); err != nil {
				t.Fatal(err)
			}
			await(t, "it is in force", func() bool {
				response, err := http.Get(g.URL + "/" + fmt.Sprint(router, len(patient)))
				return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusServiceUnavailable
			})
		}
	}
	configure("old")
	for i, g := range gates {
		sendKept(t, g, fmt.Sprint("waits ", i))
	}
	lists("waiting", 2)
	configure("new")
	m.well.Store(true)
	adopt := "adopt --middleware kept --to kept@file --reason renamed "
	if out, status := run(adopt); status != 2 || !strings.Contains(out, "--to: is whose they are already; --router has them go through another router") {
		t.Errorf("%d %s", status, out)
	}
	await(t, "all have another router", func() bool {
		_, status := run(adopt + "--router new@file")
		return status == 0
	})
	await(t, "both arrive", func() bool { return strings.Count(m.seen(), " waits ") >= 2 })
	if out, status := run("replay --reason renamed --state dead"); status != 0 {
		t.Errorf("%d %s", status, out)
	}
	await(t, "the dead one arrives", func() bool { return strings.Contains(m.seen(), " dead") })
	lists("waiting", 0)
	for _, body := range []string{"dead", "waits 0", "waits 1"} {
		if n := strings.Count(m.seen(), body); n != 1 {
			t.Errorf("%s has arrived %d times", body, n)
		}
	}
	for _, g := range gates {
		if n := len(g.Stdout.Lines(`"event.action":"lost"`)); n > 0 {
			t.Errorf("%d are recorded as lost", n)
		}
	}
}
