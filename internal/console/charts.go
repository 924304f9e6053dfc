package console

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/metrics"
)

// For the charts the counters of all gates are noted now and then: every ten seconds for
// an hour, and every five minutes for two days. The page shows the
// difference between two notes, and so the numbers that /metrics has.
const (
	fineStep    = 10 * time.Second
	fineNotes   = 361
	coarseEvery = 30 // of the fine ones
	coarseNotes = 577
)

// note is what was counted of a gate until a moment.
type note struct {
	at      int64 // in seconds since 1970
	counted metrics.Totals
}

// history is what was noted of a gate, the oldest at first.
type history struct {
	fine   []note
	coarse []note
}

var (
	historyMu sync.Mutex
	histories = map[string]*history{}
	turns     int
)

// takeNotes notes the counters of all gates while there is a console.
func takeNotes() {
	defer func() { _ = recover() }() // nothing here can panic
	for {
		if atomic.LoadInt32(Watched) != 0 {
			noteAll(metrics.All(), time.Now())
		}
		time.Sleep(fineStep)
	}
}

// noteAll notes the counters of all gates. Gates that are gone are forgotten.
func noteAll(all []metrics.Totals, now time.Time) {
	historyMu.Lock()
	defer historyMu.Unlock()
	there := map[string]bool{}
	for i := range all {
		there[all[i].Gate] = true
		h := histories[all[i].Gate]
		if h == nil || all[i].Requests < h.fine[len(h.fine)-1].counted.Requests { // a gate of that name has begun anew
			h = &history{}
			histories[all[i].Gate] = h
		}
		n := note{at: now.Unix(), counted: all[i]}
		h.fine = appendNote(h.fine, n, fineNotes)
		if turns%coarseEvery == 0 {
			h.coarse = appendNote(h.coarse, n, coarseNotes)
		}
	}
	turns++
	for name := range histories {
		if !there[name] {
			delete(histories, name)
		}
	}
}

// forgetNotes has the charts begin anew: what nobody has noted for a while would look like
// one long step.
func forgetNotes() {
	historyMu.Lock()
	histories = map[string]*history{}
	turns = 0
	historyMu.Unlock()
}

func appendNote(notes []note, n note, most int) []note {
	notes = append(notes, n)
	if len(notes) > most {
		notes = notes[1:]
	}
	return notes
}

// notesOf returns what was noted of a gate for a window, the oldest at first.
func notesOf(gate, window string) []note {
	historyMu.Lock()
	defer historyMu.Unlock()
	h := histories[gate]
	if h == nil {
		return nil
	}
	if window == "48h" {
		return append([]note{}, h.coarse...)
	}
	return append([]note{}, h.fine...)
}

// stepNotes is how many notes lie between two points of a line: a minute, or a quarter of
// an hour. While there are few, each is a point.
var stepNotes = map[string]int{"1h": 6, "48h": 3}

const fewNotes = 60

// series are the lines of a gate's charts. A point without data is null, not 0.
type series struct {
	Times    []int64    `json:"times"`    // in seconds, where a step ends
	Requests []*float64 `json:"requests"` // a minute
	Refused  []*float64 `json:"refused"`  // a minute
	Success  []*float64 `json:"success"`  // percent
	Gate     []*float64 `json:"gate"`     // nanoseconds that 95 % take at most
	Backend  []*float64 `json:"backend"`
	Bytes    []*float64 `json:"bytes"` // on average
}

// serveSeries answers with the lines of one gate.
func serveSeries(c *call) {
	notes := notesOf(c.query.gate, c.query.window)
	step := stepNotes[c.query.window]
	if len(notes) <= fewNotes {
		step = 1
	}
	none := []*float64{}
	s := &series{Times: []int64{}, Requests: none, Refused: none, Success: none, Gate: none, Backend: none, Bytes: none}
	for i := (len(notes) - 1) % step; i+step < len(notes); i += step {
		addStep(s, notes[i], notes[i+step])
	}
	answerJSON(c.rw, s)
}

// addStep adds what has happened between two notes.
func addStep(s *series, before, after note) {
	d := metrics.Since(&after.counted, &before.counted)
	minutes := float64(after.at-before.at) / 60
	if minutes <= 0 {
		return // the clock was set
	}
	s.Times = append(s.Times, after.at)
	s.Requests = append(s.Requests, number(float64(d.Requests)/minutes, 1))
	s.Refused = append(s.Refused, number(float64(d.Refused)/minutes, 1))
	s.Success = append(s.Success, number(100*float64(d.Good), d.Requests))
	s.Gate = append(s.Gate, quantile(d.GateTime, 0.95))
	s.Backend = append(s.Backend, quantile(d.BackendTime, 0.95))
	s.Bytes = append(s.Bytes, number(float64(d.BodyBytes), d.Bodies))
}

// number returns a quotient, or nil where there is nothing to divide by.
func number(sum float64, by int64) *float64 {
	if by == 0 {
		return nil
	}
	q := sum / float64(by)
	return &q
}

// quantile returns what a share of the observations are at most, from the counts of a
// histogram's buckets, as Prometheus does it: in a straight line within a bucket. Above the
// last bound it is that bound.
func quantile(buckets []int64, share float64) *float64 {
	total := int64(0)
	for _, n := range buckets {
		total += n
	}
	if total == 0 {
		return nil
	}
	rank := share * float64(total)
	sum := int64(0)
	for i, n := range buckets {
		sum += n
		if float64(sum) < rank {
			continue
		}
		if i == len(metrics.Times) {
			return number(float64(metrics.Times[i-1]), 1)
		}
		low := 0.0
		if i > 0 {
			low = float64(metrics.Times[i-1])
		}
		high := float64(metrics.Times[i])
		return number(low+(high-low)*(rank-float64(sum-n))/float64(n), 1)
	}
	return nil
}
