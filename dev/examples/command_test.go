package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

var (
	buildInline = regexp.MustCompile("`(?:[A-Z_]+=\\S+ )*hookward build([^`\n]*)`")
	buildLine   = regexp.MustCompile(`(?m)^(?:\$ |  )(?:[A-Z_]+=\S+ )*hookward build(.*)$`)
)

// Every `hookward build` that a page shows has options that there are.
func TestBuildCommands(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hookward")
	compile := exec.Command("go", "build", "-o", path, "./cmd/hookward")
	compile.Dir = root
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "examples", "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		lines := append(buildInline.FindAllStringSubmatch(string(text), -1), buildLine.FindAllStringSubmatch(string(text), -1)...)
		for _, line := range lines {
			found++
			options, _, _ := strings.Cut(line[1], " #")
			// What the command takes no more of is told once all options are read.
			out, _ := exec.Command(path, append([]string{"build"}, append(strings.Fields(options), "nothing")...)...).CombinedOutput()
			if !strings.Contains(string(out), `takes no arguments but options: "nothing"`) {
				t.Errorf("%s: %s: %s", filepath.Base(page), line[0], out)
			}
		}
	}
	if found < 10 {
		t.Errorf("found %d commands", found)
	}
}
