// Package wal knows how lines are appended to a file so that the end of the process
// loses none of them. It must not know what a line says, nor when it may be forgotten.
//
// Each append is one write, so what was appended is there after a kill -9. The end of
// the machine may take the last lines, but none that were there when the log was
// written anew: that is synced first. A sum before each line tells it from one that
// is torn, damaged or of somebody else.
//
// A Log is used with a lock of its owner held.
package wal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// Log is a file that lines are appended to.
type Log struct {
	path   string
	file   *os.File // nil: it is closed
	size   int64
	tidied int64 // the size when it was written anew
	looked time.Time
}

// tidyAt is the size from which on it pays to write a log anew.
const tidyAt = 4 << 20

var errClosed = errors.New("the log is closed")

// Open opens the log at a path, which keeps what it has. A last line that was cut
// off is removed, so that the next one is whole.
func Open(path string) (*Log, error) {
	l, err := open(path, os.O_CREATE)
	if err != nil {
		return nil, err
	}
	err = cutTail(l)
	if err != nil {
		Close(l)
		return nil, err
	}
	return l, nil
}

// Create begins a log at a path where there is none.
func Create(path string) (*Log, error) {
	return open(path, os.O_CREATE|os.O_EXCL)
}

// Replace begins a log with some lines, each with its newline, in the place of what
// is at the path. With an error, that is still there.
func Replace(path string, lines []string) (*Log, error) {
	err := check(path)
	if err != nil {
		return nil, err
	}
	temporary := path + ".new"
	err = writeAll(temporary, lines)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return nil, err
	}
	return open(path, 0)
}

// open opens what is, or may become, a regular file: to open a FIFO would hang.
func open(path string, how int) (*Log, error) {
	err := check(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR|how, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &Log{path: path, file: f, size: info.Size(), tidied: info.Size(), looked: time.Now()}, nil
}

// check says why there can be no log at a path that only we may write.
func check(path string) error {
	directory := filepath.Dir(path)
	if plainfile.WritableByAll(plainfile.Look(directory)) {
		return errors.New("directory " + directory + " may be written by everybody on this machine")
	}
	state := plainfile.Look(path)
	if state.Info != nil && !state.Info.Mode().IsRegular() {
		return errors.New("file " + path + " is not a regular file")
	}
	return nil
}

// writeAll writes a whole file, a piece at a time, to the disk itself.
func writeAll(path string, lines []string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	piece := []byte{}
	for i := range lines {
		piece = append(piece, seal([]byte(lines[i]))...)
		if len(piece) >= pieceBytes || i == len(lines)-1 {
			_, err = f.Write(piece)
			if err != nil {
				break
			}
			piece = piece[:0]
		}
	}
	if err == nil {
		err = f.Sync()
	}
	closeErr := f.Close()
	if err == nil {
		err = closeErr
	}
	return err
}

// cutTail removes what is behind the last newline.
func cutTail(l *Log) error {
	piece := make([]byte, pieceBytes)
	end := l.size
	keep := int64(0)
	for end > 0 && keep == 0 {
		start := end - pieceBytes
		if start < 0 {
			start = 0
		}
		n, err := l.file.ReadAt(piece[:end-start], start)
		if err != nil && err != io.EOF {
			return err
		}
		keep = int64(bytes.LastIndexByte(piece[:n], '\n') + 1)
		if keep > 0 {
			keep += start
		}
		end = start
	}
	if keep == l.size {
		return nil
	}
	l.size = keep
	return l.file.Truncate(keep)
}

// seal puts its sum before each line.
func seal(lines []byte) []byte {
	sealed := make([]byte, 0, len(lines)+16)
	for {
		end := bytes.IndexByte(lines, '\n') + 1
		sealed = strconv.AppendUint(sealed, uint64(crc32.ChecksumIEEE(lines[:end])), 16)
		sealed = append(append(sealed, ' '), lines[:end]...)
		lines = lines[end:]
		if end == 0 || len(lines) == 0 {
			return sealed
		}
	}
}

// Append writes a line with its newline behind those that are there. With an error it
// is not there, and the next one may well be. It is called for requests, and so has
// the usual case alone.
func Append(l *Log, line []byte) error {
	n, err := fmt.Fprintf(l.file, "%x %s", crc32.ChecksumIEEE(line), line)
	if err != nil {
		return takeBack(l, n, err)
	}
	l.size += int64(n)
	return nil
}

// AppendAll is Append for any number of lines: all of them are there, or none.
func AppendAll(l *Log, lines []byte) error {
	n, err := l.file.Write(seal(lines))
	if err != nil {
		return takeBack(l, n, err)
	}
	l.size += int64(n)
	return nil
}

// takeBack removes what was written only in part: the next line would be lost with
// it. Where that can't be, the log is closed.
func takeBack(l *Log, n int, err error) error {
	if l.file == nil {
		return errClosed
	}
	if n == 0 {
		return err
	}
	info, cause := l.file.Stat() // another process may have appended to it
	if cause == nil {
		cause = l.file.Truncate(info.Size() - int64(n))
	}
	if cause != nil {
		Close(l)
		return fmt.Errorf("%w; and the part that was written could not be taken back: %v", err, cause)
	}
	return err
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
	if l == nil || l.file == nil {
		return
	}
	if !look(l) {
		_ = os.Remove(l.path)
	}
	Close(l)
}

// Close closes a log, where there is one that is open.
func Close(l *Log) {
	if l != nil && l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
