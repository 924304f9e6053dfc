package auditlog

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
)

// record is what is looked at of a line.
type record struct {
	Number     int64           `json:"event.sequence"`
	Middleware string          `json:"hookward.middleware"`
	Epoch      json.RawMessage `json:"hookward.epoch"`
	Reason     string          `json:"event.reason"`
	GapFirst   int64           `json:"hookward.gap.first"`
	GapLast    int64           `json:"hookward.gap.last"`
	GapCount   int64           `json:"hookward.gap.count"`

	// Interrupted marks what a later process has recorded of what this one was at
	// when it ended. It may have recorded it itself before.
	Interrupted bool `json:"hookward.interrupted"`
}

// recordsLost is the reason of a record that stands for others, which were lost.
const recordsLost = "records_lost"

// series has the numbers of one middleware in one life of its process.
type series struct {
	Series
	missing []gap // ascending, and apart
	lost    []gap
}

// gap is a range of numbers, with the line that it was seen at.
type gap struct {
	first, last int64
	count       int64 // of those in between that were lost
	file        string
	line        int64
}

// checkNumber notes the number of a line.
func checkNumber(c *check, line []byte) {
	r := record{}
	err := json.Unmarshal(line, &r)
	if err != nil && !isObject(line) {
		if c.chain == nil {
			problem(c, NoRecord, "the line is no JSON object")
		}
		return
	}
	lost := r.Reason == recordsLost && r.GapFirst > 0 && r.GapFirst <= r.GapLast && r.GapCount > 0
	if r.Number <= 0 && !lost {
		return
	}
	s := seriesOf(c, r)
	if lost {
		g := gap{first: r.GapFirst, last: r.GapLast, count: r.GapCount}
		if g.count > g.last-g.first+1 {
			g.count = g.last - g.first + 1
		}
		s.lost = append(s.lost, g)
		c.summary.Lost = sum(c.summary.Lost, g.count)
	}
	if r.Number > 0 {
		note(c, s, r.Number, r.Interrupted)
	}
}

// isObject says whether a line is a JSON object, of which perhaps not all fields are
// what they should be.
func isObject(line []byte) bool {
	return len(line) > 0 && line[0] == '{' && json.Valid(line)
}

func seriesOf(c *check, r record) *series {
	epoch := string(r.Epoch)
	text := ""
	if json.Unmarshal(r.Epoch, &text) == nil {
		epoch = text
	}
	name := r.Middleware + "\x00" + epoch
	s := c.series[name]
	if s == nil {
		s = &series{Series: Series{Middleware: r.Middleware, Epoch: epoch}}
		c.series[name] = s
	}
	return s
}

// note takes a number off those that are missing.
func note(c *check, s *series, n int64, interrupted bool) {
	s.Records++
	switch {
	case s.Last == 0:
		s.First, s.Last = n, n
	case n > s.Last:
		if n > s.Last+1 {
			s.missing = append(s.missing, gap{first: s.Last + 1, last: n - 1, file: c.file, line: c.line})
		}
		s.Last = n
	case n < s.First:
		if n < s.First-1 {
			s.missing = append([]gap{{first: n + 1, last: s.First - 1, file: c.file, line: c.line}}, s.missing...)
		}
		s.First = n
	default:
		i := missingFrom(s, n)
		if i == len(s.missing) || s.missing[i].first > n {
			s.Records--
			if interrupted {
				return
			}
			problem(c, Number, "%s is there twice", describe(s, n, n))
			return
		}
		cut(s, i, n, n)
	}
}

// missingFrom returns the first range that is missing and does not end before n.
func missingFrom(s *series, n int64) int {
	return sort.Search(len(s.missing), func(i int) bool { return s.missing[i].last >= n })
}

// cut takes a part out of what is missing.
func cut(s *series, i int, first, last int64) {
	m := s.missing[i]
	parts := []gap{}
	if m.first < first {
		left := m
		left.last = first - 1
		parts = append(parts, left)
	}
	if last < m.last {
		right := m
		right.first = last + 1
		parts = append(parts, right)
	}
	s.missing = append(s.missing[:i:i], append(parts, s.missing[i+1:]...)...)
}

// account takes off what is missing what was reported as lost. Of a range that has
// more missing than was reported, the rest stays missing.
func account(s *series) {
	for _, g := range s.lost {
		left := g.count
		i := missingFrom(s, g.first)
		for left > 0 && i < len(s.missing) && s.missing[i].first <= g.last {
			first, last := s.missing[i].first, s.missing[i].last
			if first < g.first {
				first = g.first
			}
			if last > g.last {
				last = g.last
			}
			if last-first+1 > left {
				last = first + left - 1
			}
			left -= last - first + 1
			before := len(s.missing)
			cut(s, i, first, last)
			i += 1 + len(s.missing) - before // past what is left of this one
		}
	}
}

// describe names numbers of a series.
func describe(s *series, first, last int64) string {
	numbers := fmt.Sprintf("the numbers %d to %d", first, last)
	if first == last {
		numbers = fmt.Sprintf("the number %d", first)
	}
	return fmt.Sprintf("%s of %s, epoch %s,", numbers, printable(s.Middleware), printable(s.Epoch))
}

// printable makes a text of the log safe to read in a terminal.
func printable(text string) string {
	if len(text) > 200 {
		text = text[:200]
	}
	return fmt.Sprintf("%+q", text)
}

// sum adds counts that a log may claim to be anything.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
