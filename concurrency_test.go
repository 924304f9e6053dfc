package hookward

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// Requests that are under way at once must have nothing in common. Yaegi keeps
// some state by statement and not by goroutine: with a select around the read of
// the body, requests got each other's bodies.
func TestConcurrentRequests(t *testing.T) {
	records, _ := capture(t)
	h := newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rw.Header().Set("X-Id", r.Header.Get("X-Github-Delivery"))
		_, _ = rw.Write(body)
	}), hooktest.GithubOptions())

	const workers, turns = 8, 150
	problems := make(chan string, workers*turns)
	wait := &sync.WaitGroup{}
	for w := 0; w < workers; w++ {
		wait.Add(1)
		go worker(h, w, turns, problems, wait)
	}
	wait.Wait()
	close(problems)
	for p := range problems {
		t.Error("VULNERABLE: " + p)
	}

	settleOutputs(t)
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(records.String()), "\n") {
		var record struct {
			ID     string `json:"hookward.delivery_id"`
			Reason string `json:"event.reason"`
			Bytes  int    `json:"http.request.body.bytes"`
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("record %q: %v", line, err)
		}
		good := strings.HasSuffix(record.ID, "-good")
		if seen[record.ID] || (record.Reason == verdict.Verified) != good || record.Bytes != len(testBody(record.ID)) {
			t.Errorf("VULNERABLE: record %s", line)
		}
		seen[record.ID] = true
	}
	if len(seen) != workers*turns {
		t.Errorf("%d records of %d", len(seen), workers*turns)
	}
}

// testBody is the body of a delivery, different for each in text and length.
func testBody(id string) string {
	return strings.Repeat(id+";", 1+len(id)+int(id[len(id)-6]))
}

// worker sends deliveries, every other one signed by somebody else.
func worker(h http.Handler, w, turns int, problems chan string, wait *sync.WaitGroup) {
	defer wait.Done()
	for i := 0; i < turns; i++ {
		id := fmt.Sprintf("%d-%d-good", w, i)
		key := hooktest.DocsSecret
		want := 200
		if i%2 == 1 {
			// One by one: Yaegi loses the constants of a parallel assignment
			// that has a call in it.
			id = fmt.Sprintf("%d-%d-evil", w, i)
			key = "another secret"
			want = 401
		}
		body := testBody(id)
		r := hooktest.NewPost(body, "X-GitHub-Delivery: "+id, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", key, body))
		r.ContentLength = -1
		r.Body = arriving(body)
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, r)
		if rw.Code != want {
			problems <- fmt.Sprintf("%s: status %d, want %d", id, rw.Code, want)
		}
		if want == 200 && (rw.Body.String() != body || rw.Header().Get("X-Id") != id) {
			problems <- fmt.Sprintf("%s: the body or header of another request: %s", id, rw.Header().Get("X-Id"))
		}
	}
}

// arriving is a body that comes in two pieces, so that its reader has to wait.
func arriving(body string) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.WriteString(writer, body[:len(body)/2])
		time.Sleep(100 * time.Microsecond)
		_, _ = io.WriteString(writer, body[len(body)/2:])
		_ = writer.Close()
	}()
	return reader
}
