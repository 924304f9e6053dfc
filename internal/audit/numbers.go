package audit

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/report"
)

// Numbers numbers the records of a middleware, so that it can be seen whether one
// is missing. The epoch is new with each start of Traefik, and the first number
// in it is 1.
type Numbers struct {
	name     string
	Epoch    string
	Sequence int64 // of the last record; atomic

	Mu     sync.Mutex
	Seen   map[string]int64 // requests by decision, where there are samples
	Log    *ahead.Log       // of what is about to be forwarded; nil where that is not written down
	logAt  string
	Unsafe []announced // records that were handed on, and may not be where they last
	handed int64       // how many there have been of these
	forget bool        // what an earlier process was at has been handed on in the same way
}

// announced is a record that is written down until it is safe.
type announced struct {
	log      *ahead.Log
	sequence int64
	ordinal  int64
}

func NewNumbers(name string) *Numbers {
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	return &Numbers{name: name, Epoch: hex.EncodeToString(random), Seen: map[string]int64{}}
}

// IdOf returns the id of a record, which no other has.
//
//inline:hot
func IdOf(t *Numbers, sequence int64) string {
	return t.Epoch + "-" + strconv.FormatInt(sequence, 10)
}

// WriteAhead writes down what is about to be forwarded, and returns where, or why it
// can't be.
func WriteAhead(t *Numbers, sequence int64, line string) (*ahead.Log, error) {
	t.Mu.Lock()
	log := t.Log
	t.Mu.Unlock()
	if log == nil {
		return nil, ErrNotOpen
	}
	return log, ahead.Begin(log, sequence, line)
}

// HandedOn returns how many announced records have been handed on so far.
func HandedOn(t *Numbers) int64 {
	t.Mu.Lock()
	defer t.Mu.Unlock()
	return t.handed
}

// SettleAhead notes that a record has been handed on, which may have been announced
// in a log. Where it is safe, so are those that had been handed on when its own turn
// came: outputs keep the order. What was written down of them is forgotten then.
func SettleAhead(t *Numbers, log *ahead.Log, sequence int64, safe bool, before int64) {
	t.Mu.Lock()
	if log != nil {
		t.handed++
		own := announced{log: log, sequence: sequence, ordinal: t.handed}
		if safe {
			own.ordinal = before
		}
		t.Unsafe = append(t.Unsafe, own)
	}
	if !safe {
		t.Mu.Unlock()
		return
	}
	done, left := []announced{}, []announced{}
	for i := range t.Unsafe {
		if t.Unsafe[i].ordinal <= before {
			done = append(done, t.Unsafe[i])
		} else {
			left = append(left, t.Unsafe[i])
		}
	}
	t.Unsafe = left
	forget := t.forget
	t.forget = false
	newest := t.Log
	t.Mu.Unlock()
	for i := range done {
		ahead.End(done[i].log, done[i].sequence)
	}
	if forget {
		ahead.Forget(newest)
	}
}

// OpenAhead lets a trail write ahead. What an earlier process was at when it ended
// is recorded now. What was begun in another file is ended there.
func OpenAhead(t *Numbers, path string, outputs []*Output, now time.Time) {
	t.Mu.Lock()
	before := t.Log
	same := t.logAt == path
	t.Mu.Unlock()
	if same {
		return
	}
	log, lines, problem := ahead.Open(path)
	if problem != "" {
		report.Write("error", t.name, "audit.required: "+problem, now)
	}
	t.Mu.Lock()
	t.Log = log
	t.logAt = path
	t.forget = true
	t.Mu.Unlock()
	if before != nil {
		ahead.Retire(before)
	}
	safe := true
	for _, line := range lines {
		if len(line) > 2 && !Put(outputs, []byte(line[:len(line)-1]+`,"hookward.interrupted":true}`+"\n"), true, now) {
			safe = false
		}
	}
	SettleAhead(t, nil, 0, safe, HandedOn(t))
}

// RecordFormat tells the outputs what they have to know of records.
var RecordFormat = outbox.Format{Span: spanOf, Gap: gapRecord}

// spanOf returns which records a line stands for.
func spanOf(line []byte) (string, int64, int64, int64) {
	a := &lossRecord{}
	err := json.Unmarshal(line, a)
	switch {
	case err != nil || a.Epoch == "":
		return "", 0, 0, 0
	case a.Count > 0:
		return a.Epoch + " " + a.Middleware, a.First, a.Last, a.Count
	}
	return a.Epoch + " " + a.Middleware, a.Sequence, a.Sequence, 1
}
