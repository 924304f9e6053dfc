// Package builder makes a Traefik with hookward compiled in.
//
// Traefik has Yaegi evaluate a plugin's import path. Yaegi looks into its table of compiled
// packages first, and Traefik fills that table from stdlib.Symbols of Yaegi. So the main
// package of Traefik gets one more file, which puts hookward into that map; nothing of
// Traefik, of hookward or of a configuration changes.
//
// The package knows Go's command and Traefik's module. It knows nothing of configurations,
// and it hands over no binary that it has not seen verifying, unless it is told to.
package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// DefaultTraefik is the version that the project is tested with. dev/go.mod pins the same.
const DefaultTraefik = "v3.6.12"

// Plugin is hookward's module, which is also what a plugin's manifest calls its import.
const Plugin = "github.com/hookward/hookward"

const traefikModule = "github.com/traefik/traefik/v3"

// Options say what is built.
type Options struct {
	Traefik   string // version, such as v3.6.12
	Hookward  string // version, or the directory of its source
	Output    string // path of the binary
	Check     bool   // start the binary once, and hand it over only if it verifies
	Dashboard bool   // build Traefik's web page into it, which takes Node.js
	Race      bool   // build it with Go's race detector, which takes a C compiler
	// PluginDirectory gets the manifest that Traefik looks for, if it is not empty: it
	// is the directory that Traefik is going to be started in.
	PluginDirectory string
	Progress        io.Writer
}

// Result says what was built.
type Result struct {
	Path     string
	Version  string // as the binary says it
	Platform string // GOOS/GOARCH
	Bytes    int64
	Manifest string // path of the manifest, if it was written
}

// broken is an error of a binary that was built, and does not do what it should.
type broken struct{ error }

// IsBroken says whether there was a binary, which does not do what it should.
func IsBroken(err error) bool { return errors.As(err, &broken{}) }

// Build makes the binary. Its errors are for the operator: what is wrong, and the cure.
func Build(ctx context.Context, o Options) (Result, error) {
	work, err := os.MkdirTemp("", "hookward-build-")
	if err != nil {
		return Result{}, explain(err, "")
	}
	defer func() { _ = os.RemoveAll(work) }()
	// A module of its own from the beginning: one around it has no say.
	if err := os.WriteFile(filepath.Join(work, "go.mod"), []byte("module hookward.local/traefik\n"), 0o644); err != nil {
		return Result{}, explain(err, "")
	}
	t := &toolchain{ctx: ctx, work: work, progress: o.Progress}
	if err := t.find(); err != nil {
		return Result{}, err
	}
	if o.Race {
		if err := t.detectRaces(); err != nil {
			return Result{}, err
		}
	}
	if o.Check && t.platform != runtime.GOOS+"/"+runtime.GOARCH {
		return Result{}, fmt.Errorf("a Traefik for %s can't be started here, so nobody would know that it verifies; --check=false builds it all the same", t.platform)
	}
	output, err := outputPath(o.Output, t.platform)
	if err != nil {
		return Result{}, err
	}

	source, err := copyHookward(t, o.Hookward)
	if err != nil {
		return Result{}, err
	}
	traefik, err := downloadTraefik(t, o.Traefik)
	if err != nil {
		return Result{}, err
	}
	if o.Dashboard {
		if traefik, err = buildDashboard(t, traefik); err != nil {
			return Result{}, err
		}
	}
	if err := writeModule(t, traefik, source); err != nil {
		return Result{}, err
	}
	r := Result{Path: output, Platform: t.platform, Version: strings.TrimPrefix(traefik.Version, "v") + "+hookward." + strings.TrimPrefix(source.version, "v")}
	binary := filepath.Join(work, filepath.Base(output))
	if err := t.compile(binary, r.Version); err != nil {
		return Result{}, err
	}
	if o.Check {
		if err := check(ctx, t, binary, r.Version, source.manifest); err != nil {
			return Result{}, broken{err}
		}
	}
	if o.PluginDirectory != "" {
		if r.Manifest, err = writeManifest(o.PluginDirectory, source.manifest); err != nil {
			return Result{}, err
		}
	}
	r.Bytes, err = handOver(binary, output)
	return r, err
}

// writeManifest writes what Traefik reads of a plugin that is compiled in, below the
// directory that Traefik is going to be started in, and returns its path.
func writeManifest(directory string, manifest []byte) (string, error) {
	path := filepath.Join(directory, "plugins-local", "src", filepath.FromSlash(Plugin), ".traefik.yml")
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, manifest, 0o644)
	}
	if err != nil {
		return "", fmt.Errorf("the plugin's manifest can't be written: %w", err)
	}
	return path, nil
}

// outputPath returns where the binary goes, and refuses before minutes are spent.
func outputPath(path, platform string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, "traefik")
		if strings.HasPrefix(platform, "windows/") {
			path += ".exe"
		}
		info, err = os.Stat(path)
	}
	if err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("--output: %s is there already, and is no plain file", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return "", fmt.Errorf("--output: there is no directory %s", filepath.Dir(path))
	}
	return path, nil
}

// handOver moves the binary to where it is wanted. A Traefik that runs from there keeps
// running: its file is replaced, not written to.
func handOver(binary, output string) (int64, error) {
	from, err := os.Open(binary)
	if err != nil {
		return 0, explain(err, "")
	}
	defer func() { _ = from.Close() }()
	to, err := os.CreateTemp(filepath.Dir(output), filepath.Base(output)+"-")
	if err != nil {
		return 0, explain(err, "--output: ")
	}
	n, err := io.Copy(to, from)
	err = errors.Join(err, to.Chmod(0o755), to.Close())
	if err == nil {
		err = os.Rename(to.Name(), output)
	}
	if err != nil {
		_ = os.Remove(to.Name())
		return 0, explain(err, "--output: ")
	}
	return n, nil
}
