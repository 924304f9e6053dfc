package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// What dies in Redis and on the disk beside it is handed over, and shown and replayed as one;
// while Redis is away, what is on the disk is.
func TestBesideLetters(t *testing.T) {
	unsteadily(t)
	server := stores.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	m, letters := &mended{}, &letterbox{got: map[string]int{}}
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", m)
	if err != nil {
		t.Fatal(err)
	}
	output, err := gateway.Serve(t.Context(), "127.0.0.1:0", letters)
	if err != nil {
		t.Fatal(err)
	}
	address := testkit.Addresses(t, 1)[0]
	state := t.TempDir()
	dynamic := `http:
  middlewares:
    kept: {plugin: {hookward: {provider: github, secrets: ["env:GH"], ban: false, replay: true, redis: {endpoints: "` + server.Address + `", readTimeout: 1s}, stateDirectory: ` + state + `,
      delivery: {timeout: 2s, retry: {schedule: [200ms]}, store: {type: redis, encryptionKeys: ["env:STORE"]}, deadLetter: {outputs: [{type: http, url: "` + output + `"}]}}}}}
    console: {plugin: {hookward: {console: {hosts: ["` + address + `"], operators: ["env:OPERATOR"]}}}}
  routers:
    kept: {rule: "Path(` + "`/in`" + `)", service: backend, middlewares: [kept]}
    console: {rule: "PathPrefix(` + "`/hookward`" + `)", service: noop@internal, middlewares: [console]}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
	environment := []string{"GH=" + secret, "STORE=" + storeKey, "OPERATOR=" + operatorToken}
	settings := gateway.Settings{Web: address, Env: environment}
	g, err := gateway.Start(t.Context(), binaryOf(t, settings), dynamic, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	command := commandBinary(t)
	run := func(arguments string) (string, int) {
		return runCommand(t, command, environment, append([]string{"deliveries"}, strings.Fields(arguments+" --token env:OPERATOR --url "+g.URL)...)...)
	}
	dead := func() []struct{ ID string } {
		list := []struct{ ID string }{}
		out, _ := run("list --state dead --json")
		_ = json.Unmarshal([]byte(out), &list)
		return list
	}
	sendKept(t, g, "in redis")
	await(t, "one is dead in Redis", func() bool { return len(dead()) == 1 })
	inRedis := dead()[0].ID
	server.Kill()
	sendKept(t, g, "on disk, and to be replayed")
	sendKept(t, g, "on disk, for later")
	await(t, "two more are dead on the disk", func() bool { return len(dead()) == 3 })
	await(t, "the output has all of them", func() bool {
		letters.mu.Lock()
		defer letters.mu.Unlock()
		return len(letters.got) == 3
	})
	out, status := runCommand(t, command, environment, "deliveries", "list", "--state", "dead", "--json", "--directory", state, "--encryption-key", "env:STORE")
	onDisk := []struct{ ID string }{}
	if status != 1 || json.Unmarshal([]byte(out), &onDisk) != nil || len(onDisk) != 2 {
		t.Fatalf("%d %s", status, out)
	}
	m.well.Store(true)
	await(t, "what is in Redis is left alone", func() bool {
		out, status := run("replay --middleware kept --reason mended " + inRedis)
		return status != 0 && strings.Contains(out, "redis has these deliveries, and can't be asked at the moment")
	})
	if out, status := run("replay --middleware kept --reason mended " + onDisk[0].ID); status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
		t.Fatalf("%d %s", status, out)
	}
	await(t, "it arrives without Redis", func() bool { return m.seen() == onDisk[0].ID+" 3 on disk, and to be replayed" })
	server.Start(t)
	await(t, "an order is for both", func() bool {
		out, status := run("replay --state dead --middleware kept --reason mended")
		return status == 0 && strings.HasSuffix(out, "2 of 2\n")
	})
	await(t, "all have arrived", func() bool {
		seen := m.seen()
		return strings.Contains(seen, " 3 in redis") && strings.Contains(seen, onDisk[1].ID+" 3 on disk, for later")
	})
	await(t, "nothing is left", func() bool { return len(dead()) == 0 && waitingFiles(state) == 0 })
	letters.mu.Lock()
	defer letters.mu.Unlock()
	if fmt.Sprint(letters.got) != "map[in redis:1 on disk, and to be replayed:1 on disk, for later:1]" || len(strings.Split(m.seen(), "\n")) != 3 {
		t.Errorf("%v\n%s", letters.got, m.seen())
	}
}
