package builder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// repository is hookward's own source.
func repository(t *testing.T) string {
	t.Helper()
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := Checkout(directory)
	if root == "" {
		t.Fatal("these tests do not lie in a checkout of hookward")
	}
	return root
}

// found returns a toolchain that works in a directory of the test's own.
func found(t *testing.T) *toolchain {
	t.Helper()
	tools := &toolchain{ctx: t.Context(), work: t.TempDir(), progress: io.Discard}
	if err := tools.find(); err != nil {
		t.Fatal(err)
	}
	return tools
}

// write writes a file, and the directories above it.
func write(t *testing.T, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shaped is a module that has all that is looked for in Traefik's.
func shaped(t *testing.T) module {
	t.Helper()
	m := module{Path: traefikModule, Version: "v3.0.0", Dir: t.TempDir(), Sum: "h1:a=", GoModSum: "h1:b="}
	write(t, "module "+traefikModule+"\n\ngo 1.20\n\nexclude example.com/a v1.0.0\n\nreplace example.com/b => example.com/c v1.0.0\n", m.Dir, "go.mod")
	write(t, "example.com/c v1.0.0 h1:c=\n", m.Dir, "go.sum")
	write(t, "package plugins\n\nimport \"github.com/traefik/yaegi/stdlib\"\n\nvar _ = i.Use(stdlib.Symbols)\n", m.Dir, "pkg", "plugins", "yaegi.go")
	write(t, "package version\n\nvar (\n\tVersion = \"dev\"\n)\n", m.Dir, "pkg", "version", "version.go")
	write(t, "package main\n\nfunc main() {\n}\n", m.Dir, "cmd", "traefik", "traefik.go")
	write(t, "package main\n", m.Dir, "cmd", "traefik", "traefik_test.go")
	return m
}

// What could be a Traefik without hookward in it must not be built.
func TestCheckShape(t *testing.T) {
	if err := checkShape(shaped(t)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct{ file, text string }{
		"plugins are no longer interpreted":    {"pkg/plugins/yaegi.go", "package plugins\n"},
		"the symbols come from elsewhere":      {"pkg/plugins/yaegi.go", "package plugins\n\nimport \"github.com/traefik/yaegi/stdlib\"\n\nvar _ = i.Use(symbols.Of(stdlib.Symbols))\n"},
		"another Yaegi":                        {"pkg/plugins/yaegi.go", "package plugins\n\nimport \"example.com/yaegi/stdlib\"\n\nvar _ = i.Use(stdlib.Symbols)\n"},
		"the main package has no main":         {"cmd/traefik/traefik.go", "package main\n"},
		"the version can't be set":             {"pkg/version/version.go", "package version\n\nfunc Version() string { return \"dev\" }\n"},
		"the main package is somewhere else":   {"cmd/traefik/traefik.go", ""},
		"only a test knows what is looked for": {"pkg/plugins/yaegi.go", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := shaped(t)
			path := filepath.Join(m.Dir, filepath.FromSlash(c.file))
			if c.text == "" {
				if err := os.Rename(path, strings.TrimSuffix(path, ".go")+"_test.go"); err != nil {
					t.Fatal(err)
				}
			} else {
				write(t, c.text, path)
			}
			if err := checkShape(m); err == nil || !strings.Contains(err.Error(), "another shape") || !strings.Contains(err.Error(), "docs/versions.md") {
				t.Errorf("%v", err)
			}
		})
	}
}

// The work module has the requirements, replacements and exclusions of its Traefik, and
// hookward's source without what its command requires.
func TestWriteModule(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.mod")
	t.Setenv("GOFLAGS", "-modfile="+other) // which could bring other modules
	checkout := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(repository(t), checkout); err != nil {
		t.Fatal(err)
	}
	tools := found(t)
	s, err := copyHookward(tools, checkout)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.version, "v") || !strings.Contains(string(s.manifest), "import: "+Plugin+"\n") {
		t.Errorf("%s, %s", s.version, s.manifest)
	}
	m := shaped(t)
	if err := writeModule(tools, m, s); err != nil {
		t.Fatal(err)
	}
	for file, wants := range map[string][]string{
		"go.mod":                  {"exclude example.com/a v1.0.0\n", "example.com/b => example.com/c v1.0.0\n", traefikModule + " v3.0.0\n", Plugin + " => ./hookward\n"},
		"go.sum":                  {"example.com/c v1.0.0 h1:c=\n", traefikModule + " v3.0.0 h1:a=\n", traefikModule + " v3.0.0/go.mod h1:b=\n"},
		"traefik.go":              {"func main() {"},
		"hookward_compiled_in.go": {`stdlib.Symbols["` + Plugin + `/hookward"]`},
		"hookward/go.mod":         {"module " + Plugin + "\n\ngo 1.20\n"},
		"hookward/plugin.go":      {"package hookward\n"},
	} {
		text, err := os.ReadFile(filepath.Join(tools.work, filepath.FromSlash(file)))
		if err != nil {
			t.Error(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s has no %q:\n%s", file, want, text)
			}
		}
	}
	for _, file := range []string{"traefik_test.go", "hookward/plugin_test.go", "hookward/cmd", "hookward/dev", "hookward/testdata"} {
		if _, err := os.Stat(filepath.Join(tools.work, filepath.FromSlash(file))); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was copied: %v", file, err)
		}
	}
	if _, err := os.Stat(other); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("GOFLAGS has had a say: %v", err)
	}
	if text, _ := os.ReadFile(filepath.Join(tools.work, "hookward", "go.mod")); strings.Contains(string(text), "require") {
		t.Errorf("hookward asks for modules that could change those of Traefik:\n%s", text)
	}

	write(t, "module "+traefikModule+"\n\ngo 1.20\n\nreplace example.com/b => ../b\n", m.Dir, "go.mod")
	if err := writeModule(tools, m, s); err == nil || !strings.Contains(err.Error(), "replaces example.com/b by the directory ../b") {
		t.Errorf("a Traefik that is built with a directory beside it: %v", err)
	}
}

// What is not committed is told by the version, whether git tracks it or not.
func TestCheckoutVersion(t *testing.T) {
	tools := found(t)
	checkout := t.TempDir()
	// Where git itself has called the test, in a hook or a rebase, they name its repository.
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} {
		t.Setenv(name, "") // for the end of the test
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	git := func(arguments ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", checkout, "-c", "user.name=x", "-c", "user.email=x@example.com"}, arguments...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", arguments, err, out)
		}
	}
	version := func() string {
		t.Helper()
		v, err := checkoutVersion(tools, checkout)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	write(t, "package hookward\n\nconst version = \"v0.1.0-dev\"\n", checkout, "plugin.go")
	if v := version(); v != "v0.1.0-dev" {
		t.Errorf("without git: %s", v)
	}
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "-m", "x")
	clean := version()
	if !strings.HasPrefix(clean, "v0.1.0-dev.g") || strings.Contains(clean, "dirty") {
		t.Errorf("clean: %s", clean)
	}
	write(t, "package hookward\n", checkout, "version_test.go")
	write(t, "x", checkout, "notes.txt")
	if v := version(); v != clean {
		t.Errorf("with files that are not compiled: %s", v)
	}
	write(t, "package hookward\n", checkout, "internal", "more", "more.go")
	if v := version(); v != clean+"-dirty" {
		t.Errorf("with a file that git does not track: %s", v)
	}
}

// Mistakes are named by the option, before anything is fetched or built.
func TestRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, "", file)
	good := Options{Traefik: DefaultTraefik, Hookward: repository(t), Output: file, Check: true, Progress: io.Discard}
	for want, change := range map[string]func(*Options){
		`--traefik: "3.6.12" is not a version of Traefik 3, such as v3.6.12`: func(o *Options) { o.Traefik = "3.6.12" },
		`--traefik: "v2.11.0" is not`:                                        func(o *Options) { o.Traefik = "v2.11.0" },
		`--traefik: "latest" is not`:                                         func(o *Options) { o.Traefik = "latest" },
		`--traefik: "v3.6.12@x" is not`:                                      func(o *Options) { o.Traefik = "v3.6.12@x" },
		`--hookward: "latest" is neither a version such as v0.1.0`:           func(o *Options) { o.Hookward = "latest" },
		`--hookward: "/" is neither`:                                         func(o *Options) { o.Hookward = "/" },
		"--output: there is no directory " + filepath.Join(file, "no"):       func(o *Options) { o.Output = filepath.Join(file, "no", "traefik") },
		"--output: " + os.DevNull + " is there already":                      func(o *Options) { o.Output = os.DevNull },
	} {
		o := good
		change(&o)
		if _, err := Build(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	t.Run("for another system", func(t *testing.T) {
		t.Setenv("GOOS", "plan9")
		if _, err := Build(t.Context(), good); err == nil || !strings.Contains(err.Error(), "a Traefik for plan9/"+runtime.GOARCH+" can't be started here") || !strings.Contains(err.Error(), "--check=false") {
			t.Errorf("%v", err)
		}
	})
	t.Run("the race detector without a C compiler", func(t *testing.T) {
		t.Setenv("CC", filepath.Join(t.TempDir(), "gcc"))
		o := good
		o.Race = true
		if _, err := Build(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "--race takes a C compiler, and there is no ") || !strings.HasSuffix(err.Error(), "install gcc, or set CC") {
			t.Errorf("%v", err)
		}
	})
	t.Run("without Go", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := Build(t.Context(), good); err == nil || !strings.Contains(err.Error(), "no go command in PATH") {
			t.Errorf("%v", err)
		}
	})
	t.Run("Go is too old", func(t *testing.T) {
		t.Setenv("GOTOOLCHAIN", "local")
		tools := found(t)
		if err := tools.need("Traefik v9", "1.20"); err != nil {
			t.Error(err)
		}
		if err := tools.need("Traefik v9", "1.999.0"); err == nil || !strings.HasPrefix(err.Error(), "Traefik v9 needs Go 1.999.0 or later") || !strings.Contains(err.Error(), "https://go.dev/dl") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a date", func(t *testing.T) {
		t.Setenv("SOURCE_DATE_EPOCH", "0")
		if date, err := buildDate(); date != "1970-01-01T00:00:00Z" || err != nil {
			t.Errorf("%s, %v", date, err)
		}
		t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
		if _, err := buildDate(); err == nil {
			t.Error("any text is a date")
		}
	})
}

// Usual causes come with their cure.
func TestExplain(t *testing.T) {
	for text, want := range map[string]string{
		"write /tmp/x: no space left on device":                                "The disk is full.",
		"dial tcp: lookup proxy.example: no such host":                         "Go's module proxy could not be asked.",
		"module lookup disabled by GOPROXY=off":                                "Go's module proxy could not be asked.",
		"reading https://proxy.example/@v/v9.info: 404 Not Found":              "There is no such version",
		"github.com/a/b@v3.99.0: invalid version: unknown revision v3.99.0":    "There is no such version",
		"something else that nobody has thought of, which is shown as it came": "",
	} {
		err := explain(errors.New(text), "Traefik can't be had: ")
		if !strings.HasPrefix(err.Error(), "Traefik can't be had: "+text) || !strings.Contains(err.Error(), want) || want == "" && strings.Contains(err.Error(), "\n") {
			t.Errorf("%v", err)
		}
	}
	if err := explain(fmt.Errorf("copying: %w", syscall.ENOSPC), ""); !strings.Contains(err.Error(), "The disk is full.") {
		t.Errorf("%v", err)
	}
	for text, want := range map[string]string{
		"go: updates to go.mod needed":                        "asks for other modules",
		"./hookward_compiled_in.go:16:9: undefined: stdlib.X": "another shape",
		"package main: use of internal package x not allowed": "another shape",
		"signal: killed": "building failed",
	} {
		if err := compileError(errors.New(text)); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v", err)
		}
	}
}

// A Traefik that runs from the output goes on, and what is there stays if the new one
// can't be written.
func TestHandOver(t *testing.T) {
	directory := t.TempDir()
	write(t, "new", directory, "built")
	write(t, "old", directory, "out", "traefik")
	running, err := os.Open(filepath.Join(directory, "out", "traefik"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	if n, err := handOver(filepath.Join(directory, "built"), filepath.Join(directory, "out", "traefik")); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	old, _ := io.ReadAll(running)
	text, err := os.ReadFile(filepath.Join(directory, "out", "traefik"))
	if string(old) != "old" || string(text) != "new" || err != nil {
		t.Errorf("%s, %s, %v", old, text, err)
	}
	files, err := os.ReadDir(filepath.Join(directory, "out"))
	if len(files) != 1 || err != nil {
		t.Errorf("%v, %v", files, err)
	}
	if path, err := outputPath(filepath.Join(directory, "out"), "windows/amd64"); path != filepath.Join(directory, "out", "traefik.exe") || err != nil {
		t.Errorf("%s, %v", path, err)
	}
}
