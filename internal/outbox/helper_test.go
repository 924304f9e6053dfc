package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Records of tests are "SERIES NUMBER TEXT", and "SERIES gap FIRST LAST COUNT".
var testFormat = Format{Span: testSpan, Gap: testGap}

func testSpan(line []byte) (string, int64, int64, int64) {
	words := strings.Fields(string(line))
	if len(words) == 5 && words[1] == "gap" {
		return words[0], number(words[2]), number(words[3]), number(words[4])
	}
	if len(words) < 2 {
		return "", 0, 0, 0
	}
	return words[0], number(words[1]), number(words[1]), 1
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func testGap(of string, first, last, count int64) []byte {
	return []byte(fmt.Sprint(of, " gap ", first, " ", last, " ", count))
}

// line returns record n of a series, of about so many bytes.
func line(of string, n, size int) []byte {
	return []byte(of + " " + strconv.Itoa(n) + " " + strings.Repeat("x", size) + "\n")
}

// receiver is where records arrive.
type receiver struct {
	mu      sync.Mutex
	got     []string
	calls   int
	outcome func(call int, records [][]byte) Outcome // nil: takes everything
	blocked chan bool                                // where it is there, each call waits for it
}

func receive(r *receiver, records [][]byte) Outcome {
	if r.blocked != nil {
		<-r.blocked
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	o := Outcome{}
	if r.outcome != nil {
		o = r.outcome(r.calls, records)
	}
	for _, record := range records {
		if !has(o.Later, record) && !has(o.Refused, record) {
			r.got = append(r.got, string(record))
		}
	}
	return o
}

func has(records [][]byte, record []byte) bool {
	for _, r := range records {
		if bytes.Equal(r, record) {
			return true
		}
	}
	return false
}

// account says what is not as it should be: each number of each series up to last
// must have arrived, in order, or be reported as lost. What arrived twice is
// returned.
func account(r *receiver, last map[string]int) (string, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	arrived := map[string]map[int64]bool{}
	lost := map[string]int64{}
	newest := map[string]int64{}
	twice := 0
	problems := []string{}
	for _, text := range r.got {
		of, first, end, count := testSpan([]byte(text))
		if strings.Contains(text, " gap ") {
			lost[of] += count
			if count > end-first+1 {
				problems = append(problems, text)
			}
			continue
		}
		if arrived[of] == nil {
			arrived[of] = map[int64]bool{}
		}
		if arrived[of][first] {
			twice++
			continue
		}
		if first < newest[of] {
			problems = append(problems, fmt.Sprint(of, " ", first, " after ", newest[of]))
		}
		newest[of] = first
		arrived[of][first] = true
	}
	for of, n := range last {
		if int64(len(arrived[of]))+lost[of] != int64(n) {
			problems = append(problems, fmt.Sprint(of, ": of ", n, " there are ", len(arrived[of]), ", and ", lost[of], " lost"))
		}
	}
	return strings.Join(problems, "; "), twice
}

// said collects what is told.
type said struct {
	mu   sync.Mutex
	text string
}

func listen(s *said) func(level, message string, now time.Time) {
	return func(level, message string, _ time.Time) {
		s.mu.Lock()
		s.text += level + " " + message + "\n"
		s.mu.Unlock()
	}
}

func heard(s *said) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text
}

func isIdle(d *Direct) bool {
	idle, _ := DirectIdle(d)
	return idle
}

func isEmpty(q *Queue) bool {
	idle, _ := Idle(q)
	return idle
}

var errTest = errors.New("no space left")
