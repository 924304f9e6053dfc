package gateway

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Another Traefik is named by an absolute path of what is there; anything else
// must not end in tests of the pinned one that pass for those of another.
func TestBuildOther(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "traefik")
	if err := os.WriteFile(binary, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{binary: "", binary + "-missing": "no such file", "traefik": "is not an absolute path"} {
		t.Setenv(BinaryVariable, value)
		found, err := Build(t.Context(), io.Discard)
		if want == "" && (err != nil || found != binary) {
			t.Errorf("%s: %s, %v", value, found, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", value, err, want)
		}
	}
}
