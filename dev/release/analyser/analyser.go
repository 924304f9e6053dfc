// Package analyser does what the analyser of Traefik's plugin catalogue does
// with a version of the plugin, before there is one: it takes the module's
// archive, checks manifest, go.mod and tags, and calls New with the manifest's
// testData under Yaegi. A plugin that its analyser refuses gets an issue in its
// repository, and is out of the catalogue until that is closed.
//
// The rules are those of github.com/traefik/piceus, which is the analyser; some
// are stricter here, and say so.
package analyser

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/traefik/paerser/file"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"gopkg.in/yaml.v3"
)

// ManifestFile is the manifest's path in the repository.
const ManifestFile = ".traefik.yml"

// Manifest is what stands in ManifestFile.
type Manifest struct {
	DisplayName string         `yaml:"displayName"`
	Type        string         `yaml:"type"`
	Import      string         `yaml:"import"`
	BasePkg     string         `yaml:"basePkg"`
	Summary     string         `yaml:"summary"`
	IconPath    string         `yaml:"iconPath"`
	BannerPath  string         `yaml:"bannerPath"`
	TestData    map[string]any `yaml:"testData"`
}

// ParseManifest reads a manifest, whose testData it decodes as Traefik decodes a
// dynamic configuration: every scalar becomes a string. Unlike the analyser, it
// takes no field that it does not know, nor a runtime or useUnsafe, which this
// plugin must not need.
func ParseManifest(text []byte) (Manifest, error) {
	var m Manifest
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", ManifestFile, err)
	}
	var decoded Manifest
	if err := file.DecodeContent(string(text), ".yaml", &decoded); err != nil {
		return Manifest{}, fmt.Errorf("%s: testData: %w", ManifestFile, err)
	}
	m.TestData = decoded.TestData
	if m.Type != "middleware" {
		return Manifest{}, fmt.Errorf("%s: type: %q is not middleware", ManifestFile, m.Type)
	}
	for _, field := range []struct {
		name  string
		empty bool
	}{
		{"displayName", m.DisplayName == ""}, {"import", m.Import == ""}, {"summary", m.Summary == ""},
		{"testData", len(m.TestData) == 0}, {"iconPath", m.IconPath == ""}, {"bannerPath", m.BannerPath == ""},
	} {
		if field.empty {
			return Manifest{}, fmt.Errorf("%s: %s: is required", ManifestFile, field.name)
		}
	}
	return m, nil
}

// Package returns the name by which the analyser, and Traefik, call the package
// of a manifest.
func (m Manifest) Package() string {
	if m.BasePkg != "" {
		return m.BasePkg
	}
	return strings.ReplaceAll(path.Base(m.Import), "-", "_")
}

// forbidden are parts of the module paths that no plugin may require, not even
// indirectly.
var forbidden = []string{
	"github.com/traefik/yaegi", "github.com/traefik/traefik", "github.com/traefik/mesh",
	"github.com/containous/yaegi", "github.com/containous/traefik", "github.com/containous/maesh",
}

// CheckModule checks a go.mod against the manifest beside it. The repository is
// taken to be the one that the module path names. The analyser compares
// beginnings; here import, module and repository are one, as they are meant to
// be.
func CheckModule(mod *modfile.File, m Manifest) error {
	for _, require := range mod.Require {
		for _, part := range forbidden {
			if strings.Contains(require.Mod.Path, part) {
				return fmt.Errorf("go.mod: requires %s, and a plugin may not", require.Mod.Path)
			}
		}
	}
	if len(mod.Replace) > 0 {
		return errors.New("go.mod: has a replace, which the go command refuses where it installs cmd/hookward by its version")
	}
	if mod.Module == nil {
		return errors.New("go.mod: has no module line")
	}
	name := mod.Module.Mod.Path
	if parts := strings.Split(name, "/"); len(parts) != 3 || parts[0] != "github.com" {
		return fmt.Errorf("go.mod: %s is not github.com/OWNER/REPOSITORY", name)
	}
	if err := module.CheckPath(name); err != nil {
		return fmt.Errorf("go.mod: %w", err)
	}
	if m.Import != name {
		return fmt.Errorf("%s: import: %q is not the module %s", ManifestFile, m.Import, name)
	}
	return nil
}

// CheckTags checks the names of all tags. One that is no version of the plugin
// takes it out of the catalogue: a tag of the second module, dev/v0.1.0, above
// all. Versions from v2 on would need another module path.
func CheckTags(tags []string) error {
	for _, tag := range tags {
		if !semver.IsValid(tag) || semver.Canonical(tag) != tag || semver.Compare(tag, "v2.0.0-0") >= 0 {
			return fmt.Errorf("the tag %q is not a version such as v0.1.0, and below v2", tag)
		}
	}
	return nil
}
