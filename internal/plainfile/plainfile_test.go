package plainfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "file")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path  string
		limit int
		want  string
		says  string
	}{
		{path, 5, "12345", ""},
		{path, 4, "", "is larger than 4 bytes"},
		{directory, 5, "", "is not a regular file"},
		{os.DevNull, 5, "", "is not a regular file"},
		{path + "x", 5, "", "can't be found"},
	} {
		b, problem := Read(Look(c.path), c.limit)
		if string(b) != c.want || (problem == "") != (c.says == "") || !strings.Contains(problem, c.says) {
			t.Errorf("%s: %q %q", c.path, b, problem)
		}
	}
}

func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write := func(name, text string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o602); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	missing := Look(path)
	if Changed(missing) {
		t.Error("a missing file has changed")
	}
	write(path, "one", then)
	if !Changed(missing) {
		t.Error("a new file is not seen")
	}
	before := Look(path)
	if Changed(before) {
		t.Error("a file has changed by itself")
	}
	write(path, "two", then.Add(time.Second))
	if !Changed(before) {
		t.Error("another time is not seen")
	}
	before = Look(path)
	write(path, "three", then.Add(time.Second))
	if !Changed(before) {
		t.Error("another size is not seen")
	}
	before = Look(path)
	write(path+"2", "thre2", then.Add(time.Second))
	if err := os.Rename(path+"2", path); err != nil {
		t.Fatal(err)
	}
	if !Changed(before) {
		t.Error("another file in its place is not seen")
	}
	before = Look(path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !Changed(before) {
		t.Error("its end is not seen")
	}
}
