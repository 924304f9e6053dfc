package interpreted

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/hookward/hookward/dev/gateway"
)

// TestCompiledOnlySample proves on a package of its own that Yaegi skips a file with
// the two lines, and a test file with them, even where it could not load them.
func TestCompiledOnlySample(t *testing.T) {
	goPath := t.TempDir()
	directory := filepath.Join(goPath, "src", "example.com", "sample")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	const lines = "//go:build gc\n// +build gc\n\n"
	for name, text := range map[string]string{
		"plain.go":         "package sample\n\nfunc Plain() string { return \"plain\" }\n",
		"compiled.go":      lines + "package sample\n\nimport \"example.com/nowhere\"\n\nfunc Compiled() string { return nowhere.X }\n",
		"compiled_test.go": lines + "package sample\n\nimport \"testing\"\n\nfunc TestCompiled(t *testing.T) { t.Fatal(Compiled()) }\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	symbols := loadedNames(t, goPath, "example.com/sample")
	if !symbols["Plain"] || symbols["Compiled"] || symbols["TestCompiled"] {
		t.Errorf("Yaegi has %v, want Plain alone", symbols)
	}
}

// TestCompiledOnlyFiles proves the same of the plugin's own files.
func TestCompiledOnlyFiles(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("found no files: ", err)
	}
	goPath := linkedPath(t)
	t.Chdir(root)
	symbols := loadedNames(t, goPath, module)
	if !symbols["New"] {
		t.Fatalf("Yaegi has not loaded the plugin: %v", symbols)
	}
	for _, file := range files {
		if !isCompiledOnly(t, file) {
			continue
		}
		for _, name := range exported(t, file) {
			if symbols[name] {
				t.Errorf("Yaegi has %s of %s", name, filepath.Base(file))
			}
		}
	}
}

// loadedNames returns the names that a package, with its tests, has under Yaegi.
func loadedNames(t *testing.T, goPath, path string) map[string]bool {
	t.Helper()
	i := interp.New(interp.Options{GoPath: goPath, Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
	if err := i.Use(stdlib.Symbols); err != nil {
		t.Fatal(err)
	}
	if err := i.EvalTest(path); err != nil {
		t.Fatalf("the package does not load: %v", err)
	}
	names := map[string]bool{}
	for name := range i.Symbols(path)[path] {
		names[name] = true
	}
	return names
}

// exported returns the exported names that a file declares at its top, but for
// methods.
func exported(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.IsExported() {
					names = append(names, s.Name.Name)
				}
			}
		}
	}
	return names
}
