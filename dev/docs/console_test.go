package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/verdict"
)

// The page says of each reason which check it comes from, and what is behind it.
func TestCauses(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "console", "causes.js"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^  ([a-z_]+): \[(?:null|'[^']+'), '`).FindAllSubmatch(text, -1) {
		said[string(found[1])] = true
	}
	reasons := []string{verdict.Verified, verdict.AddressAllowed}
	for reason := range verdict.Statuses {
		reasons = append(reasons, reason)
	}
	for _, reason := range reasons {
		if !said[reason] {
			t.Errorf("console/causes.js says nothing of %s", reason)
		}
		delete(said, reason)
	}
	for reason := range said {
		t.Errorf("console/causes.js has %s, which is no reason", reason)
	}
}

// The page offers what a delivery can die of.
func TestDeaths(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "console", "actions.js"))
	if err != nil {
		t.Fatal(err)
	}
	want := "const deaths = ['" + strings.Join([]string{delivery.Exhausted, delivery.TooOld, delivery.Rejected, store.Undecodable}, "', '") + "'];"
	if !strings.Contains(string(text), want) {
		t.Errorf("console/actions.js lacks: %s", want)
	}
}

// What the gate carries is what stands in console/, also where another gzip has packed it.
func TestConsoleFile(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{"console", "internal/console"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	page := filepath.Join(root, "internal", "console", "page.go")
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(root, "console", "a.js"), "one")
	first, err := consoleFile(root)
	if err != nil {
		t.Fatal(err)
	}
	put(page, first+"\n") // the same files, in other bytes
	if again, err := consoleFile(root); err != nil || again != first+"\n" {
		t.Errorf("a file that holds the same is written anew: %v", err)
	}
	put(filepath.Join(root, "console", "a.js"), "two")
	if changed, err := consoleFile(root); err != nil || changed == first+"\n" {
		t.Errorf("a changed file is not seen: %v", err)
	}
	put(filepath.Join(root, "console", "a.js"), "one")
	put(filepath.Join(root, "console", "b.js"), "more")
	if more, err := consoleFile(root); err != nil || more == first+"\n" {
		t.Errorf("a new file is not seen: %v", err)
	}
}

// What the gate carries has no comments, and is the same script.
func TestLean(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"a.js":   {"// About it.\nif (a) {\n  // why\n  b('//c'); // d\n}\n", "if (a) {\nb('//c'); // d\n}\n"},
		"a.css":  {"a {\n  b: c;\n}\n", "a {\nb: c;\n}\n"},
		"a.html": {"  <p>\n", "  <p>\n"},
	} {
		got, err := lean(name, []byte(c.content))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := lean("a.js", []byte("b = `one\n  two`;\n")); err == nil {
		t.Error("a text that goes over two lines is changed")
	}
}
