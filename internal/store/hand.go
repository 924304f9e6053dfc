package store

import (
	"errors"
	"strings"
)

// maxMarks bounds how many outputs are noted of a delivery. The oldest are forgotten.
const maxMarks = 16

// Pointer stands behind the mark of an output that was told of a delivery, and has not got
// it, because it is too large.
const Pointer = "p"

var errMark = errors.New("only a dead delivery is handed over, to an output with a mark of eight digits")

// Hand notes that an output has a dead delivery, so that a restart does not send it again.
// A mark is eight hexadecimal digits, which say which output it is, and Pointer perhaps.
// With an error, nothing is noted.
func Hand(s *Store, e *Entry, mark string) error {
	if e.State != Dead || !isMark.MatchString(mark) {
		return errMark
	}
	to := *e
	marks := append(MarksOf(e), mark)
	if len(marks) > maxMarks {
		marks = marks[len(marks)-maxMarks:]
	}
	to.Marks = strings.Join(marks, "-")
	return Move(s, e, to)
}

// MarksOf returns the marks of the outputs that have a delivery, the oldest first.
func MarksOf(e *Entry) []string {
	if e.Marks == "" {
		return nil
	}
	return strings.Split(e.Marks, "-")
}

// IsHanded says whether an output of a mark has a delivery, and whether it was told of it
// alone.
func IsHanded(e *Entry, mark string) (bool, bool) {
	for _, one := range MarksOf(e) {
		if one == mark {
			return true, false
		}
		if one == mark+Pointer {
			return true, true
		}
	}
	return false, false
}
