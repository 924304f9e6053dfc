package sources

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/hookward/hookward"
)

// What the README and the pages in docs show must work as it stands: each
// configuration is read as Traefik reads it, and builds a gate that refuses with
// 401, unless it says that it forwards.
func TestReadme(t *testing.T) {
	text := ""
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, filepath.Join("..", "..", "README.md")) {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b) + "\n"
	}
	for _, name := range regexp.MustCompile(`env:([A-Z_]+)`).FindAllStringSubmatch(text, -1) {
		// Each its own, and base64 where it has to be.
		value := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret for "+name[1]+", long enough"))
		if strings.HasSuffix(name[1], "_STORE_KEY") {
			value = base64.StdEncoding.EncodeToString([]byte("32 bytes, for AES with 256 bits."))
		}
		t.Setenv(name[1], value)
	}
	schema := compileSchema(t, "#/definitions/Options")
	found := 0
	for _, block := range regexp.MustCompile("(?s)```(yaml|toml)\n(.*?)```").FindAllStringSubmatch(text, -1) {
		source, configurations := readmeOptions(t, block[1], block[2])
		for _, options := range configurations {
			found++
			testReadme(t, source, options)
			if source.Name != "labels" {
				checkSchema(t, schema, block[1], options)
			}
		}
	}
	if found != 58 {
		t.Errorf("found %d configurations of 58", found)
	}
}

// stateOf returns a directory in which a gate may still be at work when the test ends.
func stateOf(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "hookward-readme-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

func testReadme(t *testing.T, source Source, options string) {
	t.Helper()
	decoded, problems, err := source.Decode(options)
	if err != nil || len(problems) > 0 {
		t.Errorf("%s\nproblems: %q, %v", options, problems, err)
		return
	}
	// Traefik's Kubernetes provider puts the secret in the place of its name.
	options = regexp.MustCompile(`urn:k8s:secret:[\w:-]+`).ReplaceAllString(options, "a secret from Kubernetes, long enough")
	raw, err := source.Options(options)
	if err != nil {
		t.Fatal(err)
	}
	if allowlist, ok := raw["allowlist"].(map[string]any); ok {
		// What providers publish can't be fetched here.
		allowlist["sourceRange"] = "192.0.2.1"
	}
	if raw["stateDirectory"] != nil {
		raw["stateDirectory"] = stateOf(t)
	}
	if audit, ok := raw["audit"].(map[string]any); ok {
		// Their receivers aren't here, and their paths are the reader's.
		if outputs, ok := audit["outputs"].([]any); ok {
			for _, output := range outputs {
				if o := output.(map[string]any); o["path"] != nil {
					o["path"] = filepath.Join(t.TempDir(), "hooks.log")
				}
			}
		}
	}
	gate, err := hookward.New(context.Background(), http.NotFoundHandler(), &hookward.Config{Raw: raw}, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	keys := append(append([]string{}, decoded.Secrets...), decoded.PublicKeys...)
	if decoded.ClientCertificate != nil {
		keys = append(decoded.ClientCertificate.CA, keys...)
	}
	if len(keys) > 0 && strings.HasPrefix(keys[0], "file:") {
		return // a file of the reader's
	}
	if redis, ok := raw["redis"].(map[string]any); ok {
		redis["endpoints"] = "127.0.0.1:1" // theirs aren't here
	}
	answer := httptest.NewRecorder()
	gate.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", nil))
	want := http.StatusUnauthorized
	if decoded.ObserveOnly || decoded.Allowlist != nil && decoded.Allowlist.Alone {
		want = http.StatusNotFound // it was forwarded
	}
	if decoded.JWT != nil && decoded.JWT.Refusal == "secevent" {
		want = http.StatusBadRequest // RFC 8935
	}
	if decoded.Metrics != nil && decoded.Metrics.Token == "" {
		want = http.StatusNotFound // it sends, and answers nobody
	}
	if decoded.Console != nil {
		want = http.StatusMisdirectedRequest // it was called by another name
	}
	if answer.Code != want {
		t.Errorf("%s\nanswers %d", options, answer.Code)
	}
}

// readmeOptions returns what stands under the plugin's key of each middleware of
// a block, and the source to read it with.
func readmeOptions(t *testing.T, language, block string) (Source, []string) {
	t.Helper()
	if language == "toml" {
		texts := []string{}
		for _, table := range regexp.MustCompile(`(?s)\[http\.middlewares\.[\w-]+\.plugin\.hookward\]\n(.*?)(?:\n\[|$)`).FindAllStringSubmatch(block, -1) {
			texts = append(texts, strings.TrimSpace(table[1]))
		}
		return All[1], texts
	}
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
		return All[2], []string{strings.Join(lines, "\n")}
	}
	texts := []string{}
	for _, value := range find(document, plugin) {
		options, ok := value.(map[string]any)
		if !ok || options["moduleName"] != nil {
			continue
		}
		text, err := yaml.Marshal(options)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return All[0], texts
}

// find returns the values of a key, wherever they stand.
func find(value any, key string) []any {
	found := []any{}
	m, _ := value.(map[string]any)
	for name, child := range m {
		if name == key {
			found = append(found, child)
			continue
		}
		found = append(found, find(child, key)...)
	}
	return found
}
