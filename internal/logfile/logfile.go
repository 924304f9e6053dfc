// Package logfile appends lines to a file that others may read, rotate and remove
// at any time. It must not know what a line says.
//
// A line is in the file whole, or it will be: what a full disk has cut off is
// completed before anything else is written. Old files are kept beside it, under
// its name and the time at which they were put there, and can be chained, so that
// a line which somebody has changed or removed is found out.
package logfile

import (
	"bytes"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say where the lines go, and how long they stay.
type Options struct {
	Path     string        // absolute
	MaxBytes int64         // what a file may grow to. Default: 100 MiB
	MaxAge   time.Duration // how old its first line may get; 0 is any age. Default: 0
	Keep     int           // how many old files stay. Default: 10
	Compress bool          // whether old files are compressed with gzip

	// ChainKey chains the lines, if it is not empty: see Seal. The file must then
	// have one writer only.
	ChainKey []byte
}

const (
	defaultMaxBytes = 100 << 20
	minMaxBytes     = 1 << 20
	minMaxAge       = time.Minute
	defaultKeep     = 10
	maxKeep         = 10_000
	minChainKey     = 32
)

// Complete returns options with their defaults filled in, and what is wrong with
// them, each with the name of an option.
func Complete(o Options) (Options, [][2]string) {
	problems := [][2]string{}
	wrong := func(option, text string) { problems = append(problems, [2]string{option, text}) }
	switch {
	case o.Path == "":
		wrong("path", "is required")
	case !strings.HasPrefix(o.Path, "/"):
		wrong("path", "must be absolute")
	case strings.HasSuffix(o.Path, "/"):
		wrong("path", "must be that of a file, not of a directory")
	case strings.HasPrefix(o.Path, "/dev/") || strings.HasPrefix(o.Path, "/proc/"):
		wrong("path", "must be that of a regular file; for /dev/stdout there is the output stdout")
	default:
		o.Path = filepath.Clean(o.Path)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.MaxBytes < minMaxBytes {
		wrong("maxBytes", "must be at least 1048576, which is 1 MiB")
	}
	if o.MaxAge < 0 || o.MaxAge > 0 && o.MaxAge < minMaxAge {
		wrong("maxAge", "must be at least 1m, or 0 for any age")
	}
	if o.Keep == 0 {
		o.Keep = defaultKeep
	}
	if o.Keep < 1 || o.Keep > maxKeep {
		wrong("keep", "must be between 1 and "+strconv.Itoa(maxKeep))
	}
	if len(o.ChainKey) > 0 && len(o.ChainKey) < minChainKey {
		wrong("chainKey", "must have at least "+strconv.Itoa(minChainKey)+" bytes, such as openssl rand -hex 32 makes: whoever guesses it can forge the log")
	}
	return o, problems
}

// File is a file of lines.
type File struct {
	options Options
	changed bool    // there are other options for when the line is whole
	next    Options // those
	tell    func(level, message string, now time.Time)

	file  *os.File    // nil: not open
	out   io.Writer   // the same
	info  os.FileInfo // of the open file, as it was then
	real  string      // its path without links
	size  int64       // in bytes
	since int64       // the time of its first line, in nanoseconds since 1970
	rest  []byte      // what is missing of the last line

	// The common case of Write is over after three comparisons with these.
	most  int64 // bytes that the file may have
	woken int64 // when the file was last looked at
	wake  int64 // when to look again; 0 is at once

	stamp string    // the newest old file's
	known string    // of which file, without links, stamp is
	mac   hash.Hash // nil: no chain
	last  string    // the chain's value of the last line; empty: not known
	prior string    // that of the line before, while rest is not empty

	mu      sync.Mutex
	tidying bool
	jobs    []job // for the goroutine that compresses and removes old files
}

// lookInterval is how often to look whether the path still leads to the open file.
const lookInterval = int64(time.Second)

// output is where the lines of an open file go. Tests have it fail.
var output = func(f *os.File) io.Writer { return f }

// New returns a file, which is opened when it is first written to. Other
// mistakes than those of writing go to tell, also from another goroutine, without any text
// of a line.
func New(o Options, tell func(level, message string, now time.Time)) *File {
	return &File{options: o, tell: tell}
}

// Write appends lines, each with its newline, and returns of how many bytes it need
// not be given again. Where that is not all of them, it returns an error. One call
// at a time.
//
// A line of which a part was written counts but for its newline. The caller comes
// again with the rest, which begins with this newline, as with an io.Writer; the
// part that is missing is written then, to the same file, before anything else.
func Write(f *File, lines []byte, now time.Time) (int, error) {
	at := now.UnixNano()
	if at >= f.wake || at < f.woken || f.size+int64(len(lines)) > f.most || f.mac != nil {
		return writeWithCare(f, lines, now)
	}
	n, err := f.out.Write(lines)
	f.size += int64(n)
	if err != nil {
		return Settle(f, lines, n), err
	}
	return n, nil
}

// Way returns where lines may be written to beside Write, how many bytes, and for how
// long; a nil writer where Write has more to do. Before the next Write, Grown says how many
// they were; after an error, Settle.
func Way(f *File, now time.Time) (io.Writer, int64, time.Duration) {
	if f.mac != nil || f.rest != nil || f.changed {
		return nil, 0, 0
	}
	return f.out, f.most - f.size, time.Duration(f.wake - now.UnixNano())
}

// Grown notes how many bytes were written beside Write.
func Grown(f *File, n int64) {
	f.size += n
}

// Settle notes that of lines only n bytes were written beside Write, and returns what
// Write would have returned.
func Settle(f *File, lines []byte, n int) int {
	return settle(f, lines, lines, n)
}

// writeWithCare writes where there is something to do first.
func writeWithCare(f *File, lines []byte, now time.Time) (int, error) {
	if f.rest != nil {
		err := finish(f, now)
		if err != nil {
			return 0, err
		}
	}
	begun := 0
	if len(lines) > 0 && lines[0] == '\n' {
		begun = 1 // of a line that is whole now, or never will be
	}
	lines = lines[begun:]
	if len(lines) == 0 {
		return begun, nil
	}
	err := prepare(f, now)
	if err != nil {
		return begun, err
	}
	size := f.size + int64(len(lines))
	if f.mac != nil {
		size += int64(sealBytes * bytes.Count(lines, newline))
	}
	if f.size > 0 && size > f.most {
		err = rotate(f, now)
		if err != nil {
			return begun, err
		}
	}
	f.prior = f.last
	sealed := lines
	if f.mac != nil {
		sealed = sealLines(f, lines)
	}
	n, err := f.out.Write(sealed)
	f.size += int64(n)
	if err != nil {
		return begun + settle(f, lines, sealed, n), err
	}
	return begun + len(lines), nil
}

// settle notes what is left to write after n bytes of what lines have become, and
// returns of how many bytes of lines that takes care.
func settle(f *File, lines, sealed []byte, n int) int {
	whole := bytes.Count(sealed[:n], newline)
	taken := after(lines, whole)
	start := after(sealed, whole)
	if f.mac != nil && whole > 0 {
		f.prior = valueOf(sealed[:start])
	}
	f.last = f.prior
	if n == start {
		return taken
	}
	end := after(sealed, whole+1)
	f.rest = append([]byte{}, sealed[n:end]...)
	f.wake = 0
	if f.mac != nil {
		f.last = valueOf(sealed[:end])
	}
	return after(lines, whole+1) - 1
}

// finish completes the last line. Where that fails, and the path leads elsewhere by
// now, the line is given up: a disk that is full may be so because of this very
// file, which somebody has removed.
func finish(f *File, now time.Time) error {
	n, err := f.out.Write(f.rest)
	f.size += int64(n)
	f.rest = f.rest[n:]
	if err == nil {
		f.rest = nil
		return nil
	}
	if !gone(f) {
		return err
	}
	f.tell("error", "file "+f.options.Path+" was taken away while a line was half written: that line is lost", now)
	f.last = f.prior
	f.rest = nil
	closeFile(f)
	return nil
}

// Change has the next line written by other options.
func Change(f *File, o Options) {
	was := f.options
	if !f.changed && o.Path == was.Path && o.MaxBytes == was.MaxBytes && o.MaxAge == was.MaxAge && o.Keep == was.Keep && o.Compress == was.Compress && bytes.Equal(o.ChainKey, was.ChainKey) {
		return
	}
	f.next = o
	f.changed = true
	f.wake = 0
}

// Sync waits until what was written is on the disk. It is to be called before the next Write.
func Sync(f *File) error {
	if f.file == nil {
		return nil
	}
	err := f.file.Sync()
	syncDirectory(filepath.Dir(f.real))
	return err
}

// Close closes the file. A later Write opens it again.
func Close(f *File) {
	if f.rest != nil {
		_, _ = f.out.Write(f.rest) // else it is found torn when it is next opened
		f.rest = nil
	}
	closeFile(f)
}

func closeFile(f *File) {
	if f.file != nil {
		_ = f.file.Close()
	}
	f.file = nil
	f.out = nil
	f.wake = 0
}
