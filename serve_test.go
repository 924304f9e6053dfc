package hookward

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/traefik"
)

// Compiled in, what is behind the gate flushes when it likes, and sets deadlines.
// Interpreted, Yaegi hides all of that, and the gate flushes what has no length.
// A tunnel is to be had in neither form: its bytes would pass unverified.
func TestResponseController(t *testing.T) {
	capture(t)
	whole := map[string]error{}
	var flushed bool
	h := newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(rw, "one")
		if r.URL.Path == "/recorded" {
			return // the recorder knows whether it was flushed
		}
		c := http.NewResponseController(rw)
		_, _, err := c.Hijack()
		whole["hijack"] = err
		whole["flush"] = c.Flush()
		whole["read deadline"] = c.SetReadDeadline(time.Now().Add(time.Minute))
		whole["write deadline"] = c.SetWriteDeadline(time.Now().Add(time.Minute))
		whole["full duplex"] = c.EnableFullDuplex()
		_, flushed = rw.(http.Flusher)
	}), hooktest.GithubOptions())
	server := httptest.NewServer(h)
	defer server.Close()
	send := func(path string) *http.Request {
		r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
		r.URL.Path = path
		return r
	}

	r, err := http.NewRequest(http.MethodPost, server.URL, send("/").Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = send("/").Header
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", response, err)
	}
	_, _ = io.ReadAll(response.Body) // the handler has returned then
	_ = response.Body.Close()
	for what, err := range whole {
		if works := traefik.Compiled && what != "hijack"; (err == nil) != works {
			t.Errorf("%s: %v, want it to work: %t", what, err, works)
		}
	}
	if len(whole) != 5 || flushed != traefik.Compiled {
		t.Errorf("%v; there is an http.Flusher: %t", whole, flushed)
	}
	if rw := serve(h, send("/recorded")); rw.Flushed == traefik.Compiled || rw.Body.String() != "one" {
		t.Errorf("the gate has flushed: %t, and sent %q", rw.Flushed, rw.Body)
	}
}

// The record has the status of an answer that begins with a flush.
func TestStatusOfAFlush(t *testing.T) {
	if !traefik.Compiled {
		return // nobody can flush there
	}
	records, _ := capture(t)
	rw := serve(newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(rw).Flush()
	}), hooktest.GithubOptions()), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
	if record := hooktest.OnlyRecord(t, records); record["http.response.status_code"] != float64(http.StatusOK) || !rw.Flushed {
		t.Errorf("record %v, flushed: %t", record, rw.Flushed)
	}
}
