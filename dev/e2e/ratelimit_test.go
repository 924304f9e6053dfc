package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// One middleware on three routers has one bucket, and reloads in mid-traffic fill
// nothing in.
func TestRateLimitOverReloads(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "slow", options: `{provider: github, secrets: ["env:GH"], rateLimit: {average: 60, period: 1h, burst: 40, responseHeaders: true}}`},
		{name: "other", options: `{provider: github, secrets: ["env:GH"], rateLimit: {average: 60, period: 1h, burst: 40}}`},
	}, gateway.Settings{})
	err := s.Configure("more.yml", "http: {routers: {"+
		"slow2: {rule: \"PathPrefix(`/slow2/`)\", service: backend@file, middlewares: [slow@file]}, "+
		"slow3: {rule: \"PathPrefix(`/slow3/`)\", service: backend@file, middlewares: [slow@file]}}}\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/slow2/ready", "/slow3/ready"} {
		eventually(t, path, func() bool { // a GET is for no backend, unless it is the catch-all's
			response, err := s.client.Get(s.URL + path)
			return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusMethodNotAllowed
		})
	}
	counts := map[int]int{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	stop := make(chan bool)
	for i := range 4 {
		client := clientFrom(t, "127.0.0.7", false)
		wait.Add(1)
		go func() {
			defer wait.Done()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				gate := []string{"slow", "slow2", "slow3"}[(n+i)%3]
				r := s.request(gate, hello, helloSignature)
				response, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = response.Body.Close()
				mu.Lock()
				counts[response.StatusCode]++
				mu.Unlock()
			}
		}()
	}
	for reload := range 100 {
		s.configure(t, "reload", []gate{{name: "reload", options: `{provider: github, secrets: ["env:GH"], maxBodyBytes: ` + fmt.Sprint(1000+reload) + `}`}})
	}
	close(stop)
	wait.Wait()
	// A router that is not there yet is the catch-all's, so what passed is
	// counted by what the gate has recorded.
	passed := 0
	for _, r := range s.records(t, "") {
		if r.Middleware == "slow@file" && r.Client == "127.0.0.7" && r.Decision == "pass" {
			passed++
		}
	}
	if passed < 40 || passed > 42 || counts[http.StatusTooManyRequests] < 100 {
		t.Errorf("%d passed, of a bucket of 40; %v", passed, counts)
	}
	client := clientFrom(t, "127.0.0.7", false)
	a := s.deliver(t, client, s.URL, "slow")
	s.refused(t, a, http.StatusTooManyRequests, "rate_limited")
	wait1, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || wait1 < 1 || wait1 > 60 || !strings.HasPrefix(a.Header.Get("RateLimit"), `"default";r=0;t=`) || a.Header.Get("RateLimit-Policy") != `"default";q=60;w=3600` {
		t.Errorf("%v", a.Header)
	}
	// Other sources, and other middlewares, have their own.
	s.passed(t, s.deliver(t, client, s.URL, "other"))
	a = s.deliver(t, clientFrom(t, "127.0.0.8", false), s.URL, "slow")
	s.passed(t, a)
	if a.Header.Get("RateLimit") != `"default";r=39;t=60` {
		t.Errorf("%v", a.Header)
	}
}

// Who keeps guessing is refused unread, over reloads too; the others are not, and
// a new secret lifts it.
func TestBans(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "ban", options: `{provider: github, secrets: ["env:GH"], ban: true}`},
		{name: "quick", options: `{provider: github, secrets: ["env:GH"], ban: {failures: 3, duration: 6s, exempt: [127.0.0.9]}}`},
	}, gateway.Settings{})
	guesser, honest, exempt := clientFrom(t, "127.0.0.7", false), clientFrom(t, "127.0.0.8", false), clientFrom(t, "127.0.0.9", false)
	wrong := "X-Hub-Signature-256: sha256=" + strings.Repeat("0", 64)
	guess := func(client *http.Client, gate string) *answer {
		return exchange(t, client, s.request(gate, hello, wrong))
	}
	for range 20 {
		s.refused(t, guess(guesser, "ban"), http.StatusUnauthorized, "signature_mismatch")
	}
	banned := func(a *answer) {
		t.Helper()
		s.refused(t, a, http.StatusTooManyRequests, "source_banned")
		if wait, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || wait < 400 || wait > 600 {
			t.Errorf("%v", a.Header)
		}
	}
	banned(guess(guesser, "ban"))
	banned(s.deliver(t, guesser, s.URL, "ban"))
	s.passed(t, s.deliver(t, honest, s.URL, "ban"))
	for reload := range 10 {
		s.configure(t, "reload", []gate{{name: "reload", options: `{provider: github, secrets: ["env:GH"], maxBodyBytes: ` + fmt.Sprint(1000+reload) + `}`}})
	}
	banned(s.deliver(t, guesser, s.URL, "ban"))

	for range 10 {
		s.refused(t, guess(exempt, "quick"), http.StatusUnauthorized, "signature_mismatch")
	}
	for range 3 {
		s.refused(t, guess(guesser, "quick"), http.StatusUnauthorized, "signature_mismatch")
	}
	s.refused(t, s.deliver(t, guesser, s.URL, "quick"), http.StatusTooManyRequests, "source_banned")
	time.Sleep(6100 * time.Millisecond)
	s.passed(t, s.deliver(t, guesser, s.URL, "quick"))
}

// Whoever is made exempt is free at once, and each ban leaves a line that says how.
func TestExemptEndsBan(t *testing.T) {
	s := start(t, nil, []gate{{name: "other", options: github}}, gateway.Settings{})
	options := func(rest string) []gate {
		return []gate{{name: "banning", options: `{provider: github, secrets: ["env:GH"], ban: {failures: 3` + rest + `}}`}}
	}
	s.configure(t, "banning", options(""))
	guesser := clientFrom(t, "127.0.0.7", false)
	for range 3 {
		s.refused(t, exchange(t, guesser, s.request("banning", hello, "X-Hub-Signature-256: sha256="+strings.Repeat("0", 64))), http.StatusUnauthorized, "signature_mismatch")
	}
	s.refused(t, s.deliver(t, guesser, s.URL, "banning"), http.StatusTooManyRequests, "source_banned")
	lines := s.Stderr.Lines("127.0.0.7 is banned for 10m0s, because 3 requests within 1m0s failed verification")
	if len(lines) != 1 || !strings.Contains(lines[0], `"hookward.middleware":"banning@file"`) || !strings.Contains(lines[0], "unless ban.exempt has it") {
		t.Errorf("%q", lines)
	}
	s.configure(t, "banning", options(", exempt: [127.0.0.8]"))
	s.refused(t, s.deliver(t, guesser, s.URL, "banning"), http.StatusTooManyRequests, "source_banned")
	s.configure(t, "banning", options(", exempt: [127.0.0.7]"))
	s.passed(t, s.deliver(t, guesser, s.URL, "banning"))
}
