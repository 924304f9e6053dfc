package builder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// source is hookward's, copied into the work directory.
type source struct {
	version  string // such as v0.1.0, or v0.1.0-dev.gf182f82 of a checkout
	manifest []byte // .traefik.yml
}

// generated is the one file that Traefik's main package gets. Its symbols are those that
// Yaegi's own extract command would list.
const generated = `// Written by hookward build: this Traefik finds the plugin hookward among the compiled
// packages of Yaegi, and interprets nothing of it.

package main

import (
	"reflect"

	"github.com/hookward/hookward"
	"github.com/traefik/yaegi/stdlib"
)

func init() {
	stdlib.Symbols["github.com/hookward/hookward/hookward"] = map[string]reflect.Value{
		"Config":       reflect.ValueOf((*hookward.Config)(nil)),
		"CreateConfig": reflect.ValueOf(hookward.CreateConfig),
		"New":          reflect.ValueOf(hookward.New),
	}
}
`

var (
	traefikVersion = regexp.MustCompile(`^v3\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	moduleVersion  = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	releaseVersion = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)
	moduleLine     = regexp.MustCompile(`(?m)^module ` + regexp.QuoteMeta(Plugin) + `\s*$`)
	goLine         = regexp.MustCompile(`(?m)^go (\S+)\s*$`)
	versionLine    = regexp.MustCompile(`(?m)^const version = "(v[0-9A-Za-z.-]+)"$`)
)

// isVersion says whether a text is the version of a module.
func isVersion(text string) bool { return moduleVersion.MatchString(text) }

// IsRelease says whether a text is a version that somebody can have tagged. What Go makes
// up for a checkout is none.
func IsRelease(text string) bool { return releaseVersion.MatchString(text) }

// Checkout returns the directory of hookward's source that a directory lies in, or "".
func Checkout(directory string) string {
	for {
		text, err := os.ReadFile(filepath.Join(directory, "go.mod"))
		if err == nil && moduleLine.Match(text) {
			return directory
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return ""
		}
		directory = parent
	}
}

// copyHookward copies what Traefik is to have of hookward into the work directory. What
// go.mod requires is for the command alone, and stays behind: else it could change the
// modules that Traefik is built of.
func copyHookward(t *toolchain, wanted string) (source, error) {
	directory := wanted
	s := source{version: wanted}
	if isVersion(wanted) {
		t.say("Fetching hookward %s.", wanted)
		m, err := t.download("hookward", Plugin, wanted)
		if err != nil {
			return s, err
		}
		directory = m.Dir
	} else if directory, _ = filepath.EvalSymlinks(wanted); directory == "" || Checkout(directory) != directory {
		return s, fmt.Errorf("--hookward: %q is neither a version such as v0.1.0 nor a directory with hookward's source", wanted)
	}
	mod, err := os.ReadFile(filepath.Join(directory, "go.mod"))
	if err != nil {
		return s, explain(err, "hookward's source can't be read: ")
	}
	language := goLine.FindSubmatch(mod)
	if language == nil {
		return s, fmt.Errorf("%s has no go line", filepath.Join(directory, "go.mod"))
	}
	if s.manifest, err = os.ReadFile(filepath.Join(directory, ".traefik.yml")); err != nil {
		return s, explain(err, "hookward's manifest can't be read: ")
	}
	copied := filepath.Join(t.work, "hookward")
	plugin := func(path string, entry fs.DirEntry) bool {
		if entry.IsDir() {
			return path == "." || path == "internal" || strings.HasPrefix(path, "internal"+string(filepath.Separator))
		}
		return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
	}
	err = errors.Join(copyTree(directory, copied, plugin),
		os.WriteFile(filepath.Join(copied, "go.mod"), []byte("module "+Plugin+"\n\ngo "+string(language[1])+"\n"), 0o644))
	if err != nil {
		return s, explain(err, "")
	}
	if !isVersion(wanted) {
		s.version, err = checkoutVersion(t, directory)
	}
	return s, err
}

// checkoutVersion is what a checkout calls itself: the version in its source, and the
// commit where git knows one.
func checkoutVersion(t *toolchain, directory string) (string, error) {
	text, err := os.ReadFile(filepath.Join(directory, "plugin.go"))
	if err != nil {
		return "", explain(err, "")
	}
	m := versionLine.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s says no version", filepath.Join(directory, "plugin.go"))
	}
	git := func(arguments ...string) (string, error) {
		out, err := exec.CommandContext(t.ctx, "git", append([]string{"-C", directory}, arguments...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("describe", "--always", "--exclude=*")
	if err != nil {
		t.say("git does not know the commit of %s, so the version does not say it.", directory)
		return string(m[1]), nil
	}
	// What git does not track is compiled in as well.
	changes, err := git("status", "--porcelain", "--untracked-files=all", "--", "*.go", "go.mod", ".traefik.yml", ":!dev", ":!cmd", ":!*_test.go")
	if err != nil || changes != "" {
		commit += "-dirty"
	}
	separator := ".g"
	if !strings.Contains(string(m[1]), "-") {
		separator = "-g"
	}
	return string(m[1]) + separator + commit, nil
}

// copyTree copies the files and directories that are wanted of a tree. What is copied may
// be written to: a module's cache may not.
func copyTree(from, to string, wanted func(path string, entry fs.DirEntry) bool) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && !wanted(relative, entry):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, relative), 0o755)
		case !wanted(relative, entry) || !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, relative), text, 0o644)
	})
}

// downloadTraefik fetches a version of Traefik, and refuses one that has not the shape
// which the generated file counts on.
func downloadTraefik(t *toolchain, version string) (module, error) {
	if !traefikVersion.MatchString(version) {
		return module{}, fmt.Errorf("--traefik: %q is not a version of Traefik 3, such as %s", version, DefaultTraefik)
	}
	t.say("Fetching Traefik %s.", version)
	m, err := t.download("Traefik", traefikModule, version)
	if err != nil {
		return m, err
	}
	mod, err := os.ReadFile(filepath.Join(m.Dir, "go.mod"))
	if err != nil {
		return m, explain(err, "")
	}
	if language := goLine.FindSubmatch(mod); language != nil {
		if err := t.need("Traefik "+version, string(language[1])); err != nil {
			return m, err
		}
	}
	return m, checkShape(m)
}

// checkShape looks for what must be there: that plugins get their compiled packages from
// the map which the generated file adds to, a main package, and a version to be set.
func checkShape(traefik module) error {
	for _, place := range []struct{ pattern, text, what string }{
		{"pkg/plugins/*.go", ".Use(stdlib.Symbols)", "its plugins do not get their packages from stdlib.Symbols of Yaegi"},
		{"pkg/plugins/*.go", `"github.com/traefik/yaegi/stdlib"`, "it does not use Yaegi of github.com/traefik/yaegi"},
		{"cmd/traefik/*.go", "\nfunc main() {", "it has no main package cmd/traefik"},
		{"pkg/version/*.go", "\tVersion = ", "it has no variable for its version"},
	} {
		files, err := filepath.Glob(filepath.Join(traefik.Dir, filepath.FromSlash(place.pattern)))
		if err != nil {
			return err
		}
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return explain(err, "")
			}
			found = found || !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), place.text)
		}
		if !found {
			return fmt.Errorf("version %s of Traefik has another shape than hookward knows (%s), so hookward can't be compiled into it; use the plugin, or a version of docs/versions.md", traefik.Version, place.what)
		}
	}
	return nil
}

// writeModule makes the work directory a module whose main package is Traefik's with the
// generated file. Its go.mod is Traefik's own, with what that replaces and excludes, so
// that every module has the version which Traefik was released with.
func writeModule(t *toolchain, traefik module, s source) error {
	mainPackage := func(path string, entry fs.DirEntry) bool {
		return path == "." || !entry.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
	}
	mod, modError := os.ReadFile(filepath.Join(traefik.Dir, "go.mod"))
	sum, sumError := os.ReadFile(filepath.Join(traefik.Dir, "go.sum"))
	sums := bytes.NewBuffer(sum)
	fmt.Fprintf(sums, "%[1]s %[2]s %[3]s\n%[1]s %[2]s/go.mod %[4]s\n", traefik.Path, traefik.Version, traefik.Sum, traefik.GoModSum)
	err := errors.Join(modError, sumError,
		copyTree(filepath.Join(traefik.Dir, "cmd", "traefik"), t.work, mainPackage),
		os.WriteFile(filepath.Join(t.work, "hookward_compiled_in.go"), []byte(generated), 0o644),
		os.WriteFile(filepath.Join(t.work, "go.mod"), mod, 0o644),
		os.WriteFile(filepath.Join(t.work, "go.sum"), sums.Bytes(), 0o644),
	)
	if err != nil {
		return explain(err, "")
	}
	edit := []string{"mod", "edit", "-module=hookward.local/traefik",
		"-require=" + traefikModule + "@" + traefik.Version,
		"-require=" + Plugin + "@" + s.version, "-replace=" + Plugin + "=./hookward"}
	if traefik.Dir == filepath.Join(t.work, "traefik") {
		edit = append(edit, "-replace="+traefikModule+"=./traefik")
	}
	if _, err := t.output(t.work, edit...); err != nil {
		return err
	}
	return checkReplacements(t)
}

// checkReplacements refuses a Traefik that is built with directories beside it, which its
// module has not.
func checkReplacements(t *toolchain) error {
	out, err := t.output(t.work, "mod", "edit", "-json")
	if err != nil {
		return err
	}
	mod := struct {
		Replace []struct {
			Old, New struct{ Path, Version string }
		}
	}{}
	if err := json.Unmarshal(out, &mod); err != nil {
		return err
	}
	for _, r := range mod.Replace {
		if r.New.Version == "" && r.Old.Path != Plugin && r.Old.Path != traefikModule {
			return fmt.Errorf("this Traefik has another shape than hookward knows (it replaces %s by the directory %s), so hookward can't be compiled into it", r.Old.Path, r.New.Path)
		}
	}
	return nil
}
