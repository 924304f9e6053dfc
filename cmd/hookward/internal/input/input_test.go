package input

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	directory := t.TempDir()
	file := filepath.Join(directory, "a")
	if err := os.WriteFile(file, []byte("four"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		limit int64
		want  string
		wrong string
	}{
		{file, 4, "four", ""},
		{file, 3, "", "it has more than 3 bytes"},
		{"-", 5, "stdin", ""},
		{"-", 4, "", "it has more than 4 bytes"},
		{directory, 5, "", "is a directory"},
		{file + "b", 5, "", "no such file"},
	} {
		text, err := Read(c.name, strings.NewReader("stdin"), c.limit)
		if string(text) != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s, %d: %q, %v", c.name, c.limit, text, err)
		}
	}
	if _, err := Read(file+"b", nil, 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
