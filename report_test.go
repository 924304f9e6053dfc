package hookward

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// Two mistakes that are said in the same words are both said, one mistake is said once
// in a while, and its end is said once.
func TestMistakesAndTheirEndAreSaid(t *testing.T) {
	_, reports := capture(t)
	lines := func(text string) int { return strings.Count(reports.String(), text) }
	at := func(seconds int) time.Time { return hooktest.TestTime.Add(time.Duration(seconds) * time.Second) }
	with := func(secret string) map[string]any { return map[string]any{"provider": "github", "secrets": secret} }
	const problem, well = "secrets[0]: file: must be followed by an absolute path", "is well again"

	newTestGate(t.Name(), with("file:sec"), at(0))
	newTestGate(t.Name(), with("file:sec"), at(1)) // of another router
	if lines(problem) != 1 {
		t.Errorf("one mistake: %s", reports)
	}
	newTestGate(t.Name(), with("file:./sec"), at(2))
	if lines(problem) != 2 || lines(well) != 0 {
		t.Errorf("two mistakes: %s", reports)
	}
	newTestGate(t.Name(), hooktest.GithubOptions(), at(3))
	newTestGate(t.Name(), hooktest.GithubOptions(), at(4))
	if lines(well) != 1 || lines(`"log.level":"info"`) != 1 {
		t.Errorf("mended: %s", reports)
	}
	newTestGate(t.Name()+" another", hooktest.GithubOptions(), at(5))
	if lines(well) != 1 {
		t.Errorf("one that was well all the time: %s", reports)
	}
	newTestGate(t.Name(), with("file:sec"), at(6))
	if lines(problem) != 3 {
		t.Errorf("the first mistake again: %s", reports)
	}
}

// The same for files: a gate that appears, one that is spoilt, and one that is mended.
func TestHealthOfFiles(t *testing.T) {
	_, reports := capture(t)
	lines := func(text string) int { return strings.Count(reports.String(), text) }
	path := filepath.Join(hooktest.Directory(t), "secret")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := hooktest.TestTime
	g := newTestGate(t.Name(), map[string]any{"provider": "azure-devops", "secrets": "file:" + path}, now)
	look := func() {
		now = now.Add(time.Second)
		gates.Current(g, now)
	}
	write("user:Zq8-a long enough key")
	look()
	if lines("is well again") != 1 {
		t.Errorf("appeared: %s", reports)
	}
	write("\ufeff")
	look()
	if lines("the last usable content stays in force") != 1 || lines("is well again") != 1 {
		t.Errorf("spoilt: %s", reports)
	}
	write("user:Zq8-another long key")
	look()
	if lines("is well again") != 2 {
		t.Errorf("mended: %s", reports)
	}
	// What only the whole configuration shows to be wrong leaves the old one in force.
	policy := gates.Current(g, now).Policy
	write("user:")
	look()
	if gates.Current(g, now).Policy != policy || lines("keeps what was in force: secrets[0]: has a password") != 1 || lines("answers 503") != 1 {
		t.Errorf("without a password: %s", reports)
	}
}

// The record of a 503 says why.
func TestRecordsHaveTheCause(t *testing.T) {
	records, _ := capture(t)
	asked(t, map[string]any{"provider": "githab", "secrets": hooktest.DocsSecret, "maxBodyBytes": "x", "bodyTimeout": "x", "observeOnly": "x", "tolerance": "x", "ban": "x", "replay": "x", "redis": "x", "audit": "x", "token": "x", "signature": "x", "handshakes": "x"}, hooktest.NewPost(hooktest.DocsBody))
	record := hooktest.OnlyRecord(t, records)
	cause, _ := record["error.message"].(string)
	if !strings.Contains(cause, "is not in the catalogue, did you mean github or gitlab?") && !strings.HasSuffix(cause, "...") || len(cause) != 1003 || record["event.reason"] != verdict.ConfigInvalid {
		t.Errorf("%q", cause)
	}
	// So may be what stands behind env:, unless it is written as names are.
	for name, want := range map[string]string{"s3cr3t": "variable ... is not set", strings.Repeat("S3CR3T", 7): "variable ... is not set", "GITHUB_SECRET_2": "variable GITHUB_SECRET_2 is not set"} {
		records.Reset()
		asked(t, map[string]any{"provider": "github", "secrets": "env:" + name}, hooktest.NewPost(hooktest.DocsBody))
		if cause, _ := hooktest.OnlyRecord(t, records)["error.message"].(string); !strings.Contains(cause, want) {
			t.Errorf("env:%s: %q", name, cause)
		}
	}
	// What is written in the wrong place may be the secret.
	for _, value := range []string{"s3cr3t s3cr3t", `s3cr3t" s3cr3t\`, strings.Repeat("s3cr3t ", 20)} {
		for option, raw := range map[string]map[string]any{
			"provider":            {"provider": value, "secrets": hooktest.DocsSecret, "maxBodyBytes": value},
			"signature.header":    {"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": value}},
			"signature.algorithm": {"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Signature", "algorithm": value}},
			"signature.signs":     {"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Signature", "signs": "{" + value + "}"}},
			"signature.format":    {"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Signature", "format": "{" + value + "}"}},
			"token.field":         {"secrets": hooktest.DocsSecret, "token": map[string]any{"field": value}},
			"publicURL":           {"provider": "twilio", "secrets": hooktest.DocsSecret, "publicURL": value},
			"redis.endpoints[0]":  {"provider": "github", "secrets": hooktest.DocsSecret, "redis": map[string]any{"endpoints": value}},
			"denylist":            {"provider": "github", "secrets": hooktest.DocsSecret, "denylist": map[string]any{"sourceRange": value}},
			"audit":               {"provider": "github", "secrets": hooktest.DocsSecret, "audit": map[string]any{"headers": value, "payload": value, "outputs": map[string]any{"type": value, "url": value}}},
			"methods":             {"provider": "github", "secrets": hooktest.DocsSecret, "methods": value},
		} {
			records.Reset()
			asked(t, raw, hooktest.NewPost(hooktest.DocsBody))
			cause, _ := hooktest.OnlyRecord(t, records)["error.message"].(string)
			if !strings.Contains(cause, option) || strings.Contains(cause, "s3cr3t") {
				t.Errorf("%s: %q", option, cause)
			}
		}
	}
	records.Reset()
	asked(t, hooktest.GithubOptions(), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature+"0"))
	if record := hooktest.OnlyRecord(t, records); record["error.message"] != nil {
		t.Errorf("%v", record)
	}
}
