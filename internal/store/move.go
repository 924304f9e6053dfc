package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// Move gives a delivery another state, or another time, and syncs that where a state
// changes. With an error, it is where it was.
func Move(s *Store, e *Entry, to Entry) error {
	if to.ID != e.ID || to.State == Dead && !isReason.MatchString(to.Reason) {
		return fmt.Errorf("a delivery can't become %s %q", to.State, to.Reason)
	}
	if to.State != Dead {
		to.Reason = ""
		to.Marks = ""
	}
	to.Size = e.Size
	to.Arrived = to.State != Delivered && (e.Arrived || e.State == Delivered)
	if s.Medium != nil {
		err := s.Medium.Move(e, &to)
		if err == nil {
			*e = to
		}
		return err
	}
	path := filepath.Join(s.Directory, NameOf(&to))
	err := renameTo(s, filepath.Join(s.Directory, NameOf(e)), path, to.State)
	if err != nil {
		return err
	}
	if to.State != e.State {
		_ = syncDirectory(filepath.Dir(path)) // else the end of the machine has it tried once more
	}
	*e = to
	return nil
}

// renameTo gives a file its place among those of a state. Nothing has been delivered, and is
// kept, in most stores, so those directories are made when there is something.
func renameTo(s *Store, from, to, state string) error {
	err := os.Rename(from, to)
	if err == nil || state != Delivered || !os.IsNotExist(err) || makeState(s, state) != nil {
		return err
	}
	return os.Rename(from, to)
}

// Remove removes a delivery that is over.
func Remove(s *Store, e *Entry) error {
	if s.Medium != nil {
		return s.Medium.Remove(e)
	}
	return os.Remove(filepath.Join(s.Directory, NameOf(e)))
}

// Discard removes a delivery that is not to arrive: its sender may send it again.
func Discard(s *Store, e *Entry) error {
	if s.Medium != nil {
		return s.Medium.Discard(e)
	}
	return Remove(s, e)
}
