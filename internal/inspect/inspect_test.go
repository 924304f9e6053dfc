package inspect

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/words"
)

func isReference(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
}

func pathsOf(remarks []Remark) string {
	paths := []string{}
	for _, r := range remarks {
		paths = append(paths, r.Path)
	}
	return strings.Join(paths, " ")
}

func TestInspect(t *testing.T) {
	tests := []struct {
		name               string
		raw                map[string]any
		problems, warnings string
	}{
		{"nothing", nil, "", ""},
		{"good", map[string]any{"provider": "github", "secrets": "env:A"}, "", ""},
		{"in clear", map[string]any{"provider": "github", "secrets": "a secret that is long enough"}, "", "secrets[0]"},
		{"several mistakes", map[string]any{"provider": "github", "secrets": "env:A", "rateLimit": map[string]any{"avrage": "1"}, "ipStrategy": map[string]any{"depth": "100"}}, "rateLimit.avrage ipStrategy.depth", ""},
		{"an unknown provider, and a secret in clear", map[string]any{"provider": "githb", "secrets": "a secret that is long enough"}, "provider", "secrets[0]"},
		{"no secret", map[string]any{"provider": "github", "secrets": "env:not a name"}, "secrets[0]", ""},
		{"a pair, of which one half is elsewhere", map[string]any{"provider": "github", "secrets": "env:A", "rateLimit": "true", "redis": map[string]any{
			"tls": map[string]any{"cert": placeholderPair().certificate, "key": "env:K"}}}, "", ""},
		{"a pair that is none", map[string]any{"provider": "github", "secrets": "env:A", "rateLimit": "true", "redis": map[string]any{
			"tls": map[string]any{"cert": placeholderPair().certificate, "key": placeholderPair().certificate}}}, "redis.tls.cert", ""},
		{"a key of the wrong kind", map[string]any{"provider": "discord", "publicKeys": placeholderPair().public}, "publicKeys[0]", ""},
		{"one secret twice", map[string]any{"provider": "meta", "secrets": "env:A", "verifyToken": "env:A"}, "verifyToken", ""},
	}
	for _, test := range tests {
		got := Inspect(test.raw, func(text string) bool { return isReference(text) && text != "env:not a name" })
		if test.raw == nil {
			if len(got.Problems) != 1 || got.Problems[0].Path != "" {
				t.Errorf("%s: %+v", test.name, got)
			}
			continue
		}
		if pathsOf(got.Problems) != test.problems || pathsOf(got.Warnings) != test.warnings {
			t.Errorf("%s: problems %+v, want %q; warnings %+v, want %q", test.name, got.Problems, test.problems, got.Warnings, test.warnings)
		}
	}
}

// Without a function for what is elsewhere, Inspect is of New's opinion.
func TestInspectResolves(t *testing.T) {
	raw := map[string]any{"provider": "github", "secrets": "env:HOOKWARD_INSPECTED"}
	if got := pathsOf(Inspect(raw, nil).Problems); got != "secrets[0]" {
		t.Errorf("problems %q without the variable", got)
	}
	t.Setenv("HOOKWARD_INSPECTED", "a secret that is long enough")
	if got := Inspect(raw, nil); len(got.Problems) > 0 || len(got.Secrets) != 1 || got.Secrets[0].Placeholder {
		t.Errorf("%+v with the variable", got)
	}
}

func TestInspectTellsOfTheScheme(t *testing.T) {
	tests := []struct {
		raw            map[string]any
		signed, pinned bool
		header         string
	}{
		{map[string]any{"provider": "github", "secrets": "env:A"}, false, false, "X-Hub-Signature-256"},
		{map[string]any{"provider": "twilio", "secrets": "env:A", "publicURL": "https://a.example.com"}, true, false, "X-Twilio-Signature"},
		{map[string]any{"provider": "twilio", "secrets": "env:A", "publicURL": "https://a.example.com/in"}, true, true, "X-Twilio-Signature"},
		{map[string]any{"secrets": "env:A", "signature": map[string]any{"header": "X-S", "signs": "{path}.{body}"}}, true, false, "X-S"},
	}
	for _, test := range tests {
		got := Inspect(test.raw, isReference)
		if got.SignsURL != test.signed || got.Pinned != test.pinned || !words.Contains(got.Headers, test.header) {
			t.Errorf("%v: %+v", test.raw, got)
		}
	}
}

// A look at a configuration leaves nothing behind: no goroutine, no file, no list.
func TestInspectStartsNothing(t *testing.T) {
	directory := t.TempDir()
	raw := map[string]any{
		"provider": "github", "secrets": "env:A", "stateDirectory": filepath.Join(directory, "state"),
		"replay": "true", "rateLimit": "true", "redis": map[string]any{"endpoints": "127.0.0.1:1"},
		"allowlist": map[string]any{"providerRanges": "true", "lists": []any{map[string]any{"file": filepath.Join(directory, "list")}}},
		"audit":     map[string]any{"outputs": []any{map[string]any{"type": "file", "path": filepath.Join(directory, "audit.log")}}},
	}
	before := runtime.NumGoroutine()
	got := Inspect(raw, isReference)
	if len(got.Problems) > 0 {
		t.Fatalf("problems: %+v", got.Problems)
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) > 0 {
		t.Errorf("there are files: %v %v", entries, err)
	}
}
