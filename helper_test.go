package hookward

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
)

// mustCompile returns the policy of a configuration without mistakes.
func mustCompile(t *testing.T, raw map[string]any) *policy.Policy {
	t.Helper()
	c := policy.Compile(raw)
	if len(c.Problems) > 0 {
		t.Fatalf("problems: %s", strings.Join(config.Sentences(c.Problems), "\n"))
	}
	return c.Policy
}

// newTestHandler returns what New would return, whatever the configuration.
func newTestHandler(t *testing.T, next http.Handler, raw map[string]any) http.Handler {
	t.Helper()
	h, err := New(context.Background(), next, &Config{Raw: hooktest.Unbanned(raw)}, t.Name())
	if err != nil || h == nil {
		t.Fatalf("New returned %v, %v", h, err)
	}
	return h
}

// newTestGate is the gate that New would have, at a time that the test says.
func newTestGate(name string, raw map[string]any, now time.Time) *gates.Gate {
	startWorkers()
	return gates.Open(context.Background(), name, hooktest.Unbanned(raw), now)
}

// restart lets a gate begin anew, as another process does, once so many are left that it
// has announced and not recorded.
func restart(t *testing.T, g *gates.Gate, left int) {
	t.Helper()
	await.Until(t, "what is announced is not what is under way", func() bool { return announced(t, g) == left })
	gates.Restart()
}

// announced returns how many requests a gate has written down that it has not recorded.
func announced(t *testing.T, g *gates.Gate) int {
	t.Helper()
	content, err := os.ReadFile(memory.FileOf(g.Fixed.Policy.Audit.Directory, "ahead-", g.Name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(content), " + ") - strings.Count(string(content), " - ")
}

// capture is listen for a test whose gates write records.
func capture(t *testing.T) (*hooktest.LockedBuffer, *hooktest.LockedBuffer) {
	noteOutputs()
	gates.Restart()
	t.Cleanup(func() {
		noteOutputs()
		gates.Restart()
	})
	records, reports := hooktest.Listen(t)
	// Whoever finds another at it leaves its record with that one, who may still write.
	t.Cleanup(func() { settleOutputs(t) })
	return records, reports
}

// usedOutputs are all that tests have had: gates keep those that were forgotten.
var usedOutputs = map[*audit.Output]bool{}

func noteOutputs() {
	for _, o := range gates.Look(time.Now()).Outputs {
		if o.Direct != nil {
			usedOutputs[o] = true
		}
	}
}

// settleOutputs waits until no record is under way any more: who finds another at
// it leaves its own with that one.
func settleOutputs(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !outputsIdle(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("records are still under way")
		}
	}
}

func outputsIdle() bool {
	noteOutputs()
	for o := range usedOutputs {
		if idle, _ := audit.IsIdle(o); !idle {
			return false
		}
	}
	return true
}
