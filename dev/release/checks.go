package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/hookward/hookward/dev/release/analyser"
)

// branch is the one that releases are made of.
const branch = "main"

type repository struct {
	ctx  context.Context
	root string
}

func (r repository) git(arguments ...string) (string, error) {
	out, err := exec.CommandContext(r.ctx, "git", append([]string{"-C", r.root}, arguments...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", arguments[0], err, out)
	}
	return strings.TrimRight(string(out), "\n"), nil
}

var plain = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)

// checkVersion lets through a plain version above all that there are.
func (r repository) checkVersion(version string) error {
	if !plain.MatchString(version) {
		return fmt.Errorf("VERSION: %q is not a version such as v0.1.0", version)
	}
	tags, err := analyser.Tags(r.root)
	if err != nil {
		return err
	}
	if slices.Contains(tags, version) {
		return fmt.Errorf("VERSION: there is a tag %s already", version)
	}
	if err := analyser.CheckTags(append(tags, version)); err != nil {
		return err
	}
	for _, tag := range tags {
		// The catalogue shows the newest tag as the version to use.
		if semver.Compare(version, tag) <= 0 {
			return fmt.Errorf("VERSION: %s is below %s, which there is", version, tag)
		}
	}
	return nil
}

// checkTree lets through the branch of releases, with nothing in it that is not
// committed.
func (r repository) checkTree() error {
	current, err := r.git("branch", "--show-current")
	if err != nil {
		return err
	}
	if current != branch {
		return fmt.Errorf("the branch is %q, and releases are made of %s", current, branch)
	}
	changes, err := r.git("status", "--porcelain")
	if err != nil {
		return err
	}
	if changes != "" {
		return fmt.Errorf("there is what is not committed:\n%s", changes)
	}
	return nil
}

// section returns what stands under a heading of CHANGELOG.md, and the heading.
func (r repository) section(version string) (string, string, error) {
	text, err := os.ReadFile(filepath.Join(r.root, "CHANGELOG.md"))
	if err != nil {
		return "", "", err
	}
	for _, part := range strings.Split("\n"+string(text), "\n## ")[1:] {
		heading, content, _ := strings.Cut(part, "\n")
		if name, _, _ := strings.Cut(heading, " "); name == version {
			return heading, strings.TrimSpace(content), nil
		}
	}
	return "", "", nil
}

var dated = regexp.MustCompile(`^\S+ \(\d{4}-\d\d-\d\d\)$`)

// checkChangelog lets through a changelog that has the version's section, and
// nothing left that is unreleased.
func (r repository) checkChangelog(version string) error {
	heading, content, err := r.section(version)
	switch {
	case err != nil:
		return err
	case heading == "":
		return fmt.Errorf("CHANGELOG.md: has no section %q", "## "+version+" (YYYY-MM-DD)")
	case !dated.MatchString(heading):
		return fmt.Errorf("CHANGELOG.md: the heading %q is not %q", "## "+heading, "## "+version+" (YYYY-MM-DD)")
	case content == "":
		return fmt.Errorf("CHANGELOG.md: the section %s is empty", version)
	}
	if _, content, err = r.section("Unreleased"); err != nil || content != "" {
		return errors.Join(errors.New("CHANGELOG.md: there is still something under Unreleased"), err)
	}
	return nil
}

// notes are the version's section, which becomes the tag's message.
func (r repository) notes(version string) (string, error) {
	_, content, err := r.section(version)
	return content, err
}

// checkReadme lets through a README whose part on installation has the version.
func (r repository) checkReadme(version string) error {
	text, err := os.ReadFile(filepath.Join(r.root, "README.md"))
	if err != nil {
		return err
	}
	_, install, _ := strings.Cut(string(text), "\n## Install\n")
	install, _, _ = strings.Cut(install, "\n## ")
	if !regexp.MustCompile(`(?m)^\s*version: ` + regexp.QuoteMeta(version) + `\s*$`).MatchString(install) {
		return fmt.Errorf("README.md: the part Install has no line %q", "version: "+version)
	}
	return nil
}

// checkSource lets through a source that says the version: it is what the gate tells the
// operator at its start.
func (r repository) checkSource(version string) error {
	text, err := os.ReadFile(filepath.Join(r.root, "plugin.go"))
	if err != nil {
		return err
	}
	if line := fmt.Sprintf("\nconst version = %q\n", version); !strings.Contains(string(text), line) {
		return fmt.Errorf("plugin.go: has no line %q", strings.TrimSpace(line))
	}
	return nil
}

// checkCatalogue runs the catalogue's analysis of the commit.
func (r repository) checkCatalogue() error {
	return r.command("dev", "go", "test", "-count", "1", "./release/analyser")
}

// checkCI runs what CI runs.
func (r repository) checkCI() error { return r.command(".", ".ci/run") }

func (r repository) command(directory string, arguments ...string) error {
	cmd := exec.CommandContext(r.ctx, arguments[0], arguments[1:]...)
	cmd.Dir = filepath.Join(r.root, directory)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(arguments, " "), err, out)
	}
	return nil
}
