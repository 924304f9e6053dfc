package logfile

import (
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	start = time.Date(2025, 11, 25, 1, 50, 44, 123456789, time.UTC)
	key   = []byte("0123456789abcdef0123456789abcdef")
)

const recent = "20251125T015044.123456Z" // start's stamp

func init() { quiet = 0 }

// log is a file under test, and what it has told.
type log struct {
	path string
	file *File
	now  time.Time

	mu   sync.Mutex
	told []string
}

// begin returns a file in a directory of its own. Its options are for the test to
// change before the first write.
func begin(t *testing.T) *log {
	t.Helper()
	return beginAt(t, filepath.Join(t.TempDir(), "new", "audit.log"))
}

func beginAt(t *testing.T, path string) *log {
	t.Helper()
	l := &log{path: path, now: start}
	l.file = New(Options{Path: path, MaxBytes: 1000, Keep: 10}, func(level, message string, _ time.Time) {
		l.mu.Lock()
		l.told = append(l.told, level+": "+message)
		l.mu.Unlock()
	})
	t.Cleanup(func() {
		Close(l.file)
		settled(t, l.file)
	})
	return l
}

// restart is another process with the same file.
func restart(t *testing.T, l *log) *log {
	t.Helper()
	again := beginAt(t, l.path)
	again.now = l.now
	again.file.options = l.file.options
	return again
}

// settled waits until no old file is being compressed or removed.
func settled(t *testing.T, f *File) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		f.mu.Lock()
		busy := f.tidying
		f.mu.Unlock()
		if !busy {
			return
		}
	}
	t.Error("old files are worked on for ever")
}

// line is the n-th one.
func line(n int) string {
	return fmt.Sprintf(`{"@timestamp":"2025-11-25T01:50:%02d.000000Z","event.sequence":%d}`, n%60, n) + "\n"
}

// put writes the n-th line, which must arrive.
func put(t *testing.T, l *log, n int) {
	t.Helper()
	count, err := Write(l.file, []byte(line(n)), l.now)
	if err != nil || count != len(line(n)) {
		t.Fatalf("line %d: %d %v", n, count, err)
	}
}

func lines(from, to int) string {
	text := ""
	for n := from; n <= to; n++ {
		text += line(n)
	}
	return text
}

// content returns a file's text, unpacked.
func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return string(b)
	}
	reader, err := gzip.NewReader(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	b, err = io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// everything returns the text of all files, oldest first.
func everything(t *testing.T, l *log) string {
	t.Helper()
	settled(t, l.file)
	names, err := Old(l.path)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, name := range append(names, l.path) {
		text += content(t, name)
	}
	return text
}

// says checks what has been told so far, each thing by a part of it, and forgets it.
func says(t *testing.T, l *log, want ...string) {
	t.Helper()
	l.mu.Lock()
	told := l.told
	l.told = nil
	l.mu.Unlock()
	same := len(told) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = strings.Contains(told[i], want[i])
	}
	if !same {
		t.Errorf("told %q, want %q", told, want)
	}
}

// same compares what is in a log with what should be.
func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("it has\n%swant\n%s", got, want)
	}
}

// unchain checks a chain, by its description alone, from a value on, and returns the
// lines as they were before, and the last value.
func unchain(t *testing.T, text, previous string) (string, string) {
	t.Helper()
	plain := ""
	for i, sealed := range strings.SplitAfter(text, "\n") {
		if sealed == "" {
			continue
		}
		at := strings.LastIndex(sealed, `"hookward.chain":"`)
		if at < 0 || !strings.HasSuffix(sealed, "\"}\n") {
			t.Fatalf("line %d has no value: %q", i+1, sealed)
		}
		original := strings.TrimSuffix(sealed[:at], ",") + "}"
		own := mac("hookward.chain.line.1\n" + original)
		value := own + mac("hookward.chain.link.1\n"+previous+own)
		if sealed[at:] != `"hookward.chain":"`+value+"\"}\n" {
			t.Fatalf("line %d has another value than %s: %q", i+1, value, sealed)
		}
		previous = value
		plain += original + "\n"
	}
	return plain, previous
}

func mac(text string) string {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

var errFull = errors.New("no space left on device")

// disk has room for so many bytes; less than none is room for all.
type disk struct {
	file *os.File
	room *int
}

func (d disk) Write(b []byte) (int, error) {
	if *d.room < 0 || len(b) <= *d.room {
		if *d.room >= 0 {
			*d.room -= len(b)
		}
		return d.file.Write(b)
	}
	n, _ := d.file.Write(b[:*d.room])
	*d.room = 0
	return n, errFull
}

// fill has all files opened from now on stand on a disk with some room.
func fill(t *testing.T, room *int) {
	was := output
	output = func(f *os.File) io.Writer { return disk{file: f, room: room} }
	t.Cleanup(func() { output = was })
}
