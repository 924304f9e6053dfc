package sources

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/hookward/hookward/internal/config"
)

// build builds a main package of the plugin's module.
func build(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "built")
	cmd := exec.Command("go", "build", "-o", path, name)
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// finding is what 'hookward check --json' says.
type finding struct{ File, Severity, Rule, Path, Message string }

func check(t *testing.T, command, path string) []finding {
	t.Helper()
	out, err := exec.Command(command, "check", "--json", path).Output()
	findings := []finding{}
	if failure := json.Unmarshal(out, &findings); failure != nil {
		t.Fatalf("%v, %v: %s", err, failure, out)
	}
	return findings
}

// What 'hookward providers' prints of each provider is YAML, and the same options as
// the catalogue's.
func TestProvidersAreYAML(t *testing.T) {
	path := build(t, "./cmd/hookward")
	list, err := exec.Command(path, "providers", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	providers := []struct{ Slug string }{}
	if err := json.Unmarshal(list, &providers); err != nil || len(providers) < 144 {
		t.Fatalf("%d providers, %v", len(providers), err)
	}
	for _, p := range providers {
		out, err := exec.Command(path, "providers", p.Slug).Output()
		if err != nil {
			t.Fatalf("%s: %v", p.Slug, err)
		}
		_, text, _ := strings.Cut(string(out), "plugin.hookward:\n")
		example, row, _ := strings.Cut(text, "\nThe row:\n")
		want, _ := config.Decode(map[string]any{"provider": p.Slug})
		for _, part := range []struct{ text, provider string }{{example, ""}, {row, p.Slug}} {
			raw := map[string]any{}
			if err := yaml.Unmarshal([]byte(part.text), &raw); err != nil || len(raw) == 0 {
				t.Errorf("%s: %v\n%s", p.Slug, err, part.text)
				continue
			}
			got, problems := config.Decode(raw)
			if len(problems) > 0 {
				t.Errorf("%s: %v\n%s", p.Slug, problems, part.text)
			}
			if part.provider == "" {
				if got.Provider != p.Slug {
					t.Errorf("%s: the example is of %q", p.Slug, got.Provider)
				}
				continue
			}
			got.Provider = p.Slug
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: the row is\n%+v, want\n%+v", p.Slug, got, want)
			}
		}
	}
}
