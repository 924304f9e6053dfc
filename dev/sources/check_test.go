package sources

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/inspect"
)

// reader asks the code with which `hookward check` reads, in a process of its own: its
// packages are for the command alone.
type reader struct {
	questions *json.Encoder
	answers   *json.Decoder
}

// question and answer are as that process has them.
type question struct {
	Source, Text       string
	Labels             []containerLabel
	Middleware, Plugin string
}

type containerLabel struct{ Key, Value string }

type answer struct {
	Unknown []string
	Options map[string]any
	Error   string
}

func newReader(t *testing.T) reader {
	t.Helper()
	cmd := exec.Command(build(t, "./cmd/hookward/internal/checkup/reading/testdata/read"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
	return reader{json.NewEncoder(in), json.NewDecoder(out)}
}

func (r reader) ask(t *testing.T, q question) answer {
	t.Helper()
	a := answer{}
	if err := r.questions.Encode(q); err != nil {
		t.Fatal(err)
	}
	if err := r.answers.Decode(&a); err != nil {
		t.Fatalf("%v, of %+v", err, q)
	}
	return a
}

// options returns what `hookward check` takes for the plugin's options, of a
// configuration that is written as in the test cases.
func (r reader) options(t *testing.T, source Source, text string) (map[string]any, error) {
	t.Helper()
	q := question{Source: source.Name, Text: text, Middleware: middleware, Plugin: plugin}
	switch source.Name {
	case "labels":
		q.Labels = labelsOf(text)
	case "yaml", "toml":
		q.Text = fileText(source, text)
	}
	a := r.ask(t, q)
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a.Options, nil
}

// labelsOf returns the labels that the lines of a case stand for; see labelOptions.
func labelsOf(text string) []containerLabel {
	labels := []containerLabel{}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if more, ok := strings.CutPrefix(line, "\t"); ok {
			labels[len(labels)-1].Value += "\n" + more
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if key != "" {
			key = "." + key
		}
		labels = append(labels, containerLabel{strings.Join([]string{"traefik", "http", "middlewares", middleware, "plugin", plugin}, ".") + key, value})
	}
	return labels
}

// fileText returns the file that a case's text is a part of.
func fileText(source Source, text string) string {
	if source.Name == "toml" {
		return tomlFile(text)
	}
	return yamlFile(text)
}

// asJSON is how the two readings are compared: with the types of what Traefik hands over.
func asJSON(t *testing.T, options map[string]any) string {
	t.Helper()
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sameAsTraefik(t *testing.T, r reader, source Source, text string) {
	t.Helper()
	want, wantErr := optionsOrPanic(source, text)
	got, err := r.options(t, source, text)
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%s: check says %v, Traefik says %v, of\n%s", source.Name, err, wantErr, text)
		return
	}
	if err == nil && asJSON(t, got) != asJSON(t, want) {
		t.Errorf("%s: check reads\n%s\nTraefik reads\n%s\nof\n%s", source.Name, asJSON(t, got), asJSON(t, want), text)
	}
}

// What the command takes for the plugin's options is what Traefik does, of every case.
func TestCheckReadsAsTraefik(t *testing.T) {
	r, compared := newReader(t), 0
	for _, archive := range cases(t) {
		for _, f := range archive.Files {
			for _, source := range All {
				if source.Name == f.Name {
					sameAsTraefik(t, r, source, string(f.Data))
					compared++
				}
			}
		}
	}
	for _, test := range refusedByTraefik {
		for _, source := range All {
			if source.Name == test.source && source.Name != "json" {
				sameAsTraefik(t, r, source, test.text)
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
	r := newReader(t)
	for range 1000 {
		tree := g.section("", reflect.TypeFor[config.Options](), g.IntN(2) == 0)
		texts := write(tree)
		for _, source := range All {
			sameAsTraefik(t, r, source, texts[source.Name])
		}
		sameAsTraefik(t, r, All[2], g.labels())
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

// asWritten returns a case as a file that somebody would write.
func asWritten(t *testing.T, source Source, text string) string {
	t.Helper()
	switch source.Name {
	case "labels":
		labels := map[string]string{}
		for _, l := range labelsOf(text) {
			labels[l.Key] = strings.ReplaceAll(l.Value, "$", "$$")
		}
		b, err := json.Marshal(map[string]any{"services": map[string]any{"x": map[string]any{"labels": labels}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	case "json":
		return `{"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "hooks"}, "spec": {"plugin": {"hookward": ` + text + `}}}`
	}
	return fileText(source, text)
}

// extension returns that of a source's files.
func extension(source Source) string {
	if source.Name == "toml" {
		return ".toml"
	}
	return ".yml"
}

// checkFile returns the mistakes that `hookward check` finds of a case.
func checkFile(t *testing.T, command string, source Source, text string) []finding {
	t.Helper()
	path := filepath.Join(t.TempDir(), "options"+extension(source))
	if err := os.WriteFile(path, []byte(asWritten(t, source, text)), 0o600); err != nil {
		t.Fatal(err)
	}
	mistakes := []finding{}
	for _, f := range check(t, command, path) {
		if strings.Contains(f.Message+f.Path, secretMark) {
			t.Errorf("a finding gives a secret away: %+v", f)
		}
		if f.Severity == "error" {
			mistakes = append(mistakes, f)
		}
	}
	return mistakes
}

// Whatever the plugin, or Traefik, calls a mistake is one to `hookward check`, and
// nothing else is: of all cases, in all sources.
func TestCheckAgrees(t *testing.T) {
	command := build(t, "./cmd/hookward")
	good, bad := 0, 0
	agree := func(source Source, text string) {
		raw, err := optionsOrPanic(source, text)
		problems := []inspect.Remark{}
		if err == nil {
			// With secrets that are there.
			problems = inspect.Inspect(raw, func(text string) bool {
				return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
			}).Problems
		}
		found := checkFile(t, command, source, text)
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
		if _, ofReading := config.Decode(raw); err == nil {
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

func containsPath(findings []finding, path string) bool {
	for _, f := range findings {
		if strings.HasSuffix(f.Path, "."+path) {
			return true
		}
	}
	return false
}
