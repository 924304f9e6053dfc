package sources

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/hookward/hookward"
)

// What the README shows must work as it stands: each configuration in it is
// read as Traefik reads it, and builds a gate that refuses with 401, not 503.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GITHUB_WEBHOOK_SECRET", "0123456789abcdef0123456789abcdef")
	t.Setenv("STRIPE_WEBHOOK_SECRET", "whsec_0123456789abcdef0123456789abcdef")
	t.Setenv("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	found := 0
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		source, options := readmeOptions(t, block)
		if options == "" {
			continue
		}
		found++
		decoded, problems, err := source.Decode(options)
		if err != nil || len(problems) > 0 {
			t.Errorf("%s\nproblems: %q, %v", block, problems, err)
			continue
		}
		raw, err := source.Options(options)
		if err != nil {
			t.Fatal(err)
		}
		gate, err := hookward.New(context.Background(), http.NotFoundHandler(), &hookward.Config{Raw: raw}, t.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(decoded.Secrets[0], "file:") {
			continue // a file of the reader's
		}
		answer := httptest.NewRecorder()
		gate.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", nil))
		if answer.Code != http.StatusUnauthorized {
			t.Errorf("%s\nanswers %d", block, answer.Code)
		}
	}
	if found != 5 {
		t.Errorf("found %d configurations of 5", found)
	}
}

// readmeOptions returns what stands under the plugin's key of a block, or
// nothing where it configures no middleware, and the source to read it with.
func readmeOptions(t *testing.T, block string) (Source, string) {
	t.Helper()
	var document map[string]any
	if err := yaml.Unmarshal([]byte(block), &document); err != nil {
		t.Fatalf("%s\n%v", block, err)
	}
	lines := []string{}
	for _, line := range strings.Split(block, "\n") {
		if _, option, ok := strings.Cut(line, ".plugin.hookward."); ok {
			lines = append(lines, option)
		}
	}
	if len(lines) > 0 {
		return All[2], strings.Join(lines, "\n")
	}
	options, ok := find(document, plugin).(map[string]any)
	if !ok || options["moduleName"] != nil {
		return Source{}, ""
	}
	text, err := yaml.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	return All[0], string(text)
}

// find returns the value of a key, wherever it stands.
func find(value any, key string) any {
	m, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	if found, ok := m[key]; ok {
		return found
	}
	for _, child := range m {
		if found := find(child, key); found != nil {
			return found
		}
	}
	return nil
}
