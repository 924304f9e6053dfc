package logfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What somebody else has left at the end is never removed, but for what is part of
// a record.
func TestTornLine(t *testing.T) {
	for name, c := range map[string]struct {
		end  string // behind the first line
		want string
		says string
	}{
		"whole":                {"", "", ""},
		"torn":                 {`{"event.sequence":`, "", "error: file PATH ended with 18 bytes of a line that was never finished"},
		"one byte":             {"{", "", "ended with 1 bytes"},
		"NULs":                 {"\x00\x00\x00", "", "ended with 3 bytes"},
		"NULs in it":           {"{\"a\":\x00\x00", "", "ended with 7 bytes"},
		"only the newline":     {`{"a":1}`, "{\"a\":1}\n", "warn: file PATH had no newline at its end"},
		"another's":            {"last line of a text", "last line of a text\n", "had no newline"},
		"another's JSON":       {"}", "}\n", "had no newline"},
		"another's long line":  {strings.Repeat("x", maxTail+5), strings.Repeat("x", maxTail+5) + "\n", "had no newline"},
		"another's long start": {strings.Repeat("{", maxTail+1), strings.Repeat("{", maxTail+1) + "\n", "had no newline"},
	} {
		l := begin(t)
		l.file.options.MaxBytes = 1 << 30
		put(t, l, 1)
		Close(l.file)
		add(t, l.path, c.end)
		l = restart(t, l)
		put(t, l, 2)
		if got := content(t, l.path); got != line(1)+c.want+line(2) {
			if len(got) > 1000 {
				got = got[:1000]
			}
			t.Errorf("%s: %q", name, got)
		}
		if l.file.size != int64(len(content(t, l.path))) {
			t.Errorf("%s: it counts %d bytes", name, l.file.size)
		}
		if c.says == "" {
			says(t, l)
		} else {
			says(t, l, strings.Replace(c.says, "PATH", l.path, 1))
		}
	}
	// The whole file is one.
	l := begin(t)
	put(t, l, 1)
	Close(l.file)
	err := os.Truncate(l.path, 9)
	if err != nil {
		t.Fatal(err)
	}
	l = restart(t, l)
	put(t, l, 2)
	same(t, content(t, l.path), line(2))
	says(t, l, "ended with 9 bytes")
}

// Half a line that another process is about to finish is none of ours.
func TestLineOfAnotherProcess(t *testing.T) {
	was := breath
	defer func() { breath = was }()
	l := begin(t)
	put(t, l, 1)
	Close(l.file)
	add(t, l.path, line(2)[:20])
	breath = func() { add(t, l.path, line(2)[20:]) }
	l = restart(t, l)
	put(t, l, 3)
	same(t, content(t, l.path), lines(1, 3))
	says(t, l)
	// It never ends.
	Close(l.file)
	add(t, l.path, "x")
	breath = func() { add(t, l.path, "x") }
	n, err := Write(l.file, []byte(line(4)), l.now)
	if n != 0 || err == nil {
		t.Error(n, err)
	}
}

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err != nil {
		t.Fatal(err)
	}
	err = f.Close()
	if err != nil {
		t.Fatal(err)
	}
}

// What others do to the file, with and without a chain, and then a second passes.
func TestOthersRotate(t *testing.T) {
	moved := func(l *log) string { return l.path + ".1" }
	for name, c := range map[string]struct {
		do   func(l *log) error
		then string // what the moved file has
		path string // what the path has at the end
	}{
		"rename": {func(l *log) error { return os.Rename(l.path, moved(l)) }, lines(1, 3), line(4)},
		"rename and create": {func(l *log) error {
			err := os.Rename(l.path, moved(l))
			if err != nil {
				return err
			}
			return os.WriteFile(l.path, nil, 0o640)
		}, lines(1, 3), line(4)},
		"remove":            {func(l *log) error { return os.Remove(l.path) }, "", line(4)},
		"remove directory":  {func(l *log) error { return os.RemoveAll(filepath.Dir(l.path)) }, "", line(4)},
		"copy and truncate": {func(l *log) error { return copyTruncate(l.path, moved(l)) }, lines(1, 2), lines(3, 4)},
	} {
		for _, chained := range []bool{false, true} {
			l := begin(t)
			if chained {
				l.file.options.ChainKey = key
			}
			put(t, l, 1)
			put(t, l, 2)
			before := content(t, l.path)
			err := c.do(l)
			if err != nil {
				t.Fatal(name, err)
			}
			l.now = l.now.Add(999 * time.Millisecond)
			put(t, l, 3)
			l.now = l.now.Add(time.Millisecond)
			put(t, l, 4)
			then := ""
			if c.then != "" {
				then = content(t, moved(l))
			}
			path := content(t, l.path)
			if chained {
				// All in one chain, wherever it is.
				from := Start
				if then != "" {
					then, from = unchain(t, then, from)
				} else if !strings.HasPrefix(name, "copy") {
					_, from = unchain(t, before, from)
					path = sealed(3, from) + path
				}
				path, _ = unchain(t, path, from)
				path = strings.TrimPrefix(path, map[bool]string{true: line(3)}[then == ""])
			}
			if then != c.then || path != c.path {
				t.Errorf("%s, chained %v:\n%s----\n%s", name, chained, then, path)
			}
			says(t, l)
		}
	}
}

// sealed is the n-th line after a value, for one that is gone.
func sealed(n int, previous string) string {
	f := &File{mac: NewMAC(key), last: previous}
	return string(sealLines(f, []byte(line(n))))
}

func copyTruncate(path, to string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	err = os.WriteFile(to, b, 0o600)
	if err != nil {
		return err
	}
	return os.Truncate(path, 0)
}

// After somebody has emptied the file, its size and its age are counted anew.
func TestEmptied(t *testing.T) {
	l := begin(t)
	l.file.options.MaxBytes = int64(len(lines(1, 3)))
	l.file.options.MaxAge = time.Hour
	put(t, l, 1)
	put(t, l, 2)
	err := os.Truncate(l.path, 0)
	if err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(59 * time.Minute)
	for n := 3; n <= 5; n++ {
		put(t, l, n)
	}
	same(t, content(t, l.path), lines(3, 5))
	put(t, l, 6)
	same(t, content(t, l.path), line(6))
	same(t, everything(t, l), lines(3, 6))
	l.now = l.now.Add(59 * time.Minute)
	err = os.Truncate(l.path, 0)
	if err != nil {
		t.Fatal(err)
	}
	put(t, l, 7)
	l.now = l.now.Add(59 * time.Minute)
	put(t, l, 8)
	same(t, content(t, l.path), lines(7, 8))
	l.now = l.now.Add(time.Minute)
	put(t, l, 9)
	same(t, content(t, l.path), line(9))
}

// A clock that is set back doesn't keep a file from being missed.
func TestClockSetBack(t *testing.T) {
	l := begin(t)
	put(t, l, 1)
	err := os.Remove(l.path)
	if err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(-time.Hour)
	put(t, l, 2)
	same(t, content(t, l.path), line(2))
}

func TestUnreachable(t *testing.T) {
	l := begin(t)
	put(t, l, 1)
	directory := filepath.Dir(l.path)
	err := os.RemoveAll(directory)
	if err != nil {
		t.Fatal(err)
	}
	err = os.WriteFile(directory, nil, 0o600) // in the place of the directory
	if err != nil {
		t.Fatal(err)
	}
	Close(l.file)
	for n := 0; n < 3; n++ {
		n, err := Write(l.file, []byte(line(2)), l.now)
		if n != 0 || err == nil {
			t.Fatal(n, err)
		}
	}
	err = os.Remove(directory)
	if err != nil {
		t.Fatal(err)
	}
	put(t, l, 2)
	same(t, content(t, l.path), line(2))
}

// Somebody else writes to a chained file, which is told.
func TestSecondWriterOfChain(t *testing.T) {
	l := begin(t)
	l.file.options.ChainKey = key
	put(t, l, 1)
	add(t, l.path, line(2))
	l.now = l.now.Add(time.Second)
	put(t, l, 3)
	says(t, l, "error: somebody else writes to the file")
}

// A path that leads nowhere any more, be it a link to itself or through a file, is not
// taken for one that can't be seen: nothing goes to the file that nobody can find.
func TestPathThatLeadsNowhere(t *testing.T) {
	for name, block := range map[string]func(path string) error{
		"a link to itself": func(path string) error { return os.Symlink(path, path) },
		"a file":           func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		l := begin(t)
		put(t, l, 1)
		directory := filepath.Dir(l.path)
		if err := os.Rename(directory, directory+".away"); err != nil {
			t.Fatal(err)
		}
		if err := block(directory); err != nil {
			t.Fatal(err)
		}
		l.now = l.now.Add(2 * time.Second)
		if n, err := Write(l.file, []byte(line(2)), l.now); n != 0 || err == nil {
			t.Errorf("%s: %d bytes are written somewhere", name, n)
		}
		if err := os.Remove(directory); err != nil {
			t.Fatal(err)
		}
		put(t, l, 2)
		same(t, content(t, l.path), lines(2, 2))
	}
}
