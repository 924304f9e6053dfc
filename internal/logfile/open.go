package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

const (
	// maxLinks is how many symbolic links may lead from one to another.
	maxLinks = 8
	// maxAttempts is how often a file is opened that others rotate meanwhile.
	maxAttempts = 10
)

// prepare sees to it that the file is open, is the one that the path leads to, and
// is not too old.
func prepare(f *File, now time.Time) error {
	if f.changed {
		apply(f)
	}
	at := now.UnixNano()
	if f.file != nil && (at >= f.wake || at < f.woken) {
		look(f, now)
	}
	if f.file == nil {
		err := open(f, now)
		if err != nil {
			return err
		}
	}
	if f.options.MaxAge > 0 && at-f.since >= int64(f.options.MaxAge) && f.most < math.MaxInt64 {
		return rotate(f, now)
	}
	return nil
}

// apply puts other options in force.
func apply(f *File) {
	if f.next.Path != f.options.Path || !bytes.Equal(f.next.ChainKey, f.options.ChainKey) {
		f.last = ""
	}
	// All is taken anew from the file, which may have to be rotated for another key.
	closeFile(f)
	f.options = f.next
	f.changed = false
}

// look closes the file if it was renamed or removed, and takes its size anew, as
// somebody may have emptied it.
func look(f *File, now time.Time) {
	f.most = f.options.MaxBytes
	f.woken = now.UnixNano()
	f.wake = f.woken + lookInterval
	info, err := os.Stat(f.options.Path)
	if os.IsPermission(err) {
		return // what can't be seen may well be there
	}
	if err != nil || !os.SameFile(info, f.info) {
		closeFile(f)
		return
	}
	if f.mac != nil && info.Size() > f.size {
		f.tell("error", "somebody else writes to the file "+f.options.Path+": with chainKey, each Traefik needs one of its own", now)
	}
	f.size = info.Size()
	if f.size == 0 {
		f.since = f.woken
	}
}

// gone says whether the path leads to another file than the open one, or to none.
func gone(f *File) bool {
	info, err := os.Stat(f.options.Path)
	if err != nil {
		return !os.IsPermission(err) // a link that leads nowhere, or a directory that is a file
	}
	return !os.SameFile(info, f.info)
}

// open opens the file, and mends its end.
func open(f *File, now time.Time) error {
	err := os.MkdirAll(filepath.Dir(f.options.Path), 0o700)
	if err != nil {
		return err
	}
	for i := 0; i < maxAttempts; i++ {
		err = openOnce(f)
		if err == nil {
			break
		}
		closeFile(f)
		if !errors.Is(err, errReplaced) {
			return err
		}
	}
	if err == nil {
		err = take(f, now)
	}
	if err != nil {
		closeFile(f)
		return fmt.Errorf("file %s: %w", f.options.Path, err)
	}
	return nil
}

// errReplaced is that the file is not the one that was looked at before it was
// opened. Somebody may have rotated it just then.
var errReplaced = errors.New("it was replaced while it was opened")

// openOnce opens the file, and nothing else that may be in its place.
func openOnce(f *File) error {
	path, err := resolve(f.options.Path)
	if err != nil {
		return err
	}
	// To be read as well: how it ends.
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	f.real = path
	f.file = file
	f.info, err = file.Stat()
	if err != nil {
		return err
	}
	seen, err := os.Lstat(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if err != nil || !seen.Mode().IsRegular() || !os.SameFile(f.info, seen) {
		return errReplaced
	}
	return nil
}

// resolve follows symbolic links, and refuses what is not a regular file: opening a
// FIFO would hang. A link is followed only if not everybody can have made it.
func resolve(path string) (string, error) {
	for i := 0; i < maxLinks; i++ {
		info, err := os.Lstat(path)
		if os.IsNotExist(err) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			if !info.Mode().IsRegular() {
				return "", errors.New("file " + path + " is not a regular file")
			}
			return path, nil
		}
		directory, err := os.Stat(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		if directory.Mode().Perm()&0o002 != 0 {
			return "", errors.New("file " + path + " is a symbolic link, which everybody on this machine can make there")
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", errors.New("file " + path + " is one symbolic link too many")
}

// take takes over a file that was opened.
func take(f *File, now time.Time) error {
	f.size = f.info.Size()
	f.out = output(f.file)
	met := f.known == f.real
	if !met {
		meet(f, now)
	}
	tail, err := readEnd(f)
	if err != nil {
		return err
	}
	tail, err = mend(f, tail, now)
	if err != nil {
		return err
	}
	f.most = f.options.MaxBytes
	f.woken = now.UnixNano()
	f.wake = f.woken + lookInterval
	f.since = firstTime(f, now)
	goesOn := resume(f, tail, now)
	if !met {
		tidyLater(f) // now that no old file is read any more
	}
	if !goesOn {
		return rotate(f, now)
	}
	return nil
}

// meet looks around where a file is opened for the first time.
func meet(f *File, now time.Time) {
	f.known = f.real
	f.stamp = newestStamp(f.real)
	removeTemporary(f.real)
	if plainfile.WritableByAll(plainfile.Look(f.real)) || plainfile.WritableByAll(plainfile.Look(filepath.Dir(f.real))) {
		f.tell("warn", "file "+f.options.Path+" may be changed or replaced by everybody on this machine", now)
	}
}
