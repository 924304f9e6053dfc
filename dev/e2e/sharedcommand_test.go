package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
)

// The command changes what is in Redis while Traefiks work on it: what is dead is replayed
// and arrives, what is dropped is gone, each is recorded once, and deliveries of a middleware
// that is gone are given to another one.
func TestSharedStoreCommand(t *testing.T) {
	unsteadily(t)
	server := stores.Redis(t, "--appendonly", "yes", "--requirepass", "a password for redis alone")
	m := &mended{}
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", m)
	if err != nil {
		t.Fatal(err)
	}
	dynamic := func(name string) string {
		return `http:
  middlewares:
    ` + name + `: {plugin: {hookward: {provider: github, secrets: ["env:GH"], ban: false, replay: true, redis: {endpoints: "` + server.Address + `", password: "env:REDIS", readTimeout: 1s},
      delivery: {retry: {schedule: [200ms, 200ms]}, store: {type: redis, encryptionKeys: ["env:STORE"]}}}}}
  routers: {kept: {rule: "PathPrefix(` + "`/`" + `)", service: backend, middlewares: [` + name + `]}}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
	}
	env := []string{"GH=" + secret, "STORE=" + storeKey, "REDIS=a password for redis alone"}
	var gates [2]*gateway.Gateway
	begin := func(name string) {
		for i := range gates {
			settings := gateway.Settings{Env: env, Form: [...]gateway.Form{"", gateway.Interpreted}[i]}
			g, err := gateway.Start(t.Context(), binaryOf(t, settings), dynamic(name), settings)
			if err != nil {
				t.Fatal(err)
			}
			gates[i] = g
			t.Cleanup(g.Stop)
		}
	}
	begin("kept")
	command := commandBinary(t)
	run := func(arguments ...string) (string, int) {
		return runCommand(t, command, env, append([]string{"deliveries", arguments[0], "--redis", server.Address, "--redis-password", "env:REDIS", "--encryption-key", "env:STORE"}, arguments[1:]...)...)
	}
	type item struct{ ID, Reason, Middleware, State string }
	list := func(state string) []item {
		out, status := run("list", "--json", "--state", state)
		found := []item{}
		if json.Unmarshal([]byte(out), &found) != nil || status != 0 && !(status == 1 && state == "dead") {
			t.Fatalf("%d %s", status, out)
		}
		return found
	}
	bodies := []string{"to be replayed", "to be dropped", "to be adopted"}
	for i, body := range bodies {
		sendKept(t, gates[i%2], body)
	}
	await(t, "all are dead", func() bool { return len(list("dead")) == 3 })
	ids := map[string]string{}
	for _, one := range list("dead") {
		out, status := run("show", one.ID)
		for _, body := range bodies {
			if strings.Contains(out, "\n\n"+body+"\n") && strings.Contains(out, "attempt 3 at") && status == 0 {
				ids[body] = one.ID
			}
		}
	}
	if len(ids) != 3 {
		t.Fatalf("%v", ids)
	}
	m.well.Store(true)
	if out, status := run("replay", "--reason", "mended", ids["to be replayed"]); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	if out, status := run("drop", "--reason", "not wanted", ids["to be dropped"]); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	await(t, "it arrives", func() bool { return m.seen() == ids["to be replayed"]+" 4 to be replayed" })
	for _, action := range []string{"replayed", "dropped"} {
		records := func() int {
			return len(gates[0].Stdout.Lines(`"event.action":"`+action+`"`)) + len(gates[1].Stdout.Lines(`"event.action":"`+action+`"`))
		}
		await(t, "a record that it is "+action, func() bool { return records() > 0 })
		if records() != 1 {
			t.Errorf("%d records that it is %s", records(), action)
		}
	}
	if got := list("dead"); len(got) != 1 || got[0].ID != ids["to be adopted"] || len(list("waiting")) != 0 {
		t.Errorf("%+v", got)
	}
	if out, status := run("replay", "--reason", "once more", ids["to be replayed"]); status != 1 || !strings.Contains(out, "was delivered at") {
		t.Errorf("%d %s", status, out)
	}
	// The middleware has another name from now on.
	if out, status := run("adopt", "--middleware", "kept", "--to", "renamed@file", "--reason", "renamed"); status != 2 || !strings.Contains(out, "no store of") {
		t.Errorf("%d %s", status, out)
	}
	for _, g := range gates {
		if err := g.Configure("main.yml", dynamic("renamed")); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the new name is known", func() bool {
		out, _ := run("adopt", "--middleware", "kept", "--to", "renamed@file", "--reason", "renamed", "--preview")
		return !strings.Contains(out, "no store of")
	})
	if out, status := run("adopt", "--middleware", "kept", "--to", "renamed@file", "--reason", "renamed"); status != 2 || !strings.Contains(out, "work on it") {
		t.Errorf("%d %s", status, out)
	}
	for _, g := range gates {
		g.Kill()
	}
	begin("renamed")
	await(t, "nobody has the old name", func() bool {
		_, status := run("adopt", "--middleware", "kept", "--to", "renamed@file", "--reason", "renamed")
		return status == 0
	})
	if got := list("dead"); len(got) != 1 || got[0].Middleware != "renamed@file" {
		t.Errorf("%+v", got)
	}
	if out, status := run("replay", "--reason", "renamed", ids["to be adopted"]); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	await(t, "the adopted one arrives", func() bool { return strings.Contains(m.seen(), fmt.Sprint(ids["to be adopted"], " 4 to be adopted")) })
}
