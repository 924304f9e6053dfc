// Package ahead writes down what is about to be done, and what of it is done, so
// that a process which ends in the middle leaves a trace of what it was at.
package ahead

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

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
	cause error            // why there is no file
}

const (
	// tidyAt is the size at which what has ended is left out.
	tidyAt = 4 << 20
	// maxLog bounds what is read of a log.
	maxLog = 1 << 30
	// maxBegun bounds what is under way at once.
	maxBegun = 50_000
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
		l.begun[int64(-1-i)] = line("+", int64(-1-i), text)
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
	if l.file == nil {
		tidy(l) // perhaps it can be had by now
	}
	if l.file == nil {
		return l.cause
	}
	if len(l.begun) >= maxBegun {
		return errTooMany
	}
	err := write(l, one)
	if err != nil {
		return err
	}
	l.begun[number] = one
	return nil
}

// End writes down that it is done.
func End(l *Log, number int64) {
	l.mu.Lock()
	delete(l.begun, number)
	if l.file != nil {
		_ = write(l, "- "+strconv.FormatInt(number, 10)+"\n")
	}
	if l.size > tidyAt {
		tidy(l)
	}
	l.mu.Unlock()
}

// Forget leaves out what the earlier process had begun.
func Forget(l *Log) {
	l.mu.Lock()
	for number := range l.begun {
		if number < 0 {
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
	content := ""
	for _, one := range l.begun {
		content += one
	}
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
