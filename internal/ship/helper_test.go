package ship

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/internal/outbox"
)

// Three records, as they are written.
const (
	first  = `{"@timestamp":"2026-11-25T01:50:44.123456Z","event.id":"5f1c-1","event.sequence":1,"event.type":["allowed"],"event.reason":"verified","hookward.decision":"pass"}`
	second = `{"@timestamp":"2026-11-25T01:50:45Z","event.id":"5f1c-2","event.sequence":2,"event.type":["denied"],"event.reason":"bad_signature","hookward.decision":"refuse","url.path":"/<é>"}`
	third  = `{"@timestamp":"2026-11-25T01:50:46.5Z","event.id":"5f1c-3","event.type":["allowed"]}`
)

func three() [][]byte {
	return [][]byte{[]byte(first), []byte(second), []byte(third)}
}

// request is what a receiver has got.
type request struct {
	line   string // method and URI
	header http.Header
	body   string
}

// receiver is a server whose answer a test changes.
type receiver struct {
	mu     sync.Mutex
	answer http.HandlerFunc
	got    []request
	peers  map[string]bool
}

func newReceiver(t *testing.T) (*receiver, string) {
	t.Helper()
	r := &receiver{peers: map[string]bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, asked *http.Request) {
		body, _ := io.ReadAll(asked.Body)
		r.mu.Lock()
		answer := r.answer
		r.got = append(r.got, request{line: asked.Method + " " + asked.RequestURI, header: asked.Header.Clone(), body: string(body)})
		r.peers[asked.RemoteAddr] = true
		r.mu.Unlock()
		answer(rw, asked)
	}))
	t.Cleanup(server.Close)
	answerWith(r, 200, "")
	return r, server.URL
}

func serve(r *receiver, answer http.HandlerFunc) {
	r.mu.Lock()
	r.answer = answer
	r.mu.Unlock()
}

func answerWith(r *receiver, status int, body string) {
	serve(r, func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	})
}

// take returns the requests since the last time.
func take(r *receiver) []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// one returns the only request since the last time.
func one(t *testing.T, r *receiver) request {
	t.Helper()
	got := take(r)
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	return got[0]
}

func newSender(t *testing.T, target Target) *Sender {
	t.Helper()
	target, problems, _ := Complete(target)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := New(target)
	t.Cleanup(func() { Close(s) })
	return s
}

// told writes an outcome in one line, such as "later 1 2, smaller, wait 3s:
// PROBLEM"; records have the last digits of their identifiers.
func told(o outbox.Outcome) string {
	parts := []string{}
	if len(o.Later) > 0 {
		parts = append(parts, "later"+names(o.Later))
	}
	if len(o.Refused) > 0 {
		parts = append(parts, "refused"+names(o.Refused))
	}
	if o.Smaller {
		parts = append(parts, "smaller")
	}
	if o.Wait > 0 {
		parts = append(parts, "wait "+o.Wait.String())
	}
	if len(parts) == 0 {
		parts = append(parts, "taken")
	}
	text := strings.Join(parts, ", ")
	if o.Problem != "" {
		text += ": " + o.Problem
	}
	return text
}

func names(records [][]byte) string {
	text := ""
	for _, record := range records {
		e := read(record)
		if e == nil {
			text += " ?"
		} else {
			text += " " + strings.TrimPrefix(e.id, "5f1c-")
		}
	}
	return text
}

// shortened replaces the address of a test's server.
func shortened(text, address string) string {
	return strings.ReplaceAll(text, address, "URL")
}

// expect sends the three records, and compares what has become of them.
func expect(t *testing.T, name string, s *Sender, address, want string) {
	t.Helper()
	if got := shortened(told(Send(s, three())), address); got != want {
		t.Errorf("%s:\n got %s\nwant %s", name, got, want)
	}
}
