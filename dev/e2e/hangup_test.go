package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// counter is a backend that counts how often it has done each delivery, by its body.
type counter struct {
	mu    sync.Mutex
	begun map[string]int
	done  map[string]int
}

func newCounter() *counter {
	return &counter{begun: map[string]int{}, done: map[string]int{}}
}

func (c *counter) counts(id string) (int, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun[id], c.done[id]
}

// ServeHTTP works for 0.3 s, whether anybody waits for it or not.
func (c *counter) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("X-Id")
	c.mu.Lock()
	c.begun[id]++
	c.mu.Unlock()
	status, streams := strings.CutSuffix(r.Header.Get("X-Answer"), " at once")
	code, err := strconv.Atoi(status)
	if err != nil {
		code = http.StatusOK
	}
	if streams {
		rw.WriteHeader(code)
		_, _ = io.WriteString(rw, "begins")
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
		return
	}
	time.Sleep(300 * time.Millisecond)
	c.mu.Lock()
	c.done[id]++
	c.mu.Unlock()
	rw.WriteHeader(code)
}

// over sends a request by one of the protocols.
func (s *site) over(protocol string, r *http.Request) *http.Request {
	if strings.HasSuffix(protocol, "TLS") {
		r.URL.Scheme, r.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
	}
	return r
}

// hangUp sends a request and leaves once the backend has it.
func (c *counter) hangUp(t *testing.T, client *http.Client, r *http.Request) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	go func() {
		for begun := 0; begun == 0 && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
			begun, _ = c.counts(r.Header.Get("X-Id"))
		}
		leave()
	}()
	if response, err := client.Do(r.WithContext(ctx)); err == nil {
		_ = response.Body.Close()
		t.Fatalf("it has waited, and got %d", response.StatusCode)
	}
}

// A sender that hangs up while the backend is at work, again and again, has it work once.
func TestCallersWhoHangUp(t *testing.T) {
	c := newCounter()
	stripe := func(body string) string {
		at := fmt.Sprint(time.Now().Unix())
		return fmt.Sprintf("Stripe-Signature: t=%s,v1=%x", at, testkit.HMAC(secret, at+"."+body))
	}
	github := func(body string) string { return signed(secret, body) }
	s := start(t, c.ServeHTTP, []gate{
		{name: "once", options: once},
		{name: "required", options: `{provider: github, secrets: ["env:GH"], replay: {required: true, window: 24h}}`},
		{name: "stripe", options: `{provider: stripe, secrets: ["env:GH"], replay: true}`},
		{name: "down", options: once, server: "http://127.0.0.1:1"},
	}, gateway.Settings{})
	inFlight := func(t *testing.T, client *http.Client, r *http.Request) {
		t.Helper()
		a := exchange(t, client, r)
		if record := s.record(t, a.path); a.StatusCode != http.StatusConflict || a.Header.Get("Retry-After") != "1" || record.Reason != "delivery_in_flight" {
			t.Errorf("%d %v, %+v", a.StatusCode, a.Header, record)
		}
	}
	for protocol, client := range protocols() {
		for name, sign := range map[string]func(string) string{"once": github, "required": github, "stripe": stripe} {
			t.Run(name+", "+protocol, func(t *testing.T) {
				id, _ := fresh()
				signature := sign(id)
				request := func() *http.Request {
					return s.over(protocol, s.request(name, id, signature, "X-Id: "+id))
				}
				c.hangUp(t, client, request())
				for range 3 {
					inFlight(t, client, request())
				}
				testkit.Await(t, "the backend is done", func() bool {
					_, done := c.counts(id)
					return done > 0
				})
				inFlight(t, client, request())
				if begun, done := c.counts(id); begun != 1 || done != 1 {
					t.Errorf("the backend has begun it %d times, and done it %d times", begun, done)
				}
			})
		}
		// What the backend has answered decides, however the sender goes.
		for answer, times := range map[string]int{"503 at once": 2, "200 at once": 1} {
			t.Run("hung up after "+answer+", "+protocol, func(t *testing.T) {
				id, signature := fresh()
				ctx, leave := context.WithCancel(context.Background())
				response, err := client.Do(s.over(protocol, s.request("once", id, signature, "X-Id: "+id, "X-Answer: "+answer)).WithContext(ctx))
				if err != nil {
					t.Fatal(err)
				}
				leave()
				_ = response.Body.Close()
				eventually(t, "the claim is settled", func() bool {
					a := exchange(t, client, s.over(protocol, s.request("once", id, signature, "X-Id: "+id)))
					return a.StatusCode == http.StatusOK
				})
				if begun, _ := c.counts(id); begun != times {
					t.Errorf("the backend has it %d times", begun)
				}
			})
		}
	}
	t.Run("with a timeout", func(t *testing.T) {
		id, signature := fresh()
		for range 4 {
			ctx, leave := context.WithTimeout(context.Background(), 150*time.Millisecond)
			response, err := s.client.Do(s.request("once", id, signature, "X-Id: "+id).WithContext(ctx))
			if err == nil {
				_ = response.Body.Close()
			}
			leave()
		}
		testkit.Await(t, "the backend is done", func() bool {
			_, done := c.counts(id)
			return done > 0
		})
		if begun, done := c.counts(id); begun != 1 || done != 1 {
			t.Errorf("the backend has begun it %d times, and done it %d times", begun, done)
		}
	})
	t.Run("nobody is there, and the sender waits", func(t *testing.T) {
		body, signature := fresh()
		for range 3 {
			if a := s.post(t, "down", body, signature); a.StatusCode != http.StatusBadGateway {
				t.Errorf("%d", a.StatusCode)
			}
		}
	})
}

// What one Traefik has in flight so, another one does not pass.
func TestCallersWhoHangUpOnOneOfTwo(t *testing.T) {
	server := stores.Redis(t)
	c := newCounter()
	p := startPair(t, []gate{{name: "once", options: shared(server.Address, `, readTimeout: 5s}, replay: {required: true}}`)}}, c.ServeHTTP)
	body, signature := fresh()
	c.hangUp(t, p.sites[0].client, p.sites[0].request("once", body, signature, "X-Id: "+body))
	testkit.Await(t, "the backend is done", func() bool {
		_, done := c.counts(body)
		return done > 0
	})
	for range 2 {
		for _, s := range p.sites {
			a := s.post(t, "once", body, signature, "X-Id: "+body)
			if r := s.record(t, a.path); a.StatusCode != http.StatusConflict || r.Reason != "delivery_in_flight" {
				t.Errorf("%d, %+v", a.StatusCode, r)
			}
		}
	}
	if n := p.times(body); n != 1 {
		t.Errorf("the backend has it %d times", n)
	}
	keys := strings.Fields(server.Do(t, "KEYS", "hookward:delivery:*"))
	if len(keys) != 1 {
		t.Fatal(keys)
	}
	if left, _ := strconv.Atoi(server.Do(t, "PTTL", keys[0])); left < 100_000 || left > 120_000 {
		t.Errorf("it ends in %d ms", left)
	}
}
