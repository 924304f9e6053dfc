// Package ahead writes down what is about to be done, and what of it is done, so
// that a process which ends in the middle leaves a trace of what it was at.
package ahead

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// Log is a file with a line for each beginning, "+ NUMBER TEXT", and one for each
// end, "- NUMBER". Each is written with one write, so that the end of the process
// loses none; the end of the machine may lose the last ones.
type Log struct {
	mu    sync.Mutex
	path  string
	file  *os.File // nil: it can't be written to
	size  int64
	begun map[int64]string // and not ended: the whole line
	bytes int              // of these
	cause error            // why there is no file

	tidied  int64 // the size after what has ended was left out
	looked  time.Time
	retired bool // nothing begins any more: see Retire
}

const (
	// tidyAt is the size from which on what has ended is left out, when that may be
	// half of it.
	tidyAt = 4 << 20
	// maxLog bounds what is read of a log.
	maxLog = 1 << 30
	// maxBegun bounds what is under way at once.
	maxBegun      = 50_000
	maxBegunBytes = 128 << 20
)

// Open opens the log at a path, and returns the texts that were begun by an
// earlier process and not ended. They are kept until Forget is called. A problem
// is that of the file: every Begin fails then, until the file can be had.
func Open(path string) (*Log, []string, string) {
	l := &Log{path: path, begun: map[int64]string{}}
	texts := []string{}
	problem := ""
	state := plainfile.Look(path)
	switch {
	case state.Info == nil:
	case plainfile.WritableByAll(state) || plainfile.WritableByAll(plainfile.Look(filepath.Dir(path))):
		problem = "file " + path + " may be written by everybody on this machine; it is not read"
	default:
		content, wrong := plainfile.Read(state, maxLog)
		if wrong != "" {
			problem = "file " + path + " " + wrong
		}
		texts = left(string(content))
	}
	// Those of the earlier process have no number of this one's.
	for i, text := range texts {
		note(l, int64(-1-i), line("+", int64(-1-i), text))
	}
	tidy(l)
	if l.cause != nil && problem == "" {
		problem = l.cause.Error()
	}
	return l, texts, problem
}

// left returns the texts that were begun and not ended, in order. A line that was
// cut off counts for nothing: what it says was not begun, or is still at it.
func left(content string) []string {
	ended := map[string]bool{}
	lines := strings.Split(content, "\n")
	lines = lines[:len(lines)-1]
	for _, one := range lines {
		if strings.HasPrefix(one, "- ") {
			ended[one[2:]] = true
		}
	}
	texts := []string{}
	for _, one := range lines {
		number, text, ok := strings.Cut(strings.TrimPrefix(one, "+ "), " ")
		if ok && strings.HasPrefix(one, "+ ") && !ended[number] {
			texts = append(texts, text)
		}
	}
	return texts
}

func line(sign string, number int64, text string) string {
	return sign + " " + strconv.FormatInt(number, 10) + " " + text + "\n"
}

var errTooMany = errors.New("too many are begun and not ended")

// Begin writes down that something is about to be done, by a positive number that
// nothing else has. The text is one line. With an error, it is not written down.
func Begin(l *Log, number int64, text string) error {
	one := line("+", number, text)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.begun) >= maxBegun || l.bytes+len(one) > maxBegunBytes {
		return errTooMany
	}
	if l.file == nil || isGone(l, time.Now()) {
		tidy(l) // perhaps it can be had by now
	}
	if l.file == nil {
		return l.cause
	}
	err := write(l, one)
	if err != nil {
		return err
	}
	note(l, number, one)
	return nil
}

func note(l *Log, number int64, one string) {
	l.begun[number] = one
	l.bytes += len(one)
}

// isGone says whether somebody has removed the file: what is written to it now
// would be found by nobody. It looks once a second.
func isGone(l *Log, now time.Time) bool {
	since := now.Sub(l.looked)
	if since >= 0 && since < time.Second {
		return false
	}
	l.looked = now
	named, err := os.Stat(l.path)
	if err != nil {
		return true
	}
	open, err := l.file.Stat()
	return err != nil || !os.SameFile(named, open)
}

// End writes down that it is done.
func End(l *Log, number int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes -= len(l.begun[number])
	delete(l.begun, number)
	if l.retired && len(l.begun) == 0 {
		remove(l)
		return
	}
	if l.file != nil {
		_ = write(l, "- "+strconv.FormatInt(number, 10)+"\n")
	}
	if l.size > tidyAt && l.size > 2*l.tidied {
		tidy(l)
	}
}

// Retire says that hardly anything more begins. The file is removed whenever all has
// ended.
func Retire(l *Log) {
	l.mu.Lock()
	l.retired = true
	if len(l.begun) == 0 {
		remove(l)
	}
	l.mu.Unlock()
}

// remove removes the file, unless it is another log's by now.
func remove(l *Log) {
	if l.file == nil {
		return
	}
	l.looked = time.Time{}
	if !isGone(l, time.Now()) {
		_ = os.Remove(l.path)
	}
	_ = l.file.Close()
	l.file = nil
}

// Forget leaves out what the earlier process had begun.
func Forget(l *Log) {
	l.mu.Lock()
	for number := range l.begun {
		if number < 0 {
			l.bytes -= len(l.begun[number])
			delete(l.begun, number)
		}
	}
	tidy(l)
	l.mu.Unlock()
}

// write appends to the file. One that can't be written whole is given up: what
// follows a part of a line would not count.
func write(l *Log, text string) error {
	n, err := l.file.WriteString(text)
	l.size += int64(n)
	if err != nil {
		_ = l.file.Close()
		l.file = nil
		l.cause = err
	}
	return err
}

// tidy writes the file anew, with what is begun and not ended.
func tidy(l *Log) {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
	numbers := make([]int, 0, len(l.begun))
	for number := range l.begun {
		numbers = append(numbers, int(number))
	}
	sort.Ints(numbers)
	lines := make([]string, len(numbers))
	for i := range numbers {
		lines[i] = l.begun[int64(numbers[i])]
	}
	content := strings.Join(lines, "")
	temporary := l.path + ".new"
	directory := filepath.Dir(l.path)
	err := os.MkdirAll(directory, 0o700)
	if err == nil && plainfile.WritableByAll(plainfile.Look(directory)) {
		err = errors.New("directory " + directory + " may be written by everybody on this machine")
	}
	if err == nil {
		err = os.WriteFile(temporary, []byte(content), 0o600)
	}
	if err == nil {
		err = os.Rename(temporary, l.path)
	}
	if err == nil {
		l.file, err = os.OpenFile(l.path, os.O_APPEND|os.O_WRONLY, 0o600)
	}
	l.size = int64(len(content))
	l.tidied = l.size
	l.looked = time.Now()
	l.cause = err
	if err != nil {
		_ = os.Remove(temporary)
		l.file = nil
	}
}

// Close closes the file.
func Close(l *Log) {
	l.mu.Lock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
		l.cause = errors.New("the log is closed")
	}
	l.mu.Unlock()
}
