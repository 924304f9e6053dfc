package gates

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
)

func TestCompiledOnceForAllGates(t *testing.T) {
	hooktest.Listen(t)
	path := filepath.Join(t.TempDir(), "secret")
	write := func(text string, second int) {
		t.Helper()
		at := hooktest.TestTime.Add(time.Duration(second) * time.Second)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	write("the first of two secrets", 0)
	options := func(provider string) map[string]any {
		return map[string]any{"provider": provider, "secrets": []any{"file:" + path}}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	compiled := func(name, provider string, now time.Time) *policy.Policy {
		c, s := compileFor(ctx, name, options(provider), now)
		if s == nil {
			t.Error("there is no state")
		}
		return c.Policy
	}
	first := compiled("a@file", "github", hooktest.TestTime)
	if first == nil || compiled("a@file", "github", hooktest.TestTime) != first {
		t.Error("two gates of one middleware don't share")
	}
	if compiled("b@file", "github", hooktest.TestTime) == first {
		t.Error("two middlewares share")
	}
	other := compiled("a@file", "gitea", hooktest.TestTime)
	if other == first || other.Provider != "gitea" {
		t.Error("another configuration is not seen")
	}
	write("the second of the two secrets", 1)
	changed := compiled("a@file", "gitea", hooktest.TestTime)
	if changed == other || string(changed.Schemes[0].Keys[0]) != "the second of the two secrets" {
		t.Error("another content of a file is not seen")
	}
	if c, s := compileFor(ctx, "c@file", map[string]any{"provider": "githup"}, hooktest.TestTime); s != nil || c.Policy != nil || len(c.Problems) != 1 {
		t.Error("a mistake is lost")
	}
	cancel()
	forget(hooktest.TestTime.Add(linger + time.Second))
	for _, name := range []string{"a@file", "b@file", "c@file"} {
		if middlewares[name] != nil {
			t.Errorf("%s is never forgotten", name)
		}
	}
}

// A policy that is shared has its lists once, however many gates there are.
func TestListsOfASharedPolicy(t *testing.T) {
	hooktest.Listen(t)
	raw := hooktest.GithubWith(map[string]any{"allowlist": map[string]any{"lists": []any{
		map[string]any{"file": "/no/such/file", "refresh": "720h"}, map[string]any{"file": "/nor/this/one", "refresh": "720h"},
	}}})
	for i := 0; i < 3; i++ {
		_, s := compileFor(context.Background(), t.Name(), raw, hooktest.TestTime)
		if n := len(s.Allowed); n != 2 {
			t.Errorf("gate %d: %d lists", i, n)
		}
	}
}

func TestCompilingSurvivesItself(t *testing.T) {
	hooktest.Listen(t)
	var wg sync.WaitGroup
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go compileOne(t, &wg)
	}
	wg.Wait()
}

// compileOne is a function of its own because of Yaegi: started in a loop, a
// literal may be another one by the time it runs.
func compileOne(t *testing.T, wg *sync.WaitGroup) {
	defer wg.Done()
	g := Open(context.Background(), t.Name(), hooktest.GithubOptions(), hooktest.TestTime)
	if g.Fixed.Policy == nil {
		t.Error("no policy: " + g.problem)
	}
}

func TestMemoryEnds(t *testing.T) {
	hooktest.Listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	Open(ctx, t.Name(), hooktest.GithubWith(map[string]any{"replay": "true"}), hooktest.TestTime)
	there := func() bool {
		registryMu.Lock()
		defer registryMu.Unlock()
		return middlewares[t.Name()] != nil
	}
	forget(hooktest.TestTime.Add(24 * time.Hour))
	if !there() {
		t.Error("is forgotten while the gate is there")
	}
	cancel()
	forget(hooktest.TestTime.Add(24*time.Hour + linger))
	if !there() {
		t.Error("is forgotten at once")
	}
	forget(hooktest.TestTime.Add(24*time.Hour + linger + time.Second))
	if there() {
		t.Error("is never forgotten")
	}
}

// Outputs that nobody uses any more are closed, but not while they have something
// left.
func TestForgetOutputs(t *testing.T) {
	Restart()
	t.Cleanup(Restart)
	now := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	g := Open(ctx, t.Name(), hooktest.GithubWith(map[string]any{"audit": map[string]any{"outputs": map[string]any{"type": "file", "path": filepath.Join(t.TempDir(), "x")}}}), now)
	cancel()
	for i, c := range []struct {
		after time.Duration
		used  bool
		want  int
	}{{0, false, 1}, {linger - time.Minute, false, 1}, {linger + time.Minute, true, 1}, {2 * linger, false, 1}, {2*linger + 2*time.Minute, false, 0}} {
		if c.used {
			audit.Put(g.Fixed.State.Outputs, []byte("{}\n"), false) // an old gate that goes on
		}
		forget(now.Add(c.after))
		if len(outputsByKey) != c.want {
			t.Errorf("step %d: there are %d", i, len(outputsByKey))
		}
	}
}
