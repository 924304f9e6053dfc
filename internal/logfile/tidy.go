package logfile

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// job is what is to be done with the old files of a path.
type job struct {
	path     string
	keep     int
	compress bool
}

// quiet is how long an old file is left as it is: other processes that have it open
// write to it until they look where their path leads.
var quiet = 2 * time.Second

// tidyLater has old files compressed and removed, in a goroutine of which there is
// one at a time.
func tidyLater(f *File) {
	j := job{path: f.real, keep: f.options.Keep, compress: f.options.Compress}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.jobs)
	if n > 0 && f.jobs[n-1].path == j.path {
		f.jobs[n-1] = j
	} else {
		f.jobs = append(f.jobs, j)
	}
	if !f.tidying {
		f.tidying = true
		go tidyAll(f)
	}
}

func tidyAll(f *File) {
	defer func() {
		if p := recover(); p != nil {
			f.mu.Lock()
			f.tidying = false
			f.mu.Unlock()
			f.tell("error", "compressing or removing old files panicked: "+fmt.Sprint(p), time.Now())
		}
	}()
	for {
		f.mu.Lock()
		if len(f.jobs) == 0 {
			f.tidying = false
			f.mu.Unlock()
			return
		}
		j := f.jobs[0]
		f.jobs = f.jobs[1:]
		f.mu.Unlock()
		err := tidy(j)
		if err != nil {
			f.tell("error", "old files of "+j.path+": "+err.Error(), time.Now())
		}
	}
}

// tidy removes all old files but the newest ones, and compresses those.
func tidy(j job) error {
	names, err := list(j.path, oldName)
	if os.IsNotExist(err) {
		return nil // the directory is gone, and all in it
	}
	if err != nil {
		return err
	}
	problems := []error{}
	plain := []string{}
	stamp := ""
	count := 0
	for i := len(names) - 1; i >= 0; i-- {
		name := strings.TrimSuffix(names[i], ".gz")
		if name != stamp { // one may be there in both forms
			stamp = name
			count++
		}
		if count > j.keep {
			problems = append(problems, remove(j.path+"."+names[i]))
		} else if name == names[i] {
			plain = append(plain, j.path+"."+name)
		}
	}
	if j.compress && len(plain) > 0 {
		time.Sleep(quiet)
		for i := range plain {
			problems = append(problems, compress(plain[i]))
		}
	}
	return errors.Join(problems...)
}

// remove removes a file, unless somebody else has.
func remove(path string) error {
	err := os.Remove(path)
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// compress puts a compressed file in the place of an old one. That is whole on disk,
// under its own name, before the other goes.
func compress(path string) error {
	from, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	info, err := from.Stat()
	if err != nil || info.Size() == 0 {
		return err // an empty one is perhaps about to be filled
	}
	// Unique, because two processes may be at it.
	to, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".gz.*.tmp")
	if err != nil {
		return err
	}
	n, err := pack(to, from)
	err = errors.Join(err, to.Sync(), to.Close())
	if err == nil {
		info, err = from.Stat()
	}
	if err == nil && info.Size() != n {
		err = errors.New(path + " is still written to; it stays uncompressed")
	}
	if err == nil {
		err = os.Rename(to.Name(), path+".gz")
	}
	if err != nil {
		return errors.Join(err, remove(to.Name()))
	}
	syncDirectory(filepath.Dir(path))
	return remove(path)
}

// pack compresses a file, fast rather than small, and returns its size.
func pack(to *os.File, from *os.File) (int64, error) {
	writer, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(writer, from)
	return n, errors.Join(err, writer.Close())
}

// syncDirectory makes a new name last. Not every file system can.
func syncDirectory(path string) {
	directory, err := os.Open(path)
	if err != nil {
		return
	}
	_ = directory.Sync()
	_ = directory.Close()
}

// removeTemporary removes what compressing has left behind when the process ended.
func removeTemporary(path string) {
	names, _ := list(path, temporaryName)
	for i := range names {
		_ = os.Remove(path + "." + names[i])
	}
}

// tailOfOld returns the end of an old file, which somebody may be compressing.
func tailOfOld(path string) ([]byte, error) {
	file, err := os.Open(path)
	if os.IsNotExist(err) && !strings.HasSuffix(path, ".gz") {
		path += ".gz"
		file, err = os.Open(path)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if strings.HasSuffix(path, ".gz") {
		return unpackTail(file)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return readTail(file, info.Size())
}

// unpackTail returns the end of what a compressed file holds, half a buffer at
// least.
func unpackTail(file *os.File) ([]byte, error) {
	reader, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	tail := make([]byte, 2*maxTail)
	n := 0
	for {
		m, err := io.ReadFull(reader, tail[n:])
		n += m
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return tail[:n], nil
		}
		if err != nil {
			return nil, err
		}
		n = copy(tail, tail[maxTail:])
	}
}
