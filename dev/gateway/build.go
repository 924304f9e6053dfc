// Package gateway runs the real Traefik, of the version that dev/go.mod pins,
// with hookward as a local plugin, on loopback.
package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const traefikCommand = "github.com/traefik/traefik/v3/cmd/traefik"

// Root returns the directory of hookward's root module, which holds dev/.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "dev", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside hookward's repository: no dev/go.mod above the working directory")
		}
		dir = parent
	}
}

// BinaryVariable is the environment variable that names another Traefik than the
// pinned one, by the absolute path of its binary: `make matrix` sets it.
const BinaryVariable = "HOOKWARD_TRAEFIK"

// Build compiles the pinned Traefik and returns the path of its binary, or that
// in BinaryVariable. The first time takes minutes; progress then gets a line now
// and again. Later calls take seconds: Go's build cache knows whether anything
// changed.
func Build(ctx context.Context, progress io.Writer) (string, error) {
	if other := os.Getenv(BinaryVariable); other != "" {
		if !filepath.IsAbs(other) {
			return "", fmt.Errorf("%s: %q is not an absolute path", BinaryVariable, other)
		}
		if _, err := os.Stat(other); err != nil {
			return "", fmt.Errorf("%s: %w", BinaryVariable, err)
		}
		return other, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(root, "dev", ".cache", "traefik")
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return "", err
	}
	if _, err := os.Stat(binary); err != nil {
		fmt.Fprintln(progress, "Building the pinned Traefik. The first time takes 5 to 10 minutes on two cores; later it is cached.")
	}
	// -v names each package as it is compiled, which is our progress bar.
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-o", binary, traefikCommand)
	cmd.Dir = filepath.Join(root, "dev")
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	last, compiled := "", 0
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		last = lines.Text()
		compiled++
		if compiled%100 == 0 {
			fmt.Fprintf(progress, "  %4d packages (of some 3000), now %s\n", compiled, last)
		}
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("building Traefik: %w: %s", err, last)
	}
	return binary, nil
}
