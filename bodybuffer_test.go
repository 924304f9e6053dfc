package hookward

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/traefik"
)

// Sizes at which bodies are read in another way: see the package intake.
const (
	firstBuffer = 64 << 10
	growth      = 4
	middleBody  = growth * firstBuffer
	largeBody   = growth * middleBody
)

// A handler that keeps the body for longer than it may gets an error afterwards, and
// no byte of the request whose body is in the buffer now.
func TestBodyReadAfterItsRequest(t *testing.T) {
	if !traefik.Compiled {
		return // each body has memory of its own
	}
	capture(t)
	kept := []io.Reader{}
	h := newTestHandler(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		kept = append(kept, r.Body)
		_, _ = io.ReadFull(r.Body, make([]byte, 10))
	}), hooktest.GithubOptions())
	for _, size := range []int{intake.Small + 1, firstBuffer, firstBuffer + 1, middleBody, middleBody + 1, largeBody} {
		for _, letter := range []string{"a", "b"} {
			body := strings.Repeat(letter, size)
			if rw := serve(h, hooktest.NewPost(body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body))); rw.Code != http.StatusOK {
				t.Fatalf("%d bytes: %d", size, rw.Code)
			}
		}
		for _, body := range kept {
			if text, err := io.ReadAll(body); len(text) > 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
				t.Errorf("VULNERABLE: %d bytes: %d more are read, such as %.10q, %v", size, len(text), text, err)
			}
		}
		kept = kept[:0]
	}
}

// Senders of different bodies at the same time, and a backend that answers before it has
// read: the transport is still at a body when its request is over.
func TestBodiesOfOthers(t *testing.T) {
	capture(t)
	var mu sync.Mutex
	wrong := ""
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		letter := r.Header.Get("X-Letter")
		if r.Header.Get("X-Early") != "" {
			rw.Header().Set("Connection", "close")
			rw.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		body, err := io.ReadAll(r.Body)
		if rest := bytes.Trim(body, letter); len(rest) > 0 && err == nil {
			mu.Lock()
			wrong = "of " + letter + ": " + string(rest[:1])
			mu.Unlock()
		}
	}))
	defer server.Close()
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) }
	h := newTestHandler(t, proxy, hooktest.GithubOptions())
	senders := sync.WaitGroup{}
	for i := 0; i < 8; i++ {
		senders.Add(1)
		go func(letter string) {
			defer senders.Done()
			for turn := 0; turn < 40; turn++ {
				body := strings.Repeat(letter, intake.Small<<(turn%7)+turn)
				r := hooktest.NewPost(body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body), "X-Letter: "+letter)
				if turn%3 == 0 {
					r.Header.Set("X-Early", "1")
				}
				serve(h, r)
			}
		}(string(rune('a' + i)))
	}
	senders.Wait()
	if wrong != "" {
		t.Errorf("VULNERABLE: the backend got other bytes in the body %s", wrong)
	}
}
