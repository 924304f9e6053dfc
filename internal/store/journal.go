package store

import (
	"errors"
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
	if s.Medium != nil {
		s.Medium.Note(line)
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
	eachAttempt(s, id+" ", func(a *Attempt) {
		if a.ID == id {
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
	eachAttempt(s, " "+arrived, func(a *Attempt) {
		if a.Outcome == arrived {
			times[a.ID] = a.Time
		}
	})
	return times
}

// EachAttempt calls found for what is known of all deliveries' attempts, in order.
func EachAttempt(s *Store, found func(a *Attempt)) { eachAttempt(s, "", found) }

// eachAttempt is EachAttempt for lines with a text: to look for that costs less than to read them.
func eachAttempt(s *Store, text string, found func(a *Attempt)) {
	read := func(line string) {
		if !strings.Contains(line, text) {
			return
		}
		a := parseAttempt(line)
		if a != nil {
			found(a)
		}
	}
	if s.Medium != nil {
		s.Medium.EachAttempt(read)
		return
	}
	path := filepath.Join(s.Directory, journalFile)
	for _, name := range []string{path + ".old", path} {
		if _, err := os.Stat(name); err != nil {
			continue
		}
		_, _ = wal.Read(name, 2*maxJournal, func(line []byte) { read(string(line)) })
	}
}

func parseAttempt(line string) *Attempt {
	words := strings.Split(line, " ")
	if len(words) != 6 || !isID.MatchString(words[0]) {
		return nil
	}
	number, noNumber := strconv.Atoi(words[1])
	at, noTime := time.Parse(time.RFC3339Nano, words[2])
	status, noStatus := strconv.Atoi(words[3])
	took, noDuration := strconv.ParseInt(words[4], 10, 64)
	if errors.Join(noNumber, noTime, noStatus, noDuration) != nil {
		return nil
	}
	return &Attempt{ID: words[0], Number: number, Time: at, Status: status, Duration: time.Duration(took) * time.Microsecond, Outcome: words[5]}
}
