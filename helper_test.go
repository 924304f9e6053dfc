package hookward

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/outbox"
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

// newTestGate is newGate for a gate that nothing ends.
func newTestGate(name string, raw map[string]any, compile func(map[string]any) *policy.Compilation, now time.Time) *gate {
	return newGate(name, hooktest.Unbanned(raw), func(raw map[string]any) (*policy.Compilation, *memory.State) {
		c := compile(raw)
		if c.Policy == nil {
			return c, nil
		}
		return c, testState(context.Background(), name, c.Policy, now)
	}, now)
}

// testState returns the state of a policy, as that of a gate of some name.
func testState(ctx context.Context, name string, p *policy.Policy, now time.Time) *memory.State {
	registryMu.Lock()
	m := middlewareOf(ctx, name, now)
	registryMu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	return useState(ctx, name, m, p, now)
}

// restart lets a gate begin anew, as another process does, once so many are left that it
// has announced and not recorded.
func restart(t *testing.T, g *gate, left int) {
	t.Helper()
	eventually(t, "what is announced is not what is under way", func() bool { return announced(t, g) == left })
	forgetMiddleware(g.name)
	ahead.Clear(audit.Announcements) // an assignment would be this package's alone: Yaegi
}

// announced returns how many requests a gate has written down that it has not recorded.
func announced(t *testing.T, g *gate) int {
	t.Helper()
	content, err := os.ReadFile(memory.FileOf(g.policy.Audit.Directory, "ahead-", g.name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(content), " + ") - strings.Count(string(content), " - ")
}

// eventually waits for something to hold.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// forgetMiddleware lets a name begin anew, as a restart does.
func forgetMiddleware(name string) {
	registryMu.Lock()
	delete(middlewares, name)
	registryMu.Unlock()
}

// capture is listen for a test whose gates write records.
func capture(t *testing.T) (*bytes.Buffer, *hooktest.LockedBuffer) {
	shutOutputs()
	freshOutputs()
	t.Cleanup(func() {
		shutOutputs()
		freshOutputs()
	})
	records, reports := hooktest.Listen(t)
	// Whoever finds another at it leaves its record with that one, who may still write.
	t.Cleanup(func() { settleOutputs(t) })
	return records, reports
}

// usedOutputs are all that tests have had: gates keep those that were forgotten.
var usedOutputs = map[*audit.Output]bool{}

// shutOutputs has every output look anew where its records go.
func shutOutputs() {
	registryMu.Lock()
	defer registryMu.Unlock()
	for _, o := range outputsByKey {
		if o.Direct != nil {
			usedOutputs[o] = true
		}
	}
	for o := range usedOutputs {
		outbox.Shut(o.Direct)
	}
}

// freshOutputs forgets outputs that a test has left in trouble.
func freshOutputs() {
	registryMu.Lock()
	outputsByKey = map[string]*audit.Output{}
	registryMu.Unlock()
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
	registryMu.Lock()
	defer registryMu.Unlock()
	for _, o := range outputsByKey {
		if idle, _ := audit.IsIdle(o); !idle {
			return false
		}
	}
	return true
}
