package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// A ledger has what senders were told of each delivery, and what the backend got of it.
// One is for all Traefiks of a case, before and after a restart.
type ledger struct {
	mu      sync.Mutex
	told    map[string]int // the attempt's status, by its path; 0 where no answer came
	good    map[string]int // how many attempts of a delivery were told 2xx, by its body
	arrived map[string]int // how often the backend got it
	taken   map[string]int // how often it answered 2xx
	// answer, where it is set, returns the backend's status for the nth arrival; 0 cuts the
	// connection.
	answer func(body string, n int) int
	// look, where it is set, sees each arrival.
	look func(r *http.Request, body string)
}

func newLedger() *ledger {
	return &ledger{told: map[string]int{}, good: map[string]int{}, arrived: map[string]int{}, taken: map[string]int{}}
}

// ServeHTTP is the backend.
func (l *ledger) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	text := string(body)
	l.mu.Lock()
	l.arrived[text]++
	n, answer, look := l.arrived[text], l.answer, l.look
	l.mu.Unlock()
	if look != nil {
		look(r, text)
	}
	status := http.StatusOK
	if answer != nil {
		status = answer(text, n)
	}
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	if status < 300 {
		l.mu.Lock()
		l.taken[text]++
		l.mu.Unlock()
	}
	rw.WriteHeader(status)
}

// note takes down what a sender was told.
func (l *ledger) note(path, body string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told[path] = status
	if status >= 200 && status < 300 {
		l.good[body]++
	}
}

// times returns how often the backend has got a delivery.
func (l *ledger) times(body string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.arrived[body]
}

// unsettled returns the deliveries among these that nobody was told 2xx of.
func (l *ledger) unsettled(bodies []string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := []string{}
	for _, body := range bodies {
		if l.good[body] == 0 {
			left = append(left, body)
		}
	}
	return left
}

// A line is what the ledger reads of an audit record.
type line struct {
	Path   string `json:"url.path"`
	Reason string `json:"event.reason"`
	Count  int64  `json:"hookward.gap.count"`
}

func linesOf(text []byte) ([]line, error) {
	lines := []line{}
	for _, one := range bytes.Split(text, []byte("\n")) {
		if !bytes.Contains(one, []byte(`"event.dataset":"hookward.audit"`)) {
			continue
		}
		l := line{}
		if err := json.Unmarshal(one, &l); err != nil {
			return nil, fmt.Errorf("the record %q: %w", one, err)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// A sum is what came of a ledger.
type sum struct {
	told, lost, twice            int // deliveries: told 2xx; of them not taken by the backend; or more than once
	attempts, unrecorded, doubly int // attempts that were answered; of them without a record, or with two
	unrecordedGood               int // attempts that were told 2xx, without a record
	gap                          int // records that are said to be lost
	refused                      map[int]int
}

func (l *ledger) sum(lines []line) sum {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := sum{refused: map[int]int{}}
	for body := range l.good {
		s.told++
		if l.taken[body] == 0 {
			s.lost++
		}
		if l.taken[body] > 1 {
			s.twice++
		}
	}
	recorded := map[string]int{}
	for _, one := range lines {
		s.gap += int(one.Count)
		recorded[one.Path]++
	}
	for path, status := range l.told {
		if recorded[path] > 1 {
			s.doubly++
		}
		if status == 0 || status == http.StatusNotFound {
			continue // nobody knows whether it came to the gate, or there is none yet
		}
		s.attempts++
		if recorded[path] == 0 {
			s.unrecorded++
			if status < 300 {
				s.unrecordedGood++
			}
		}
		if status >= 300 {
			s.refused[status]++
		}
	}
	return s
}

// A promise is what a configuration promises, beside that no delivery is lost.
type promise struct {
	once     bool // the backend takes each delivery once
	required bool // no attempt is told 2xx of which there is no record
	killed   bool // records that were in memory are lost without a word
}

// check reports the figures, and what breaks a promise.
func (s sum) check(t *trial, p promise) {
	if s.lost > 0 {
		t.Errorf("%d deliveries were told 2xx, and the backend has not taken them", s.lost)
	}
	if p.once && s.twice > 0 {
		t.Errorf("%d deliveries were told 2xx, and the backend has taken them more than once", s.twice)
	}
	if p.required && s.unrecordedGood > 0 {
		t.Errorf("%d attempts were told 2xx, and have no record", s.unrecordedGood)
	}
	if !p.killed && s.unrecorded > s.gap {
		t.Errorf("%d attempts have no record, and only %d are said to be lost", s.unrecorded, s.gap)
	}
	if !p.killed && s.doubly > 0 {
		t.Errorf("%d attempts have two records", s.doubly)
	}
	t.figure("%d told 2xx: %d lost, %d twice", s.told, s.lost, s.twice)
	if len(s.refused) > 0 {
		t.figure("refused %s", count(s.refused))
	}
	t.figure("%d attempts: %d without a record, %d said to be lost", s.attempts, s.unrecorded, s.gap)
}

// surplus returns how often the backend has taken deliveries beyond once each.
func (l *ledger) surplus(bodies []string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, body := range bodies {
		n += max(0, l.taken[body]-1)
	}
	return n
}
