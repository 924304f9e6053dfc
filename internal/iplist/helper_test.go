package iplist

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/ipset"
)

var testTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// teller collects what lists say.
type teller struct {
	mu    sync.Mutex
	lines []string
}

// of returns the function that lists speak to. Not a method's value: lists keep
// it.
func of(s *teller) func(level, message string, now time.Time) {
	return func(level, message string, _ time.Time) {
		s.mu.Lock()
		s.lines = append(s.lines, level+": "+message)
		s.mu.Unlock()
	}
}

// take returns what was said since the last time.
func take(s *teller) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(s.lines, "\n")
	s.lines = nil
	return text
}

// origin is a server whose answer a test changes.
type origin struct {
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  int
	saved  int // answers of 304
	last   http.Header
}

func newOrigin(t *testing.T) (*origin, string) {
	t.Helper()
	o := &origin{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		answer := o.answer
		o.asked++
		o.last = r.Header.Clone()
		o.mu.Unlock()
		answer(rw, r)
	}))
	t.Cleanup(server.Close)
	return o, server.URL
}

func serve(o *origin, answer http.HandlerFunc) {
	o.mu.Lock()
	o.answer = answer
	o.mu.Unlock()
}

// serveText answers with a list, and knows its versions.
func serveText(o *origin, text string) {
	serve(o, func(rw http.ResponseWriter, r *http.Request) {
		tag := fmt.Sprintf(`"%d"`, len(text))
		rw.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			o.mu.Lock()
			o.saved++
			o.mu.Unlock()
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = rw.Write([]byte(text))
	})
}

// newList returns a list that no timer updates.
func newList(t *testing.T, s Source) (*List, *teller) {
	t.Helper()
	s, problems, _ := Complete(s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	said := &teller{}
	return &List{Name: nameOf(s), source: s, tell: of(said), running: true, ctx: context.Background()}, said
}

// has says what Look says of an address.
func has(l *List, address string) string {
	found := Look(l, ipset.Key(netip.MustParseAddr(address)))
	return map[int]string{Unknown: "unknown", Outside: "outside", Inside: "inside"}[found]
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}
