package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
)

// letterbox takes dead letters, or answers 503 while it is shut.
type letterbox struct {
	mu    sync.Mutex
	shut  bool
	asked int
	got   map[string]int // by body
}

func (l *letterbox) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	letter := map[string]any{}
	if err != nil || json.Unmarshal(b, &letter) != nil {
		return // Traefik was killed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.shut {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	l.got[fmt.Sprint(letter["http.request.body.content"])]++
}

// What dies in a store of two Traefiks stays there until each output has it, once, also where
// one of them is killed before it has handed it over.
func TestSharedStoreHandsOver(t *testing.T) {
	unsteadily(t)
	server := stores.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	serve := func(h http.Handler) string {
		url, err := gateway.Serve(t.Context(), "127.0.0.1:0", h)
		if err != nil {
			t.Fatal(err)
		}
		return url
	}
	backend := serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(map[bool]int{true: 503, false: 404}[r.Header.Get("X-Hookward-Attempt") == "1"])
	}))
	open, shut := &letterbox{got: map[string]int{}}, &letterbox{got: map[string]int{}, shut: true}
	dynamic := `http:
  middlewares:
    kept: {plugin: {hookward: {provider: github, secrets: ["env:GH"], ban: false, replay: true, redis: {endpoints: "` + server.Address + `", readTimeout: 1s},
      delivery: {timeout: 2s, retry: {schedule: [300ms]}, store: {type: redis, encryptionKeys: ["env:STORE_KEY"]},
        deadLetter: {keep: 0s, outputs: [{type: http, url: "` + serve(open) + `"}, {type: http, url: "` + serve(shut) + `"}]}}}}}
  routers:
    kept: {rule: "PathPrefix(` + "`/`" + `)", service: backend, middlewares: [kept]}
  services: {backend: {loadBalancer: {servers: [{url: "` + backend + `"}]}}}
`
	s := &sharing{stored: map[string]bool{}}
	for i := range s.gates {
		settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}, Form: [...]gateway.Form{"", gateway.Interpreted}[i]}
		g, err := gateway.Start(t.Context(), binaryOf(t, settings), dynamic, settings)
		if err != nil {
			t.Fatal(err)
		}
		s.gates[i] = g
		t.Cleanup(func() {
			g.Stop()
			if t.Failed() {
				t.Logf("stderr:\n%s", end(g.Stderr))
			}
		})
	}
	const n = 12
	for i := range n {
		body := fmt.Sprint("delivery ", i)
		if status := s.send(t, i%2, "sync", body); status != http.StatusAccepted {
			t.Fatalf("%s: %d", body, status)
		}
	}
	has := func(l *letterbox) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.got) == n
	}
	await(t, "one output has all, which is written down, and the other one was asked", func() bool {
		shut.mu.Lock()
		defer shut.mu.Unlock()
		marked := server.Do(t, "EVAL", `local n = 0 for _, k in ipairs(redis.call('KEYS', 'hookward:store:*e:*')) do if string.find(redis.call('HGET', k, 'entry'), '%.rejected%.%x+$') then n = n + 1 end end return n`, "0")
		return shut.asked > 2 && has(open) && marked == fmt.Sprint(n)
	})
	stored := func() string {
		return server.Do(t, "EVAL", "return #redis.call('KEYS', 'hookward:store:*b:*')", "0")
	}
	if got := stored(); got != fmt.Sprint(n) {
		t.Errorf("%s of %d are stored while an output lacks them", got, n)
	}
	s.gates[0].Kill()
	shut.mu.Lock()
	shut.shut = false
	shut.mu.Unlock()
	await(t, "the other output has all, those of the killed one too", func() bool { return has(shut) })
	await(t, "nothing is left", func() bool { return stored() == "0" })
	for _, l := range []*letterbox{open, shut} {
		l.mu.Lock()
		for body, times := range l.got {
			if times != 1 || !strings.HasPrefix(body, "delivery ") {
				t.Errorf("%q has come %d times", body, times)
			}
		}
		l.mu.Unlock()
	}
	if lines := s.gates[1].Stderr.Lines("redis has lost"); len(lines) > 0 {
		t.Error(lines)
	}
}
