package interpreted

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// dependencies returns what a plugin's package depends on beyond the standard library,
// itself included.
func dependencies(t *testing.T, directory string) []string {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	command.Dir = directory
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// What the root's go.mod requires is for the command: Traefik finds no module but the
// plugin's own when it interprets that.
func TestNoDependencies(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	own := dependencies(t, root)
	for _, path := range own {
		if path != module && !strings.HasPrefix(path, module+"/internal/") {
			t.Errorf("the plugin depends on %s", path)
		}
	}
	if len(own) < 10 {
		t.Errorf("the plugin is made of %q, which can't be all", own)
	}
	// So that the test can fail: the command does depend on others.
	others := 0
	for _, path := range dependencies(t, filepath.Join(root, "cmd", "hookward")) {
		if !strings.HasPrefix(path, module) {
			others++
		}
	}
	if others == 0 {
		t.Error("the command depends on nothing, so go.mod needs no requirement")
	}
}
