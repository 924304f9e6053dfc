package main

import (
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// TestRules runs all rules over the directory of each: it must be refused by
// its own rule, and everything without a want comment is refused by none.
func TestRules(t *testing.T) {
	var dirs []string
	for _, r := range rules {
		dirs = append(dirs, r.name+"/...")
	}
	refused := make(map[string]int)
	for _, result := range analysistest.Run(t, analysistest.TestData(), analyzer, dirs...) {
		dir, _, _ := strings.Cut(result.Pass.Pkg.Path(), "/")
		refused[dir] += count(result.Diagnostics, dir)
	}
	for _, r := range rules {
		if refused[r.name] == 0 {
			t.Errorf("rule %s refuses nothing in its own directory", r.name)
		}
	}
}

func count(ds []analysis.Diagnostic, rule string) int {
	n := 0
	for _, d := range ds {
		if strings.HasPrefix(d.Message, "["+rule+"] ") {
			n++
		}
	}
	return n
}

// TestIgnoredFile checks that a file which the compiler leaves out is read
// all the same. Package analysistest takes no want comments from such a
// file, so its complaints are thrown away.
func TestIgnoredFile(t *testing.T) {
	results := analysistest.Run(discard{}, analysistest.TestData(), analyzer, "build-tag-ignored")
	if len(results) != 1 {
		t.Fatalf("got %d results, want 1", len(results))
	}
	ds := results[0].Diagnostics
	if len(ds) != 1 || count(ds, "build-tag") != 1 {
		t.Fatalf("got %v, want one build-tag diagnostic", ds)
	}
	if got := results[0].Pass.Fset.Position(ds[0].Pos); !strings.HasSuffix(got.Filename, "/ignored.go") || got.Line != 1 {
		t.Errorf("reported at %v, want ignored.go:1", got)
	}
}

type discard struct{}

func (discard) Errorf(string, ...any) {}
