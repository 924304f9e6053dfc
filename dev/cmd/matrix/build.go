package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const traefik = "github.com/traefik/traefik/v3"

// build returns the binary of a version of Traefik, which it builds unless it is
// there. Go's module cache has the source as it was released; within it, that
// version's own requirements, replacements and exclusions hold, and its own
// go.sum.
func build(ctx context.Context, root, version string) (string, error) {
	dir := filepath.Join(root, "dev", ".cache", "matrix", version)
	binary := filepath.Join(dir, "traefik")
	if says, err := versionOf(ctx, binary); err == nil && says == version {
		return binary, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", traefik+"@"+version)
	// Outside of every module, so that no go.sum is added to.
	download.Dir = os.TempDir()
	out, err := download.Output()
	var module struct{ Dir, Error string }
	if failure := json.Unmarshal(out, &module); failure != nil || module.Error != "" || err != nil {
		return "", fmt.Errorf("go mod download: %v %s", err, module.Error)
	}
	fmt.Fprintf(os.Stderr, "Building Traefik %s.\n", version)
	// As Traefik's own Makefile does, so that the binary knows its version.
	compile := exec.CommandContext(ctx, "go", "build", "-o", binary,
		"-ldflags", "-X "+traefik+"/pkg/version.Version="+strings.TrimPrefix(version, "v"), "./cmd/traefik")
	compile.Dir = module.Dir
	var messages bytes.Buffer
	compile.Stderr = &messages
	if err := compile.Run(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, messages.String())
	}
	says, err := versionOf(ctx, binary)
	if err != nil {
		return "", err
	}
	if says != version {
		return "", fmt.Errorf("the binary says that it is %s", says)
	}
	return binary, nil
}

// versionOf asks a binary for its version.
func versionOf(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(out), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && name == "Version" {
			return "v" + strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("%s says no version", binary)
}
