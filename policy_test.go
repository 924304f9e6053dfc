package hookward

import (
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
)

func TestCompileDefaults(t *testing.T) {
	p := mustCompile(t, hooktest.GithubOptions())
	if p.Provider != "github" || p.MaxBodyBytes != 25<<20 || p.BodyTimeout != 10*time.Second || p.ObserveOnly {
		t.Errorf("github: %+v", p)
	}
	if len(p.Methods) != 1 || !p.Methods["POST"] || p.Allow != "POST" {
		t.Errorf("github: methods %v", p.Methods)
	}
	p = mustCompile(t, map[string]any{
		"signature": map[string]any{"header": "x-sig", "timestampHeader": "X-Ts", "signs": "{timestamp}{body}"},
		"secrets":   "a single, string",
	})
	if p.Provider != "custom" || p.MaxBodyBytes != 1<<20 || p.Schemes[0].Tolerance != 5*time.Minute || p.Schemes[0].Headers[0] != "X-Sig" {
		t.Errorf("custom: %+v %+v", p, p.Schemes[0])
	}
	if len(p.Schemes[0].Keys) != 1 || string(p.Schemes[0].Keys[0]) != "a single, string" {
		t.Errorf("custom: a single string is one secret, got %d", len(p.Schemes[0].Keys))
	}
}

// Each case is one mistake; the problem must begin with the option's path.
func TestCompileMistakes(t *testing.T) {
	hooktest.Setenv(t, "HOOKWARD_TEST_SECRET", "0123456789abcdef")
	signature := func(pairs ...string) map[string]any {
		s := map[string]any{"header": "X-Sig"}
		for i := 0; i+1 < len(pairs); i += 2 {
			s[pairs[i]] = pairs[i+1]
		}
		return s
	}
	cases := []struct {
		key   string
		value any
		want  string
	}{
		{"secret", "hunter2", "secret: is not an option, did you mean secrets?"},
		{"sekrets", "hunter2", "sekrets: is not an option, did you mean secrets?"},
		{"header", "X", "header: is not an option, did you mean signature.header?"},
		{"enabled", "true", "enabled: is not an option (options here: provider, secrets"},
		{"rateLimits", "", "rateLimits: is not an option"},
		{"provider", "githbu", `provider: "githbu" is not in the catalogue, did you mean github?`},
		{"provider", "GitHub", `provider: "GitHub" is not in the catalogue, did you mean github?`},
		{"provider", []any{"github"}, "provider: must be a single value"},
		{"provider", "", "provider: is empty"},
		{"signature", signature("algoritm", "x"), "signature.algoritm: is not an option, did you mean algorithm?"},
		{"signature", "sha256", "signature: must be a section"},
		{"signature", "false", "signature: must be a section"},
		{"signature", []any{"x"}, "signature: must be a section"},
		{"signature", signature("algorithm", "sha256"), "signature.algorithm: \"sha256\" is not known"},
		{"signature", signature("algorithm", "HMAC-SHA256"), "signature.algorithm: \"HMAC-SHA256\" is not known"},
		{"signature", signature("header", "X Sig"), "signature.header: \"X Sig\" is not the name"},
		{"signature", signature("format", "sha256="), "signature.format: each element needs a placeholder"},
		{"signature", signature("format", "{hex},{base64}"), "signature.format: needs one of"},
		{"signature", signature("signs", "{bdy}"), "signature.signs: {bdy} is not known"},
		{"signature", signature("signs", "{body"), "signature.signs: has a brace"},
		{"signature", signature("signs", "{header:}"), "signature.signs: \"header:\" is not a location"},
		{"signature", signature("secretEncoding", "utf-8"), "signature.secretEncoding: \"utf-8\" is not known"},
		{"signature", signature("timestampHeader", "X-Ts"), "signature.signs: must contain {timestamp}"},
		{"signature", signature("timestampUnit", "s"), "signature.timestampUnit: has no effect"},
		{"signature", signature("signs", "{timestamp}{body}"), "signature.timestampHeader: is required"},
		{"signature", signature("signs", "{id}{body}"), "signature.idHeader: is required"},
		{"signature", signature("signs", "{url}{body}"), "publicURL: is required"},
		{"signature", signature("signs", "{timestamp}{body}", "timestampHeader", "X-Ts", "timestampUnit", "us"), "signature.timestampUnit: \"us\" is not known"},
		{"signature", signature("signs", "{timestamp}{body}", "timestampHeader", "X-Ts", "format", "t={timestamp},{hex}"), "signature.timestampHeader: contradicts"},
		{"signature", map[string]any{"header": "X-Sig", "alternatives": map[string]any{"header": "X-Other", "field": "json:sig"}}, "signature.alternatives[0].field: contradicts signature.alternatives[0].header"},
		{"signature", signature("signs", "{body}{multipart:a%b}"), "signature.signs: \"a%b\" is not the name of a field that all readers"},
		{"tolerance", "5m", "tolerance: has no effect"},
		{"staleStatusCode", "406", "staleStatusCode: has no effect, because the scheme signs no timestamp"},
		{"staleStatusCode", "200", "staleStatusCode: 200 is not a status from 400 to 499, such as 406"},
		{"staleStatusCode", "499", "staleStatusCode: 499 is not a status from 400 to 499"},
		{"tolerance", "5", "tolerance: \"5\" is not a positive duration"},
		{"tolerance", "0s", "tolerance: \"0s\" is not a positive duration"},
		{"tolerance", "-5m", "tolerance: \"-5m\" is not a positive duration"},
		{"tolerance", map[string]any{"a": "b"}, "tolerance: must be a single value"},
		{"bodyTimeout", "soon", "bodyTimeout: \"soon\" is not a positive duration"},
		{"maxBodyBytes", "0", "maxBodyBytes: \"0\" is not a positive whole number"},
		{"maxBodyBytes", "-1", "maxBodyBytes: \"-1\" is not"},
		{"maxBodyBytes", "1.5", "maxBodyBytes: \"1.5\" is not"},
		{"maxBodyBytes", "1MiB", "maxBodyBytes: \"1MiB\" is not"},
		{"maxBodyBytes", "99999999999999999999", "maxBodyBytes: \"99999999999999999999\" is too large"},
		{"maxBodyBytes", "1073741825", "maxBodyBytes: must be at most 1073741824"},
		{"observeOnly", "maybe", "observeOnly: \"maybe\" is neither true nor false"},
		{"observeOnly", "", "observeOnly: \"\" is neither true nor false"},
		{"methods", "post", "methods[0]: \"post\" is not a method"},
		{"methods", []any{"POST", "CONNECT"}, "methods[1]: \"CONNECT\" is not a method"},
		{"methods", []any{}, "methods: is an empty list"},
		{"methods", "POST,,PUT", "methods[1]: is empty"},
		{"publicURL", "https://hooks.example.com", "publicURL: has no effect"},
		{"secrets", "", "secrets: is an empty list"},
		{"secrets", " ", "secrets[0]: is empty or blank"},
		{"secrets", []any{}, "secrets: is an empty list"},
		{"secrets", nil, "secrets: is required"},
		{"secrets", []any{"0123456789abcdef", " "}, "secrets[1]: is empty or blank"},
		{"secrets", map[string]any{"key": "hunter2"}, "secrets: must be a list"},
		{"secrets", []any{map[string]any{"key": "hunter2"}}, "secrets[0]: must be a single value"},
		{"secrets", []any{"env:HOOKWARD_TEST_UNSET"}, "secrets[0]: environment variable HOOKWARD_TEST_UNSET is not set"},
		{"secrets", []any{"env:HOOKWARD_TEST_SECRET", "file:/nonexistent"}, "secrets[1]: file /nonexistent can't be found"},
		{"secrets", strings.Split(strings.Repeat("0123456789abcdef,", 16)+"0123456789abcdef", ","), "secrets: at most 16"},
	}
	for _, c := range cases {
		raw := hooktest.GithubOptions()
		if c.key == "signature" {
			delete(raw, "provider")
		}
		raw[c.key] = c.value
		got := policy.Compile(raw)
		if got.Policy != nil || len(got.Problems) != 1 || !strings.HasPrefix(config.Sentence(got.Problems[0]), c.want) {
			t.Errorf("%s: %v: got problems %q, want one that begins with %q", c.key, c.value, got.Problems, c.want)
		}
		if strings.Contains(strings.Join(config.Sentences(got.Problems), " "), "hunter2") {
			t.Errorf("VULNERABLE: a secret is shown: %q", got.Problems)
		}
	}
}

func TestCompileSeveralMistakesAtOnce(t *testing.T) {
	c := policy.Compile(map[string]any{"provider": "github", "tolerence": "5m", "methods": "post", "maxBodyBytes": "big", "signature": map[string]any{"hedder": "x"}})
	for _, want := range []string{"tolerence", "maxBodyBytes", "signature.hedder"} {
		if !strings.Contains(strings.Join(config.Sentences(c.Problems), "\n"), want) {
			t.Errorf("no word about %s: %q", want, c.Problems)
		}
	}
	for _, empty := range []map[string]any{nil, {}} {
		if c := policy.Compile(empty); c.Policy != nil || len(c.Problems) != 1 {
			t.Errorf("no configuration at all: %q", c.Problems)
		}
	}
	if c := policy.Compile(map[string]any{"secrets": "0123456789abcdef", "signature": ""}); len(c.Problems) != 1 || !strings.HasPrefix(config.Sentence(c.Problems[0]), "provider: is required") {
		t.Errorf("an empty section describes no scheme: %q", c.Problems)
	}
}

func TestCompileOverridesTheProvider(t *testing.T) {
	raw := hooktest.GithubOptions()
	raw["signature"] = map[string]any{"header": "X-Hub-Signature", "algorithm": "hmac-sha1", "format": "sha1={hex}"}
	raw["maxBodyBytes"] = "10"
	p := mustCompile(t, raw)
	if p.Schemes[0].Headers[0] != "X-Hub-Signature" || p.Schemes[0].Algorithm.Size != 20 || p.MaxBodyBytes != 10 || p.Provider != "github" {
		t.Errorf("overridden: %+v %+v", p, p.Schemes[0])
	}
	if p.Schemes[0].Event.Name != "X-Github-Event" {
		t.Errorf("not overridden: %+v", p.Schemes[0])
	}
	// The row itself is untouched, for the next gate.
	if p := mustCompile(t, hooktest.GithubOptions()); p.Schemes[0].Headers[0] != "X-Hub-Signature-256" || p.MaxBodyBytes != 25<<20 {
		t.Errorf("VULNERABLE: one gate's options changed the catalogue: %+v", p.Schemes[0])
	}
}

func TestCompileWarnings(t *testing.T) {
	raw := hooktest.GithubOptions()
	raw["observeOnly"] = true
	raw["signature"] = map[string]any{"signs": "{timestamp}", "timestampHeader": "X-Ts"}
	raw["tolerance"] = "2h"
	c := policy.Compile(raw)
	text := strings.Join(config.Sentences(c.Warnings), "\n")
	for _, want := range []string{"observeOnly: this gate PROTECTS NOTHING", "signature.signs: does not contain {body}", "tolerance: is more than an hour", "secrets[0]: is written in clear"} {
		if !strings.Contains(text, want) {
			t.Errorf("no warning %q among %q", want, c.Warnings)
		}
	}
	if strings.Contains(text, hooktest.DocsSecret) {
		t.Errorf("VULNERABLE: a warning shows the secret: %q", c.Warnings)
	}
}
