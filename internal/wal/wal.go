// Package wal knows how lines are appended to a file so that the end of the process
// loses none of them. It must not know what a line says, nor when it may be forgotten.
//
// Each append is one write, so what was appended is there after a kill -9. The end of
// the machine may take the last lines, but none that were there when the log was
// written anew: that is synced first. A sum before each line tells it from one that is
// torn or somebody else's, and a newline before that keeps it from being lost with one.
//
// A Log is used with a lock of its owner held.
package wal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// Log is a file that lines are appended to.
type Log struct {
	path   string
	file   *os.File // nil: it is closed
	size   int64
	tidied int64 // the size when it was opened, or written anew
	looked time.Time
}

// tidyAt is the size from which on it pays to write a log anew.
const tidyAt = 4 << 20

// Open opens the log at a path, which keeps what it has.
func Open(path string) (*Log, error) {
	return open(path, os.O_CREATE)
}

// Create begins a log at a path where there is none.
func Create(path string) (*Log, error) {
	return open(path, os.O_CREATE|os.O_EXCL)
}

// Replace begins a log with some lines in the place of what is at the path. With an
// error, that is still there.
func Replace(path string, lines []string) (*Log, error) {
	temporary := path + ".new"
	_ = os.Remove(temporary)
	l, err := Create(temporary)
	for i := 0; i < len(lines) && err == nil; i++ {
		err = Append(l, []byte(lines[i]))
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		Close(l)
		_ = os.Remove(temporary)
		return nil, err
	}
	l.path = path
	l.tidied = l.size
	return l, nil
}

// open opens what is, or becomes, a regular file that only we may write: to open a
// FIFO would hang.
func open(path string, how int) (*Log, error) {
	directory := filepath.Dir(path)
	if plainfile.WritableByAll(plainfile.Look(directory)) {
		return nil, errors.New("directory " + directory + " may be written by everybody on this machine")
	}
	state := plainfile.Look(path)
	if state.Info != nil && !state.Info.Mode().IsRegular() {
		return nil, errors.New("file " + path + " is not a regular file")
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|how, 0o600)
	if err != nil {
		return nil, err
	}
	l := &Log{path: path, file: f, looked: time.Now()}
	if state.Info != nil {
		l.size = state.Info.Size()
		l.tidied = l.size
	}
	return l, nil
}

// Append writes a line, which has no newline, behind those that are there. With an
// error it is not there, and the next one may well be.
func Append(l *Log, line []byte) error {
	n, err := fmt.Fprintf(l.file, "\n%x %s\n", crc32.ChecksumIEEE(line), line)
	l.size += int64(n)
	return err
}

// AppendAll is Append for any number of lines, of which all are there or none.
func AppendAll(l *Log, lines [][]byte) error {
	var all []byte
	for i := range lines {
		all = fmt.Appendf(all, "\n%x %s\n", crc32.ChecksumIEEE(lines[i]), lines[i])
	}
	n, err := l.file.Write(all)
	if err != nil {
		_ = l.file.Truncate(l.size) // else those that were written whole would be there
		return err
	}
	l.size += int64(n)
	return nil
}

// Size returns how long the file is.
func Size(l *Log) int64 {
	return l.size
}

// IsUntidy says whether so much was appended since the log was written anew that to
// do it again is worth the while, if half of it may be forgotten.
func IsUntidy(l *Log) bool {
	return l.size > tidyAt && l.size > 2*l.tidied
}

// IsGone says whether the log's file has been removed or replaced: what is appended
// now would be found by nobody. It looks once a second.
func IsGone(l *Log, now time.Time) bool {
	since := now.Sub(l.looked)
	if since >= 0 && since < time.Second {
		return false
	}
	l.looked = now
	return look(l)
}

// look is what IsGone does once a second.
func look(l *Log) bool {
	named, err := os.Stat(l.path)
	if err != nil {
		return true
	}
	opened, err := l.file.Stat()
	return err != nil || !os.SameFile(named, opened)
}

// Remove closes a log and removes its file, unless that is another log's by now.
func Remove(l *Log) {
	if l != nil && !look(l) {
		_ = os.Remove(l.path)
	}
	Close(l)
}

// Close closes a log, where there is one that is open.
func Close(l *Log) {
	if l != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
