// Package gateway runs the real Traefik, of the version that dev/go.mod pins,
// with hookward as a local plugin, on loopback.
package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Module is Traefik's.
const Module = "github.com/traefik/traefik/v3"

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

// A Form is how Traefik runs hookward.
type Form string

const (
	Interpreted Form = "interpreted"
	Compiled    Form = "compiled"
	// Race is Compiled with Go's race detector, for BuildPinned and BuildVersion alone:
	// whoever tests it says BinaryVariable, and that it is Compiled.
	Race Form = "race"
)

// FormVariable is the environment variable that names the form which is tested.
const FormVariable = "HOOKWARD_FORM"

// TestedForm is the form in FormVariable. Default: interpreted.
func TestedForm() (Form, error) {
	switch form := Form(os.Getenv(FormVariable)); form {
	case "":
		return Interpreted, nil
	case Interpreted, Compiled:
		return form, nil
	default:
		return "", fmt.Errorf("%s: %q is neither %s nor %s", FormVariable, form, Interpreted, Compiled)
	}
}

// BinaryVariable is the environment variable that names another Traefik than the
// pinned one, by the absolute path of its binary: `make matrix` sets it.
const BinaryVariable = "HOOKWARD_TRAEFIK"

// Build returns the path of a Traefik for the form that is tested: the pinned
// one, which it builds, or that in BinaryVariable.
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
	form, err := TestedForm()
	if err != nil {
		return "", err
	}
	return BuildPinned(ctx, form, progress)
}

// BuildPinned returns the path of the pinned Traefik for a form.
func BuildPinned(ctx context.Context, form Form, progress io.Writer) (string, error) {
	version, err := Pinned(ctx)
	if err != nil {
		return "", err
	}
	return BuildVersion(ctx, version, form, progress)
}

// Pinned returns the version of Traefik that dev/go.mod pins.
func Pinned(ctx context.Context) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", Module)
	list.Dir = filepath.Join(root, "dev")
	version, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w", Module, err)
	}
	return strings.TrimSpace(string(version)), nil
}

// BuildVersion returns the path of a version of Traefik for a form, in
// dev/.cache, and builds it where it is not there, or of another source of
// hookward's.
func BuildVersion(ctx context.Context, version string, form Form, progress io.Writer) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(root, "dev", ".cache", "gateway", version, string(form))
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return "", err
	}
	if form == Interpreted {
		if _, err := os.Stat(binary); err == nil {
			return binary, nil
		}
		return binary, buildPlain(ctx, version, binary, progress)
	}
	digest, err := sourceDigest(root)
	if err != nil {
		return "", err
	}
	built, err := os.ReadFile(binary + ".source")
	if _, missing := os.Stat(binary); missing == nil && err == nil && string(built) == digest {
		return binary, nil
	}
	options := []string{}
	if form == Race {
		options = append(options, "--race")
	}
	if err := BuildCompiled(ctx, version, root, binary, progress, options...); err != nil {
		return "", err
	}
	return binary, os.WriteFile(binary+".source", []byte(digest), 0o644)
}

// BuildCompiled runs `hookward build` for a directory with hookward's source, with more
// options of that command.
func BuildCompiled(ctx context.Context, version, source, binary string, progress io.Writer, options ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	arguments := []string{"run", "./cmd/hookward", "build", "--traefik", version, "--hookward", source, "--output", binary}
	build := exec.CommandContext(ctx, "go", append(arguments, options...)...)
	build.Dir = root
	var messages bytes.Buffer
	build.Stderr = io.MultiWriter(progress, &messages)
	if err := build.Run(); err != nil {
		return fmt.Errorf("hookward build: %w: %s", err, messages.String())
	}
	return nil
}

// VersionOf asks a binary for its version. Where hookward is compiled in, that follows
// Traefik's own: v3.6.12+hookward.0.1.0.
func VersionOf(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == "Version" {
			return "v" + strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("%s says no version", binary)
}

// buildPlain builds Traefik from its own source, with its own requirements, and
// with the flags of `hookward build`, so that both forms share Go's cache.
func buildPlain(ctx context.Context, version, binary string, progress io.Writer) error {
	fmt.Fprintf(progress, "Building Traefik %s. The first time takes 5 to 10 minutes on two cores; later it is cached.\n", version)
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", Module+"@"+version)
	// Outside of every module, so that no go.sum is added to.
	download.Dir = os.TempDir()
	out, err := download.Output()
	var module struct{ Dir, Error string }
	if failure := json.Unmarshal(out, &module); failure != nil || module.Error != "" || err != nil {
		return fmt.Errorf("go mod download: %v %s", err, module.Error)
	}
	temporary := binary + ".new" // half a binary is none
	// As Traefik's own Makefile does, so that the binary knows its version.
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", temporary,
		"-ldflags", "-s -w -X "+Module+"/pkg/version.Version="+strings.TrimPrefix(version, "v"), "./cmd/traefik")
	build.Dir = module.Dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return os.Rename(temporary, binary)
}

// sourceDigest is a digest of all that `hookward build` puts into a binary, and of
// how it does that.
func sourceDigest(root string) (string, error) {
	digest := sha256.New()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (name == "dev" || name == "docs" || name == "examples" || name == "testdata" || strings.HasPrefix(name, ".")) {
			return fs.SkipDir
		}
		if entry.IsDir() || (!strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go")) && name != "go.mod" && name != ".traefik.yml" {
			return nil
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(digest, "%s %d\n%s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(digest.Sum(nil)), err
}
