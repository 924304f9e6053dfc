package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// keeper is a Traefik whose gates keep what was delivered: one asks the backend first, and two
// afterwards.
type keeper struct {
	t       *testing.T
	m       *mended
	g       *gateway.Gateway
	state   string
	dynamic string
	command string
	sets    gateway.Settings
}

func newKeeper(t *testing.T, more string) *keeper {
	k := &keeper{t: t, m: &mended{}, state: filepath.Join(t.TempDir(), "state"), command: commandBinary(t)}
	k.m.well.Store(true)
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Hookward-Replay") != "" {
			r.Header.Set("X-Hookward-Attempt", r.Header.Get("X-Hookward-Attempt")+" "+r.Header.Get("X-Hookward-Replay"))
			if !k.m.well.Load() {
				rw.WriteHeader(http.StatusNotFound) // it dies of that at once
				return
			}
		}
		k.m.ServeHTTP(rw, r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	address := testkit.Addresses(t, 1)[0]
	k.dynamic = strings.ReplaceAll(operated(k.state, backend, address), `{encryptionKeys: ["env:STORE"]}`, `{encryptionKeys: ["env:STORE"], keepDelivered: 1h`+more+`}`)
	k.dynamic = strings.ReplaceAll(k.dynamic, "schedule: [20ms]", "schedule: [1s, 1s, 1s, 1s, 5s, 5s, 5s, 5s]")
	two := strings.Index(k.dynamic, "    two:")
	k.dynamic = k.dynamic[:two] + strings.Replace(k.dynamic[two:], "delivery: {", "delivery: {mode: accept, ", 1)
	k.sets = gateway.Settings{Web: address, Env: []string{"GH=" + secret, "STORE=" + storeKey, "VIEWER=" + viewerToken, "OPERATOR=" + operatorToken}}
	k.start()
	t.Cleanup(func() { k.g.Stop() })
	return k
}

func (k *keeper) start() {
	k.t.Helper()
	g, err := gateway.Start(k.t.Context(), binary, k.dynamic, k.sets)
	if err != nil {
		k.t.Fatal(err)
	}
	k.g = g
}

// send sends a body to a path, and checks what the sender is told.
func (k *keeper) send(path, body string, want int) {
	k.t.Helper()
	r, err := http.NewRequest(http.MethodPost, k.g.URL+path, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	_, value, _ := strings.Cut(signed(secret, body), ": ")
	r.Header.Set("X-Hub-Signature-256", value)
	r.Header.Set("X-Hookward-Replay", "a sender's")
	client := &http.Client{Timeout: testkit.Patience}
	response, err := client.Do(r)
	if err != nil {
		k.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != want {
		k.t.Fatalf("%q: %s, want %d", body, response.Status, want)
	}
}

// run has the command work on the disk, or through the console where the arguments say so.
func (k *keeper) run(arguments string) (string, int) {
	where := " --directory " + k.state + " --encryption-key env:STORE"
	if strings.Contains(arguments, "--url") {
		arguments = strings.Replace(arguments, "--url", "", 1)
		where = " --token env:OPERATOR --url " + k.g.URL
	}
	return runCommand(k.t, k.command, k.sets.Env, append([]string{"deliveries"}, strings.Fields(arguments+where)...)...)
}

// delivered waits until so many are kept, and returns their ids in order.
func (k *keeper) delivered(want int) []string {
	k.t.Helper()
	ids := []string{}
	testkit.Await(k.t, "what was delivered is kept", func() bool {
		out, _ := k.run("list --state delivered --json")
		list := []struct{ ID, State, Arrived string }{}
		if json.Unmarshal([]byte(out), &list) != nil || len(list) != want {
			return false
		}
		ids = ids[:0]
		for _, one := range list {
			if one.State != "delivered" || one.Arrived == "" {
				k.t.Fatalf("%+v", one)
			}
			ids = append(ids, one.ID)
		}
		return true
	})
	return ids
}

func (k *keeper) arrives(want string) {
	k.t.Helper()
	testkit.Await(k.t, "it arrives: "+want, func() bool { return strings.HasSuffix(k.m.seen(), want) })
}

// What was delivered can be looked at, exported and, by force, sent once more, through the
// console and on the disk, over kill -9; and its sender's repeat never passes twice.
func TestKeepDelivered(t *testing.T) {
	unsteadily(t)
	k := newKeeper(t, "")
	k.m.well.Store(false)
	k.send("/in", "tried again", http.StatusAccepted)
	k.m.well.Store(true)
	k.arrives(" tried again")
	k.send("/in", "at once", http.StatusOK)
	k.send("/two", "accepted", http.StatusAccepted)
	k.arrives(" 1 accepted")
	ids := k.delivered(3)
	k.looks(ids[1])
	k.force(ids[1])
	k.kill(ids)
	k.end()
	if lines := k.g.Stdout.Lines(`"event.action":"expired"`); len(lines) > 0 {
		t.Errorf("what was delivered has records of its end: %q", lines)
	}
}

// looks looks at what is kept, at one of three as a whole.
func (k *keeper) looks(once string) {
	t := k.t
	if out, status := k.run("list --state delivered --url"); status != 0 || !strings.HasSuffix(out, "0 waiting, 0 dead, 3 delivered\n") {
		t.Errorf("%d %s", status, out)
	}
	if out, status := k.run("show --url " + once); status != 0 || !strings.Contains(out, "State:       delivered\n") || !strings.Contains(out, "\nArrived:     20") {
		t.Errorf("%d %s", status, out)
	}
	if out, status := k.run("export --state delivered"); status != 0 || !strings.Contains(out, `"body":"tried again"`) || !strings.Contains(out, `"body":"at once"`) || !strings.Contains(out, `"body":"accepted"`) {
		t.Errorf("%d %s", status, out)
	}
	files, _ := filepath.Glob(filepath.Join(k.state, "delivery-*", "delivered", "?", "*"))
	for _, file := range files {
		info, err := os.Stat(file)
		content, _ := os.ReadFile(file)
		if err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(string(content), "hookward-delivery 1 aes-256-gcm ") || strings.Contains(string(content), "at once") {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}
}

// force replays one, which only force does.
func (k *keeper) force(once string) {
	t := k.t
	if out, status := k.run("replay --url --reason x --middleware one " + once); status != 1 || !strings.Contains(out, once+" was delivered at 20") || !strings.Contains(out, "force sends it all the same") {
		t.Errorf("%d %s", status, out)
	}
	for _, where := range []string{"--url ", ""} {
		if out, status := k.run("replay --reason x --middleware one --state delivered " + where); status != 2 || !strings.Contains(out, "with --force alone") {
			t.Errorf("%d %s", status, out)
		}
	}
	if out, status := k.run("replay --force --url --reason x --middleware one " + once); status != 0 || !strings.HasSuffix(out, "1 of 1\n") {
		t.Fatalf("%d %s", status, out)
	}
	k.arrives(once + " 2 operator at once")
	k.delivered(3)
	before := k.m.seen()
	k.send("/in", "at once", http.StatusOK)
	k.send("/in", "tried again", http.StatusOK)
	if k.m.seen() != before {
		t.Errorf("a repeat has passed: %s", k.m.seen())
	}
}

// kill replays one on the disk, behind a kill. It dies this time, and its sender may not send it
// again even so.
func (k *keeper) kill(ids []string) {
	t := k.t
	once := ids[1]
	before := k.m.seen()
	k.g.Kill()
	k.g.Stop()
	if got := k.delivered(3); strings.Join(got, " ") != strings.Join(ids, " ") {
		t.Errorf("%v were %v", got, ids)
	}
	if out, status := k.run("replay --reason x " + once); status != 1 || !strings.Contains(out, "has been delivered once; --force") {
		t.Errorf("%d %s", status, out)
	}
	if out, status := k.run("replay --force --reason x " + once); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	k.m.well.Store(false)
	k.start()
	testkit.Await(t, "it is dead", func() bool {
		out, status := k.run("list --state dead")
		return status == 1 && strings.Contains(out, once)
	})
	k.m.well.Store(true)
	k.send("/in", "at once", http.StatusOK)
	if out, status := k.run("replay --url --reason x --middleware one " + once); status != 1 || !strings.Contains(out, "force sends it all the same") || k.m.seen() != before {
		t.Errorf("%d %s %s", status, out, k.m.seen())
	}
	if out, status := k.run("replay --force --url --reason x --middleware one " + once); status != 0 {
		t.Fatalf("%d %s", status, out)
	}
	k.arrives(" 4 operator at once")
	k.delivered(3)
}

// end has the time of what is kept end, or nobody want it any more.
func (k *keeper) end() {
	for _, option := range []string{", keepDelivered: 1s", ""} {
		k.g.Stop()
		dynamic := k.dynamic
		k.dynamic = strings.ReplaceAll(k.dynamic, ", keepDelivered: 1h", option)
		k.start()
		k.delivered(0)
		k.g.Stop()
		k.dynamic = dynamic
		k.start()
		k.send("/in", "one more"+option, http.StatusOK)
		k.delivered(1)
	}
}

// What was delivered gives way, the oldest first, to what is delivered and to what waits.
func TestKeepDeliveredGivesWay(t *testing.T) {
	unsteadily(t)
	k := newKeeper(t, ", maxDeliveries: 3")
	k.dynamic = strings.ReplaceAll(k.dynamic, "schedule: [1s, 1s, 1s, 1s, 5s, 5s, 5s, 5s]", "schedule: [1h]")
	k.g.Stop()
	k.start()
	for _, body := range []string{"a", "b", "c", "d"} {
		k.send("/in", body, http.StatusOK)
		testkit.Await(t, "it is kept", func() bool {
			out, _ := k.run("export --state delivered")
			return strings.Contains(out, `"body":"`+body+`"`)
		})
	}
	k.delivered(3)
	if out, _ := k.run("export --state delivered"); strings.Contains(out, `"body":"a"`) {
		t.Errorf("the oldest of four is there: %s", out)
	}
	k.m.well.Store(false)
	for _, body := range []string{"e", "f", "g"} {
		k.send("/in", body, http.StatusAccepted)
	}
	k.delivered(0)
	k.send("/in", "h", http.StatusServiceUnavailable) // the store is full of what waits
	k.m.well.Store(true)
	k.send("/in", "i", http.StatusOK)
	testkit.Await(t, "it is told that it is not kept", func() bool {
		return len(k.g.Stderr.Lines("are not kept for store.keepDelivered, and have arrived all the same")) > 0
	})
	if out, status := k.run("list"); status != 0 || !strings.HasSuffix(out, "3 waiting, 0 dead\n") {
		t.Errorf("%d %s", status, out)
	}
}
