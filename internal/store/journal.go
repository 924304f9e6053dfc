package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/wal"
)

// Attempt is one try of a delivery.
type Attempt struct {
	ID       string
	Number   int // from 1, the one while the sender waited included
	Time     time.Time
	Status   int // of the backend; 0 where there was none
	Duration time.Duration
	Outcome  string // delivered, failed, or the reason of its death
}

// journal has the attempts, for people. Its end may be lost with the machine, and the
// oldest are forgotten: nothing depends on it.
type journal struct {
	mu   sync.Mutex
	file *wal.Log
}

const (
	journalFile = "attempts"
	maxJournal  = 8 << 20 // of each of two files
)

// Note writes down an attempt.
func Note(s *Store, a *Attempt) {
	line := lineOf(a)
	if s.medium != nil {
		s.medium.Note(line)
		return
	}
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	path := filepath.Join(s.Directory, journalFile)
	now := time.Now()
	if j.file != nil && (wal.Size(j.file) > maxJournal || wal.IsGone(j.file, now)) {
		if wal.Size(j.file) > maxJournal {
			_ = os.Rename(path, path+".old")
		}
		wal.Close(j.file)
		j.file = nil
	}
	if j.file == nil {
		file, err := wal.Open(path)
		if err != nil {
			return
		}
		j.file = file
	}
	_ = wal.Append(j.file, []byte(line))
}

func lineOf(a *Attempt) string {
	return fmt.Sprintf("%s %d %s %d %d %s", a.ID, a.Number, a.Time.UTC().Format(time.RFC3339Nano), a.Status, a.Duration.Microseconds(), a.Outcome)
}

// CloseJournal closes the file of the attempts, until the next one.
func CloseJournal(s *Store) {
	s.journal.mu.Lock()
	wal.Close(s.journal.file)
	s.journal.file = nil
	s.journal.mu.Unlock()
}

// Attempts returns what is known of a delivery's attempts, in order.
func Attempts(s *Store, id string) []Attempt {
	attempts := []Attempt{}
	eachLine(s, func(line string) {
		if !strings.HasPrefix(line, id+" ") {
			return
		}
		a := parseAttempt(line)
		if a != nil {
			attempts = append(attempts, *a)
		}
	})
	return attempts
}

// arrived is the outcome of an attempt that the backend has taken.
const arrived = "delivered"

// Arrivals returns when deliveries were taken by their backend, by their ids and as far as
// it is known.
func Arrivals(s *Store) map[string]time.Time {
	times := map[string]time.Time{}
	eachLine(s, func(line string) {
		if !strings.HasSuffix(line, " "+arrived) {
			return
		}
		a := parseAttempt(line)
		if a != nil {
			times[a.ID] = a.Time
		}
	})
	return times
}

// EachAttempt calls found for what is known of all deliveries' attempts, in order.
func EachAttempt(s *Store, found func(a *Attempt)) {
	eachLine(s, func(line string) {
		a := parseAttempt(line)
		if a != nil {
			found(a)
		}
	})
}

// eachLine calls found for each line of the journal, in order.
func eachLine(s *Store, found func(line string)) {
	if s.medium != nil {
		s.medium.EachAttempt(found)
		return
	}
	path := filepath.Join(s.Directory, journalFile)
	for _, name := range []string{path + ".old", path} {
		if _, err := os.Stat(name); err != nil {
			continue
		}
		_, _ = wal.Read(name, 2*maxJournal, func(line []byte) { found(string(line)) })
	}
}

func parseAttempt(line string) *Attempt {
	words := strings.Split(line, " ")
	if len(words) != 6 || !isID.MatchString(words[0]) {
		return nil
	}
	a := &Attempt{ID: words[0], Outcome: words[5]}
	number, err := strconv.Atoi(words[1])
	if err != nil {
		return nil
	}
	a.Number = number
	at, err := time.Parse(time.RFC3339Nano, words[2])
	if err != nil {
		return nil
	}
	a.Time = at
	status, err := strconv.Atoi(words[3])
	if err != nil {
		return nil
	}
	a.Status = status
	took, err := strconv.ParseInt(words[4], 10, 64)
	if err != nil {
		return nil
	}
	a.Duration = time.Duration(took) * time.Microsecond
	return a
}
