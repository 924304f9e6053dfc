// Package plainfile knows how regular files are read, and when they have changed.
// It must not know what is in them.
package plainfile

import (
	"fmt"
	"io"
	"os"
)

// State is a file as it was at some time.
type State struct {
	Path string
	Info os.FileInfo // nil: it could not be seen
}

// Look takes a file's state.
func Look(path string) State {
	info, err := os.Stat(path)
	if err != nil {
		return State{Path: path}
	}
	return State{Path: path, Info: info}
}

// Changed says whether a file was written to, replaced, removed or added since
// its state was taken.
func Changed(before State) bool {
	now := Look(before.Path)
	if before.Info == nil || now.Info == nil {
		return before.Info != nil || now.Info != nil
	}
	return !os.SameFile(before.Info, now.Info) || before.Info.Size() != now.Info.Size() || !before.Info.ModTime().Equal(now.Info.ModTime())
}

// Open opens a file to be read, or says what is wrong with it, in words that follow
// its name. Anything but a regular file is left unopened: opening a FIFO would hang,
// and /dev/zero has no end.
func Open(state State) (*os.File, string) {
	if state.Info == nil {
		return nil, "can't be found, or not by Traefik's user"
	}
	if !state.Info.Mode().IsRegular() {
		return nil, "is not a regular file"
	}
	f, err := os.Open(state.Path)
	if err != nil {
		return nil, "can't be opened by Traefik's user"
	}
	return f, ""
}

// Read returns the content of a file of at most limit bytes, or what is wrong with
// it, as Open does. Take its state first: what is written while it is being read is
// then seen as a change.
func Read(state State, limit int) ([]byte, string) {
	f, problem := Open(state)
	if problem != "" {
		return nil, problem
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, "can't be read"
	}
	if len(b) > limit {
		return nil, fmt.Sprintf("is larger than %d bytes", limit)
	}
	return b, ""
}

// WritableByAll says whether everybody on the machine may write to a file.
func WritableByAll(state State) bool {
	return state.Info != nil && state.Info.Mode().Perm()&0o002 != 0
}
