package checkup

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

// fenced is a block of a page: its indent, its language, its text.
var fenced = regexp.MustCompile("(?ms)^( *)```(yaml|toml)\n(.*?)^ *```$")

// What the README and the documents show can be copied: nothing in it is a mistake.
func TestDocumentsAreGood(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := 0
	for _, page := range append(pages, filepath.Join("..", "..", "..", "..", "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, match := range fenced.FindAllStringSubmatch(string(text), -1) {
			block := strings.ReplaceAll("\n"+match[3], "\n"+match[1], "\n") // of a list it is indented
			file := filepath.Join(t.TempDir(), fmt.Sprintf("%s-%d.%s", filepath.Base(page), i, match[2]))
			if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
				t.Fatal(err)
			}
			report := Run([]string{file}, nil, Options{})
			sections += report.Sections
			for _, f := range report.Findings {
				if f.Severity == finding.Error {
					t.Errorf("%s: %s: %s\n%s", page, f.Path, f.Message, block)
				}
			}
		}
	}
	if sections < 30 {
		t.Errorf("found %d sections only", sections)
	}
}
