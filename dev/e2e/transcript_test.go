package e2e

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/dev/transcript/note"
)

// unsteady is above zero while it depends on the clock how often a test asks, or what it is
// told: that is in no transcript.
var unsteady atomic.Int32

// eventually waits until a condition holds that a test may send requests for.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	unsteady.Add(1)
	defer unsteady.Add(-1)
	testkit.Await(t, what, holds)
}

// unsteadily says that what a test sends from here on depends on the clock.
func unsteadily(t *testing.T) {
	t.Helper()
	unsteady.Add(1)
	t.Cleanup(func() { unsteady.Add(-1) })
}

// transcribed notes a request and its answer. What a test sends past exchange and dial, be
// it from many goroutines or to break it off, is in no transcript.
func transcribed(t *testing.T, r *http.Request, response *http.Response, body []byte, err error) {
	t.Helper()
	if unsteady.Load() == 0 {
		note.Sent(t, r.URL.Path, r)
		note.Answer(t, r.URL.Path, response, body, err)
	}
}

// transcribe notes what has reached the backend, and all audit records.
func (s *site) transcribe(t *testing.T) {
	t.Helper()
	s.backend.mu.Lock()
	defer s.backend.mu.Unlock()
	for path, arrivals := range s.backend.arrivals {
		for _, a := range arrivals {
			note.Arrived(t, path, a.Request, a.body, a.err)
		}
	}
	for _, line := range s.Stdout.Lines(`"event.dataset":"hookward.audit"`) {
		r := record{}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("the audit record %q: %v", line, err)
		}
		note.Record(t, r.Path, line)
	}
}
