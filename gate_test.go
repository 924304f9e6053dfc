package hookward

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

func TestNewTakesAnything(t *testing.T) {
	capture(t)
	for _, config := range []*Config{nil, {}, {Raw: map[string]any{"": nil}}, CreateConfig()} {
		b := &hooktest.Backend{}
		h, err := New(context.Background(), b.Handler(), config, "x")
		if err != nil || h == nil {
			t.Errorf("%+v: Traefik would drop the router: %v, %v", config, h, err)
		}
	}
}

// A gate whose secrets are in files follows them, and keeps what it has while
// they can't be used.
func TestGateFollowsFiles(t *testing.T) {
	_, reports := capture(t)
	path := filepath.Join(hooktest.Directory(t), "secret")
	write := func(text string) {
		temporary := path + ".new"
		if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temporary, path); err != nil {
			t.Fatal(err)
		}
	}
	now := hooktest.TestTime
	g := newTestGate("files", map[string]any{"provider": "github", "secrets": "file:" + path}, now)
	accepts := func(key string) bool {
		t.Helper()
		x := decide(g, hooktest.NewPost("{}", "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", key, "{}")), now)
		return x.forward
	}
	const one, two = "the first secret 01", "the second secret 2"

	if accepts(one) {
		t.Fatal("VULNERABLE: accepted without a secret")
	}
	if !strings.Contains(reports.String(), "secrets[0]: file "+path+" can't be found") {
		t.Errorf("reports: %s", reports)
	}
	write(one)
	if accepts(one) {
		t.Error("looked at the file again before the interval was over")
	}
	now = now.Add(time.Second)
	if !accepts(one) {
		t.Error("did not heal when the file appeared")
	}
	write(two)
	now = now.Add(time.Second)
	if accepts(one) || !accepts(two) {
		t.Error("did not follow the file")
	}
	write("\n")
	now = now.Add(time.Second)
	if accepts(one) || !accepts(two) || accepts("\n") || accepts("") {
		t.Error("did not keep the last good secret while the file was blank")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	if !accepts(two) {
		t.Error("did not keep the last good secret when the file was removed")
	}
	if !strings.Contains(reports.String(), "the last usable content stays in force") {
		t.Errorf("reports: %s", reports)
	}
	// The clock set back must not stop the watch.
	now = now.Add(-time.Hour)
	write(one)
	if !accepts(one) {
		t.Error("did not look at the file when the clock went back")
	}
	// A reload while the file can't be used.
	write("")
	g = newTestGate("files", map[string]any{"provider": "github", "secrets": "file:" + path}, now)
	if !accepts(one) {
		t.Error("a reload lost the last good secret")
	}
}

// Whoever asks why everything is refused looks at the end of the log.
func TestMistakeIsRepeated(t *testing.T) {
	_, reports := capture(t)
	g := newTestGate("broken", map[string]any{"provider": "github"}, hooktest.TestTime)
	lines := func() int { return strings.Count(reports.String(), "secrets: is required") }
	decide(g, hooktest.NewPost(hooktest.DocsBody), hooktest.TestTime.Add(29*time.Second))
	if lines() != 1 {
		t.Errorf("%d lines within the interval", lines())
	}
	decide(g, hooktest.NewPost(hooktest.DocsBody), hooktest.TestTime.Add(30*time.Second))
	decide(g, hooktest.NewPost(hooktest.DocsBody), hooktest.TestTime.Add(30*time.Second))
	if lines() != 2 {
		t.Errorf("%d lines after the interval", lines())
	}
}

func TestGateIsNotShared(t *testing.T) {
	capture(t)
	b := &hooktest.Backend{}
	strict := newTestHandler(t, b.Handler(), hooktest.GithubOptions())
	raw := hooktest.GithubOptions()
	raw["observeOnly"] = "true"
	lax := newTestHandler(t, b.Handler(), raw)
	for _, c := range []struct {
		h    http.Handler
		want int
	}{{strict, 401}, {lax, 202}, {strict, 401}} {
		if got := serve(c.h, hooktest.NewPost(hooktest.DocsBody)); got.Code != c.want {
			t.Errorf("got %d, want %d", got.Code, c.want)
		}
	}
}

// A request that began before a reload ends with the tables that it began with, and what
// the reload has nothing to do with goes on.
func TestRequestKeepsItsState(t *testing.T) {
	capture(t)
	path := filepath.Join(hooktest.Directory(t), "secret")
	raw := onlyOnce(map[string]any{})
	raw["secrets"] = []any{"file:" + path}
	raw["ban"] = "true"
	if err := os.WriteFile(path, []byte(hooktest.DocsSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
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
	if before.state.Replays != after.state.Replays || after.state != gates.Current(g, hooktest.TestTime.Add(time.Minute)).State || after.policy != gates.Current(g, hooktest.TestTime.Add(time.Minute)).Policy {
		t.Error("a secret is no reason to forget deliveries")
	}
}
