package senders

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if err := install(); err != nil {
		fmt.Fprintln(os.Stderr, "dev/senders:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// install makes node_modules what the lock file says. A missing Node.js is an
// error and nothing to be skipped: nobody notices a skipped test.
func install() error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("these tests run the providers' own JavaScript, and %s is not on the PATH: install Node.js with npm, of the version that package.json names under engines", program)
		}
	}
	wanted, err := lockedPackages("package-lock.json")
	if err != nil {
		return err
	}
	// npm's own note of what it has installed. Without it, or with another, the
	// folder is not to be relied on.
	installed, err := lockedPackages("node_modules/.package-lock.json")
	if err == nil && reflect.DeepEqual(installed, wanted) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund").CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
}

// lockedPackage is what identifies a package in a lock file.
type lockedPackage struct {
	Version   string `json:"version"`
	Integrity string `json:"integrity"`
}

// lockedPackages returns the packages of a lock file by their folder.
func lockedPackages(file string) (map[string]lockedPackage, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	lock := struct {
		Packages map[string]lockedPackage `json:"packages"`
	}{}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	delete(lock.Packages, "") // this folder itself, which npm's note leaves out
	return lock.Packages, nil
}

var funding = regexp.MustCompile(`^\s*("(url|funding)": )?"https?://[^"]*",?$`)

// Packages are pinned by what they contain; an address in the lock file would
// tie everybody to one machine's registry.
func TestLockFile(t *testing.T) {
	text, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		// Where the authors of a package ask for money is their own affair.
		if strings.Contains(line, "://") && !funding.MatchString(line) || strings.Contains(line, `"resolved"`) {
			t.Errorf("package-lock.json contains %s: write it with the .npmrc that stands beside it", line)
		}
	}
	packages, err := lockedPackages("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) == 0 {
		t.Error("package-lock.json holds no packages")
	}
	for folder, p := range packages {
		if !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("%s: integrity is %q, which pins nothing", folder, p.Integrity)
		}
	}
}
