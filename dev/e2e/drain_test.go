package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// unread are gates that refuse before they read the body.
var unread = []struct {
	gate, options, method string
	status                int
	reason                string
}{
	{"limited", `{provider: github, secrets: ["env:GH"], rateLimit: {average: 1, period: 24h, burst: 1}}`, "POST", http.StatusTooManyRequests, "rate_limited"},
	{"denied", `{provider: github, secrets: ["env:GH"], denylist: {sourceRange: ["127.0.0.1"]}}`, "POST", http.StatusForbidden, "client_denied"},
	{"outside", `{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: ["192.0.2.1"]}}`, "POST", http.StatusForbidden, "client_not_allowed"},
	{"gh", github, "PUT", http.StatusMethodNotAllowed, "method_not_allowed"},
	{"small", `{provider: github, secrets: ["env:GH"], maxBodyBytes: 10}`, "POST", http.StatusRequestEntityTooLarge, "body_too_large"},
}

// TestDrain checks what a refusal costs the sender whose body was not read: nothing
// where the rest is small and comes, the connection where it is large or stalls.
func TestDrain(t *testing.T) {
	gates := []gate{{name: "good", options: github}}
	for _, c := range unread {
		gates = append(gates, gate{name: c.gate, options: c.options})
	}
	s := start(t, nil, gates, gateway.Settings{})
	s.passed(t, s.post(t, "limited", hello, helloSignature)) // the one that the limit lets pass

	for _, c := range unread {
		head := func(path, framing string) string {
			return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: hooks.example.com\r\n%s\r\n\r\n", c.method, path, framing)
		}
		refused := func(t *testing.T, w *wire, path string) *answer {
			t.Helper()
			w.path = path
			a := w.final(t)
			s.refused(t, a, c.status, c.reason)
			return a
		}
		// ended checks that Traefik closes, whatever of the body it has not read.
		ended := func(t *testing.T, w *wire) {
			t.Helper()
			if n, err := io.Copy(io.Discard, w.reader); n > 0 || err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("after the answer come %d bytes, %v, and no end", n, err)
			}
		}
		for name, body := range map[string][2]string{
			"small":             {"Content-Length: 13", hello},
			"largest":           {"Content-Length: 65536", strings.Repeat("x", 65536)},
			"chunked":           {"Transfer-Encoding: chunked", "d\r\n" + hello + "\r\n0\r\n\r\n"},
			"chunked, trailers": {"Transfer-Encoding: chunked", "d\r\n" + hello + "\r\n0\r\nX-Checksum: a\r\n\r\n"},
		} {
			if c.reason == "body_too_large" && strings.HasPrefix(name, "chunked") {
				continue // its length is known once it was read
			}
			t.Run(c.gate+", "+name, func(t *testing.T) {
				w := s.connect(t)
				for range 3 {
					path := s.path(c.gate)
					w.send(t, head(path, body[0])+body[1])
					if a := refused(t, w, path); a.Close {
						t.Fatalf("the connection is given up: %v", a.Header)
					}
				}
				// What follows on the connection is read from its beginning.
				w.path = s.path("good")
				w.send(t, "POST "+w.path+" HTTP/1.1\r\nHost: hooks.example.com\r\n"+helloSignature+"\r\nContent-Length: 13\r\n\r\n"+hello)
				s.passed(t, w.final(t))
			})
		}
		for name, body := range map[string][2]string{
			"stalls":         {"Content-Length: 13", hello[:12]},
			"stalls, silent": {"Content-Length: 13", ""},
			"large":          {"Content-Length: 65537", ""},
			"not sent yet":   {"Content-Length: 13\r\nExpect: 100-continue", ""},
		} {
			t.Run(c.gate+", "+name, func(t *testing.T) {
				w := s.connect(t)
				path := s.path(c.gate)
				w.send(t, head(path, body[0])+body[1])
				w.path = path
				a := w.receive(t) // no interim answer asks for the body
				s.refused(t, a, c.status, c.reason)
				if !a.Close {
					t.Errorf("the answer does not say that the connection ends: %v", a.Header)
				}
				if strings.HasPrefix(name, "stalls") {
					ended(t, w) // else the server waits for the body, as long as Traefik's readTimeout lasts
				}
			})
		}
		if c.reason == "body_too_large" {
			continue
		}
		t.Run(c.gate+", chunks without an end", func(t *testing.T) {
			w := s.connect(t)
			path := s.path(c.gate)
			w.send(t, head(path, "Transfer-Encoding: chunked")+"20000\r\n"+strings.Repeat("x", 0x20000)+"\r\n")
			if a := refused(t, w, path); !a.Close {
				t.Errorf("the answer does not say that the connection ends: %v", a.Header)
			}
		})
	}
	t.Run("HEAD, stalls", func(t *testing.T) {
		w := s.connect(t)
		w.send(t, "HEAD "+s.path("gh")+" HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: 13\r\n\r\n")
		text, err := io.ReadAll(w.reader)
		if head, body, _ := strings.Cut(string(text), "\r\n\r\n"); err != nil || !strings.HasPrefix(head, "HTTP/1.1 405 ") || body != "" {
			t.Errorf("%q, %v", text, err)
		}
	})
}

// A gate behind another one can't take the connection away from a read that stalls: so it
// must not read, or the connection would stay for good.
func TestDrainBehindAGate(t *testing.T) {
	s := start(t, nil, nil, gateway.Settings{EntryPoint: "transport: {respondingTimeouts: {readTimeout: 2s}}"})
	gates := "    outer: {plugin: {hookward: {provider: github, secrets: [\"env:GH\"], observeOnly: true, denylist: {sourceRange: [\"127.0.0.1\"]}}}}\n" +
		"    inner: {plugin: {hookward: {provider: github, secrets: [\"env:GH\"], denylist: {sourceRange: [\"127.0.0.1\"]}}}}\n"
	err := s.Configure("chain.yml", "http:\n  routers:\n    chain: {rule: \"Path(`/chain`)\", service: noop@internal, middlewares: [outer, inner]}\n  middlewares:\n"+gates)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the chain is there", func() bool {
		response, err := s.client.Post(s.URL+"/chain", "text/plain", strings.NewReader(hello))
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusForbidden
	})
	w := s.connect(t)
	w.send(t, "POST /chain HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: 13\r\n\r\n")
	text, err := io.ReadAll(w.reader)
	if err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 403 ") || !strings.Contains(string(text), "\r\nConnection: close\r\n") {
		t.Errorf("%q, %v, and no end", text, err)
	}
}
