package checkup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/checkup/finding"
)

// What the README and the documents show can be copied: nothing in it is a mistake.
func TestDocumentsAreGood(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := 0
	for _, page := range append(pages, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "```yaml\n")[1:] {
			block, _, _ = strings.Cut(block, "\n```")
			file := filepath.Join(t.TempDir(), fmt.Sprintf("%s-%d.yml", filepath.Base(page), i))
			if err := os.WriteFile(file, []byte(block+"\n"), 0o600); err != nil {
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
	if sections < 17 {
		t.Errorf("found %d sections only", sections)
	}
}
