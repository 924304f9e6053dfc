package builder

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// toolchain is Go's command, at work in a module of its own.
type toolchain struct {
	ctx      context.Context
	work     string // the module's directory
	progress io.Writer
	path     string
	version  string // such as go1.26.1
	platform string // GOOS/GOARCH that it builds for
	cache    string // GOCACHE
	race     bool   // build with the race detector
}

// say tells how far the work is.
func (t *toolchain) say(format string, values ...any) {
	fmt.Fprintf(t.progress, format+"\n", values...)
}

// command returns a call of Go's command in a directory. A workspace around it, a module
// around the temporary directory and GOFLAGS have no say: they could bring other modules.
func (t *toolchain) command(directory string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.ctx, t.path, arguments...)
	cmd.Dir = directory
	cmd.Env = append(os.Environ(), "GOWORK=off", "GO111MODULE=on", "GOFLAGS=")
	switch {
	case t.race:
		cmd.Env = append(cmd.Env, "CGO_ENABLED=1")
	case os.Getenv("CGO_ENABLED") == "":
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// output runs Go's command and returns what it prints. The error has its last words.
func (t *toolchain) output(directory string, arguments ...string) ([]byte, error) {
	cmd := t.command(directory, arguments...)
	messages := &bytes.Buffer{}
	cmd.Stderr = messages
	out, err := cmd.Output()
	if err != nil {
		return out, said(t.ctx, err, messages.String())
	}
	return out, nil
}

// find looks for Go's command.
func (t *toolchain) find() error {
	path, err := exec.LookPath("go")
	if err != nil {
		return errors.New("there is no go command in PATH: building takes Go, from https://go.dev/dl or as golang of a distribution")
	}
	t.path = path
	out, err := t.output(t.work, "env", "GOVERSION", "GOOS", "GOARCH", "GOCACHE")
	if err != nil {
		return err
	}
	words := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(words) != 4 {
		return fmt.Errorf("go env says %q", out)
	}
	t.version, t.platform, t.cache = words[0], words[1]+"/"+words[2], words[3]
	return nil
}

// detectRaces has the race detector built in, which is linked by a C compiler.
func (t *toolchain) detectRaces() error {
	out, err := t.output(t.work, "env", "CC")
	if err != nil {
		return err
	}
	words := strings.Fields(string(out))
	if len(words) == 0 {
		return errors.New("--race takes a C compiler, and go env names none: set CC")
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return fmt.Errorf("--race takes a C compiler, and there is no %s in PATH: install gcc, or set CC", words[0])
	}
	t.race = true
	return nil
}

// need checks that Go is new enough for what a go.mod demands, here or as a toolchain
// that Go's command fetches for a module with that demand.
func (t *toolchain) need(what, wanted string) error {
	if version.Compare(t.version, "go"+wanted) >= 0 {
		return nil
	}
	too := fmt.Errorf("%s needs Go %s or later, and %s is %s: install a newer one from https://go.dev/dl, or let Go fetch it itself with GOTOOLCHAIN=auto", what, wanted, t.path, t.version)
	probe := filepath.Join(t.work, "probe")
	err := errors.Join(os.MkdirAll(probe, 0o755), os.WriteFile(filepath.Join(probe, "go.mod"), []byte("module probe\n\ngo "+wanted+"\n"), 0o644))
	if err != nil {
		return explain(err, "")
	}
	out, err := t.output(probe, "env", "GOVERSION")
	if err != nil || version.Compare(strings.TrimSpace(string(out)), "go"+wanted) < 0 {
		return errors.Join(too, err)
	}
	return nil
}

// module is what go mod download says of one.
type module struct {
	Path, Version, Dir, GoMod, Sum, GoModSum, Error string
}

// download has a module fetched, and its checksum verified as Go does.
func (t *toolchain) download(name, path, version string) (module, error) {
	out, err := t.output(t.work, "mod", "download", "-json", path+"@"+version)
	m := module{}
	if json.Unmarshal(out, &m) == nil && m.Error != "" {
		err = errors.New(m.Error)
	}
	if err == nil && m.Dir == "" {
		err = fmt.Errorf("go mod download says %q", out)
	}
	if err != nil {
		return m, explain(err, fmt.Sprintf("%s %s can't be had: ", name, version))
	}
	return m, nil
}

// compile builds the work module's main package. Go names each package that it compiles,
// and each module that it fetches: some of them are told as progress.
func (t *toolchain) compile(binary, version string) error {
	date, err := buildDate()
	if err != nil {
		return err
	}
	flags := "-s -w -X " + traefikModule + "/pkg/version.Version=" + version + " -X " + traefikModule + "/pkg/version.BuildDate=" + date
	arguments := []string{"build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", binary}
	if t.race {
		arguments = append(arguments, "-race")
	}
	cmd := t.command(t.work, append(arguments, ".")...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	t.say("Compiling. The first time takes 5 to 10 minutes on two cores, and 3 GB of Go's caches; later it takes half a minute.")
	if err := cmd.Start(); err != nil {
		return explain(err, "")
	}
	rest, packages, modules := []string{}, 0, 0
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "go: downloading "):
			if modules++; modules%50 == 0 {
				t.say("  %4d modules fetched", modules)
			}
		case strings.ContainsAny(line, " :"):
			rest = append(rest, line) // a message, and no package's name
		default:
			if packages++; packages%200 == 0 {
				t.say("  %4d packages (of some 2500)", packages)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		return compileError(said(t.ctx, err, strings.Join(rest, "\n")))
	}
	return nil
}

// buildDate is what the binary says of its time, as Traefik's own Makefile writes it. With
// SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch) the same
// sources make the same binary.
func buildDate() (string, error) {
	now := time.Now()
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return "", fmt.Errorf("SOURCE_DATE_EPOCH: %q is no number of seconds", epoch)
		}
		now = time.Unix(seconds, 0)
	}
	return now.UTC().Format(time.RFC3339), nil
}

// said joins an error of Go's command with its last words, of which the first are what
// matters least.
func said(ctx context.Context, err error, messages string) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	lines := strings.Split(strings.TrimSpace(messages), "\n")
	if n := len(lines); n > 20 {
		lines = append([]string{fmt.Sprintf("(%d lines before)", n-20)}, lines[n-20:]...)
	}
	if len(lines) == 1 && lines[0] == "" {
		return fmt.Errorf("go: %w", err)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// compileError says what a failure to compile means.
func compileError(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "updates to go.mod needed"), strings.Contains(text, "missing go.sum entry"):
		return fmt.Errorf("this hookward asks for other modules than this Traefik has, and would change them; choose another version of either:\n%s", text)
	case strings.Contains(text, "undefined: "), strings.Contains(text, "cannot use "), strings.Contains(text, "use of internal package"), strings.Contains(text, "is not in std"), strings.Contains(text, "cannot find package"):
		return fmt.Errorf("this Traefik has another shape than hookward knows, so hookward can't be compiled into it; use the plugin, or a version of docs/versions.md:\n%s", text)
	}
	return explain(err, "building failed: ")
}

// explain adds the cure to an error that has a usual cause.
func explain(err error, prefix string) error {
	text := err.Error()
	contains := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(text, word) {
				return true
			}
		}
		return false
	}
	cure := ""
	switch {
	case errors.Is(err, syscall.ENOSPC) || contains("no space left on device", "disk quota exceeded"):
		cure = "\nThe disk is full. Building takes 3 GB in Go's caches (go env GOCACHE GOMODCACHE), 1 GB in " + os.TempDir() + " (TMPDIR), and 200 MB for the output."
	case contains("no such host", "connection refused", "network is unreachable", "i/o timeout", "TLS handshake timeout", "proxyconnect", "module lookup disabled by GOPROXY=off"):
		cure = "\nGo's module proxy could not be asked. GOPROXY names it (go env GOPROXY); behind an HTTP proxy, HTTPS_PROXY does."
	case contains("unknown revision", "404 Not Found", "410 Gone", "403 Forbidden", "invalid version", "no matching versions", "not found:"):
		cure = "\nThere is no such version, as far as Go's module proxy knows."
	}
	return fmt.Errorf("%s%w%s", prefix, err, cure)
}
