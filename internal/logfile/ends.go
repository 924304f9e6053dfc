package logfile

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"time"
)

const (
	// maxTail bounds what is read of a file to find its last line.
	// A record with the largest payload, each byte of it escaped, has 6 MiB.
	maxTail = 8 << 20
	// maxHead bounds what is read of a file to find its first line's time.
	maxHead = 64 << 10
)

// readTail returns the end of a file of some size.
func readTail(file *os.File, size int64) ([]byte, error) {
	start := size - maxTail
	if start < 0 {
		start = 0
	}
	tail := make([]byte, size-start)
	_, err := file.ReadAt(tail, start)
	return tail, err
}

// breath is how long to wait for a line that another process perhaps just writes:
// one that is half there can be seen.
var breath = func() { time.Sleep(20 * time.Millisecond) }

// readEnd returns the end of the open file, once nobody is about to finish it.
func readEnd(f *File) ([]byte, error) {
	for i := 0; i < maxAttempts; i++ {
		tail, err := readTail(f.file, f.size)
		if err != nil || len(tail) == 0 || tail[len(tail)-1] == '\n' {
			return tail, err
		}
		breath()
		info, err := f.file.Stat()
		if err != nil || info.Size() == f.size {
			return tail, err
		}
		f.size = info.Size()
	}
	return nil, errReplaced
}

// mend ends a last line that has no newline, because the process or the machine
// ended while it was written, and returns the tail as it is then. A line that is
// no part of a record was written by somebody else, and only gets its newline.
func mend(f *File, tail []byte, now time.Time) ([]byte, error) {
	if len(tail) == 0 || tail[len(tail)-1] == '\n' {
		return tail, nil
	}
	start := bytes.LastIndexByte(tail, '\n') + 1
	torn := tail[start:]
	found := start > 0 || f.size == int64(len(tail))
	// Where a machine has lost its power, NULs may stand in the place of what was
	// written last.
	if found && (torn[0] == '{' || torn[0] == 0) && !json.Valid(torn) {
		err := f.file.Truncate(f.size - int64(len(torn)))
		if err != nil {
			return nil, err
		}
		f.size -= int64(len(torn))
		f.tell("error", "file "+f.options.Path+" ended with "+strconv.Itoa(len(torn))+" bytes of a line that was never finished; they are removed", now)
		return tail[:start], nil
	}
	_, err := f.out.Write(newline)
	if err != nil {
		return nil, err
	}
	f.size++
	f.tell("warn", "file "+f.options.Path+" had no newline at its end; it has one now", now)
	return append(tail, '\n'), nil
}

// firstTime returns the time of a file's first line, or else that of the file, in
// nanoseconds since 1970.
func firstTime(f *File, now time.Time) int64 {
	if f.size == 0 {
		return now.UnixNano()
	}
	since := f.info.ModTime()
	head := make([]byte, maxHead)
	n, _ := f.file.ReadAt(head, 0)
	line, _, _ := bytes.Cut(head[:n], newline)
	first := struct {
		Time string `json:"@timestamp"`
	}{}
	_ = json.Unmarshal(line, &first) // a line that is none has no time
	at, err := time.Parse(time.RFC3339Nano, first.Time)
	if err == nil {
		since = at
	}
	if since.After(now) {
		since = now // a clock that was ahead is no reason to keep it for ever
	}
	return since.UnixNano()
}

var newline = []byte("\n")

// after returns where a number of lines ends.
func after(lines []byte, number int) int {
	end := 0
	for i := 0; i < number; i++ {
		n := bytes.IndexByte(lines[end:], '\n')
		if n < 0 {
			return len(lines)
		}
		end += n + 1
	}
	return end
}
