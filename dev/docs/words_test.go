package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Old words are refused as names, as parts of names, and on pages; not in comments of code,
// where English has them, and not where a longer word begins with one.
func TestOldWords(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := checkWords(root); err == nil {
		t.Error("there is no glossary")
	}
	write("CONTRIBUTING.md", "| other | `table` | `scanner` |\n\n## Words\n\n| Word | Means | Not |\n|---|---|---|\n| worker | a goroutine | `crew` |\n| duplicate | a name | twice, `standIn` |\n\n## More\n\n| x | `y` | `screwed` |\n")
	write("good.go", "package a\n\n// A crew of workers.\nvar screwed, stand, insider = \"crew\", 1, 2\n")
	write("docs/good.md", "The screw stands in for it.\n")
	write("testdata/bad.go", "package a\n\nvar crew int\n")
	if err := checkWords(root); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{
		"bad.go":         "package a\n\nfunc newCrew() {}\n",
		"sub/bad.go":     "package a\n\nvar standIns, aStandInHere = 1, 2\n",
		"docs/bad.md":    "Have the crew ready.\n",
		"docs/drawn.svg": "<svg><text>Crew</text></svg>",
	} {
		write(name, text)
		if err := checkWords(root); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
}
