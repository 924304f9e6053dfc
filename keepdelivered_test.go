package hookward

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
)

// keeps waits until so many are kept that were delivered, and returns their bodies.
func keeps(k *kept, want int) map[string]*store.Delivery {
	k.t.Helper()
	e := engineOf(k)
	await.Until(k.t, fmt.Sprintf("%d are not kept", want), func() bool { n := delivery.Count(e); return n.Loaded && n.Delivered == want })
	found := map[string]*store.Delivery{}
	seen, _ := delivery.Look(e, &delivery.Filter{State: store.Delivered}, "", 100)
	for _, one := range seen {
		d := delivery.Open(e, one.Entry.ID).Delivery
		found[string(d.Body)] = d
	}
	return found
}

// What was delivered is kept as the backend got it, whichever way it came there; and nothing
// else is.
func TestKeepDelivered(t *testing.T) {
	for _, mode := range []string{"sync", "accept"} {
		k := keptGate(t, map[string]any{"mode": mode, "store": map[string]any{"keepDelivered": "1h"}}, statuses(200, 404, 503, 204, 302))
		post(k, "first", "Cookie: a=b", "X-Private: quite")
		keeps(k, 1)
		if again := post(k, "first"); again.Code != http.StatusOK {
			t.Errorf("%s: the repeat gets %d", mode, again.Code)
		}
		rw := post(k, "forged", "X-Hub-Signature-256: sha256=00")
		if rw.Code != http.StatusUnauthorized {
			t.Errorf("%s: a forged one gets %d", mode, rw.Code)
		}
		post(k, "not wanted")
		await.Until(t, "it is not there", func() bool { return len(arrivals(k.backend)) == 2 })
		post(k, "second")
		keeps(k, 2)
		post(k, "moved")
		await.Until(t, "it is not there", func() bool { return len(arrivals(k.backend)) == 5 })
		found := keeps(k, 2)
		first := found["first"]
		if first == nil || found["second"] == nil || len(first.Headers["X-Private"]) != 1 || first.Headers["Cookie"] != nil || first.Claim == "" || first.Provider != "github" || first.Method != "POST" {
			t.Errorf("%s: %+v", mode, found)
		}
		end(k)
		begin(k)
		if found := keeps(k, 2); found["first"] == nil || found["second"] == nil {
			t.Errorf("%s: behind a restart: %+v", mode, found)
		}
		// Nobody wants it any more.
		end(k)
		k.raw["delivery"] = map[string]any{"mode": mode}
		begin(k)
		keeps(k, 0)
		post(k, "third")
		await.Until(t, "it is not there", func() bool { return len(arrivals(k.backend)) == 6 })
		if n := delivery.Count(engineOf(k)); n.Delivered != 0 || n.Unkept != 0 || n.Bytes != 0 && mode == "sync" {
			t.Errorf("%s: %+v", mode, n)
		}
		end(k)
	}
}

// Buffers of bodies are used again by other requests, at once.
func TestKeepDeliveredBodies(t *testing.T) {
	k := keptGate(t, map[string]any{"store": map[string]any{"keepDelivered": "1h"}}, func(rw http.ResponseWriter, _ *http.Request, _ int) { rw.WriteHeader(http.StatusOK) })
	done := sync.WaitGroup{}
	send := func(body string) {
		defer done.Done()
		post(k, body)
	}
	for i := 0; i < 8; i++ {
		done.Add(1)
		go send(strings.Repeat(fmt.Sprint(i), 200<<10))
	}
	done.Wait()
	found := keeps(k, 8)
	for i := 0; i < 8; i++ {
		if found[strings.Repeat(fmt.Sprint(i), 200<<10)] == nil {
			t.Errorf("body %d is not as it was", i)
		}
	}
}

// Without the option, nothing of what was delivered ever reaches the disk.
func TestKeepDeliveredOff(t *testing.T) {
	k := keptGate(t, nil, statuses(200, 503, 200))
	post(k, "first")
	post(k, "second")
	await.Until(t, "it does not arrive", func() bool { return len(arrivals(k.backend)) == 3 })
	numbers(k, 0, 0)
	directory := store.DirectoryOf(k.state, k.name)
	if _, err := os.Stat(filepath.Join(directory, store.Delivered)); !os.IsNotExist(err) {
		t.Error(err)
	}
	if stored := onDisk(t, k.state); strings.Contains(stored, "first") || strings.Contains(stored, "second") {
		t.Errorf("%q", stored)
	}
}

// Nothing that was let through without being verified is kept.
func TestKeepDeliveredObserved(t *testing.T) {
	k := keptGate(t, map[string]any{"store": map[string]any{"keepDelivered": "1h"}}, statuses(200))
	end(k)
	k.raw["observeOnly"] = "true"
	begin(k)
	k.gate.ServeHTTP(httptest.NewRecorder(), hooktest.NewPost("forged"))
	if got := arrivals(k.backend); len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	post(k, "signed")
	if found := keeps(k, 1); found["signed"] == nil || strings.Contains(onDisk(t, k.state), "forged") {
		t.Errorf("%+v", found)
	}
}

func TestKeepDeliveredMistakes(t *testing.T) {
	redis := map[string]any{"endpoints": "127.0.0.1:6379"}
	for value, c := range map[string]struct {
		more map[string]any
		want string
	}{
		"-1h":    {nil, "delivery.store.keepDelivered: \"-1h\" is not a positive duration"},
		"a day":  {nil, "delivery.store.keepDelivered: \"a day\" is not a positive duration"},
		"24":     {nil, "delivery.store.keepDelivered: \"24\" is not a positive duration"},
		"721h":   {nil, "delivery.store.keepDelivered: must be at most 720h"},
		"1h":     {map[string]any{"redis": redis, "type": "redis"}, "delivery.store.keepDelivered: can't be used with type: redis"},
		"0s":     {map[string]any{"redis": redis, "type": "redis"}, ""},
		"720h0s": {nil, ""},
	} {
		section := map[string]any{"keepDelivered": value}
		raw := hooktest.GithubWith(map[string]any{"stateDirectory": "/var/lib/hookward", "replay": "true", "delivery": map[string]any{"store": section}})
		if c.more != nil {
			raw["redis"] = c.more["redis"]
			section["type"] = c.more["type"]
		}
		said := strings.Join(config.Sentences(policy.Compile(raw).Problems), "\n")
		if !strings.Contains(said, c.want) || c.want == "" && said != "" {
			t.Errorf("%s: %q, want %q", value, said, c.want)
		}
	}
}
