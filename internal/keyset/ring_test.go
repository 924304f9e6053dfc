package keyset

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
)

// desk is a server that is asked for single keys, as Plaid's.
type desk struct {
	mu      sync.Mutex
	keys    map[string]string // what is answered, by the id
	asked   int
	status  int // of all answers, or 0
	hangs   bool
	release chan bool
}

func newDesk(t *testing.T) (*desk, Source) {
	t.Helper()
	d := &desk{keys: map[string]string{}, release: make(chan bool)}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		question := map[string]string{}
		_ = json.NewDecoder(r.Body).Decode(&question)
		d.mu.Lock()
		d.asked++
		answer, there := d.keys[question["key_id"]]
		status, hangs := d.status, d.hangs
		d.mu.Unlock()
		switch {
		case hangs:
			<-d.release
		case status != 0:
			rw.WriteHeader(status)
		case question["client_id"] != "id" || question["secret"] != "the secret" || !there || r.Method != http.MethodPost:
			rw.WriteHeader(http.StatusBadRequest)
		default:
			_, _ = io.WriteString(rw, answer)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(d.release) })
	return d, Source{JWKSOptions: config.JWKSOptions{URL: server.URL + "/get", PerKey: true, ClientID: "id", ClientSecret: "the secret", PlainHTTP: true, MaxStale: 24 * time.Hour}}
}

func (d *desk) set(change func()) {
	d.mu.Lock()
	change()
	d.mu.Unlock()
}

func (d *desk) times() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

// plaidKey is the answer for a key.
func plaidKey(t *testing.T, id, expires string) string {
	return `{"key":{"alg":"ES256","created_at":1560466143,` + point(t) + `,"expired_at":` + expires + `,"kid":"` + id + `","use":"sig"},"request_id":"x"}`
}

func TestRing(t *testing.T) {
	d, source := newDesk(t)
	now := time.Now()
	d.keys["a"] = plaidKey(t, "a", "null")
	d.keys["old"] = plaidKey(t, "old", fmt.Sprint(now.Add(-time.Hour).Unix()))
	d.keys["ending"] = plaidKey(t, "ending", fmt.Sprint(now.Add(time.Hour).Unix()))
	d.keys["other"] = plaidKey(t, "a", "null")
	d.keys["none"] = `{"key":null}`
	d.keys["nonsense"] = `<html>`
	l := &log{}
	s := Use(context.Background(), source, tellTo(l), now)
	for _, c := range []struct {
		id, algorithm string
		after         time.Duration
		want          string
		asked         int
	}{
		{"b", "ES256", 0, "unavailable", 1}, // nobody has said that the credentials are right
		{"a", "ES256", 0, "a/P-256", 2},
		{"a", "ES256", time.Hour, "a/P-256", 2},
		{"a", "RS256", time.Hour, "misfit", 2},
		{"b", "ES256", 0, "unknown", 3},
		{"b", "ES256", time.Minute, "unknown", 3},
		{"b", "ES256", absence + time.Second, "unknown", 4},
		{"old", "ES256", 0, "unknown", 5},
		{"ending", "ES256", 0, "ending/P-256", 6},
		{"ending", "ES256", 59 * time.Minute, "ending/P-256", 6},
		{"ending", "ES256", 61 * time.Minute, "unknown", 6},
		{"other", "ES256", 0, "unavailable", 7},
		{"none", "ES256", 0, "unavailable", 8},
		{"nonsense", "ES256", 0, "unavailable", 9},
		{"", "ES256", 0, "unknown", 9},
		{"../a", "ES256", 0, "unknown", 9},
		{"a\n", "ES256", 0, "unknown", 9},
		{strings.Repeat("a", 65), "ES256", 0, "unknown", 9},
		{"a", "ES256", keyLife + time.Second, "a/P-256", 10},
	} {
		if got := find(s, c.id, c.algorithm, now.Add(c.after)); got != c.want || d.times() != c.asked {
			t.Errorf("%q after %v: %s, asked %d times, want %s, %d", c.id, c.after, got, d.times(), c.want, c.asked)
		}
	}
	// What is known counts while it can't be had.
	d.set(func() { d.status = http.StatusBadGateway })
	later := now.Add(2*keyLife + time.Minute)
	if got := find(s, "a", "ES256", later); got != "a/P-256" {
		t.Error(got)
	}
	if got := find(s, "a", "ES256", later.Add(2*keyLife)); got != "unavailable" {
		t.Error(got)
	}
	if text := said(l); !strings.Contains(text, "has another id") || !strings.Contains(text, "the answer is 502") || strings.Contains(text, "the secret") {
		t.Error(text)
	}
	// A reload has the same keys.
	asked := d.times()
	d.set(func() { d.status = 0 })
	if got := find(Use(context.Background(), source, tellTo(l), now), "ending", "ES256", now); got != "ending/P-256" || d.times() != asked {
		t.Error(got)
	}
}

// However many ids strangers think of, there is one question in minRefresh.
func TestRingOfManyIDs(t *testing.T) {
	d, source := newDesk(t)
	d.keys["a"] = plaidKey(t, "a", "null")
	source.MinRefresh = time.Hour
	s := Use(context.Background(), source, tellTo(&log{}), time.Now())
	expect(t, s, "a", "ES256", "a/P-256")
	for i := 0; i < 1000; i++ {
		expect(t, s, fmt.Sprint("junk", i), "ES256", "unavailable")
	}
	expect(t, s, "a", "ES256", "a/P-256")
	if d.times() != 1 {
		t.Errorf("asked %d times", d.times())
	}
}

// All who ask for one key at once wait for one answer; who asks for another one does not.
func TestRingIsAskedOnce(t *testing.T) {
	d, source := newDesk(t)
	d.keys["a"] = plaidKey(t, "a", "null")
	d.hangs = true
	source.MinRefresh = time.Hour
	s := Use(context.Background(), source, tellTo(&log{}), time.Now())
	outcomes := make(chan string, 20)
	for i := 0; i < 20; i++ {
		go findOnce(s, outcomes)
	}
	for deadline := time.Now().Add(30 * time.Second); d.times() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	expect(t, s, "b", "ES256", "unavailable")
	for i := 0; i < 20; i++ {
		if outcome := <-outcomes; outcome != "unavailable" {
			t.Error(outcome)
		}
	}
	if d.times() != 1 {
		t.Errorf("asked %d times", d.times())
	}
}

func findOnce(s *Set, outcomes chan string) {
	outcomes <- find(s, "a", "ES256", time.Now())
}
