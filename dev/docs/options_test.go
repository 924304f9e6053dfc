package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/inspect"
)

// Every option has a heading of its own in docs/options.md, so that pages and people can
// link to it, and no two have the same anchor.
func TestEveryOptionHasAnAnchor(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, match := range heading.FindAllStringSubmatch(prose(t, filepath.Join(root, "docs", "options.md")), -1) {
		found[anchor(strings.Trim(match[1], "`"))]++
	}
	sections, err := optionSections(root)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{}
	for _, o := range sections["Options"] {
		paths = append(append(paths, o.name), pathsBelow(sections, o, o.name)...)
	}
	for _, path := range paths {
		if found[anchor(path)] != 1 {
			t.Errorf("%s has %d headings", path, found[anchor(path)])
		}
	}
	if len(paths) < 150 {
		t.Errorf("found %d options", len(paths))
	}
	for _, name := range inspect.OptionNames() {
		if found[anchor(name)] != 1 {
			t.Errorf("%s has no heading", name)
		}
	}
}

// Paragraphs and lists of a comment are those of the page.
func TestBlocks(t *testing.T) {
	got := blocks("One of:\n  - a, in\n    two lines;\n  - b.\n\nNext\nparagraph.\n")
	want := []string{"One of:", "- a, in two lines;", "- b.", "Next paragraph."}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}
