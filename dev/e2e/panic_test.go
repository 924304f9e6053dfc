package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// TestPanic runs the plugin with bugs: a panic where the configuration is
// compiled, and others in the checks.
func TestPanic(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "gh", options: github},
		{name: "lossy", options: github},
		{name: "once", options: `{provider: github, secrets: ["env:GH"], replay: {window: 1h}}`},
		{name: "broken", options: `{provider: github, secrets: ["env:GH"], publicURL: panic}`},
		{name: "list", options: `{provider: github, secrets: ["env:GH"], allowlist: {lists: {file: /panic, refresh: 1s}}}`},
	}, gateway.Settings{Plugin: buggy(t)})

	// alive checks that the gate without a bug goes on.
	alive := func(t *testing.T) {
		t.Helper()
		s.refused(t, s.post(t, "gh", hello), http.StatusUnauthorized, "signature_missing")
		arrived, _ := s.passed(t, s.post(t, "gh", hello, helloSignature))
		unchanged(t, arrived, hello)
		if s.Exited() {
			t.Fatal("Traefik has ended")
		}
	}
	told := func(t *testing.T, gate, message string) {
		t.Helper()
		if lines := s.Stderr.Lines(`"hookward.middleware":"` + gate + `@file"`); !strings.Contains(strings.Join(lines, "\n"), message) {
			t.Errorf("the operator is told %q, want %q", lines, message)
		}
	}
	t.Run("in the update of a list", func(t *testing.T) {
		for range 2 {
			s.refused(t, s.post(t, "list", hello, helloSignature), http.StatusServiceUnavailable, "list_unavailable")
			s.said(t, "the list /panic made the update panic: a bug in update; it has never been loaded")
			time.Sleep(1500 * time.Millisecond) // another turn
			alive(t)
		}
	})
	t.Run("in New", func(t *testing.T) {
		for range 2 {
			s.refused(t, s.post(t, "broken", hello), http.StatusServiceUnavailable, "config_invalid")
			s.refused(t, s.post(t, "broken", hello, helloSignature), http.StatusServiceUnavailable, "config_invalid")
		}
		told(t, "broken", "reading the configuration panicked: a bug in compile")
		alive(t)
	})
	t.Run("in a check", func(t *testing.T) {
		for _, kind := range []string{"text", "nil map", "index", "nil pointer", "abort", "after the verdict"} {
			r := s.refused(t, s.post(t, "gh", hello, "X-Panic: "+kind), http.StatusServiceUnavailable, "internal_error")
			if r.Provider != "github" || r.Secret != 0 {
				t.Errorf("the record says %+v", r)
			}
			s.refused(t, s.post(t, "gh", hello, helloSignature, "X-Panic: "+kind), http.StatusServiceUnavailable, "internal_error")
			alive(t)
		}
		told(t, "gh", "a check panicked, the request is refused: a bug in verify")
	})
	t.Run("while the body is read", func(t *testing.T) {
		s.refused(t, s.post(t, "gh", "panic", signed(secret, "panic")), http.StatusServiceUnavailable, "internal_error")
		alive(t)
	})
	t.Run("at the record", func(t *testing.T) {
		// The request has passed, and its record is lost: the operator is told.
		for range 3 {
			a := s.post(t, "lossy", hello, helloSignature, "X-GitHub-Event: panic")
			if a.err != nil || a.StatusCode != http.StatusOK || len(s.backend.at(a.path)) != 1 {
				t.Errorf("%d %v, %d arrivals", a.StatusCode, a.err, len(s.backend.at(a.path)))
			}
			s.paths = s.paths[:len(s.paths)-1] // it leaves none
			alive(t)
		}
		told(t, "lossy", "recording a request panicked: a bug in newRecord")
	})
	t.Run("at the end of a claim", func(t *testing.T) {
		// The delivery is in flight for a time: what has become of it is not known.
		s.passed(t, s.post(t, "once", hello, helloSignature, "X-GitHub-Event: panic in settle"))
		told(t, "once", "recording a request panicked: a bug in settle")
		a := s.post(t, "once", hello, helloSignature)
		if r := s.record(t, a.path); a.StatusCode != http.StatusConflict || r.Reason != "delivery_in_flight" {
			t.Errorf("%d, %s", a.StatusCode, r.Reason)
		}
		alive(t)
	})
	t.Run("reload", func(t *testing.T) {
		// The bug again, on another router, then mended.
		s.configure(t, "other", []gate{{name: "mended", options: `{provider: github, secrets: ["env:GH"], publicURL: panic}`}})
		s.refused(t, s.post(t, "mended", hello, helloSignature), http.StatusServiceUnavailable, "config_invalid")
		s.configure(t, "other", []gate{{name: "mended", options: github}})
		s.refused(t, s.post(t, "mended", hello), http.StatusUnauthorized, "signature_missing")
		s.passed(t, s.post(t, "mended", hello, helloSignature))
		s.refused(t, s.post(t, "broken", hello, helloSignature), http.StatusServiceUnavailable, "config_invalid")
		alive(t)
	})
}

// buggy returns a directory with a copy of the plugin, with panics in it.
func buggy(t *testing.T) string {
	t.Helper()
	bugs := []patch{
		{"func Compile(raw map[string]any) *Compilation {\n", `
	if raw["publicURL"] == "panic" {
		panic("a bug in compile")
	}
`},
		{"func checkProof(p *policy.Policy, x *exchange, own *scratch) string {\n", `
	switch x.Request.Header.Get("X-Panic") {
	case "text":
		panic("a bug in verify")
	case "nil map":
		var m map[string]int
		m["a"] = 1
	case "index":
		x.reason = p.Allow[:0][1:]
	case "nil pointer":
		var none *exchange
		none.wait = 1
	}
`},
		{"	x.forward = x.passes\n", `
	if x.Request.Header.Get("X-Panic") == "after the verdict" {
		panic("a bug in conclude")
	}
	if x.Request.Header.Get("X-Panic") == "abort" {
		panic(http.ErrAbortHandler)
	}
`},
		{"func update(d *Document, now time.Time) {\n", `
	if d.source.Name == "/panic" {
		panic("a bug in update")
	}
`},
		{"			_, err := io.ReadFull(r.Body, x.arrived)\n", `
		if string(x.arrived) == "panic" {
			panic("a bug in the read of the body")
		}
`},
		{"func settle(x *exchange, now time.Time) {\n", `
	if x.claim != "" && x.eventType == "panic in settle" {
		panic("a bug in settle")
	}
`},
		{"func newRecord(x *exchange, now time.Time) *audit.Record {\n", `
		if x.eventType == "panic" {
			panic("a bug in newRecord")
		}
`},
	}
	return patched(t, bugs)
}

// patch is a place in the plugin's source and what comes after it.
type patch struct{ place, after string }

// patched returns a directory with a copy of the plugin, with more in it, also in the
// loops that are generated.
func patched(t *testing.T, patches []patch) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	names := []string{}
	for _, pattern := range []string{"*.go", filepath.Join("internal", "*", "*.go")} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatal("the plugin has no source", err)
		}
		names = append(names, found...)
	}
	names = append(names, filepath.Join(root, "go.mod"), filepath.Join(root, ".traefik.yml"))
	applied := make([]int, len(patches))
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || filepath.Base(name) == "loop.go" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source := string(text)
		for i, p := range patches {
			applied[i] += strings.Count(source, p.place)
			source = strings.Replace(source, p.place, p.place+p.after, 1)
		}
		copied := filepath.Join(directory, strings.TrimPrefix(name, root))
		if err := errors.Join(os.MkdirAll(filepath.Dir(copied), 0o700), os.WriteFile(copied, []byte(source), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range applied {
		if n != 1 {
			t.Fatalf("the source has %d places for a patch after %q", n, patches[i].place)
		}
	}
	generate := exec.Command("go", "run", "./inline", "-in", directory)
	generate.Dir = filepath.Join(root, "dev")
	if text, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return directory
}
