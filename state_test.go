package hookward

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

func TestCompiledOnceForAllGates(t *testing.T) {
	capture(t)
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
		c, s := compileShared(ctx, name, options(provider), now)
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
	if c, s := compileShared(ctx, "c@file", map[string]any{"provider": "githup"}, hooktest.TestTime); s != nil || c.Policy != nil || len(c.Problems) != 1 {
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

// A request that began before a reload ends with the tables that it began with, and what
// the reload has nothing to do with goes on.
func TestRequestKeepsItsState(t *testing.T) {
	capture(t)
	path := filepath.Join(t.TempDir(), "secret")
	raw := onlyOnce(map[string]any{})
	raw["secrets"] = []any{"file:" + path}
	raw["ban"] = "true"
	if err := os.WriteFile(path, []byte(hooktest.DocsSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	g := newTestGate(t.Name(), raw, policy.Compile, hooktest.TestTime)
	before := decide(g, github(), hooktest.TestTime)
	if err := os.WriteFile(path, []byte("another secret, of 32 bytes and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	after := decide(g, github(), hooktest.TestTime.Add(time.Minute))
	if before.reason != verdict.Verified || after.reason != verdict.SignatureMismatch || before.policy == after.policy {
		t.Fatal(before.reason, after.reason)
	}
	if before.state.Bans == after.state.Bans {
		t.Error("who failed by another secret has failed by this one")
	}
	if before.state.Replays != after.state.Replays || after.state != g.state || after.policy != g.policy {
		t.Error("a secret is no reason to forget deliveries")
	}
}

// A policy that is shared has its lists once, however many gates there are.
func TestListsOfASharedPolicy(t *testing.T) {
	capture(t)
	raw := withLists(map[string]any{"allowlist": map[string]any{"lists": []any{
		map[string]any{"file": "/no/such/file", "refresh": "720h"}, map[string]any{"file": "/nor/this/one", "refresh": "720h"},
	}}})
	for i := 0; i < 3; i++ {
		_, s := compileShared(context.Background(), t.Name(), raw, hooktest.TestTime)
		if n := len(s.Allowed); n != 2 {
			t.Errorf("gate %d: %d lists", i, n)
		}
	}
}

func TestCompilingSurvivesItself(t *testing.T) {
	capture(t)
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
	g := newGate(t.Name(), nil, func(_ map[string]any) (*policy.Compilation, *memory.State) {
		return compileShared(context.Background(), t.Name(), hooktest.GithubOptions(), hooktest.TestTime)
	}, hooktest.TestTime)
	if g.policy == nil {
		t.Error("no policy: " + g.problem)
	}
}
