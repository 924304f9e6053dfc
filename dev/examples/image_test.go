package examples

import (
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"golang.org/x/mod/semver"

	"github.com/hookward/hookward/dev/gateway"
)

// nobody is the image's user.
const nobody = 65532

// image is what the Dockerfile makes: a directory that is its root, and how a
// container of it is started.
type image struct {
	root       string
	user       string
	workdir    string
	entrypoint []string
	ports      []string
}

// stages reads the Dockerfile with Docker's own parser and checks.
func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	read, err := parser.Parse(strings.NewReader(example(t, "compiled", "Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range read.Warnings {
		t.Errorf("Dockerfile: %s", warning.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		t.Errorf("Dockerfile: %s: %s", rule, message)
	}})
	found, global, err := instructions.Parse(read.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || len(global) != 0 || found[0].Name != "build" || found[1].BaseName != "scratch" {
		t.Fatalf("the stages are %+v", found)
	}
	return found
}

// build carries out the first stage's steps as commands of this machine, but for
// what they install: the image is then in a directory.
func build(t *testing.T, stage instructions.Stage) string {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "image")
	// In the place of the packages of the stage.
	write(t, "authorities\n", dir, "ca-certificates.crt")
	write(t, "zone\n", dir, "zoneinfo", "Europe", "Rome")
	here := strings.NewReplacer("/image", root, "/etc/ssl/certs/ca-certificates.crt", dir+"/ca-certificates.crt", "/usr/share/zoneinfo", dir+"/zoneinfo")
	env := os.Environ()
	for _, step := range stage.Commands {
		switch step := step.(type) {
		case *instructions.ArgCommand:
			for _, argument := range step.Args {
				if argument.Value != nil {
					env = append(env, argument.Key+"="+*argument.Value)
				}
			}
		case *instructions.WorkdirCommand, *instructions.CopyCommand:
			// The repository, in which every command runs here.
		case *instructions.RunCommand:
			if script := strings.Join(step.CmdLine, " "); !strings.HasPrefix(script, "apk add ") {
				perform(t, here.Replace(script), env)
			}
		default:
			t.Fatalf("the build has a step that is not known here: %s", step.Name())
		}
	}
	return root
}

// perform runs a command of the Dockerfile, in the repository.
func perform(t *testing.T, script string, env []string) {
	t.Helper()
	if os.Geteuid() != 0 {
		script = strings.ReplaceAll(script, fmt.Sprintf(" -o %[1]d -g %[1]d", nobody), "")
	}
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-euc", "umask 022\n"+script)
	cmd.Dir, cmd.Env = root, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v: %s", script, err, out)
	}
}

// assemble carries out the second stage, which begins with nothing.
func assemble(t *testing.T, stage instructions.Stage, root string) image {
	t.Helper()
	made := image{}
	for _, step := range stage.Commands {
		switch step := step.(type) {
		case *instructions.CopyCommand:
			if step.From != "build" || !reflect.DeepEqual(step.SourcePaths, []string{"/image/"}) || step.DestPath != "/" {
				t.Errorf("%s is another image than was built here", step)
			}
			made.root = root
		case *instructions.WorkdirCommand:
			made.workdir = step.Path
		case *instructions.UserCommand:
			made.user = step.User
		case *instructions.ExposeCommand:
			made.ports = append(made.ports, step.Ports...)
		case *instructions.EntrypointCommand:
			if step.PrependShell {
				t.Error("the image has no shell")
			}
			made.entrypoint = step.CmdLine
		case *instructions.LabelCommand:
		default:
			t.Errorf("the image has a step that is not known here: %s", step.Name())
		}
	}
	return made
}

// TestDockerfile makes the image's files by the Dockerfile's own commands, and
// runs the example in nothing but them: as root, in a root directory of its own
// and as the image's user.
func TestDockerfile(t *testing.T) {
	found := stages(t)
	checkBase(t, found[0])
	made := assemble(t, found[1], build(t, found[0]))
	if made.root == "" || made.workdir != "/" || made.user != fmt.Sprintf("%[1]d:%[1]d", nobody) || len(made.entrypoint) != 1 {
		t.Fatalf("the image is %+v", made)
	}
	for _, port := range made.ports {
		if len(port) < 4 {
			t.Errorf("the image's user may not open port %s everywhere", port)
		}
	}
	checkFiles(t, made)

	state := filepath.Join(made.root, "var", "lib", "hookward")
	f := traefik{command: []string{filepath.Join(made.root, made.entrypoint[0])}, settings: gateway.Settings{Form: gateway.Compiled}}
	prefix := made.root
	if os.Geteuid() == 0 {
		f.command = append([]string{"/usr/sbin/chroot", "--userspec=" + made.user, made.root}, made.entrypoint...)
		prefix = ""
	}
	s := composeSetup{folder: "compiled", traefik: f, deny: example(t, "compiled", "deny.yml"), dir: made.root, prefix: prefix}.start(t)
	s.guarded(t)
	saysCompiled(t, s.Gateway)
	if entries, err := os.ReadDir(state); err != nil || len(entries) == 0 {
		t.Errorf("nothing is remembered in stateDirectory: %v", err)
	}
	s.healthy(t, f)
}

// checkBase checks what the image is built with.
func checkBase(t *testing.T, stage instructions.Stage) {
	t.Helper()
	base := regexp.MustCompile(`^golang:(\d+\.\d+\.\d+)-alpine$`).FindStringSubmatch(stage.BaseName)
	if base == nil {
		t.Fatalf("the image is built in %s, which has no whole version", stage.BaseName)
	}
	list := exec.Command("go", "list", "-m", "-f", "{{.GoVersion}}", gateway.Module)
	wanted, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	if semver.Compare("v"+base[1], "v"+strings.TrimSpace(string(wanted))) < 0 {
		t.Errorf("Traefik needs Go %s, and the image is built with %s", wanted, base[1])
	}
	for _, step := range stage.Commands {
		if step, ok := step.(*instructions.ArgCommand); ok && step.Args[0].Key == "TRAEFIK" && *step.Args[0].Value != pinned(t) {
			t.Errorf("the image has Traefik %s, and tested is %s", *step.Args[0].Value, pinned(t))
		}
	}
}

// checkFiles checks what the image's user finds there.
func checkFiles(t *testing.T, made image) {
	t.Helper()
	for path, want := range map[string]string{
		"etc/ssl/certs/ca-certificates.crt":                           "authorities\n",
		"usr/share/zoneinfo/Europe/Rome":                              "zone\n",
		"plugins-local/src/github.com/hookward/hookward/.traefik.yml": example(t, "..", ".traefik.yml"),
	} {
		if text, err := os.ReadFile(filepath.Join(made.root, path)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	binary, err := elf.Open(filepath.Join(made.root, made.entrypoint[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = binary.Close() }()
	if binary.Section(".interp") != nil {
		t.Error("the binary wants a loader, which the image does not have")
	}
	for path, mode := range map[string]fs.FileMode{"tmp": 0o777 | fs.ModeSticky, "var/lib/hookward": 0o700} {
		info, err := os.Stat(filepath.Join(made.root, path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode|fs.ModeDir {
			t.Errorf("%s has the mode %s", path, info.Mode())
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; os.Geteuid() == 0 && path != "tmp" && owner != nobody {
			t.Errorf("%s belongs to user %d", path, owner)
		}
	}
}

// What git ignores is no part of the build, and nothing else is left out.
func TestDockerignore(t *testing.T) {
	want := []string{}
	for _, line := range strings.Fields(example(t, "..", ".gitignore")) {
		if !strings.HasPrefix(line, "/") {
			line = "**/" + line
		}
		want = append(want, line)
	}
	got := []string{}
	for _, line := range strings.Split(strings.TrimSpace(example(t, "compiled", "Dockerfile.dockerignore")), "\n") {
		if !strings.HasPrefix(line, "#") {
			got = append(got, line)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Docker ignores %q, and git what is here written as %q", got, want)
	}
}
