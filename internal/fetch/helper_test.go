package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var testTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// teller collects what documents say.
type teller struct {
	mu    sync.Mutex
	lines []string
}

// of returns the function that documents speak to. Not a method's value: they keep
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

// rules are those of the tests' documents. A busy machine keeps no good answer back for so
// long.
var rules = Rules{Timeout: 20 * time.Second, MaxBytes: 100_000, PlainHTTP: true, Redirects: true}

// testSource completes a source. Its documents are lines, none of which may begin
// with an x.
func testSource(s Source) Source {
	s.Kind = "list"
	s.Name, _, _ = strings.Cut(s.URL+s.File, "?")
	s.ContentKey = s.URL + s.File
	s.Key = fmt.Sprint(s.ContentKey, s.Refresh)
	if s.Rules.MaxBytes == 0 {
		s.Rules = rules
	}
	if s.Refresh == 0 {
		s.Refresh = time.Hour
	}
	s.Read = func(content []byte, before any) (any, string) {
		switch {
		case len(content) == 0:
			return nil, "is empty"
		case content[0] == 'x':
			return nil, "is wrong"
		case before != nil && 4*len(content) < len(before.(string)):
			return nil, "has shrunk"
		}
		return string(content), ""
	}
	s.Describe = func(value any) string { return fmt.Sprint(strings.Count(value.(string), "\n"), " lines") }
	return s
}

// newDocument returns a document that no timer updates.
func newDocument(t *testing.T, s Source) (*Document, *teller) {
	t.Helper()
	said := &teller{}
	s = testSource(s)
	s.Tell = of(said)
	return &Document{source: s, running: true, ctx: context.Background()}, said
}

// has says whether a line is in what a document has in force.
func has(d *Document, line string) string {
	value := Value(d)
	if value == nil {
		return "unknown"
	}
	if strings.Contains("\n"+value.(string), "\n"+line+"\n") {
		return "inside"
	}
	return "outside"
}
