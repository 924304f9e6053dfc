package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const anySize = 1 << 40

// readBack returns what the next process finds, line by line.
func readBack(t *testing.T, path string) string {
	t.Helper()
	found := []string{}
	_, problem := Read(path, anySize, func(line []byte) { found = append(found, string(line)) })
	if problem != "" {
		t.Fatal(problem)
	}
	return strings.Join(found, ",")
}

func appendAll(t *testing.T, l *Log, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if err := Append(l, []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
}

func opened(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Close(l) })
	return l
}

// What was appended is in the file when Append returns: a kill -9 loses none of it.
func TestNothingIsHeldBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := opened(t, path)
	want := []string{}
	for i := 0; i < 50; i++ {
		line := fmt.Sprint("line ", i, strings.Repeat(" x", i*i*i))
		appendAll(t, l, line)
		want = append(want, line)
		if got := readBack(t, path); got != strings.Join(want, ",") {
			t.Fatalf("after %d: %.200q", i, got)
		}
	}
	if err := AppendAll(l, [][]byte{[]byte("two"), []byte("at once")}); err != nil {
		t.Fatal(err)
	}
	if got := readBack(t, path); !strings.HasSuffix(got, ",two,at once") {
		t.Errorf("%.200q", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != Size(l) {
		t.Error(info, err)
	}
}

// A log that ends anywhere, as a kill or the end of the machine leaves it, has the
// lines before that, and those that are appended later.
func TestTornAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := opened(t, path)
	lines := []string{"one", "", "three 3", strings.Repeat("y", 300)}
	ends := []int64{}
	for _, line := range lines {
		appendAll(t, l, line)
		ends = append(ends, Size(l))
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(whole); cut++ {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		left := 0
		for left < len(ends) && ends[left]-1 <= int64(cut) { // the last newline may be missing
			left++
		}
		want := strings.Join(lines[:left], ",")
		if got := readBack(t, path); got != want {
			t.Fatalf("cut at %d: %q, want %q", cut, got, want)
		}
		next := opened(t, path)
		appendAll(t, next, "next")
		Close(next)
		if got := readBack(t, path); got != strings.Join(append(append([]string{}, lines[:left]...), "next"), ",") {
			t.Fatalf("cut at %d: %q comes after %q", cut, got, want)
		}
	}
}

// Nothing that is at the path in the place of a file makes anybody wait, or is used.
func TestNotOurs(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "log")
	if _, problem := Read(path, anySize, nil); !strings.Contains(problem, "can't be found") {
		t.Error(problem)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, problem := Read(path, anySize, nil); !strings.Contains(problem, "is not a regular file") {
		t.Error(problem)
	}
	if _, err := Open(path); err == nil {
		t.Error("a directory is open")
	}
	if _, err := Replace(path, nil); err == nil {
		t.Error("a directory is replaced")
	}
	_ = os.Remove(path)
	if err := os.Symlink("/dev/null", path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a device is open")
	}
	_ = os.Remove(path)
	appendAll(t, opened(t, path), "forged, perhaps")
	if _, err := Create(path); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	if _, problem := Read(path, 10, func(_ []byte) { t.Error("it is read") }); !strings.Contains(problem, "is larger than 10 bytes") {
		t.Error(problem)
	}
	for _, what := range []string{path, directory} {
		mode := map[string]os.FileMode{path: 0o602, directory: 0o707}[what]
		if err := os.Chmod(what, mode); err != nil {
			t.Fatal(err)
		}
		if _, problem := Read(path, anySize, func(_ []byte) { t.Error("it is read") }); !strings.Contains(problem, "may be written by everybody") {
			t.Errorf("%s: %s", what, problem)
		}
		if _, err := Open(path); what == directory && err == nil {
			t.Error("everybody may replace it")
		}
		if err := os.Chmod(what, mode&^0o007); err != nil {
			t.Fatal(err)
		}
	}
}

// A disk that takes only a part of a line, or nothing: that line is reported, those
// before it are there, and those after it as well.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := opened(t, path)
	appendAll(t, l, "before")
	for cut := 1; cut < len("\n12345678 cut off\n"); cut++ {
		if _, err := l.file.WriteString("\n12345678 cut off\n"[:cut]); err != nil {
			t.Fatal(err)
		}
		appendAll(t, l, "after")
		if got := readBack(t, path); got != "before"+strings.Repeat(",after", cut) {
			t.Fatalf("cut at %d: %q", cut, got)
		}
	}
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.file.Close()
	l.file = readOnly
	if Append(l, []byte("nowhere")) == nil || AppendAll(l, [][]byte{[]byte("nowhere")}) == nil {
		t.Error("it is not reported")
	}
	Close(l)
	if Append(l, []byte("closed")) == nil || AppendAll(l, [][]byte{[]byte("closed")}) == nil {
		t.Error("it is not reported that the log is closed")
	}
}

// A log that can't be written anew stays as it is, and no part of a new one is left.
func TestReplace(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "log")
	appendAll(t, opened(t, path), "old", "older")
	l, err := Replace(path, []string{"new"})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, l, "newer")
	Close(l)
	if got := readBack(t, path); got != "new,newer" {
		t.Errorf("%q", got)
	}
	if err := os.MkdirAll(path+".new/in the way", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Replace(path, []string{"lost"}); err == nil {
		t.Error("it is replaced by nothing")
	}
	if err := os.RemoveAll(path + ".new"); err != nil {
		t.Fatal(err)
	}
	if got := readBack(t, path); got != "new,newer" {
		t.Errorf("%q", got)
	}
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v: %v", entries, err)
	}
	// Many lines, which are written in pieces.
	many := make([]string, 3000)
	for i := range many {
		many[i] = fmt.Sprintf("%0100d", i)
	}
	if l, err = Replace(path, many); err != nil {
		t.Fatal(err)
	}
	Close(l)
	if got := readBack(t, path); got != strings.Join(many, ",") {
		t.Errorf("%.100q", got)
	}
}

// A log whose owner leaves out what is over stays small, and one of which nothing is
// over is not written anew again and again.
func TestTidy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := opened(t, path)
	long := strings.Repeat("x", 100_000)
	for _, c := range []struct {
		kept  string
		times int
	}{{"kept", 2}, {strings.Repeat("k", 10<<20), 1}} {
		times := 0
		for i := 0; i < 100; i++ {
			appendAll(t, l, long)
			if !IsUntidy(l) {
				continue
			}
			times++
			Close(l)
			fresh, err := Replace(path, []string{c.kept})
			if err != nil {
				t.Fatal(err)
			}
			l = fresh
		}
		if times != c.times || Size(l) > tidyAt+(20<<20) {
			t.Errorf("%.9q: written anew %d times, %d bytes", c.kept, times, Size(l))
		}
		Close(l)
		_ = os.Remove(path)
		l = opened(t, path)
	}
}

func TestGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := opened(t, path)
	later := time.Now().Add(time.Minute)
	if IsGone(l, later) {
		t.Error("it is there")
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if IsGone(l, later.Add(time.Millisecond)) {
		t.Error("it looks each time")
	}
	if !IsGone(l, later.Add(2*time.Second)) || !IsGone(l, later.Add(-time.Hour)) {
		t.Error("it is gone")
	}
	// Another log has the path.
	appendAll(t, opened(t, path), "another's")
	if !IsGone(l, later.Add(4*time.Second)) {
		t.Error("it is another one")
	}
	Remove(l)
	if got := readBack(t, path); got != "another's" {
		t.Errorf("%q", got)
	}
	Remove(opened(t, path))
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error(err)
	}
	Remove(nil)
	Close(nil)
}
