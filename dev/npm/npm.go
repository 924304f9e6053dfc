// Package npm installs JavaScript that tests run, as a lock file pins it, and runs servers of it.
package npm

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"time"
)

// Install makes a folder's node_modules what its lock file says. A missing Node.js is an
// error and nothing to be skipped: nobody notices a skipped test.
func Install(folder string) error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("these tests run JavaScript, and %s is not on the PATH: install Node.js with npm, of the version that package.json names under engines", program)
		}
	}
	wanted, err := Locked(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return err
	}
	// npm's own note of what it has installed. Without it, or with another, the
	// folder is not to be relied on.
	installed, err := Locked(filepath.Join(folder, "node_modules", ".package-lock.json"))
	if err == nil && reflect.DeepEqual(installed, wanted) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	command.Dir = folder
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
}

// Package is what identifies a package in a lock file.
type Package struct {
	Version   string `json:"version"`
	Integrity string `json:"integrity"`
}

// Locked returns the packages of a lock file by their folder.
func Locked(file string) (map[string]Package, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	lock := struct {
		Packages map[string]Package `json:"packages"`
	}{}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	delete(lock.Packages, "") // this folder itself, which npm's note leaves out
	return lock.Packages, nil
}
