package npm

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var funding = regexp.MustCompile(`^\s*("(url|funding)": )?"https?://[^"]*",?$`)

// Packages are pinned by what they contain; an address in a lock file would tie everybody
// to one machine's registry.
func TestLockFiles(t *testing.T) {
	files, err := filepath.Glob("../*/package-lock.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lock file: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			// Where the authors of a package ask for money is their own affair.
			if strings.Contains(line, "://") && !funding.MatchString(line) || strings.Contains(line, `"resolved"`) {
				t.Errorf("%s contains %s: write it with an .npmrc as stands in ../senders", file, line)
			}
		}
		packages, err := Locked(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(packages) == 0 {
			t.Errorf("%s holds no packages", file)
		}
		for folder, p := range packages {
			if !strings.HasPrefix(p.Integrity, "sha512-") {
				t.Errorf("%s, %s: integrity is %q, which pins nothing", file, folder, p.Integrity)
			}
		}
	}
}
