package hookward

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/outbox"
)

// trail numbers the records of a middleware, so that it can be seen whether one
// is missing. The epoch is new with each start of Traefik, and the first number
// in it is 1.
type trail struct {
	name     string
	epoch    string
	sequence int64 // of the last record; atomic

	mu     sync.Mutex
	seen   map[string]int64 // requests by decision, where there are samples
	log    *ahead.Log       // of what is about to be forwarded; nil where that is not written down
	logAt  string
	unsafe []announced // records that were handed on, and may not be where they last
	handed int64       // how many there have been of these
	forget bool        // what an earlier process was at has been handed on in the same way
}

// announced is a record that is written down until it is safe.
type announced struct {
	log      *ahead.Log
	sequence int64
	ordinal  int64
}

func newTrail(name string) *trail {
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	return &trail{name: name, epoch: hex.EncodeToString(random), seen: map[string]int64{}}
}

// announce writes down the record of a request that is about to be forwarded, as
// far as it is known, or refuses the request where it can't be.
func announce(r *auditRecord, d *decision, now time.Time) {
	t := d.gate.trail
	r.Outcome = "unknown"
	r.Aborted = false // as far as one can tell
	r.InBackend = 0
	r.Sequence = atomic.AddInt64(&t.sequence, 1)
	r.Epoch = t.epoch
	r.ID = idOf(t, r.Sequence)
	d.sequence = r.Sequence
	line := encode(r, d.policy.audit)
	if line == nil {
		cantAnnounce(d, errNotEncoded.Error(), now)
		return
	}
	log, err := writeAhead(t, r.Sequence, string(line[:len(line)-1]))
	if err != nil {
		cantAnnounce(d, err.Error(), now)
		return
	}
	d.ahead = log
}

// cantAnnounce refuses a request, because its record can't be written down.
func cantAnnounce(d *decision, problem string, now time.Time) {
	d.reason = auditUnavailable
	d.passes = false
	d.forward = false
	report("error", d.gate.name, "audit.required: a record can't be written down: "+problem, now)
}

// idOf returns the id of a record, which no other has.
//
//inline:hot
func idOf(t *trail, sequence int64) string {
	return t.epoch + "-" + strconv.FormatInt(sequence, 10)
}

// isSampled says whether a decision is one of so many that is recorded.
func isSampled(t *trail, decision string, one int64) bool {
	t.mu.Lock()
	n := t.seen[decision]
	t.seen[decision] = n + 1
	t.mu.Unlock()
	return n%one == 0
}

// writeAhead writes down what is about to be forwarded, and returns where, or why it
// can't be.
func writeAhead(t *trail, sequence int64, line string) (*ahead.Log, error) {
	t.mu.Lock()
	log := t.log
	t.mu.Unlock()
	if log == nil {
		return nil, errNotOpen
	}
	return log, ahead.Begin(log, sequence, line)
}

// handedOn returns how many announced records have been handed on so far.
func handedOn(t *trail) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.handed
}

// settleAhead notes that a record has been handed on, which may have been announced
// in a log. Where it is safe, so are those that had been handed on when its own turn
// came: outputs keep the order. What was written down of them is forgotten then.
func settleAhead(t *trail, log *ahead.Log, sequence int64, safe bool, before int64) {
	t.mu.Lock()
	if log != nil {
		t.handed++
		own := announced{log: log, sequence: sequence, ordinal: t.handed}
		if safe {
			own.ordinal = before
		}
		t.unsafe = append(t.unsafe, own)
	}
	if !safe {
		t.mu.Unlock()
		return
	}
	done, left := []announced{}, []announced{}
	for i := range t.unsafe {
		if t.unsafe[i].ordinal <= before {
			done = append(done, t.unsafe[i])
		} else {
			left = append(left, t.unsafe[i])
		}
	}
	t.unsafe = left
	forget := t.forget
	t.forget = false
	newest := t.log
	t.mu.Unlock()
	for i := range done {
		ahead.End(done[i].log, done[i].sequence)
	}
	if forget {
		ahead.Forget(newest)
	}
}

// openAhead lets a trail write ahead. What an earlier process was at when it ended
// is recorded now. What was begun in another file is ended there.
func openAhead(t *trail, path string, outputs []*output, now time.Time) {
	t.mu.Lock()
	before := t.log
	same := t.logAt == path
	t.mu.Unlock()
	if same {
		return
	}
	log, lines, problem := ahead.Open(path)
	if problem != "" {
		report("error", t.name, "audit.required: "+problem, now)
	}
	t.mu.Lock()
	t.log = log
	t.logAt = path
	t.forget = true
	t.mu.Unlock()
	if before != nil {
		ahead.Retire(before)
	}
	safe := true
	for _, line := range lines {
		if len(line) > 2 && !put(outputs, []byte(line[:len(line)-1]+`,"hookward.interrupted":true}`+"\n"), true, now) {
			safe = false
		}
	}
	settleAhead(t, nil, 0, safe, handedOn(t))
}

// recordFormat tells the outputs what they have to know of records.
var recordFormat = outbox.Format{Span: spanOf, Gap: gapRecord}

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
