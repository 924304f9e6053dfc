package hookward

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/verdict"
)

// limitedTo gives bodies a memory of their own for a test, once those of others are read.
func limitedTo(t *testing.T, limit int64) {
	t.Helper()
	await.Until(t, "all bodies of others are read", isNobodyReading)
	before := bodies
	bodies = budget.New()
	budget.SetLimit(bodies, limit)
	t.Cleanup(func() {
		await.Until(t, "all bodies are read", isNobodyReading)
		bodies = before
	})
}

func isNobodyReading() bool { return heldBytes() == 0 }

// stalling is a body of which all has come but the end, until it is let go.
type stalling struct {
	first *strings.Reader
	told  bool
	event chan bool // a word once the first part was read
	end   chan bool
}

// newStalling returns the interface: Yaegi would let them all become the last.
func newStalling(text string, event, end chan bool) io.ReadCloser {
	return &stalling{first: strings.NewReader(text), event: event, end: end}
}

func (s *stalling) Read(p []byte) (int, error) {
	if s.first.Len() > 0 {
		return s.first.Read(p)
	}
	if !s.told {
		s.told = true
		s.event <- true
	}
	<-s.end
	return 0, io.ErrUnexpectedEOF
}

func (s *stalling) Close() error { return nil }

func sendStalling(h http.Handler, r *http.Request, codes chan int, event chan bool) {
	codes <- serve(h, r).Code
	event <- true
}

// Oracle: what is held is at most the limit. One source that stalls gets 503 in the end,
// another is served all the while, and when all is over nothing is held.
func TestBodiesThatStall(t *testing.T) {
	capture(t)
	options := hooktest.GithubOptions()
	options["bodyTimeout"] = "1h"
	h := newTestHandler(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), options)
	limitedTo(t, 4<<20)
	end := make(chan bool)
	codes := make(chan int, 100)
	for i := 0; i < 100; i++ {
		event := make(chan bool, 2)
		r := hooktest.NewPost("")
		r.Body = newStalling(strings.Repeat("x", 1<<19), event, end)
		r.ContentLength = 1 << 20
		go sendStalling(h, r, codes, event)
		<-event // one after another, so that each has what it gets
		if held := heldBytes(); held > 4<<20 {
			t.Fatalf("%d bytes are held of %d", held, 4<<20)
		}
	}
	if n := len(codes); n < 90 {
		t.Errorf("of 100 that stall with 1 MiB, %d were refused", n)
	}
	for len(codes) > 0 {
		if code := <-codes; code != http.StatusServiceUnavailable {
			t.Errorf("a body for which there is no memory gets %d", code)
		}
	}
	body := strings.Repeat("y", 1<<19)
	r := hooktest.NewPost(body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body))
	r.RemoteAddr = "198.51.100.7:1"
	if rw := serve(h, r); rw.Code != http.StatusOK {
		t.Errorf("another source gets %d", rw.Code)
	}
	close(end)
	await.Until(t, "all is over", func() bool { return heldBytes() == 0 })
}

// However a request ends, its body's memory comes back.
func TestMemoryComesBack(t *testing.T) {
	capture(t)
	panics := newTestHandler(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), hooktest.GithubOptions())
	passes := newTestHandler(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), hooktest.GithubOptions())
	observed := hooktest.GithubOptions()
	observed["observeOnly"] = "true"
	observes := newTestHandler(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), observed)
	late := hooktest.GithubOptions()
	late["bodyTimeout"] = "1ms"
	gives := newTestHandler(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), late)
	limitedTo(t, 64<<20)
	end := make(chan bool)
	for _, size := range []int{13, intake.Small + 1, firstBuffer + 1, middleBody + 1, largeBody, largeBody + 1, 5 << 20} {
		text := strings.Repeat("x", size)
		signature := "X-Hub-Signature-256: sha256=" + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, text)
		for _, length := range []int64{int64(size), -1, int64(size) + 1} {
			for _, h := range []http.Handler{panics, passes, observes} {
				r := hooktest.NewPost(text, signature)
				r.ContentLength = length
				func() {
					defer func() { _ = recover() }()
					serve(h, r)
				}()
				if held := heldBytes(); held != 0 {
					t.Fatalf("%d bytes, Content-Length %d: %d are held afterwards", size, length, held)
				}
			}
			r := hooktest.NewPost("")
			r.Body = newStalling(text, make(chan bool, 1), end)
			r.ContentLength = int64(size) + 1
			if rw := serve(gives, r); rw.Code != http.StatusRequestTimeout {
				t.Errorf("a body that is late gets %d", rw.Code)
			}
			await.Until(t, "what is still being read is held", func() bool { return heldBytes() != 0 }) // it may have been given up before
			end <- true
			await.Until(t, "what was given up is held by nobody", func() bool { return heldBytes() == 0 })
		}
	}
}

// What is observed passes whole, also where there is no memory for it.
func TestObservedWithoutMemory(t *testing.T) {
	records, _ := capture(t)
	options := hooktest.GithubOptions()
	options["observeOnly"] = "true"
	arrived := 0
	h := newTestHandler(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived = len(body)
	}), options)
	limitedTo(t, 1<<20)
	for _, length := range []int64{3 << 20, -1} {
		r := hooktest.NewPost(strings.Repeat("x", 3<<20))
		r.ContentLength = length
		arrived = 0
		if rw := serve(h, r); rw.Code != http.StatusOK || arrived != 3<<20 {
			t.Errorf("Content-Length %d: %d, %d bytes arrived", length, rw.Code, arrived)
		}
	}
	if n := strings.Count(records.String(), verdict.MemoryUnavailable); n != 2 {
		t.Errorf("%d records name the reason", n)
	}
}

// heldBytes returns how much is held of what all bodies may take.
func heldBytes() int64 {
	held, _ := budget.Used(bodies)
	return held
}
