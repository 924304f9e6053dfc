package sources

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"golang.org/x/tools/txtar"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/checkup"
	"github.com/hookward/hookward/internal/checkup/document"
	"github.com/hookward/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/internal/checkup/reading"
)

// readByCheck returns what `hookward check` takes for the plugin's options, of a
// configuration that is written as in the test cases.
func readByCheck(source Source, text string) (map[string]any, error) {
	switch source.Name {
	case "labels":
		prefix := strings.Join([]string{"traefik", "http", "middlewares", middleware, "plugin", plugin}, ".")
		labels := []reading.Label{}
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			if more, ok := strings.CutPrefix(line, "\t"); ok {
				labels[len(labels)-1].Value += "\n" + more
				continue
			}
			key, value, _ := strings.Cut(line, "=")
			if key != "" {
				key = "." + key
			}
			labels = append(labels, reading.Label{Key: prefix + key, Value: value})
		}
		read, problem := reading.ReadLabels(labels)
		if problem != nil {
			return nil, fmt.Errorf("%s %s", problem.Path, problem.Text)
		}
		return read.Options(middleware, plugin)
	case "json":
		documents, mistake := document.YAML([]byte(text))
		if mistake != nil {
			return nil, fmt.Errorf("%s", mistake.Text)
		}
		return reading.ManifestOptions(documents[0])
	}
	rendered, mistake, err := reading.Render(fileText(source, text), nil)
	if err != nil {
		return nil, fmt.Errorf("%s", mistake.Text)
	}
	var root *document.Node
	if source.Name == "toml" {
		root, mistake = document.TOML([]byte(rendered))
	} else {
		var documents []*document.Node
		documents, mistake = document.YAML([]byte(rendered))
		if len(documents) > 0 {
			root = documents[0]
		}
	}
	if mistake != nil {
		return nil, fmt.Errorf("%s", mistake.Text)
	}
	if problem := reading.Refused(root); problem != nil {
		return nil, fmt.Errorf("%s %s", problem.Path, problem.Text)
	}
	section := root.Path("http", "middlewares", middleware, "plugin", plugin)
	if section == nil || section.Kind == document.Null {
		return nil, fmt.Errorf("the plugin has no value")
	}
	return reading.FileOptions(section)
}

// fileText returns the file that a case's text is a part of.
func fileText(source Source, text string) string {
	if source.Name == "toml" {
		return tomlFile(text)
	}
	return yamlFile(text)
}

// plainly makes texts of all values, as the plugin does.
func plainly(t *testing.T, value any) string {
	t.Helper()
	switch v := value.(type) {
	case map[string]any:
		keys := []string{}
		for key := range v {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		text := "{"
		for _, key := range keys {
			text += fmt.Sprintf("%q:%s,", key, plainly(t, v[key]))
		}
		return text + "}"
	case dynamic.PluginConf:
		return plainly(t, map[string]any(v))
	case []any:
		text := "["
		for _, item := range v {
			text += plainly(t, item) + ","
		}
		return text + "]"
	case nil:
		return "null"
	}
	return fmt.Sprintf("%q", fmt.Sprint(reflect.ValueOf(value).Interface()))
}

func sameAsTraefik(t *testing.T, source Source, text string) {
	t.Helper()
	want, wantErr := optionsOrPanic(source, text)
	got, err := readByCheck(source, text)
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%s: check says %v, Traefik says %v, of\n%s", source.Name, err, wantErr, text)
		return
	}
	if err == nil && plainly(t, got) != plainly(t, want) {
		t.Errorf("%s: check reads\n%s\nTraefik reads\n%s\nof\n%s", source.Name, plainly(t, got), plainly(t, want), text)
	}
}

// What the command takes for the plugin's options is what Traefik does, of every case.
func TestCheckReadsAsTraefik(t *testing.T) {
	compared := 0
	for _, archive := range cases(t) {
		for _, f := range archive.Files {
			for _, source := range All {
				if source.Name == f.Name {
					sameAsTraefik(t, source, string(f.Data))
					compared++
				}
			}
		}
	}
	for _, test := range refusedByTraefik {
		for _, source := range All {
			if source.Name == test.source && source.Name != "json" {
				sameAsTraefik(t, source, test.text)
				compared++
			}
		}
	}
	if compared < 400 {
		t.Errorf("compared %d texts only", compared)
	}
}

// The same of random configurations, and of random labels that nobody has thought of.
func TestCheckReadsAsTraefikRandom(t *testing.T) {
	n := *seed
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("repeat with: -seed %d", n)
	g := &generator{rand.New(rand.NewPCG(n, 1))}
	for range 1000 {
		tree := g.section("", reflect.TypeFor[hookward.Options](), g.IntN(2) == 0)
		texts := write(tree)
		for _, source := range All {
			sameAsTraefik(t, source, texts[source.Name])
		}
		sameAsTraefik(t, All[2], g.labels())
		if t.Failed() {
			return
		}
	}
}

// labels returns labels whose names are put together at random, so that one stands in
// another's way.
func (g *generator) labels() string {
	parts := []string{"signature", "Signature", "header", "secrets", "secrets[0]", "secrets[10]", "secrets[2]", "a[0]", "a[]", "b", "", "[1]", "c]", "d[0][1]"}
	values := []string{"x", "true", "", "a,b", ",2,1", "1", "env:X", "{{x}}"}
	lines := ""
	for range 1 + g.IntN(5) {
		name := []string{}
		for range 1 + g.IntN(3) {
			// What stops everything is rare, or nothing else would be seen.
			n := len(parts)
			if g.IntN(8) > 0 {
				n -= 4
			}
			part := parts[g.IntN(n)]
			if part == "" && g.IntN(4) > 0 {
				part = "b"
			}
			name = append(name, part)
		}
		lines += strings.Join(name, ".") + "=" + values[g.IntN(len(values))] + "\n"
	}
	return lines
}

// cases returns the archives of testdata.
func cases(t *testing.T) []*txtar.Archive {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("found no cases: ", err)
	}
	archives := []*txtar.Archive{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, archive)
	}
	return archives
}

// checkFile returns the mistakes that `hookward check` finds of a case, in a file as
// somebody would write it.
func checkFile(t *testing.T, source Source, text string) []finding.Finding {
	t.Helper()
	name, file := "options.yml", ""
	switch source.Name {
	case "yaml":
		file = yamlFile(text)
	case "toml":
		name, file = "options.toml", tomlFile(text)
	case "labels":
		labels := map[string]string{}
		last := ""
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			if more, ok := strings.CutPrefix(line, "\t"); ok {
				labels[last] += "\n" + more
				continue
			}
			key, value, _ := strings.Cut(line, "=")
			last = "traefik.http.middlewares.hooks.plugin.hookward"
			if key != "" {
				last += "." + key
			}
			labels[last] = strings.ReplaceAll(value, "$", "$$")
		}
		b, err := json.Marshal(map[string]any{"services": map[string]any{"x": map[string]any{"labels": labels}}})
		if err != nil {
			t.Fatal(err)
		}
		file = string(b)
	case "json":
		file = `{"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "hooks"}, "spec": {"plugin": {"hookward": ` + text + `}}}`
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	report := checkup.Run([]string{path}, nil, checkup.Options{})
	errors := []finding.Finding{}
	for _, f := range report.Findings {
		if strings.Contains(f.Message+f.Path, secretMark) {
			t.Errorf("a finding gives a secret away: %+v", f)
		}
		if f.Severity == finding.Error {
			errors = append(errors, f)
		}
	}
	return errors
}

// Whatever the plugin, or Traefik, calls a mistake is one to `hookward check`, and
// nothing else is: of all cases, in all sources.
func TestCheckAgrees(t *testing.T) {
	good, bad := 0, 0
	agree := func(source Source, text string) {
		raw, err := optionsOrPanic(source, text)
		problems := []hookward.Remark{}
		if err == nil {
			// With secrets that are there.
			problems = hookward.Inspect(raw, func(text string) bool {
				return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
			}).Problems
		}
		found := checkFile(t, source, text)
		if err != nil || len(problems) > 0 {
			bad++
			if len(found) == 0 {
				t.Errorf("%s: check finds nothing, where there is %v %q in\n%s", source.Name, err, problems, text)
			}
		} else {
			good++
			if len(found) > 0 {
				t.Errorf("%s: check finds %+v in\n%s", source.Name, found, text)
			}
		}
		// Each of the plugin's problems is told with its path.
		if _, ofReading := hookward.Decode(raw); err == nil {
			for _, p := range ofReading {
				path, _, _ := strings.Cut(p, ": ")
				if !containsPath(found, path) && !strings.Contains(path, " ") {
					t.Errorf("%s: check does not say %q of\n%s\nbut %+v", source.Name, p, text, found)
				}
			}
		}
	}
	for _, archive := range cases(t) {
		for _, f := range archive.Files {
			for _, source := range All {
				if source.Name == f.Name {
					agree(source, string(f.Data))
				}
			}
		}
	}
	for _, test := range refusedByTraefik {
		for _, source := range All {
			if source.Name == test.source {
				agree(source, test.text)
			}
		}
	}
	if good < 25 || bad < 100 {
		t.Errorf("%d texts were good and %d bad: too few of either to tell", good, bad)
	}
}

func containsPath(findings []finding.Finding, path string) bool {
	for _, f := range findings {
		if strings.HasSuffix(f.Path, "."+path) {
			return true
		}
	}
	return false
}
