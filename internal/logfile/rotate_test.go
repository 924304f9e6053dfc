package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRotationBySize(t *testing.T) {
	l := begin(t)
	size := int64(len(line(1)))
	l.file.options.MaxBytes = 3 * size
	for n := 1; n <= 9; n++ {
		put(t, l, n)
		l.now = l.now.Add(time.Minute)
	}
	same(t, content(t, l.path+".20251125T015344.123456Z"), lines(1, 3))
	same(t, content(t, l.path+".20251125T015644.123456Z"), lines(4, 6))
	same(t, content(t, l.path), lines(7, 9))
	// A line that no file has room for gets one of its own.
	l.file.options.MaxBytes = size - 1
	l.file.most = size - 1
	put(t, l, 1)
	same(t, content(t, l.path), line(1))
	// The size of before a restart counts.
	l.file.options.MaxBytes = 2*size - 1
	l = restart(t, l)
	put(t, l, 2)
	same(t, content(t, l.path), line(2))
	says(t, l)
}

func TestRotationByAge(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for name, c := range map[string]struct {
		first    string // line of the file
		modified string
		now      string
		rotated  bool
	}{
		"young":             {line(5), "2025-11-25T02:50:04Z", "2025-11-25T02:50:04Z", false},
		"old":               {line(5), "2025-11-25T02:50:04Z", "2025-11-25T02:50:05Z", true},
		"no time, young":    {"{}\n", "2025-11-25T01:50:04Z", "2025-11-25T02:50:03Z", false},
		"no time, old":      {"{}\n", "2025-11-25T01:50:04Z", "2025-11-25T02:50:04Z", true},
		"wrong time":        {`{"@timestamp":"x"}` + "\n", "2025-11-25T01:50:04Z", "2025-11-25T02:50:04Z", true},
		"a time to come":    {`{"@timestamp":"2099-01-01T00:00:00Z"}` + "\n", "2025-11-25T01:50:04Z", "2025-11-25T02:50:04Z", false},
		"empty":             {"", "2025-11-25T01:50:04Z", "2025-12-25T01:50:04Z", false},
		"a long first line": {`{"x":"` + strings.Repeat("x", 2*maxHead) + "\"}\n", "2025-11-25T01:50:04Z", "2025-11-25T02:50:04Z", true},
	} {
		l := begin(t)
		l.file.options.MaxAge = time.Hour
		l.file.options.MaxBytes = 1 << 20
		err := os.MkdirAll(filepath.Dir(l.path), 0o700)
		if err == nil {
			err = os.WriteFile(l.path, []byte(c.first), 0o600)
		}
		if err == nil {
			err = os.Chtimes(l.path, at(c.modified), at(c.modified))
		}
		if err != nil {
			t.Fatal(err)
		}
		l.now = at(c.now)
		put(t, l, 1)
		want := c.first + line(1)
		if c.rotated {
			want = line(1)
		}
		if got := content(t, l.path); got != want {
			t.Errorf("%s: %d bytes", name, len(got))
		}
		// From its first line on, the next hour begins.
		if c.first == "" || c.rotated || name == "a time to come" {
			l.now = l.now.Add(time.Hour - 1)
			put(t, l, 2)
			l.now = l.now.Add(time.Second)
			put(t, l, 3)
			same(t, content(t, l.path), line(3))
		}
		same(t, everything(t, l)[len(c.first):len(c.first)+len(line(1))], line(1))
	}
}

// An empty file, of which nothing could be written for long, is none to keep.
func TestNoEmptyOldFile(t *testing.T) {
	room := 0
	fill(t, &room)
	l := begin(t)
	l.file.options.MaxAge = time.Hour
	n, err := Write(l.file, []byte(line(1)), l.now)
	if n != 0 || err == nil {
		t.Fatal(n, err)
	}
	room = -1
	l.now = l.now.Add(2 * time.Hour)
	put(t, l, 1)
	names, err := Old(l.path)
	if len(names) != 0 || err != nil {
		t.Error(names, err)
	}
}

// Chained lines are longer, which counts.
func TestRotationOfChain(t *testing.T) {
	l := begin(t)
	l.file.options.ChainKey = key
	one := len(line(10)) + sealBytes
	l.file.options.MaxBytes = int64(3*one - 1)
	for n := 10; n < 19; n++ {
		put(t, l, n)
	}
	names, err := Old(l.path)
	if len(names) != 4 || err != nil {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if n := len(content(t, name)); n != 2*one {
			t.Errorf("%s has %d bytes", name, n)
		}
	}
}

// Several rotations in one microsecond, names that are taken, and a clock that is
// set back: the names sort as the lines do, and none is overwritten.
func TestStamps(t *testing.T) {
	l := begin(t)
	l.file.options.MaxBytes = 1
	put(t, l, 1)
	l.file.stamp = "" // as another process would not know of them
	for name, text := range map[string]string{recent: "a", "20251125T015044.123457Z.gz": "b", "20251125T015044.123458Z": "c"} {
		err := os.WriteFile(l.path+"."+name, []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	put(t, l, 2)
	put(t, l, 3)
	l.now = l.now.Add(-time.Hour)
	put(t, l, 4)
	l = restart(t, l)
	put(t, l, 5)
	settled(t, l.file)
	want := []string{recent, "20251125T015044.123457Z.gz", "20251125T015044.123458Z", "20251125T015044.123459Z", "20251125T015044.123460Z", "20251125T015044.123461Z", "20251125T015044.123462Z"}
	names, err := list(l.path, oldName)
	if err != nil || fmt.Sprint(names) != fmt.Sprint(want) {
		t.Errorf("%q %v", names, err)
	}
	text := ""
	for _, name := range names[3:] {
		text += content(t, l.path+"."+name)
	}
	same(t, text, lines(1, 4))
	b, err := os.ReadFile(l.path + "." + want[1])
	if string(b) != "b" || err != nil {
		t.Error("an old file is overwritten")
	}
}

// Where the file can't be renamed, it grows, and that is told, once a second.
func TestUnrotatable(t *testing.T) {
	for _, chained := range []bool{false, true} {
		l := begin(t)
		l.file.options.MaxBytes = 1
		l.file.options.MaxAge = time.Minute
		if chained {
			l.file.options.ChainKey = key
		}
		put(t, l, 1)
		l.file.real = filepath.Join(filepath.Dir(l.path), "missing", "audit.log")
		l.now = l.now.Add(time.Hour)
		put(t, l, 2)
		put(t, l, 3)
		says(t, l, "error: file "+l.path+" can't be rotated, and grows on")
		l.now = l.now.Add(time.Second)
		put(t, l, 4)
		says(t, l, "can't be rotated")
		l.file.real = l.path
		l.now = l.now.Add(time.Second)
		put(t, l, 5)
		says(t, l)
		got := everything(t, l)
		if chained {
			got, _ = unchain(t, got, Start)
		}
		same(t, got, lines(1, 5))
		if n := strings.Count(content(t, l.path), "\n"); n != 1 {
			t.Errorf("%d lines in the file", n)
		}
	}
}

// A directory in which nothing can be made or renamed. For root there is none.
func TestReadOnlyDirectory(t *testing.T) {
	l := begin(t)
	l.file.options.MaxBytes = 1
	put(t, l, 1)
	directory := filepath.Dir(l.path)
	err := os.Chmod(directory, 0o500)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(directory, 0o700) }()
	if os.WriteFile(filepath.Join(directory, "probe"), nil, 0o600) == nil {
		t.Skip("this user may write everywhere")
	}
	put(t, l, 2)
	says(t, l, "can't be rotated")
	same(t, content(t, l.path), lines(1, 2))
	other := beginAt(t, filepath.Join(directory, "other"))
	n, err := Write(other.file, []byte(line(1)), other.now)
	if n != 0 || err == nil {
		t.Error(n, err)
	}
}

// Why there is no name for an old file is said as it is.
func TestNoNameForAnOldFile(t *testing.T) {
	name := strings.Repeat("x", 255-len("."+recent))
	l := beginAt(t, filepath.Join(t.TempDir(), name))
	l.file.options.MaxBytes = 1
	put(t, l, 1)
	put(t, l, 2)
	says(t, l, "file name too long") // with .gz
}

func TestIsOld(t *testing.T) {
	for path, want := range map[string]string{
		"/a.20251125T015044.123456Z":        "/a",
		"/a.20251125T015044.123456Z.gz":     "/a",
		"a.20251125T015044.123456Z":         "a",
		"/a.b.20251125T015044.123456Z":      "/a.b",
		"/a":                                "",
		"/a.gz":                             "",
		"/a20251125T015044.123456Z":         "",
		".20251125T015044.123456Z":          "",
		"20251125T015044.123456Z":           "",
		"/a.20251125T015044.12345Z":         "",
		"/a.20251125T015044.123456Z.gz.gz":  "",
		"/a.20251125T015044.123456Z.gz.tmp": "",
	} {
		got, ok := IsOld(path)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q %v", path, got, ok)
		}
	}
}

func TestOldOfNothing(t *testing.T) {
	names, err := Old(filepath.Join(t.TempDir(), "a"))
	if len(names) != 0 || err != nil {
		t.Error(names, err)
	}
	names, err = Old(filepath.Join(t.TempDir(), "missing", "a"))
	if len(names) != 0 || err == nil {
		t.Error(names, err)
	}
}
