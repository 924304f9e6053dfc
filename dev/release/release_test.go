package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

const readme = "# hookward\n\n## Install\n\n```yaml\nexperimental:\n  plugins:\n    hookward:\n      version: v0.1.0\n```\n\n## Configure\n"

const changelog = "# Changelog\n\n## Unreleased\n\n## v0.1.0 (2026-12-01)\n\n### Highlights\n\n- It verifies.\n\n## v0.0.1 (2026-11-01)\n\n- It did not.\n"

// scratch is a clone of the last commit, made ready to be released as v0.1.0.
// What CI runs is quick there: the change of a file, if asked for, and an exit
// status.
func scratch(t *testing.T) repository {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	r := repository{t.Context(), filepath.Join(t.TempDir(), "clone")}
	if out, err := exec.Command("git", "clone", "--quiet", "--no-tags", root, r.root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	must(t, r, "checkout", "--quiet", "-B", branch)
	must(t, r, "config", "user.name", "Tester")
	must(t, r, "config", "user.email", "tester@example.com")
	put(t, r, "README.md", readme)
	put(t, r, "CHANGELOG.md", changelog)
	say(t, r, "v0.1.0")
	put(t, r, ".ci/run", "#!/bin/sh\nexit 0\n")
	commit(t, r)
	return r
}

func must(t *testing.T, r repository, arguments ...string) string {
	t.Helper()
	out, err := r.git(arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func put(t *testing.T, r repository, name, text string) {
	t.Helper()
	path := filepath.Join(r.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
		t.Fatal(err)
	}
}

// say has the source say a version.
func say(t *testing.T, r repository, version string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.root, "plugin.go"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, r, "plugin.go", regexp.MustCompile(`const version = ".*"`).ReplaceAllString(string(text), `const version = "`+version+`"`))
}

func commit(t *testing.T, r repository) {
	t.Helper()
	must(t, r, "add", "--all")
	must(t, r, "commit", "--quiet", "--allow-empty", "--message", "test")
}

func TestRelease(t *testing.T) {
	r := scratch(t)
	must(t, r, "tag", "v0.0.1")
	var out bytes.Buffer
	if err := release(t.Context(), r.root, "v0.1.0", &out); err != nil {
		t.Fatal(err)
	}
	if must(t, r, "rev-list", "-n1", "v0.1.0") != must(t, r, "rev-parse", "HEAD") {
		t.Error("the tag is on another commit")
	}
	if notes := must(t, r, "tag", "--list", "--format=%(contents)", "v0.1.0"); strings.TrimSpace(notes) != "v0.1.0\n\n### Highlights\n\n- It verifies." {
		t.Errorf("the tag's message is %q", notes)
	}
	if !strings.Contains(out.String(), "git push origin v0.1.0") {
		t.Errorf("the last step is not told: %s", out.String())
	}
	if pushed, err := exec.Command("git", "-C", must(t, r, "remote", "get-url", "origin"), "tag", "--list", "v0.1.0").Output(); err != nil || len(pushed) > 0 {
		t.Errorf("the tag was pushed: %s %v", pushed, err)
	}
	if err := release(t.Context(), r.root, "v0.1.0", &out); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the same version again: %v", err)
	}
}

func TestReleaseRefuses(t *testing.T) {
	r := scratch(t)
	clean := must(t, r, "rev-parse", "HEAD")
	for name, c := range map[string]struct {
		version string
		prepare func()
		want    string
	}{
		"no version":           {"", func() {}, "is not a version"},
		"a pre-release":        {"v0.1.0-rc.1", func() {}, "is not a version"},
		"no v":                 {"0.1.0", func() {}, "is not a version"},
		"a leading zero":       {"v0.01.0", func() {}, "is not a version"},
		"the second module":    {"dev/v0.1.0", func() {}, "is not a version"},
		"another module path":  {"v2.0.0", func() {}, "below v2"},
		"a newer one is there": {"v0.1.0", func() { must(t, r, "tag", "v0.2.0") }, "is below v0.2.0"},
		"a tag of other form":  {"v0.1.0", func() { must(t, r, "tag", "dev/v0.0.1") }, `the tag "dev/v0.0.1"`},
		"another branch":       {"v0.1.0", func() { must(t, r, "checkout", "--quiet", "-b", "other") }, `the branch is "other"`},
		"no branch":            {"v0.1.0", func() { must(t, r, "checkout", "--quiet", "--detach") }, `the branch is ""`},
		"a change":             {"v0.1.0", func() { put(t, r, "README.md", readme+"x") }, "not committed"},
		"a new file":           {"v0.1.0", func() { put(t, r, "new.go", "package hookward\n") }, "not committed"},
		"no section":           {"v0.1.1", func() {}, `has no section "## v0.1.1`},
		"a section without a date": {"v0.1.0", func() {
			put(t, r, "CHANGELOG.md", strings.Replace(changelog, " (2026-12-01)", "", 1))
			commit(t, r)
		}, "the heading"},
		"an empty section": {"v0.1.0", func() {
			put(t, r, "CHANGELOG.md", "# Changelog\n\n## v0.1.0 (2026-12-01)\n\n## v0.0.1 (2026-11-01)\n\n- x\n")
			commit(t, r)
		}, "is empty"},
		"something unreleased": {"v0.1.0", func() {
			put(t, r, "CHANGELOG.md", strings.Replace(changelog, "## Unreleased\n", "## Unreleased\n\n- More.\n", 1))
			commit(t, r)
		}, "Unreleased"},
		"a source of another version": {"v0.1.0", func() {
			say(t, r, "v0.1.0-dev")
			commit(t, r)
		}, `plugin.go: has no line "const version = \"v0.1.0\""`},
		"an old README": {"v0.1.0", func() {
			put(t, r, "README.md", strings.Replace(readme, "v0.1.0", "v0.0.1", 1))
			commit(t, r)
		}, "the part Install"},
		"the version elsewhere": {"v0.1.0", func() {
			put(t, r, "README.md", strings.Replace(readme, "version: v0.1.0", "", 1)+"\nversion: v0.1.0\n")
			commit(t, r)
		}, "the part Install"},
	} {
		t.Run(name, func(t *testing.T) {
			c.prepare()
			tags := must(t, r, "tag", "--list")
			err := release(t.Context(), r.root, c.version, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if after := must(t, r, "tag", "--list"); after != tags {
				t.Errorf("tags were %q and are %q", tags, after)
			}
			must(t, r, "checkout", "--quiet", "--force", "-B", branch, clean)
			must(t, r, "clean", "--quiet", "--force", "-d")
			for _, tag := range strings.Fields(tags) {
				must(t, r, "tag", "--delete", tag)
			}
		})
	}
}

// What takes longer comes last, and is asked of repositories of their own.
func TestReleaseRefusesLate(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"CI that fails":           {".ci/run", "#!/bin/sh\necho 'one test failed'\nexit 3\n", "one test failed"},
		"CI that changes a file":  {".ci/run", "#!/bin/sh\necho >>README.md\n", "not committed"},
		"a manifest without icon": {".traefik.yml", "displayName: hookward\ntype: middleware\nimport: github.com/hookward/hookward\nsummary: x\ntestData: {provider: github}\n", "iconPath: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			r := scratch(t)
			put(t, r, c.file, c.text)
			if c.file == ".ci/run" {
				// The catalogue's tests pass, which takes no time without any.
				must(t, r, "rm", "--quiet", "dev/release/analyser/*_test.go")
			}
			commit(t, r)
			if err := release(t.Context(), r.root, "v0.1.0", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if tags := must(t, r, "tag", "--list"); tags != "" {
				t.Errorf("there are tags: %s", tags)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{nil, {""}, {"v0.1.0", "v0.1.1"}} {
		if err := run(t.Context(), arguments, &bytes.Buffer{}); err == nil || err.Error() != usage {
			t.Errorf("%q: %v", arguments, err)
		}
	}
}
