package ahead

import (
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/wal"
)

// open returns a log, what another process has left in it, and what is told.
func open(path string) (*Log, []string, string) {
	v := &voice{}
	l := openFor(path, v)
	v.mu.Lock()
	defer v.mu.Unlock()
	return l, v.texts, v.said
}

// openFor returns a log that tells a voice.
func openFor(path string, v *voice) *Log {
	l := New(path, func(left []Left) { v.found(left) }, func(level, message string) { v.tell(level, message) })
	Open(l)
	return l
}

// voice keeps what is found and told.
type voice struct {
	mu    sync.Mutex
	texts []string
	said  string
}

func (v *voice) found(left []Left) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range left {
		v.texts = append(v.texts, left[i].Text)
	}
}

func (v *voice) tell(level, message string) {
	v.mu.Lock()
	v.said += level + ": " + message + "\n"
	v.mu.Unlock()
}

func (v *voice) text() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.said
}

// settle waits until all that was asked for is written.
func settle(l *Log) {
	errand.Run(l.writer)
}

// reopened returns what the next process finds.
func reopened(t *testing.T, path string) string {
	t.Helper()
	l, texts, problem := open(path)
	if problem != "" {
		t.Fatal(problem)
	}
	Close(l)
	settle(l)
	sort.Strings(texts)
	return strings.Join(texts, ",")
}

// endLeft ends what another process has left.
func endLeft(l *Log) {
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	for n := last; n < 0; n++ {
		End(l, n)
	}
	settle(l)
}

func begin(t *testing.T, l *Log, number int64, text string) {
	t.Helper()
	if err := Begin(l, number, text); err != nil {
		t.Fatal(err)
	}
}

func TestLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "ahead")
	l, texts, problem := open(path)
	if len(texts) > 0 || problem != "" {
		t.Fatal(texts, problem)
	}
	begin(t, l, 1, `{"a": 1}`)
	begin(t, l, 2, "two words")
	begin(t, l, 11, "eleven")
	End(l, 1)
	settle(l)
	// The process ends here. What it was at is found again and again, until it is
	// forgotten.
	for i := 0; i < 3; i++ {
		if got := reopened(t, path); got != "eleven,two words" {
			t.Fatalf("%q", got)
		}
	}
	l, texts, _ = open(path)
	if len(texts) != 2 {
		t.Fatal(texts)
	}
	begin(t, l, 1, "another one")
	if got := reopened(t, path); got != "another one,eleven,two words" {
		t.Errorf("%q", got)
	}
	l, _, _ = open(path)
	endLeft(l)
	begin(t, l, 1, "new")
	if got := reopened(t, path); got != "new" {
		t.Errorf("%q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

// fill makes a log of lines, and of what is behind the last newline, which was cut off.
func fill(t *testing.T, path, content string) {
	t.Helper()
	lines := strings.Split(content, "\n")
	torn := lines[len(lines)-1]
	l, err := wal.Replace(path, lines[:len(lines)-1])
	if err != nil {
		t.Fatal(err)
	}
	wal.Close(l)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n" + torn); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ahead")
	for content, want := range map[string]string{
		"":                               "",
		"+ 1 a\n+ 2 b":                   "a",
		"+ 1 a\n- 1":                     "a",
		"+ 1 a\n- 1\n":                   "",
		"\n\x00\n+ \n- \n+ 3\n+ 4 d\n":   "d",
		"+ 1 a\n+ 12 b\n- 1\n":           "b",
		"+ 1 a\n+ 2 b c\n- 2\n+ 3 - 1\n": "- 1,a",
	} {
		fill(t, path, content)
		if got := reopened(t, path); got != want {
			t.Errorf("%q: %q", content, got)
		}
	}
	fill(t, path, "+ 1 forged\n")
	if err := os.Chmod(path, 0o602); err != nil {
		t.Fatal(err)
	}
	l, texts, problem := open(path)
	if len(texts) > 0 || !strings.Contains(problem, "may be written by everybody") {
		t.Error(texts, problem)
	}
	begin(t, l, 1, "ours")
	if got := reopened(t, path); got != "ours" {
		t.Errorf("%q", got)
	}
	shared := t.TempDir()
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	l, _, problem = open(filepath.Join(shared, "ahead"))
	if problem == "" || Begin(l, 1, "x") == nil {
		t.Error("it is written where everybody may")
	}
}

// What can't be written down is not begun; once it can be, it is.
func TestNoDisk(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "d")
	if err := os.WriteFile(directory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, _, problem := open(filepath.Join(directory, "ahead"))
	if problem == "" || Begin(l, 1, "x") == nil {
		t.Fatal("it is written down in a file that can't be")
	}
	End(l, 1)
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	begin(t, l, 2, "y")
	if got := reopened(t, l.path); got != "y" {
		t.Errorf("%q", got)
	}
	Close(l)
	settle(l)
	if Begin(l, 3, "z") != nil { // as after a short write
		t.Error("it does not come back")
	}
}

func TestTooMany(t *testing.T) {
	l, _, _ := open(filepath.Join(t.TempDir(), "ahead"))
	for i := int64(1); i <= maxBegun; i++ {
		note(l, i, "x")
	}
	if Begin(l, maxBegun+1, "one more") == nil {
		t.Error("there is no bound")
	}
	End(l, 1)
	settle(l)
	begin(t, l, maxBegun+1, "one more")
	l, _, _ = open(filepath.Join(t.TempDir(), "ahead"))
	l.bytes = maxBegunBytes - 100
	if Begin(l, 1, strings.Repeat("x", 200)) == nil {
		t.Error("there is no bound of bytes")
	}
	begin(t, l, 2, "small")
}

// With much under way, the file is not written anew at each end.
func TestMuchUnderWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ahead")
	l, _, _ := open(path)
	long := strings.Repeat("x", 100_000)
	for i := int64(1); i <= 100; i++ {
		begin(t, l, i, long)
	}
	tidied := 0
	for i := int64(1); i <= 60; i++ {
		before, _ := os.Stat(path)
		End(l, i)
		settle(l)
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			tidied++
		}
	}
	if tidied > 1 {
		t.Errorf("it was written anew %d times", tidied)
	}
	Close(l)
	settle(l)
	_, texts, _ := open(path)
	if len(texts) != 40 {
		t.Errorf("%d are left", len(texts))
	}
}

// A file that somebody has removed is written anew, with all that is under way.
func TestRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ahead")
	l, _, _ := open(path)
	begin(t, l, 1, "before")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	// It looks once a second.
	for n, deadline := int64(2), time.Now().Add(10*time.Second); ; n++ {
		begin(t, l, n, "after")
		if _, err := os.Stat(path); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not there again")
		}
		End(l, n)
		time.Sleep(50 * time.Millisecond)
	}
	if got := reopened(t, path); got != "after,before" {
		t.Errorf("%q", got)
	}
}

func TestRetire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ahead")
	l, _, _ := open(path)
	begin(t, l, 1, "under way")
	Retire(l)
	settle(l)
	if got := reopened(t, path); got != "under way" {
		t.Errorf("%q", got)
	}
	l, _, _ = open(path)
	endLeft(l)
	begin(t, l, 1, "under way")
	Retire(l)
	End(l, 1)
	settle(l)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	begin(t, l, 2, "a latecomer")
	if got := reopened(t, path); got != "a latecomer" {
		t.Errorf("%q", got)
	}
	// Another log has the path by now, as after a change there and back.
	other, _, _ := open(path)
	begin(t, other, 1, "of the other")
	End(l, 2)
	settle(l)
	if got := reopened(t, path); got != "a latecomer,of the other" {
		t.Errorf("%q", got)
	}
}

// The file stays small, and what is under way stays in it.
func TestTidy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ahead")
	l, _, _ := open(path)
	begin(t, l, 1, "for long")
	long := strings.Repeat("x", 100_000)
	for i := int64(2); i < 100; i++ {
		begin(t, l, i, long)
		End(l, i)
		settle(l)
		if info, err := os.Stat(path); err != nil || info.Size() > 4<<20+200_000 {
			t.Fatal(info, err)
		}
	}
	begin(t, l, 100, strconv.Itoa(100))
	if got := reopened(t, path); got != "100,for long" {
		t.Errorf("%q", got)
	}
}
