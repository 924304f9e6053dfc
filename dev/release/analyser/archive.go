package analyser

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// Version stands for the one that is not there yet: module archives have one in
// every name.
const Version = "v0.0.0"

// Unpack makes the archive of a repository's commit, as the module proxy makes it
// for the catalogue and for Traefik, with the rules that it has for names and
// sizes, and unpacks it into a GOPATH. It returns the directory of the source.
func Unpack(repository, revision, modulePath, goPath string) (string, error) {
	committed, err := os.MkdirTemp("", "hookward-archive-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(committed) }()
	// Not zip.CreateFromVCS, which knows no worktrees.
	tar, err := exec.Command("git", "-C", repository, "archive", "--format=tar", revision).Output()
	if err != nil {
		return "", fmt.Errorf("git archive %s: %w", revision, err)
	}
	extract := exec.Command("tar", "--extract", "--directory", committed)
	extract.Stdin = bytes.NewReader(tar)
	if out, err := extract.CombinedOutput(); err != nil {
		return "", fmt.Errorf("tar: %w: %s", err, out)
	}
	archive, err := os.CreateTemp("", "hookward-archive-*.zip")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(archive.Name()) }()
	version := module.Version{Path: modulePath, Version: Version}
	if err := errors.Join(zip.CreateFromDir(archive, version, committed), archive.Close()); err != nil {
		return "", fmt.Errorf("the archive of %s: %w", revision, err)
	}
	source := filepath.Join(goPath, "src", filepath.FromSlash(modulePath))
	if err := zip.Unzip(source, version, archive.Name()); err != nil {
		return "", fmt.Errorf("the archive of %s: %w", revision, err)
	}
	return source, nil
}

// Source is what an archive says of itself.
type Source struct {
	Directory string
	Manifest  Manifest
}

// Read checks the files of an unpacked archive.
func Read(directory string) (Source, error) {
	text, err := os.ReadFile(filepath.Join(directory, ManifestFile))
	if err != nil {
		return Source{}, err
	}
	manifest, err := ParseManifest(text)
	if err != nil {
		return Source{}, err
	}
	text, err = os.ReadFile(filepath.Join(directory, "go.mod"))
	if err != nil {
		return Source{}, err
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return Source{}, err
	}
	if err := CheckModule(mod, manifest); err != nil {
		return Source{}, err
	}
	if text, err = os.ReadFile(filepath.Join(directory, "README.md")); err != nil || len(text) == 0 {
		return Source{}, fmt.Errorf("README.md is the plugin's page, and is missing or empty: %w", err)
	}
	for _, picture := range []struct{ field, path string }{{"iconPath", manifest.IconPath}, {"bannerPath", manifest.BannerPath}} {
		if err := checkPicture(directory, picture.path); err != nil {
			return Source{}, fmt.Errorf("%s: %s: %w", ManifestFile, picture.field, err)
		}
	}
	return Source{Directory: directory, Manifest: manifest}, nil
}

// maxPicture is ours: the catalogue has every visitor load them.
const maxPicture = 200 << 10

// checkPicture checks a picture that the catalogue shows by its address in the
// repository. PNG, because an SVG is served as text from there.
func checkPicture(directory, name string) error {
	if !filepath.IsLocal(name) || strings.Contains(name, ":") {
		return fmt.Errorf("%q is not a path in the repository", name)
	}
	text, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(text), "\x89PNG\r\n\x1a\n") {
		return fmt.Errorf("%s is not a PNG", name)
	}
	if len(text) > maxPicture {
		return fmt.Errorf("%s has %d bytes, more than %d", name, len(text), maxPicture)
	}
	return nil
}

// Tags returns the names of a repository's tags.
func Tags(repository string) ([]string, error) {
	out, err := exec.Command("git", "-C", repository, "tag", "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("git tag: %w", err)
	}
	return strings.Fields(string(out)), nil
}
