package outbox

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/wal"
)

// spill is where records wait on disk: numbered segments, the oldest first, each a
// log that is sent as a whole and then removed. It is used with the queue's disk lock
// held.
type spill struct {
	prefix   string // of the segments' paths
	most     int64  // bytes on disk
	chunk    int64  // bytes of a segment, about
	size     int64
	segments []segment
	first    int64    // the oldest segment's number
	last     int64    // the newest's
	open     *wal.Log // the newest segment, while it is appended to
}

type segment struct {
	path string
	size int64
}

const (
	// maxSegment bounds what is read of one segment: a single line may be longer
	// than a segment should be.
	maxSegment = 64 << 20
	// firstNumber leaves room below it for what turns out to be older.
	firstNumber = 1_000_000_000
)

// openSpill finds what an earlier process has left, or says why there can be no
// spill.
func openSpill(directory, name string) (*spill, string) {
	err := os.MkdirAll(directory, 0o700)
	if err != nil {
		return nil, err.Error()
	}
	if plainfile.WritableByAll(plainfile.Look(directory)) {
		return nil, "directory " + directory + " may be written by everybody on this machine"
	}
	s := &spill{prefix: filepath.Join(directory, name+"-"), first: firstNumber, last: firstNumber - 1}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err.Error()
	}
	for _, e := range entries {
		path := filepath.Join(directory, e.Name())
		if !strings.HasPrefix(path, s.prefix) {
			continue
		}
		n, err := strconv.ParseInt(path[len(s.prefix):], 10, 64)
		info, statErr := os.Lstat(path)
		if err != nil || statErr != nil || !info.Mode().IsRegular() {
			continue
		}
		s.segments = append(s.segments, segment{path: path, size: info.Size()})
		s.size += info.Size()
		if len(s.segments) == 1 || n < s.first {
			s.first = n
		}
		if len(s.segments) == 1 || n > s.last {
			s.last = n
		}
	}
	sort.Slice(s.segments, func(i, j int) bool { return s.segments[i].path < s.segments[j].path })
	return s, ""
}

// appendTo appends lines to the newest segment, or begins one. Where that fails,
// none of them counts as written.
func appendTo(s *spill, lines []byte) error {
	last := len(s.segments) - 1
	if s.open != nil && (s.segments[last].size+int64(len(lines)) > s.chunk || wal.IsGone(s.open, time.Now())) {
		seal(s)
	}
	if s.open == nil {
		err := begin(s)
		if err != nil {
			return err
		}
		last++
	}
	err := wal.AppendAll(s.open, split(lines))
	grown := wal.Size(s.open) - s.segments[last].size
	s.segments[last].size += grown
	s.size += grown
	if err != nil {
		seal(s)
	}
	if s.segments[last].size == 0 {
		drop(s, last)
	}
	return err
}

func begin(s *spill) error {
	path := segmentPath(s, s.last+1)
	log, err := wal.Create(path)
	if err != nil {
		return err
	}
	s.last++
	s.open = log
	s.segments = append(s.segments, segment{path: path})
	return nil
}

func segmentPath(s *spill, n int64) string {
	return fmt.Sprintf("%s%015d", s.prefix, n)
}

// insertOldest writes a segment that is older than all others.
func insertOldest(s *spill, records [][]byte) error {
	lines := make([]string, len(records))
	for i := range records {
		lines[i] = string(records[i])
	}
	path := segmentPath(s, s.first-1)
	log, err := wal.Replace(path, lines)
	if err != nil {
		return err
	}
	wal.Close(log)
	s.first--
	s.size += wal.Size(log)
	s.segments = append([]segment{{path: path, size: wal.Size(log)}}, s.segments...)
	return nil
}

// seal ends the appending to the newest segment.
func seal(s *spill) {
	wal.Close(s.open)
	s.open = nil
}

// oldest reads the oldest segment.
func oldest(s *spill) ([][]byte, int, string) {
	if len(s.segments) == 1 {
		seal(s)
	}
	return readSegment(s.segments[0].path)
}

// readSegment returns the records of a segment, how many of its lines are damaged, and
// what is wrong with it as a whole.
func readSegment(path string) ([][]byte, int, string) {
	records := [][]byte{}
	damaged, problem := wal.Read(path, maxSegment, func(line []byte) { records = append(records, append([]byte{}, line...)) })
	if problem != "" {
		return nil, 0, problem
	}
	return records, damaged, ""
}

// isGone says whether a file is not there any more, as opposed to one that can't be
// read at the moment.
func isGone(path string) bool {
	_, err := os.Lstat(path)
	return os.IsNotExist(err)
}

// setAside keeps a segment that can't be read out of the way.
func setAside(s *spill, i int) {
	path := s.segments[i].path
	_ = os.Rename(path, path+".unreadable")
	drop(s, i)
}

// drop removes a segment.
func drop(s *spill, i int) {
	_ = os.Remove(s.segments[i].path)
	s.size -= s.segments[i].size
	s.segments = append(s.segments[:i:i], s.segments[i+1:]...)
}
