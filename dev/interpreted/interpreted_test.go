// Package interpreted runs the plugin's own tests under Yaegi, with the options
// that Traefik gives it. Compiled tests alone prove little: Yaegi differs from
// Go in ways that no compiler reports.
package interpreted

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/hookward/hookward/dev/gateway"
)

const module = "github.com/hookward/hookward"

func TestInterpreted(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	goPath := linkedPath(t)
	runTests(t, goPath, root, module)
	for _, name := range innerPackages(t, root) {
		t.Run(name, func(t *testing.T) { runTests(t, goPath, filepath.Join(root, name), module+"/"+name) })
	}
}

// innerPackages returns the packages of internal/ that the plugin is made of. The others
// belong to the command, and are only compiled.
func innerPackages(t *testing.T, root string) []string {
	names := []string{}
	for _, path := range dependencies(t, root) {
		if name, inner := strings.CutPrefix(path, module+"/internal/"); inner {
			names = append(names, "internal/"+name)
		}
	}
	if len(names) == 0 {
		t.Fatal("found no inner packages")
	}
	return names
}

// linkedPath returns a GOPATH in which the repository is.
func linkedPath(t testing.TB) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	goPath := t.TempDir()
	source := filepath.Join(goPath, "src", module)
	if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, source); err != nil {
		t.Fatal(err)
	}
	return goPath
}

// runTests runs the tests of one package in an interpreter of its own.
func runTests(t *testing.T, goPath, directory, path string) {
	t.Chdir(directory) // where the tests find testdata

	// As in Traefik's pkg/plugins/middlewareyaegi.go.
	i := interp.New(interp.Options{GoPath: goPath, Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
	if err := i.Use(stdlib.Symbols); err != nil {
		t.Fatal(err)
	}
	if err := i.EvalTest(path); err != nil {
		t.Fatalf("the package does not load: %v", err)
	}

	tests := map[string]func(*testing.T){}
	names := []string{}
	for name, symbol := range i.Symbols(path)[path] {
		test, ok := symbol.Interface().(func(*testing.T))
		if ok && strings.HasPrefix(name, "Test") {
			tests[name] = test
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if want := declaredTests(t, directory); len(names) != want {
		t.Fatalf("found %d tests interpreted, %d are declared: %s", len(names), want, names)
	}
	for _, name := range names {
		t.Run(name, tests[name])
	}
}

// declaredTests counts the tests in the source, so that none goes missing. Those of
// files that only the compiler reads do not count.
func declaredTests(t *testing.T, directory string) int {
	files, err := filepath.Glob(filepath.Join(directory, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(b), "\n") {
			if strings.HasPrefix(line, "func Test") {
				count++
			}
		}
	}
	return count
}
