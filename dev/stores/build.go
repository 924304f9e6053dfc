// Package stores runs log stores on loopback, for the end-to-end tests: the real
// VictoriaLogs, OpenTelemetry Collector and rsyslog, a fake of Splunk's HTTP
// Event Collector, and a proxy in front of any of them that makes trouble.
// Everything ends with the test that asked for it.
//
// The stores that are Go modules are built from the nested modules in
// victorialogs/ and collector/, whose go.sum pin them. They are not in dev/go.mod,
// as their requirements would change the versions of what dev/ has of Traefik.
package stores

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// build is a store that is compiled here.
type build struct {
	binary    string // its name below dev/.cache
	directory string // its module, below dev/stores
	arguments []string
	about     string
}

var (
	victoriaLogsBuild = build{
		binary: "victoria-logs", directory: "victorialogs",
		// Pure Go: without a C compiler, as on a machine that has none.
		arguments: []string{"-tags", "pure", "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-logs"},
		about:     "VictoriaLogs, which takes some 15 seconds",
	}
	collectorBuild = build{
		binary: "collector", directory: "collector", arguments: []string{"."},
		about: "the OpenTelemetry Collector, which takes a minute or two",
	}
)

// Build compiles all stores ahead of the tests, which hide its progress. Later
// calls take no time.
func Build(ctx context.Context, progress io.Writer) error {
	for _, b := range []build{victoriaLogsBuild, collectorBuild} {
		if _, err := b.path(ctx, progress); err != nil {
			return err
		}
	}
	return nil
}

// path compiles the store, if dev/.cache has none of this version, and returns
// where its binary is.
func (b build) path(ctx context.Context, progress io.Writer) (string, error) {
	root, err := gateway.Root()
	if err != nil {
		return "", err
	}
	directory := filepath.Join(root, "dev", "stores", b.directory)
	cache := filepath.Join(root, "dev", ".cache")
	binary := filepath.Join(cache, b.binary)
	if newer(binary, directory) {
		return binary, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// Another test binary may build the same one now, or run it: each writes a
	// file of its own, and the last takes the place.
	temporary, err := os.MkdirTemp(cache, b.binary+"-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	fmt.Fprintf(progress, "Building %s; later it is cached.\n", b.about)
	// readonly: go.mod and go.sum are what pins the versions.
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-mod=readonly", "-o", filepath.Join(temporary, b.binary)}, b.arguments...)...)
	command.Dir = directory
	command.Env = append(os.Environ(), "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", b.binary, err, strings.TrimSpace(string(out)))
	}
	return binary, os.Rename(filepath.Join(temporary, b.binary), binary)
}

// newer says whether the binary is newer than its module's files. Asking the go
// command instead would take a second for each store and test.
func newer(binary, directory string) bool {
	built, err := os.Stat(binary)
	if err != nil {
		return false
	}
	files, err := os.ReadDir(directory)
	if err != nil {
		return false
	}
	last := time.Time{}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			return false
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return built.ModTime().After(last)
}
