package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/hookward/hookward/dev/gateway"
)

// TestBuildCommand runs `hookward build` where it must fail: whatever it says, no
// binary may be left that somebody could take for a gate.
func TestBuildCommand(t *testing.T) {
	if form, err := gateway.TestedForm(); err != nil || form == gateway.Interpreted {
		t.Log("this is about the compiled form, and runs with it", err)
		return
	}
	hookward := command(t)
	version, err := gateway.Pinned(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if help, err := exec.Command(hookward, "help", "build").Output(); err != nil || !strings.Contains(string(help), "(default "+version+")") && os.Getenv(gateway.BinaryVariable) == "" {
		t.Errorf("the command does not build %s by default: %v\n%s", version, err, help)
	}
	build := func(t *testing.T, environment []string, arguments ...string) (string, int, string) {
		t.Helper()
		output := filepath.Join(t.TempDir(), "traefik")
		cmd := exec.Command(hookward, append([]string{"build", "--traefik", version, "--output", output}, arguments...)...)
		cmd.Dir = t.TempDir() // no checkout
		cmd.Env = append(os.Environ(), environment...)
		said := bytes.Buffer{}
		cmd.Stdout, cmd.Stderr = &said, &said
		exit := (*exec.ExitError)(nil)
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return output, cmd.ProcessState.ExitCode(), said.String()
	}
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	full := t.TempDir()
	if err := syscall.Mount("tmpfs", full, "tmpfs", 0, "size=200k"); err == nil {
		t.Cleanup(func() { _ = syscall.Unmount(full, syscall.MNT_DETACH) })
	} else {
		full = ""
	}
	changed := func(place, after string) string { return patched(t, []patch{{place, after}}) }
	for _, c := range []struct {
		name        string
		environment []string
		arguments   []string
		status      int
		want        string
	}{
		{"neither version nor checkout", nil, nil, 2, "name a version, such as v0.1.0, or a directory with its source"},
		{"a version of Traefik that is not there", nil, []string{"--hookward", root, "--traefik", "v3.0.999"}, 2, "There is no such version"},
		{"no network", []string{"GOPROXY=off", "GOFLAGS=-modcacherw", "GOMODCACHE=" + t.TempDir()}, []string{"--hookward", root}, 2, "Go's module proxy could not be asked"},
		{"a full disk", []string{"TMPDIR=" + full}, []string{"--hookward", root}, 2, "The disk is full"},
		{"a gate that passes everything", nil, []string{"--hookward", changed("	if f.Otherwise != \"\" {\n", "return verdict.Verified\n")}, 1, "a wrongly signed delivery got 200"},
		{"a gate that passes nothing", nil, []string{"--hookward", changed("	x.forward = x.passes\n", "x.forward = false\n")}, 1, "a good delivery got 401"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "a full disk" && full == "" {
				t.Skip("no small file system can be had here: mounting one takes root")
			}
			output, status, said := build(t, c.environment, c.arguments...)
			if status != c.status || !strings.Contains(said, c.want) {
				t.Errorf("exit status %d, want %d and %q:\n%s", status, c.status, c.want, said)
			}
			if _, err := os.Stat(output); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("there is a binary: %v", err)
			}
		})
	}
	t.Run("a released version", func(t *testing.T) {
		// What Go has fetched stays in its cache by version: so each run has another.
		number := fmt.Sprintf("0.99.%d", time.Now().Unix())
		output, status, said := build(t, released(t, root, "v"+number), "--hookward", "v"+number, "--plugin-directory", filepath.Join(t.TempDir(), "etc"))
		if status != 0 || !strings.Contains(said, "+hookward."+number+" for ") || !strings.Contains(said, "etc/plugins-local/src/github.com/hookward/hookward/.traefik.yml") {
			t.Fatalf("exit status %d:\n%s", status, said)
		}
		out, err := exec.Command(output, "version").Output()
		if want := strings.TrimPrefix(version, "v") + "+hookward." + number + "\n"; err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v, %s, want %q", err, out, want)
		}
	})
}

// released returns an environment in which a version of hookward is to be had from
// a module proxy, beside all other modules, until the test ends.
func released(t *testing.T, root, version string) []string {
	t.Helper()
	proxy := t.TempDir()
	versions := filepath.Join(proxy, "github.com", "hookward", "hookward", "@v")
	archive := bytes.Buffer{}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	err = errors.Join(err, os.MkdirAll(versions, 0o755),
		zip.CreateFromDir(&archive, module.Version{Path: "github.com/hookward/hookward", Version: version}, root),
		os.WriteFile(filepath.Join(versions, version+".info"), fmt.Appendf(nil, `{"Version":%q}`, version), 0o644),
		os.WriteFile(filepath.Join(versions, version+".mod"), mod, 0o644))
	if err == nil {
		err = os.WriteFile(filepath.Join(versions, version+".zip"), archive.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOPROXY", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	others, cache, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	t.Cleanup(func() {
		_ = os.RemoveAll(filepath.Join(cache, "github.com", "hookward"))
		_ = os.RemoveAll(filepath.Join(cache, "cache", "download", "github.com", "hookward"))
	})
	return []string{"GOPROXY=file://" + proxy + "," + others, "GONOSUMDB=github.com/hookward/hookward", "GOFLAGS=-modcacherw"}
}
