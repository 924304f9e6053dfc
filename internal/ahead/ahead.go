// Package ahead knows what is about to be done and is not done yet, on disk as well, so
// that a process which ends in the middle leaves a trace of what it was at. It must not
// know what that is.
package ahead

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/wal"
)

// Log has a line for each beginning, "+ NUMBER TEXT", and one for each end, "- NUMBER".
type Log struct {
	mu      sync.Mutex
	path    string
	file    *wal.Log         // nil: it can't be written to
	begun   map[int64]string // and not ended: the whole line
	bytes   int              // of these
	cause   error            // why there is no file
	retired bool             // nothing begins any more: see Retire
}

const (
	// beginning has a number and a text.
	beginning = "+ %d %s"
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
	if plainfile.Look(path).Info != nil {
		texts, problem = left(path)
	}
	// Those of the earlier process have no number of this one's.
	for i, text := range texts {
		number := int64(i - len(texts))
		one := fmt.Sprintf(beginning, number, text)
		note(l, number, one)
		texts[i] = one[len(one)-len(text):] // no second copy: there may be many
	}
	tidy(l)
	if l.cause != nil && problem == "" {
		problem = l.cause.Error()
	}
	return l, texts, problem
}

// left returns the texts that were begun and not ended, in order.
func left(path string) ([]string, string) {
	begun := map[string]string{}
	order := map[string]int{}
	n := 0
	_, problem := wal.Read(path, maxLog, func(line []byte) {
		sign, rest, _ := strings.Cut(string(line), " ")
		number, text, ok := strings.Cut(rest, " ")
		if sign == "-" {
			delete(begun, number)
			delete(order, number)
		}
		if sign == "+" && ok {
			n++
			begun[number] = text
			order[number] = n
		}
	})
	numbers := make([]string, 0, len(begun))
	for number := range begun {
		numbers = append(numbers, number)
	}
	sort.Slice(numbers, func(i, j int) bool { return order[numbers[i]] < order[numbers[j]] })
	for i := range numbers {
		numbers[i] = begun[numbers[i]]
	}
	return numbers, problem
}

var (
	errTooMany = errors.New("too many are begun and not ended")
	errClosed  = errors.New("the log is closed")
)

// Begin writes down that something is about to be done, by a positive number that
// nothing else has. The text is one line. With an error, it is not written down.
func Begin(l *Log, number int64, text string) error {
	one := fmt.Sprintf(beginning, number, text)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.begun) >= maxBegun || l.bytes+len(one) > maxBegunBytes {
		return errTooMany
	}
	if l.file == nil || wal.IsGone(l.file, time.Now()) {
		tidy(l) // perhaps it can be had by now
	}
	if l.file == nil {
		return l.cause
	}
	err := wal.Append(l.file, []byte(one))
	if err != nil {
		giveUp(l, err)
		return err
	}
	note(l, number, one)
	return nil
}

func note(l *Log, number int64, one string) {
	l.begun[number] = one
	l.bytes += len(one)
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
	if l.file == nil {
		return
	}
	err := wal.Append(l.file, fmt.Appendf(nil, "- %d", number))
	if err != nil {
		giveUp(l, err)
		return
	}
	if wal.IsUntidy(l.file) {
		tidy(l)
	}
}

// giveUp goes on without the file, until it can be written anew.
func giveUp(l *Log, err error) {
	wal.Close(l.file)
	l.file = nil
	l.cause = err
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
	wal.Remove(l.file)
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

// tidy writes the file anew, with what is begun and not ended.
func tidy(l *Log) {
	wal.Close(l.file)
	numbers := make([]int, 0, len(l.begun))
	for number := range l.begun {
		numbers = append(numbers, int(number))
	}
	sort.Ints(numbers)
	lines := make([]string, len(numbers))
	for i := range numbers {
		lines[i] = l.begun[int64(numbers[i])]
	}
	l.file = nil
	l.cause = os.MkdirAll(filepath.Dir(l.path), 0o700)
	if l.cause == nil {
		l.file, l.cause = wal.Replace(l.path, lines)
	}
}

// Close closes the file.
func Close(l *Log) {
	l.mu.Lock()
	giveUp(l, errClosed)
	l.mu.Unlock()
}
