package claim

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/internal/backoff"
	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/wal"
)

// journal is where a table outlives the process: one line for each delivery, its
// key in hexadecimal and the nanosecond since 1970 at which it was handed on.
type journal struct {
	path   string         // of the present generation; that before has ".old" behind it
	writer *errand.Errand // has the disk alone, so that nobody else waits for it
	offset int64          // of the table's time from the clock's, in nanoseconds
	append func(file *wal.Log, lines [][]byte) error

	// Guarded by the table's lock.
	lines    [][]byte // to be written; nil begins a new generation
	behind   bool     // there were too many: the files are to be written anew
	recalled bool     // what an earlier process has left is known
	closed   bool

	// For the writer alone.
	file     *wal.Log // nil: it can't be had
	failures int
}

const (
	// maxLines bounds what waits to be written.
	maxLines = 20_000

	firstWait   = time.Second
	longestWait = 30 * time.Second
)

// patience is how long a request waits for the disk. It goes on without, then.
var patience = 2 * time.Second

// appendAll is how a journal is written to from its opening on. Tests have it hang, or fail.
var appendAll = wal.AppendAll

// Open lets a table outlive the process in files at a path, and has it recall what they
// hold, beside what it remembers already: Claim waits for that, but not for long. What
// goes wrong with them is told, and costs nothing but the memory of a restart.
func Open(t *Table, path string, now int64) {
	j := &journal{path: path, offset: now - time.Now().UnixNano(), append: appendAll}
	j.writer = errand.New(patience, func() { write(t, j) })
	t.mu.Lock()
	t.journal = j
	t.since = now
	t.until = now + t.window
	t.room = 0 // so that claimAny sees to it
	t.mu.Unlock()
	clocksMu.Lock()
	journaled[t] = true
	clocksMu.Unlock()
	errand.Start(j.writer)
}

// isRecalled waits until it is known what an earlier process has left, but not for long,
// and says whether it is.
func isRecalled(t *Table) bool {
	t.mu.Lock()
	j := t.journal
	recalled := j == nil || j.recalled
	t.mu.Unlock()
	return recalled || errand.Run(j.writer)
}

// keep writes down a delivery that was handed on, and waits for that, but not for long. It
// begins with the lock held.
func keep(t *Table, key string, now int64) {
	j := t.journal
	note(j, lineOf(key, now))
	t.mu.Unlock()
	if !errand.Run(j.writer) {
		t.tell("error", "can't be remembered across a restart: the disk does not answer")
	}
}

// note has a line written, with the table's lock held; nil begins a new generation.
func note(j *journal, line []byte) {
	switch {
	case j.behind:
	case len(j.lines) < maxLines:
		j.lines = append(j.lines, line)
	default:
		j.lines = nil
		j.behind = true
	}
}

// write brings the files up to date. It is the writer's work.
func write(t *Table, j *journal) {
	t.mu.Lock()
	closed := j.closed
	t.mu.Unlock()
	if closed {
		closeFile(t, j)
		return
	}
	var err error
	if j.file == nil || wal.IsGone(j.file, time.Now()) {
		err = reopen(t, j)
	}
	if err == nil {
		err = writeLines(t, j)
	}
	if err != nil || j.failures > 0 {
		noteFailure(t, j, err)
	}
}

func closeFile(t *Table, j *journal) {
	if j.file != nil {
		_ = writeLines(t, j)
	}
	wal.Close(j.file)
	j.file = nil
}

// noteFailure tells of an error, or that there is none any more.
func noteFailure(t *Table, j *journal, err error) {
	if err == nil {
		j.failures = 0
		t.tell("info", "is remembered across a restart again")
		return
	}
	j.failures++
	t.tell("error", "can't be remembered across a restart: "+err.Error())
	errand.Later(j.writer, backoff.Wait(j.failures, firstWait, longestWait))
}

// reopen opens the file at its place. One that is not ours is read before; all that is
// remembered has to be written to it.
func reopen(t *Table, j *journal) error {
	if j.file != nil {
		t.tell("error", "file "+j.path+" was removed or replaced; it is written anew")
	}
	current, previous := recallBoth(j.path, t.tell)
	t.mu.Lock()
	take(t, t.current, current, j)
	take(t, t.previous, previous, j)
	j.behind = j.behind || j.recalled // what an earlier process has written is in its place
	j.recalled = true
	t.mu.Unlock()
	err := os.MkdirAll(filepath.Dir(j.path), 0o700)
	if err != nil {
		return err
	}
	return openFile(j)
}

// writeLines writes what is to be written by now. Who brings more asks for another turn.
func writeLines(t *Table, j *journal) error {
	t.mu.Lock()
	behind := j.behind
	lines := j.lines
	j.lines = nil
	j.behind = false
	t.mu.Unlock()
	if behind {
		return writeAnew(t, j)
	}
	n, err := writeSome(j, lines)
	if err != nil {
		putBack(t, j, lines[n:])
	}
	return err
}

// putBack lets lines be written that were not.
func putBack(t *Table, j *journal, lines [][]byte) {
	t.mu.Lock()
	j.behind = j.behind || len(lines)+len(j.lines) > maxLines
	j.lines = append(lines[:len(lines):len(lines)], j.lines...)
	t.mu.Unlock()
}

// writeSome writes lines up to an error, and returns how many.
func writeSome(j *journal, lines [][]byte) (int, error) {
	n := 0
	for n < len(lines) {
		end := n
		for end < len(lines) && lines[end] != nil {
			end++
		}
		err := j.append(j.file, lines[n:end])
		if err != nil {
			return n, err
		}
		n = end
		if n < len(lines) {
			err = turnFile(j)
			n++
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// openFile opens the file of the current generation, in the place of what is open.
func openFile(j *journal) error {
	file, err := wal.Open(j.path)
	if err != nil {
		return err
	}
	wal.Close(j.file)
	j.file = file
	return nil
}

// turnFile begins the file of a new generation.
func turnFile(j *journal) error {
	err := os.Rename(j.path, j.path+".old")
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	return openFile(j)
}

// writeAnew writes the files anew, with all that is remembered.
func writeAnew(t *Table, j *journal) error {
	t.mu.Lock()
	current := linesOf(t.current)
	previous := linesOf(t.previous)
	t.mu.Unlock()
	old, err := wal.Replace(j.path+".old", previous)
	if err == nil {
		wal.Close(old)
		var file *wal.Log
		file, err = wal.Replace(j.path, current)
		if err == nil {
			wal.Close(j.file)
			j.file = file
			return nil
		}
	}
	t.mu.Lock()
	j.behind = true
	t.mu.Unlock()
	return err
}

func linesOf(generation map[string]int64) []string {
	lines := make([]string, 0, len(generation))
	for key, at := range generation {
		lines = append(lines, string(lineOf(key, at)))
	}
	return lines
}

func lineOf(key string, at int64) []byte {
	return fmt.Appendf(nil, "%x %d", key, at)
}

// Close closes the files of a table, once all is written. It goes on without them.
func Close(t *Table) {
	t.mu.Lock()
	j := t.journal
	t.journal = nil
	if j != nil {
		j.closed = true
	}
	t.mu.Unlock()
	clocksMu.Lock()
	delete(journaled, t)
	clocksMu.Unlock()
	if j != nil {
		errand.Start(j.writer)
	}
}
