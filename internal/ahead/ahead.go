// Package ahead knows what is about to be done and is not done yet, on disk as well, so
// that a process which ends in the middle leaves a trace of what it was at. It must not
// know what that is.
package ahead

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/wal"
	"github.com/hookward/hookward/internal/words"
)

// Log has a line for each beginning, "+ NUMBER TEXT", and one for each end, "- NUMBER".
// The first line says whose it is, "= TOKEN".
type Log struct {
	path   string
	token  string
	writer *errand.Errand // has the disk alone, so that nobody waits for it for long
	found  func(left []Left)
	tell   func(level, message string)
	append func(file *wal.Log, lines [][]byte) error

	mu      sync.Mutex // guards what follows; nobody waits for a disk with it
	begun   map[int64]*beginning
	bytes   int    // of these
	lines   []line // to be written
	cause   error  // why what is begun is not written down
	retired bool   // nothing begins any more: see Retire
	close   bool   // the file is to be closed
	last    int64  // the number of the last one of another process; they are negative

	// For the writer alone.
	file     *wal.Log // nil: it is to be written anew, if it can be
	closed   bool     // there is no file because it has ended
	failures int
}

// beginning is what has begun and not ended.
type beginning struct {
	line    string
	start   int  // of the text
	written bool // it is on disk
}

// line is one that is to be written.
type line struct {
	text  string
	begun *beginning // nil: it is an end
}

// Left is what another process has begun and not ended. It is kept until it is ended
// here, by its number.
type Left struct {
	Number int64
	Text   string
}

// maxBegun bounds what is under way at once.
const (
	maxBegun      = 50_000
	maxBegunBytes = 128 << 20
)

// patience is how long anybody waits for the disk.
var patience = 3 * time.Second

// appendAll is how a log is written to from New on. Tests have it hang, or fail.
var appendAll = wal.AppendAll

// New returns the log at a path, which is to be opened. It finds what another
// process has begun there and not ended before it replaces anything, be it at once, or when
// the file can be had at last. Found must not wait for anything; tell gets what goes wrong.
func New(path string, found func(left []Left), tell func(level, message string)) *Log {
	l := &Log{path: path, token: words.RandomHex(8), found: found, tell: tell, append: appendAll, begun: map[int64]*beginning{}}
	l.writer = errand.New(patience, func() { write(l) })
	l.cause = errSlow
	return l
}

// Open opens a log. It waits for that, but not for long.
func Open(l *Log) {
	errand.Run(l.writer)
}

var (
	errTooMany    = errors.New("too many are begun and not ended")
	errSlow       = errors.New("the disk does not answer")
	errNotWritten = errors.New("it is not written")
)

// Begin writes down that something is about to be done, by a positive number that
// nothing else has. The text is one line. With an error, it is not written down.
func Begin(l *Log, number int64, text string) error {
	if errand.IsLate(l.writer) {
		return errSlow
	}
	l.mu.Lock()
	if len(l.begun) >= maxBegun || l.bytes+len(text) > maxBegunBytes {
		l.mu.Unlock()
		return errTooMany
	}
	b := note(l, number, text)
	l.lines = append(l.lines, line{text: b.line, begun: b})
	l.mu.Unlock()
	inTime := errand.Run(l.writer)
	l.mu.Lock()
	written := b.written
	why := l.cause
	l.mu.Unlock()
	switch {
	case !inTime:
		End(l, number) // it may be written yet
		return errSlow
	case !written:
		drop(l, number)
		if why == nil {
			return errNotWritten
		}
		return why
	}
	return nil
}

// drop forgets what could not be written down.
func drop(l *Log, number int64) {
	l.mu.Lock()
	b := l.begun[number]
	if b != nil {
		l.bytes -= len(b.line)
		delete(l.begun, number)
	}
	l.mu.Unlock()
}

// note notes a beginning, with the lock held.
func note(l *Log, number int64, text string) *beginning {
	one := fmt.Sprintf("+ %d %s", number, text)
	b := &beginning{line: one, start: len(one) - len(text)}
	l.begun[number] = b
	l.bytes += len(one)
	return b
}

// End writes down, soon, that it is done.
func End(l *Log, number int64) {
	drop(l, number)
	l.mu.Lock()
	l.lines = append(l.lines, line{text: fmt.Sprint("- ", number)})
	l.mu.Unlock()
	errand.Start(l.writer)
}

// textOf returns the text of what is begun and not ended, or nothing.
func textOf(l *Log, number int64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.begun[number]
	if b == nil {
		return ""
	}
	return b.line[b.start:]
}

// Retire says that hardly anything more begins. The file is removed whenever all has
// ended.
func Retire(l *Log) {
	l.mu.Lock()
	l.retired = true
	l.mu.Unlock()
	errand.Start(l.writer)
}

// Close closes the file. The next Begin opens it again.
func Close(l *Log) {
	l.mu.Lock()
	l.close = true
	l.mu.Unlock()
	errand.Start(l.writer)
}
