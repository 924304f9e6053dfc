package logfile

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		options Options
		says    string
	}{
		{Options{}, "path: is required"},
		{Options{Path: "audit.log"}, "path: must be absolute"},
		{Options{Path: "/var/log/"}, "path: must be that of a file"},
		{Options{Path: "/dev/stdout"}, "path: must be that of a regular file; for /dev/stdout there is the output stdout"},
		{Options{Path: "/proc/self/fd/1"}, "path: must be that of a regular file"},
		{Options{Path: "/a", MaxBytes: 1<<20 - 1}, "maxBytes: must be at least 1048576"},
		{Options{Path: "/a", MaxBytes: -1}, "maxBytes: "},
		{Options{Path: "/a", MaxAge: -1}, "maxAge: must be at least 1m"},
		{Options{Path: "/a", MaxAge: time.Second}, "maxAge: must be at least 1m"},
		{Options{Path: "/a", Keep: -1}, "keep: must be between 1 and 10000"},
		{Options{Path: "/a", Keep: 10_001}, "keep: must be"},
		{Options{Path: "/a", ChainKey: []byte("short")}, "chainKey: must have at least 32 bytes"},
		{Options{Path: "/a", MaxBytes: 1 << 20, MaxAge: time.Minute, Keep: 1, ChainKey: key}, ""},
		{Options{Path: "/a"}, ""},
	} {
		_, problems := Complete(c.options)
		if c.says == "" && len(problems) != 0 || c.says != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0][0]+": "+problems[0][1], c.says)) {
			t.Errorf("%+v: %q", c.options, problems)
		}
	}
	o, _ := Complete(Options{Path: "/var//log/../a"})
	if o.Path != "/var/a" || o.MaxBytes != 100<<20 || o.MaxAge != 0 || o.Keep != 10 || o.Compress || o.ChainKey != nil {
		t.Errorf("the defaults are %+v", o)
	}
}

// What is no regular file is refused, and stays as it is.
func TestRefusedPaths(t *testing.T) {
	directory := t.TempDir()
	open := filepath.Join(directory, "open")
	for _, err := range []error{
		os.Mkdir(open, 0o700),
		os.Chmod(open, 0o777|os.ModeSticky),
		os.WriteFile(filepath.Join(directory, "target"), []byte("{}\n"), 0o600),
		os.Symlink(filepath.Join(directory, "target"), filepath.Join(open, "planted")),
		os.Symlink(filepath.Join(open, "planted"), filepath.Join(directory, "by-way")),
		os.Symlink("circle", filepath.Join(directory, "circle")),
		os.Symlink("/dev/null", filepath.Join(directory, "device")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		os.DevNull:                            "not a regular file",
		directory:                             "not a regular file",
		filepath.Join(directory, "device"):    "not a regular file",
		filepath.Join(open, "planted"):        "which everybody on this machine can make",
		filepath.Join(directory, "by-way"):    "which everybody on this machine can make",
		filepath.Join(directory, "circle"):    "one symbolic link too many",
		filepath.Join(directory, "target/x"):  "not a directory",
		filepath.Join(directory, "target/x/"): "not a directory",
	} {
		l := beginAt(t, path)
		n, err := Write(l.file, []byte(line(1)), l.now)
		if n != 0 || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d %v", path, n, err)
		}
	}
	same(t, content(t, filepath.Join(directory, "target")), "{}\n")
	// In a directory of all, a file is written to, with a warning.
	l := beginAt(t, filepath.Join(open, "audit.log"))
	put(t, l, 1)
	says(t, l, "may be changed or replaced by everybody")
}

func TestModesAndLinks(t *testing.T) {
	l := begin(t)
	put(t, l, 1)
	put(t, l, 2)
	same(t, content(t, l.path), lines(1, 2))
	info, err := os.Stat(l.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v %v", info, err)
	}
	info, err = os.Stat(filepath.Dir(l.path))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v %v", info, err)
	}
	// A link is followed, and the old files lie where it leads.
	link := filepath.Join(t.TempDir(), "link")
	err = os.Symlink(l.path, link)
	if err != nil {
		t.Fatal(err)
	}
	linked := beginAt(t, link)
	linked.file.options.MaxBytes = 150
	put(t, linked, 3)
	same(t, content(t, l.path), line(3))
	same(t, content(t, l.path+"."+recent), lines(1, 2))
	says(t, linked)
}

// The line that a full disk cuts off is completed, wherever that is, whether the
// caller comes with the rest or has forgotten it.
func TestFullDisk(t *testing.T) {
	for _, chained := range []bool{false, true} {
		length := len(line(1))
		if chained {
			length += sealBytes
		}
		for free := 0; free <= 3*length; free++ {
			room := free
			fill(t, &room)
			l := begin(t)
			l.file.options.MaxBytes = 5 // also: no rotation in the middle of a line
			if chained {
				l.file.options.ChainKey = key
			}
			input := lines(1, 3)
			given := []byte(input)
			n, err := Write(l.file, given, l.now)
			for i := range given {
				given[i] = 'x' // it is the caller's again
			}
			if (err == nil) != (free == 3*length) {
				t.Fatalf("%d bytes: %d %v", free, n, err)
			}
			whole := free / length
			taken := whole * len(line(1))
			if free%length > 0 {
				taken += len(line(1)) - 1
			}
			if n != taken {
				t.Fatalf("%d bytes: %d of the input are taken, want %d", free, n, taken)
			}
			// For a while, it stays full, and then it has room for a few.
			for _, room = range []int{0, 0, 3, 5} {
				if free%length > 0 && length-free%length > 8 {
					m, wrong := Write(l.file, []byte(input[n:]), l.now)
					if m != 0 || wrong == nil {
						t.Fatalf("%d bytes: %d %v", free, m, wrong)
					}
				}
			}
			room = -1
			l.file.options.MaxBytes = 100_000
			l.file.wake = 0
			rest := input[n:]
			if free%2 == 0 {
				rest = strings.TrimPrefix(rest, "\n")
			}
			m, err := Write(l.file, []byte(rest), l.now)
			if m != len(rest) || err != nil {
				t.Fatalf("%d bytes: %d %v", free, m, err)
			}
			put(t, l, 4)
			got := everything(t, l)
			if chained {
				got, _ = unchain(t, got, Start)
			}
			same(t, got, lines(1, 4))
			says(t, l)
			if t.Failed() {
				t.Fatalf("with room for %d bytes", free)
			}
		}
	}
}

// The file that fills the disk is removed in the middle of a line.
func TestFullDiskGivenUp(t *testing.T) {
	for _, chained := range []bool{false, true} {
		room := -1
		fill(t, &room)
		l := begin(t)
		if chained {
			l.file.options.ChainKey = key
		}
		put(t, l, 1)
		kept := content(t, l.path)
		room = 30
		input := lines(2, 3)
		n, err := Write(l.file, []byte(input), l.now)
		if n != len(line(2))-1 || err == nil {
			t.Fatal(n, err)
		}
		err = os.Rename(l.path, l.path+".1")
		if err != nil {
			t.Fatal(err)
		}
		// The old handle has no room, the new file has.
		l.file.out = disk{file: l.file.file, room: new(int)}
		room = -1
		m, err := Write(l.file, []byte(input[n:]), l.now)
		if m != len(input)-n || err != nil {
			t.Fatal(m, err)
		}
		says(t, l, "taken away while a line was half written")
		got := kept + content(t, l.path)
		if chained {
			got, _ = unchain(t, got, Start)
		}
		same(t, got, line(1)+line(3))
	}
	// Renamed only, the line is completed where it stands.
	room := 30
	fill(t, &room)
	l := begin(t)
	n, _ := Write(l.file, []byte(line(1)), l.now)
	err := os.Rename(l.path, l.path+".1")
	if err != nil {
		t.Fatal(err)
	}
	room = -1
	_, err = Write(l.file, []byte(line(1)[n:]), l.now)
	if err != nil {
		t.Fatal(err)
	}
	put(t, l, 2)
	same(t, content(t, l.path+".1"), line(1))
	same(t, content(t, l.path), line(2))
}

// Any mixture of full disks, and of what the caller does with its buffer, leaves all
// lines whole and in order.
func TestFullDiskAsModel(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	for round := 0; round < 30; round++ {
		room := -1
		fill(t, &room)
		l := begin(t)
		chained := round%2 == 0
		if chained {
			l.file.options.ChainKey = key
		}
		l.file.options.MaxBytes = 2000
		l.file.options.Keep = 1000
		waiting := ""
		for n := 1; n <= 40; n++ {
			waiting += line(n)
			room = random.Intn(300) - 20
			l.now = l.now.Add(time.Duration(random.Intn(700)) * time.Millisecond)
			m, err := Write(l.file, []byte(waiting), l.now)
			if (m == len(waiting)) != (err == nil) {
				t.Fatal(m, err)
			}
			waiting = waiting[m:]
			if random.Intn(8) == 0 && len(l.file.rest) == 0 {
				settled(t, l.file)
				l = restart(t, l)
			}
		}
		room = -1
		if waiting != "" {
			_, err := Write(l.file, []byte(waiting), l.now)
			if err != nil {
				t.Fatal(err)
			}
		}
		got := everything(t, l)
		if chained {
			got, _ = unchain(t, got, Start)
		}
		same(t, got, lines(1, 40))
	}
}

// Two files on one path, which rotate it under each other, keep all lines whole.
func TestTwoWriters(t *testing.T) {
	first := begin(t)
	first.file.options = Options{Path: first.path, MaxBytes: 4000, Keep: 1000}
	second := restart(t, first)
	var wg sync.WaitGroup
	wg.Add(2)
	go writeMany(t, first, 1, 500, &wg)
	go writeMany(t, second, 1001, 1500, &wg)
	wg.Wait()
	settled(t, second.file)
	got := map[string]int{}
	for _, one := range strings.SplitAfter(everything(t, first), "\n") {
		got[one]++
	}
	for i := 1; i <= 500; i++ {
		if got[line(i)] != 1 || got[line(1000+i)] != 1 {
			t.Errorf("lines %d: %d %d", i, got[line(i)], got[line(1000+i)])
		}
	}
	if len(got) != 1001 || got[""] != 1 {
		t.Errorf("%d different lines, %d at the end", len(got), got[""])
	}
}

func writeMany(t *testing.T, l *log, from, to int, wg *sync.WaitGroup) {
	defer wg.Done()
	for n := from; n <= to; n++ {
		l.now = l.now.Add(50 * time.Millisecond)
		_, err := Write(l.file, []byte(line(n)), l.now)
		if err != nil {
			t.Errorf("line %d: %v", n, err)
		}
	}
}

func TestChange(t *testing.T) {
	l := begin(t)
	put(t, l, 1)
	opened := l.file.file
	Change(l.file, l.file.options)
	put(t, l, 2)
	if l.file.file != opened {
		t.Error("the same options have it opened again")
	}
	o := l.file.options
	o.Path += "2"
	Change(l.file, o)
	put(t, l, 3)
	o.MaxBytes = 1
	Change(l.file, o)
	put(t, l, 4)
	same(t, content(t, l.path), lines(1, 2))
	same(t, content(t, o.Path+"."+recent), line(3))
	same(t, content(t, o.Path), line(4))
	// Not in the middle of a line.
	room := 10
	fill(t, &room)
	o.Path = l.path
	Change(l.file, o)
	_, err := Write(l.file, []byte(line(5)), l.now)
	if err == nil {
		t.Fatal("the disk is not full")
	}
	o.Path = l.path + "2"
	Change(l.file, o)
	room = -1
	put(t, l, 6)
	same(t, content(t, l.path+"."+recent), lines(1, 2))
	same(t, content(t, l.path), line(5))
	same(t, content(t, l.path+"2"), line(6))
	Close(l.file)
	put(t, l, 7)
	same(t, content(t, l.path+"2"), line(7))
	says(t, l)
}

// The chain is that of one path and one key.
func TestChangeOfChain(t *testing.T) {
	l := begin(t)
	l.file.options.ChainKey = key
	put(t, l, 1)
	o := l.file.options
	o.Path += "2"
	Change(l.file, o)
	put(t, l, 2)
	got, _ := unchain(t, content(t, o.Path), Start)
	same(t, got, line(2))
	o.Path += "3"
	o.ChainKey = []byte(strings.Repeat("x", 32))
	Change(l.file, o)
	put(t, l, 3)
	err := os.Truncate(o.Path, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.ChainKey = key
	Change(l.file, o)
	put(t, l, 4)
	got, _ = unchain(t, content(t, o.Path), Start)
	same(t, got, line(4))
}

func TestClosedInMidLine(t *testing.T) {
	room := 10
	fill(t, &room)
	l := begin(t)
	_, err := Write(l.file, []byte(line(1)), l.now)
	if err == nil {
		t.Fatal("the disk is not full")
	}
	room = -1
	Close(l.file)
	Close(l.file)
	same(t, content(t, l.path), line(1))
	// The newline that the caller still has is of no use.
	n, err := Write(l.file, []byte("\n"+line(2)), l.now)
	if n != 1+len(line(2)) || err != nil {
		t.Error(n, err)
	}
	same(t, content(t, l.path), lines(1, 2))
	n, err = Write(l.file, nil, l.now)
	if n != 0 || err != nil {
		t.Error(n, err)
	}
}

// The path's own meaning to a pattern is of no account.
func TestPathsWithPatterns(t *testing.T) {
	l := beginAt(t, filepath.Join(t.TempDir(), "a*[b]?.log"))
	l.file.options.MaxBytes = 1
	l.file.options.Compress = true
	for n := 1; n <= 4; n++ {
		put(t, l, n)
	}
	settled(t, l.file)
	names, err := Old(l.path)
	if err != nil || len(names) != 3 || !strings.HasSuffix(names[0], ".gz") {
		t.Error(names, err)
	}
	same(t, everything(t, l), lines(1, 4))
	if fmt.Sprint(l.told) != "[]" {
		t.Error(l.told)
	}
}
