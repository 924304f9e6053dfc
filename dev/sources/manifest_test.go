package sources

import (
	"os"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"
)

// The plugin catalog builds a middleware of the manifest's testData before it
// lists a plugin.
func TestManifest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", ".traefik.yml"))
	if err != nil {
		t.Fatal(err)
	}
	manifest := struct {
		TestData map[string]any `yaml:"testData"`
	}{}
	if err := yaml.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	data, err := yaml.Marshal(manifest.TestData)
	if err != nil {
		t.Fatal(err)
	}
	options, problems, err := All[0].Decode(string(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		t.Errorf("testData has problems: %q", problems)
	}
	if options.Provider == "" || len(options.Secrets) == 0 {
		t.Errorf("testData is not a configuration that works: %+v", options)
	}
}
