// Package retry knows when what has failed is tried again: which failures are for now,
// and how long the pauses are. It must not know what is tried.
package retry

import (
	"math/rand"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Schedule says what is tried again, and when.
type Schedule struct {
	Steps         []time.Duration // the pause before each further attempt
	Jitter        float64         // what is added to a pause at random, at most, as a part of it
	On            []Range         // statuses that are for now
	Network       bool            // so is what brought no answer
	MaxAge        time.Duration   // since the first arrival
	MaxRetryAfter time.Duration
}

// Range is a range of statuses.
type Range struct {
	From, To int
}

// NetworkStatus is what an attempt counts as that brought no answer at all.
const NetworkStatus = 0

// network are the statuses by which a reverse proxy says that it had no answer. A backend
// that sends them itself can't be told from it.
var network = map[int]bool{
	NetworkStatus: true, http.StatusBadGateway: true, http.StatusServiceUnavailable: true, http.StatusGatewayTimeout: true,
}

// ParseRange reads a status, or a range of them, such as 429 or 500-599, of errors alone.
func ParseRange(text string) (Range, bool) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	r := Range{From: statusOf(from), To: statusOf(to)}
	return r, r.From > 0 && r.To >= r.From
}

func statusOf(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 400 || n > 599 || len(text) != 3 {
		return 0
	}
	return n
}

// Delivered says whether a status means that the backend has taken a delivery.
func Delivered(status int) bool { return status >= 200 && status <= 299 }

// ForNow says whether a status is a failure that is to be tried again.
func ForNow(s *Schedule, status int) bool {
	if s.Network && network[status] {
		return true
	}
	for _, r := range s.On {
		if status >= r.From && status <= r.To {
			return true
		}
	}
	return false
}

// Pause returns how long to wait before the attempt that is a step of the schedule, from
// 0, or false where the schedule has no such step. Whatever is asked for only makes it
// longer.
func Pause(s *Schedule, step int, asked time.Duration) (time.Duration, bool) {
	if step < 0 || step >= len(s.Steps) {
		return 0, false
	}
	pause := s.Steps[step]
	if asked > s.MaxRetryAfter {
		asked = s.MaxRetryAfter
	}
	if asked > pause {
		pause = asked
	}
	return pause + time.Duration(s.Jitter*rand.Float64()*float64(pause)), true
}

// After reads the header Retry-After, RFC 9110, 10.2.3: seconds, or a date. What makes no
// sense is 0.
func After(lines []string, now time.Time) time.Duration {
	if len(lines) != 1 {
		return 0
	}
	text := strings.TrimSpace(lines[0])
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil || !at.After(now) {
		return 0
	}
	return at.Sub(now)
}
