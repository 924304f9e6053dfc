package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Only old files of this path are ever removed, oldest first.
func TestKeep(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		l := begin(t)
		l.file.options.MaxBytes = 1
		l.file.options.Keep = 3
		l.file.options.Compress = compressed
		put(t, l, 1)
		others := []string{"audit.log.1", "audit.log.20251125T015044.123456", "audit.log.20251125T015044.123456Z.old", "audit.log.x.20241125T015044.123456Z",
			"audit.logs.20241125T015044.123456Z", "xaudit.log.20241125T015044.123456Z", "audit.log.20241125T015044.123456Z.gz.1.tmp.x", "20241125T015044.123456Z", "audit_log.20241125T015044.123456Z"}
		directory := filepath.Dir(l.path)
		for _, name := range others {
			err := os.WriteFile(filepath.Join(directory, name), []byte("x"), 0o600)
			if err != nil {
				t.Fatal(err)
			}
		}
		// Not of regular files either.
		err := os.Mkdir(l.path+".20231125T015044.123456Z", 0o700)
		if err == nil {
			err = os.Symlink("audit.log.1", l.path+".20231125T015044.123457Z")
		}
		if err != nil {
			t.Fatal(err)
		}
		for n := 2; n <= 9; n++ {
			put(t, l, n)
		}
		same(t, everything(t, l), lines(6, 9))
		entries, err := os.ReadDir(directory)
		if err != nil || len(entries) != len(others)+2+3+1 {
			t.Errorf("%d entries, %v: %v", len(entries), err, entries)
		}
		says(t, l)
	}
}

// One that is there in both forms is one.
func TestKeepOfBothForms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for _, name := range []string{recent, "20251125T015044.123457Z", "20251125T015044.123457Z.gz", "20251125T015044.123455Z", "20251125T015044.123455Z.gz"} {
		err := os.WriteFile(path+"."+name, nil, 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	err := tidy(job{path: path, keep: 2})
	names, _ := list(path, oldName)
	if err != nil || fmt.Sprint(names) != fmt.Sprint([]string{recent, "20251125T015044.123457Z", "20251125T015044.123457Z.gz"}) {
		t.Error(names, err)
	}
}

func TestCompression(t *testing.T) {
	l := begin(t)
	l.file.options.MaxBytes = 1
	l.file.options.Compress = true
	put(t, l, 1)
	put(t, l, 2)
	same(t, everything(t, l), lines(1, 2))
	info, err := os.Stat(l.path + "." + recent + ".gz")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if !notThere(l.path + "." + recent) {
		t.Error("it is there in both forms")
	}
	// One that others still write to stays.
	path := filepath.Join(t.TempDir(), "a")
	err = os.WriteFile(path, nil, 0o600)
	if err == nil {
		err = compress(path)
	}
	if err != nil || notThere(path) || !notThere(path+".gz") {
		t.Error("an empty one is compressed: ", err)
	}
}

// The process has ended in the middle of compressing: its remains go, and it is done
// again. Between the new file and the end of the old one, too.
func TestInterruptedCompression(t *testing.T) {
	l := begin(t)
	l.file.options.MaxBytes = 1
	for n := 1; n <= 3; n++ {
		put(t, l, n)
	}
	Close(l.file)
	settled(t, l.file)
	names, err := Old(l.path)
	if err != nil || len(names) != 2 {
		t.Fatal(names, err)
	}
	for name, text := range map[string]string{names[0] + ".gz.123.tmp": "half", names[1] + ".gz": "half", l.path + ".20251125T015044.123456Z.gz.tmp": "another's"} {
		err = os.WriteFile(name, []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	names, err = Old(l.path)
	if err != nil || len(names) != 2 || !strings.HasSuffix(names[1], ".gz") {
		t.Error(names, err)
	}
	l.file.options.Compress = true
	l = restart(t, l)
	put(t, l, 4)
	same(t, everything(t, l), lines(1, 4))
	found, err := list(l.path, oldName)
	if err != nil || fmt.Sprint(found) != fmt.Sprint([]string{recent + ".gz", "20251125T015044.123457Z.gz", "20251125T015044.123458Z.gz"}) {
		t.Error(found, err)
	}
	entries, err := os.ReadDir(filepath.Dir(l.path))
	if err != nil || len(entries) != 5 {
		t.Error(entries, err)
	}
	says(t, l)
}

// What can't be compressed is told, and stays.
func TestFailingCompression(t *testing.T) {
	l := begin(t)
	l.file.options.MaxBytes = 1
	l.file.options.Compress = true
	put(t, l, 1)
	err := os.Mkdir(l.path+"."+recent+".gz", 0o700)
	if err != nil {
		t.Fatal(err)
	}
	put(t, l, 2)
	settled(t, l.file)
	err = os.Mkdir(l.path+".20251125T015044.123458Z.gz", 0o700)
	if err != nil {
		t.Fatal(err)
	}
	names, _ := list(l.path, oldName)
	if fmt.Sprint(names) != "[20251125T015044.123457Z.gz]" {
		t.Errorf("it is named %s, although there is a directory of that name", names)
	}
	says(t, l)
	err = os.WriteFile(l.path+".20251125T015044.123458Z", []byte(line(2)), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	err = compress(l.path + ".20251125T015044.123458Z")
	if err == nil {
		t.Error("a directory was overwritten")
	}
	same(t, content(t, l.path+".20251125T015044.123458Z"), line(2))
	left, _ := filepath.Glob(l.path + ".*.tmp")
	if len(left) != 0 {
		t.Error("it leaves behind ", left)
	}
}

func TestTailOfOld(t *testing.T) {
	directory := t.TempDir()
	for name, size := range map[string]int{"none": 0, "small": 200, "one": maxTail, "more": maxTail + 1, "two": 2 * maxTail, "three": 2*maxTail + 1, "many": 5*maxTail + 77} {
		path := filepath.Join(directory, name)
		text := ""
		if size > 0 {
			text = strings.Repeat("x", size-len(line(1))-1) + "\n" + line(1)
		}
		err := os.WriteFile(path, []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := tailOfOld(path)
		if err == nil && size > 0 {
			err = compress(path)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		packed := plain
		if size > 0 {
			packed, err = tailOfOld(path + ".gz")
		}
		if err == nil {
			plain, err = tailOfOld(path) // which it was, when it was listed
		}
		if err != nil || !strings.HasSuffix(text, string(plain)) || !strings.HasSuffix(text, string(packed)) {
			t.Errorf("%s: %d and %d bytes, %v", name, len(plain), len(packed), err)
		}
		if size > 0 && (string(lastOf(plain))+"\n" != line(1) || string(lastOf(packed))+"\n" != line(1)) {
			t.Errorf("%s: another last line", name)
		}
	}
}

func notThere(path string) bool {
	free, err := isFree(path)
	return free && err == nil
}
