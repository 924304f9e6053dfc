package logfile

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"time"
)

// An old file has the name of the present one, a dot, and its stamp: the time at
// which it became one, in UTC. The names sort as the lines stand in them.
const stampLayout = "20060102T150405.000000Z"

var (
	oldName       = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{6}Z(\.gz)?$`)
	temporaryName = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{6}Z\.gz\.[0-9]+\.tmp$`)
)

// maxStamps is how many names are tried for an old file, a microsecond apart.
const maxStamps = 1000

// rotate gives the file its old file's name, and opens a new one. Where it can't be
// renamed, that is told, and it grows on until the next look: that is better than
// losing lines. An error is returned where no file is open then.
func rotate(f *File, now time.Time) error {
	if gone(f) {
		closeFile(f) // somebody has done it
		return open(f, now)
	}
	stamp, err := reserve(f, now)
	if err == nil {
		err = os.Rename(f.real, f.real+"."+stamp)
		if err != nil {
			_ = os.Remove(f.real + "." + stamp)
		}
	}
	if err != nil && gone(f) {
		closeFile(f)
		return open(f, now)
	}
	if err != nil {
		f.tell("error", "file "+f.options.Path+" can't be rotated, and grows on: "+err.Error(), now)
		f.most = math.MaxInt64
		return nil
	}
	f.stamp = stamp
	closeFile(f)
	tidyLater(f)
	return open(f, now)
}

// reserve makes an empty file with a stamp that no other has, later than all there
// are, whatever the clock says: renaming would overwrite without a word.
func reserve(f *File, now time.Time) (string, error) {
	at := now.UTC()
	newest, err := time.Parse(stampLayout, f.stamp)
	if err == nil && !at.After(newest) {
		at = newest.Add(time.Microsecond)
	}
	for i := 0; i < maxStamps; i++ {
		stamp := at.Format(stampLayout)
		name := f.real + "." + stamp
		free, err := isFree(name + ".gz")
		if err != nil {
			return "", err
		}
		if free && stamp != f.stamp {
			file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err == nil {
				return stamp, file.Close()
			}
			if !os.IsExist(err) {
				return "", err
			}
		}
		at = at.Add(time.Microsecond)
	}
	return "", errors.New("there is no free name for an old file")
}

func isFree(path string) (bool, error) {
	_, err := os.Lstat(path)
	if os.IsNotExist(err) {
		return true, nil
	}
	return false, err
}

// Old returns the old files of a path, oldest first. Of one that is there in both
// forms, because it has just been compressed, only the compressed one is named.
func Old(path string) ([]string, error) {
	real, err := resolve(path)
	if err != nil {
		return nil, err
	}
	names, err := list(real, oldName)
	if err != nil {
		return nil, err
	}
	old := []string{}
	for i := range names {
		if i+1 < len(names) && names[i+1] == names[i]+".gz" {
			continue
		}
		old = append(old, real+"."+names[i])
	}
	return old, nil
}

// IsOld says whether a path may be that of an old file, and of which one.
func IsOld(path string) (string, bool) {
	plain := strings.TrimSuffix(path, ".gz")
	at := len(plain) - len(stampLayout)
	if at < 2 || plain[at-1] != '.' || !oldName.MatchString(plain[at:]) {
		return "", false
	}
	return plain[:at-1], true
}

// list returns, sorted, what the names of regular files beside a path have in
// excess of it and a dot, if that looks as it should.
func list(path string, form *regexp.Regexp) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	before := filepath.Base(path) + "."
	names := []string{}
	for i := range entries {
		rest := strings.TrimPrefix(entries[i].Name(), before)
		if rest != entries[i].Name() && form.MatchString(rest) && entries[i].Type().IsRegular() {
			names = append(names, rest)
		}
	}
	sort.Strings(names)
	return names, nil
}

// newestStamp returns the stamp of the newest old file, or nothing.
func newestStamp(path string) string {
	names, _ := list(path, oldName)
	if len(names) == 0 {
		return ""
	}
	return strings.TrimSuffix(names[len(names)-1], ".gz")
}
