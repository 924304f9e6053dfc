package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

const once = `{provider: github, secrets: ["env:GH"], replay: true}`

// fresh returns a body that nobody has sent, and its signature.
func fresh() (string, string) {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	body := hex.EncodeToString(b)
	return body, signed(secret, body)
}

func TestReplays(t *testing.T) {
	s := start(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Answer") {
		case "":
			rw.WriteHeader(http.StatusAccepted)
		case "fail":
			rw.WriteHeader(http.StatusServiceUnavailable)
		case "refuse":
			rw.WriteHeader(http.StatusNotFound)
		case "break off":
			connection, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				_ = connection.Close()
			}
		case "break off late":
			rw.Header().Set("Content-Length", "100")
			rw.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(rw, "half")
			panic(http.ErrAbortHandler)
		case "slow":
			time.Sleep(500 * time.Millisecond)
			rw.WriteHeader(http.StatusAccepted)
		}
	}, []gate{
		{name: "once", options: once},
		{name: "reject", options: `{provider: github, secrets: ["env:GH"], replay: {onDuplicate: reject}}`},
		{name: "forward", options: `{provider: github, secrets: ["env:GH"], replay: {onDuplicate: forward}}`},
		{name: "short", options: `{provider: github, secrets: ["env:GH"], replay: {window: 6s}}`},
	}, gateway.Settings{})
	arrivals := func(paths ...string) int {
		n := 0
		for _, path := range paths {
			n += len(s.backend.at(path))
		}
		return n
	}
	// duplicate checks that a request was not forwarded.
	duplicate := func(t *testing.T, a *answer, status int) {
		t.Helper()
		r := s.record(t, a.path)
		if a.StatusCode != status || r.Reason != "delivery_duplicate" || !r.Duplicate || arrivals(a.path) != 0 {
			t.Errorf("%s: %d, %+v", a.path, a.StatusCode, r)
		}
	}

	t.Run("one after the other", func(t *testing.T) {
		body, signature := fresh()
		if a := s.post(t, "once", body, signature, "X-GitHub-Delivery: 1"); a.StatusCode != http.StatusAccepted || arrivals(a.path) != 1 {
			t.Fatal(a.Status)
		}
		for _, client := range []struct {
			server string
			http2  bool
		}{{s.URL, false}, {s.TLSURL, true}} {
			for i := range 3 {
				r := s.request("once", body, signature, "X-GitHub-Delivery: "+fmt.Sprint(i), "X-GitHub-Event: other")
				address, _ := http.NewRequest(http.MethodPost, client.server+r.URL.Path, nil)
				r.URL, r.Host = address.URL, ""
				duplicate(t, exchange(t, clientFrom(t, "127.0.0.7", client.http2), r), http.StatusOK)
			}
		}
		// Another gate has its own memory, and another body is another delivery.
		if a := s.post(t, "reject", body, signature); a.StatusCode != http.StatusAccepted {
			t.Error(a.Status)
		}
		duplicate(t, s.post(t, "reject", body, signature), http.StatusConflict)
	})
	t.Run("forwarded and marked", func(t *testing.T) {
		body, signature := fresh()
		s.post(t, "forward", body, signature)
		a := s.post(t, "forward", body, signature)
		if r := s.record(t, a.path); a.StatusCode != http.StatusAccepted || r.Reason != "verified" || !r.Duplicate || arrivals(a.path) != 1 {
			t.Errorf("%d %+v", a.StatusCode, r)
		}
	})
	t.Run("given back", func(t *testing.T) {
		for _, answer := range []string{"fail", "refuse", "break off"} {
			body, signature := fresh()
			for range 3 {
				a := s.post(t, "once", body, signature, "X-Answer: "+answer)
				if a.StatusCode < 400 || arrivals(a.path) != 1 {
					t.Errorf("%s: %d, arrived %d times", answer, a.StatusCode, arrivals(a.path))
				}
			}
			if a := s.post(t, "once", body, signature); a.StatusCode != http.StatusAccepted {
				t.Errorf("%s: the attempt that would succeed: %d", answer, a.StatusCode)
			}
			duplicate(t, s.post(t, "once", body, signature), http.StatusOK)
		}
	})
	t.Run("taken, and the answer broke off", func(t *testing.T) {
		body, signature := fresh()
		_, _ = s.client.Do(s.request("once", body, signature, "X-Answer: break off late"))
		eventually(t, "the delivery is settled", func() bool {
			return s.post(t, "once", body, signature).StatusCode == http.StatusOK
		})
	})
	t.Run("at once", func(t *testing.T) {
		for range 5 {
			body, signature := fresh()
			var forwarded, inFlight, acknowledged atomic.Int64
			var wait sync.WaitGroup
			for range 50 {
				r := s.request("once", body, signature, "X-Answer: slow")
				wait.Add(1)
				go func() {
					defer wait.Done()
					response, err := s.client.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					_ = response.Body.Close()
					switch response.StatusCode {
					case http.StatusAccepted:
						forwarded.Add(1)
					case http.StatusConflict:
						inFlight.Add(1)
						if response.Header.Get("Retry-After") != "1" {
							t.Errorf("%v", response.Header)
						}
					case http.StatusOK:
						acknowledged.Add(1) // it came when the first was through
					}
				}()
			}
			wait.Wait()
			if forwarded.Load() != 1 || inFlight.Load() == 0 || inFlight.Load()+acknowledged.Load() != 49 {
				t.Errorf("%d forwarded, %d told to wait, %d acknowledged", forwarded.Load(), inFlight.Load(), acknowledged.Load())
			}
			duplicate(t, s.post(t, "once", body, signature), http.StatusOK)
		}
	})
	t.Run("over reloads", func(t *testing.T) {
		body, signature := fresh()
		s.post(t, "once", body, signature)
		for reload := range 10 {
			s.configure(t, "reload", []gate{{name: "reload", options: `{provider: github, secrets: ["env:GH"], maxBodyBytes: ` + fmt.Sprint(1000+reload) + `}`}})
			duplicate(t, s.post(t, "once", body, signature), http.StatusOK)
		}
	})
	t.Run("after the window", func(t *testing.T) {
		body, signature := fresh()
		s.post(t, "short", body, signature)
		duplicate(t, s.post(t, "short", body, signature), http.StatusOK)
		time.Sleep(6100 * time.Millisecond)
		if a := s.post(t, "short", body, signature); a.StatusCode != http.StatusAccepted {
			t.Error(a.Status)
		}
	})
	t.Run("what was never verified", func(t *testing.T) {
		body, signature := fresh()
		for range 100 {
			s.refused(t, s.post(t, "once", body, "X-Hub-Signature-256: sha256=0000000000000000000000000000000000000000000000000000000000000000"), http.StatusUnauthorized, "signature_mismatch")
		}
		if a := s.post(t, "once", body, signature); a.StatusCode != http.StatusAccepted {
			t.Error(a.Status)
		}
	})
}

// With Traefik's own retry before the gate, one delivery is several attempts, of
// which the gate forwards each that the one before it did not succeed in.
func TestReplayBehindRetries(t *testing.T) {
	var attempts atomic.Int64
	s := start(t, nil, []gate{{name: "retried", options: once, server: "http://127.0.0.1:1"}}, gateway.Settings{})
	address := testkit.Addresses(t, 1)[0]
	err := s.Configure("retry.yml", "http: {middlewares: {again: {retry: {attempts: 20, initialInterval: 100ms}}}, routers: {again: {rule: \"PathPrefix(`/again/`)\", service: late, middlewares: [again, retried@file]}}, "+
		"services: {late: {loadBalancer: {servers: [{url: \"http://"+address+"\"}]}}}}\n")
	if err != nil {
		t.Fatal(err)
	}
	body, signature := fresh()
	go func() {
		time.Sleep(700 * time.Millisecond)
		listener, err := net.Listen("tcp", address)
		if err == nil {
			_ = http.Serve(listener, http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { attempts.Add(1) }))
		}
	}()
	eventually(t, "the delivery succeeds", func() bool {
		response, err := s.client.Do(s.request("again", body, signature))
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK && attempts.Load() > 0
	})
	if attempts.Load() != 1 {
		t.Errorf("arrived %d times", attempts.Load())
	}
	s.paths = nil // one request has left several records
}

// The backend is killed and comes back in the middle of it all. Every delivery
// that a sender goes on sending arrives, and none that was answered 2xx twice.
func TestReplayLosesNothing(t *testing.T) {
	type ledger struct {
		mu  sync.Mutex
		ids map[string]int
	}
	taken := &ledger{ids: map[string]int{}}
	down := &atomic.Bool{}
	s := start(t, func(rw http.ResponseWriter, r *http.Request) {
		if down.Load() {
			connection, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				_ = connection.Close()
			}
			return
		}
		taken.mu.Lock()
		taken.ids[r.Header.Get("X-Id")]++
		taken.mu.Unlock()
	}, []gate{{name: "once", options: once}}, gateway.Settings{})
	stop := make(chan bool)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				down.Store(i%2 == 0)
			}
		}
	}()
	go func() {
		for reload := 0; ; reload++ {
			select {
			case <-stop:
				return
			case <-time.After(150 * time.Millisecond):
				_ = s.Configure("noise.yml", fmt.Sprintf("http: {middlewares: {noise%d: {stripPrefix: {prefixes: [/x]}}}}\n", reload))
			}
		}
	}()
	const workers, each = 8, 60
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range each {
				body := fmt.Sprintf("delivery %d of %d", i, w)
				id := fmt.Sprintf("%d-%d", w, i)
				for range 500 {
					r := s.request("once", body, signed(secret, body), "X-Id: "+id)
					response, err := s.client.Do(r)
					if err != nil {
						continue
					}
					_ = response.Body.Close()
					if response.StatusCode < 300 {
						break
					}
					time.Sleep(5 * time.Millisecond)
				}
			}
		}()
	}
	wait.Wait()
	close(stop)
	for w := range workers {
		for i := range each {
			if n := taken.ids[fmt.Sprintf("%d-%d", w, i)]; n != 1 {
				t.Errorf("delivery %d of %d was taken %d times", i, w, n)
			}
		}
	}
}

// A restart forgets nothing that has a directory, be it the end of a process that
// was asked to go, or not.
func TestReplaysOverARestart(t *testing.T) {
	options := `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + t.TempDir() + `/state}`
	body, signature := fresh()
	first := start(t, nil, []gate{{name: "kept", options: options}, {name: "lost", options: once}}, gateway.Settings{})
	for _, gate := range []string{"kept", "lost"} {
		if a := first.post(t, gate, body, signature); a.StatusCode != http.StatusOK {
			t.Fatal(a.Status)
		}
	}
	first.Kill()
	again := start(t, nil, []gate{{name: "kept", options: options}, {name: "lost", options: once}}, gateway.Settings{})
	a := again.post(t, "kept", body, signature)
	if r := again.record(t, a.path); r.Reason != "delivery_duplicate" || len(again.backend.at(a.path)) != 0 {
		t.Errorf("%+v", r)
	}
	again.passed(t, again.post(t, "lost", body, signature))
}
