package explain

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// explainProblems returns the mistakes that Explain and Judge find, which have to be the
// same.
func explainProblems(t *testing.T, raw map[string]any) []string {
	t.Helper()
	r := hooktest.NewPost("{}")
	r.RemoteAddr = "192.0.2.1:1234"
	e := Explain(&hookward.Config{Raw: raw}, r, []byte("{}"), time.Now())
	if judged := Judge(&hookward.Config{Raw: raw}, r, []byte("{}"), time.Now()); strings.Join(judged.Problems, "\n") != strings.Join(e.Problems, "\n") {
		t.Errorf("%v: Judge finds %q, Explain %q", raw, judged.Problems, e.Problems)
	}
	if len(e.Problems) > 0 && (e.Reason != verdict.ConfigInvalid || e.Status != http.StatusServiceUnavailable || e.Passes) {
		t.Errorf("%v: %s %d", raw, e.Reason, e.Status)
	}
	return e.Problems
}

// checkSameProblems compares with what New would find, but for references in sections
// that are Traefik's, which are not there in a test, and what is said for their sake.
func checkSameProblems(t *testing.T, name string, raw map[string]any) {
	t.Helper()
	missing := regexp.MustCompile(`^(audit|delivery|redis)\..*(Traefik's environment|Traefik's user|has no certificate in PEM|is not a certificate in PEM)`)
	want := []string{}
	all := config.Sentences(policy.Compile(raw).Problems)
	for _, problem := range all {
		if !missing.MatchString(problem) {
			want = append(want, problem)
		}
	}
	got := explainProblems(t, raw)
	same := strings.Join(got, "\n") == strings.Join(want, "\n")
	if len(all) > len(want) {
		same = (len(got) > 0) == (len(want) > 0)
	}
	if !same {
		t.Errorf("%s: Explain finds %q, and the gate %q", name, got, want)
	}
}

// A gate that answers 503 is never said to let something pass, whatever section the
// mistake is in.
func TestExplainProblemsElsewhere(t *testing.T) {
	output := func(pairs ...any) map[string]any {
		o := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			o[pairs[i].(string)] = pairs[i+1]
		}
		return map[string]any{"outputs": []any{o}}
	}
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"stateDirectory", "rel", "stateDirectory: must be an absolute path"},
		{"StateDirectory", "rel", "stateDirectory: must be"},
		{"audit", map[string]any{"payload": "bogus"}, "audit.payload: "},
		{"AUDIT", map[string]any{"payload": "bogus"}, "audit.payload: "},
		{"audit", map[string]any{"required": "true"}, "audit.required: needs stateDirectory"},
		{"audit", map[string]any{"headers": []any{"X-Hub-Signature-256"}}, "audit.headers[0]: "},
		{"audit", output("type", "bogus"), "audit.outputs[0].type: "},
		{"audit", output("type", "file", "path", "rel"), "audit.outputs[0].path: "},
		{"audit", output("type", "loki", "url", "https://loki.example.com", "token", "env:not a name"), "audit.outputs[0].token: "},
		{"redis", map[string]any{"endpoints": "nohost"}, "redis"},
		{"redis", map[string]any{"endpoints": "127.0.0.1:6379", "tls": map[string]any{"cert": "env:A"}}, "redis.tls.key: "},
		{"allowlist", map[string]any{"lists": []any{map[string]any{"file": "rel"}}}, "allowlist.lists[0]"},
		{"denylist", map[string]any{"lists": []any{map[string]any{"url": "ftp://a"}}}, "denylist.lists[0]"},
	} {
		raw := hooktest.GithubOptions()
		raw["rateLimit"] = "true"
		raw[c.key] = c.value
		got := explainProblems(t, raw)
		if len(got) == 0 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s: %v: %q, want %q", c.key, c.value, got, c.want)
		}
		checkSameProblems(t, c.key, raw)
	}
}

// Of all configurations that the sources are tested with, alone and laid upon a good one.
func TestExplainProblemsAreTheGates(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "dev", "sources", "testdata", "*.txtar"))
	if err != nil || len(paths) < 50 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, part, ok := strings.Cut(string(text), "\n-- json --\n")
		part, _, _ = strings.Cut(part, "\n-- ")
		raw := map[string]any{}
		if !ok || json.Unmarshal([]byte(part), &raw) != nil {
			continue // some have no JSON, and some what is no section
		}
		checkSameProblems(t, path, raw)
		whole := hooktest.GithubOptions()
		for name, value := range raw {
			whole[name] = value
		}
		checkSameProblems(t, path+", laid upon a good one", whole)
		// One section alone: beside others, its mistakes may not be come to.
		for name, value := range raw {
			one := hooktest.GithubOptions()
			one[name] = value
			checkSameProblems(t, path+": "+name, one)
		}
	}
}

// countOthers counts the goroutines that are not the gate's workers.
func countOthers() int {
	text := make([]byte, 1<<20)
	n := 0
	for _, g := range strings.Split(string(text[:runtime.Stack(text, true)]), "\n\n") {
		if !strings.Contains(g, "hookward.decideLoop") && !strings.Contains(g, "hookward.startWorkers") {
			n++ // "created by" names whoever has started it
		}
	}
	return n
}

// References that are Traefik's are no mistakes here, and nothing is opened.
func TestExplainLeavesReferencesElsewhere(t *testing.T) {
	directory := t.TempDir()
	raw := hooktest.GithubOptions()
	raw["replay"] = "true"
	raw["stateDirectory"] = filepath.Join(directory, "state")
	raw["redis"] = map[string]any{"endpoints": "127.0.0.1:1", "password": "env:HOOKWARD_TEST_UNSET",
		"tls": map[string]any{"ca": "file:/nowhere", "cert": "/nowhere", "key": "env:HOOKWARD_TEST_UNSET"}}
	raw["audit"] = map[string]any{"required": "true", "outputs": []any{map[string]any{"type": "file", "path": filepath.Join(directory, "audit.log"), "chainKey": "env:HOOKWARD_TEST_UNSET"}}}
	before := countOthers()
	if got := explainProblems(t, raw); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if now := countOthers(); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) > 0 {
		t.Errorf("there are files: %v %v", entries, err)
	}
	// A secret of the signature is read here, as ever.
	raw["secrets"] = "env:HOOKWARD_TEST_UNSET"
	if got := explainProblems(t, raw); len(got) != 1 || !strings.HasPrefix(got[0], "secrets[0]: ") {
		t.Errorf("%q", got)
	}
}
