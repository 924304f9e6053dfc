package analyser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const manifest = `displayName: hookward
type: middleware
import: github.com/hookward/hookward
iconPath: .assets/icon.png
bannerPath: .assets/banner.png
summary: A gate.
testData:
  provider: github
  maxBodyBytes: 1024
`

func TestParseManifest(t *testing.T) {
	m, err := ParseManifest([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	if m.TestData["maxBodyBytes"] != "1024" || m.Package() != "hookward" {
		t.Errorf("the manifest is read as %+v", m)
	}
	for _, c := range []struct{ old, new, want string }{
		{"type: middleware", "type: provider", `type: "provider" is not middleware`},
		{"type: middleware", "", `type: "" is not middleware`},
		{"displayName: hookward", "displayName: ''", "displayName: is required"},
		{"import: github.com/hookward/hookward", "", "import: is required"},
		{"summary: A gate.", "", "summary: is required"},
		{"iconPath: .assets/icon.png", "", "iconPath: is required"},
		{"bannerPath: .assets/banner.png", "", "bannerPath: is required"},
		{"  provider: github\n  maxBodyBytes: 1024\n", "", "testData: is required"},
		{"summary: A gate.", "summary: A gate.\nsumary: x", "sumary"},
		{"summary: A gate.", "summary: A gate.\nuseUnsafe: true", "useUnsafe"},
		{"summary: A gate.", "summary: A gate.\nsummary: x", "already defined"},
		{"displayName", "\t", "found character that cannot start any token"},
		{manifest, "", "EOF"},
	} {
		_, err := ParseManifest([]byte(strings.Replace(manifest, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q in the place of %q: %v, want %s", c.new, c.old, err, c.want)
		}
	}
	if name := (Manifest{Import: "github.com/o/my-plugin"}).Package(); name != "my_plugin" {
		t.Errorf("the package of my-plugin is %s", name)
	}
}

func TestCheckModule(t *testing.T) {
	m, err := ParseManifest([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"module github.com/hookward/hookward\ngo 1.20\n":                                                               "",
		"module github.com/hookward/hookward\nrequire github.com/traefik/traefik/v3 v3.6.12\n":                         "requires github.com/traefik/traefik/v3",
		"module github.com/hookward/hookward\nrequire github.com/traefik/yaegi v0.16.1 // indirect\n":                  "requires github.com/traefik/yaegi",
		"module github.com/hookward/hookward\nrequire github.com/containous/traefik v1.7.0+incompatible // indirect\n": "requires github.com/containous/traefik",
		"module github.com/hookward/hookward\nreplace golang.org/x/mod => ../mod\n":                                    "has a replace",
		"module github.com/hookward/hookward/plugin\n":                                                                 "is not github.com/OWNER/REPOSITORY",
		"module example.com/hookward/hookward\n":                                                                       "is not github.com/OWNER/REPOSITORY",
		"module github.com/other/hookward\n":                                                                           "is not the module github.com/other/hookward",
		"go 1.20\n":                                                                                                    "no module line",
	} {
		mod, err := modfile.Parse("go.mod", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = CheckModule(mod, m)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s%v, want %q", text, err, want)
		}
	}
}

func TestCheckTags(t *testing.T) {
	if err := CheckTags([]string{"v0.1.0", "v0.10.2", "v1.0.0-rc.1", "v1.99.0"}); err != nil {
		t.Error(err)
	}
	if err := CheckTags(nil); err != nil {
		t.Errorf("a repository without tags: %v", err)
	}
	for _, tag := range []string{"dev/v0.1.0", "0.1.0", "v0.1", "v1", "v0.1.0+build", "latest", "v0.01.0", "V0.1.0", "v2.0.0", "v2.0.0-rc.1", ""} {
		if err := CheckTags([]string{"v0.1.0", tag}); err == nil {
			t.Errorf("the tag %q is let through", tag)
		}
	}
}

func TestCheckPicture(t *testing.T) {
	directory := t.TempDir()
	const png = "\x89PNG\r\n\x1a\n"
	for name, text := range map[string]string{"icon.png": png, "icon.svg": "<svg/>", "large.png": png + strings.Repeat("x", maxPicture)} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"icon.png": "", "icon.svg": "is not a PNG", "large.png": "more than", "missing.png": "no such file",
		"../icon.png": "is not a path in the repository", "/icon.png": "is not a path in the repository",
		"https://example.com/icon.png": "is not a path in the repository",
	} {
		err := checkPicture(directory, name)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
