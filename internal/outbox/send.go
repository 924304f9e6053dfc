package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// manyRecords are more than a batch has.
const manyRecords = 100_000

var (
	errNoDisk   = errors.New("there is no directory for it")
	errBusyDisk = errors.New("the disk does not answer")
)

// sendAll sends one batch after the other, until there is none, or one fails.
func sendAll(q *Queue) {
	defer func() {
		if p := recover(); p != nil {
			say(q.voice, "error", q.name+": sending panicked: "+fmt.Sprint(p))
			settleBatch(q, Outcome{Later: [][]byte{nil}, Problem: "panicked"}, nil)
		}
	}()
	for {
		b := nextBatch(q)
		if b == nil {
			return
		}
		records := b.records
		q.mu.Lock()
		if q.fewer > 0 && len(records) > q.fewer {
			records = records[:q.fewer]
		}
		q.sending = time.Now()
		q.mu.Unlock()
		if !settleBatch(q, q.send(records), records) {
			return
		}
	}
}

// nextBatch returns what is to be sent: what is in hand, or the oldest on disk, or
// the oldest in memory. With nothing, nobody is sending from then on.
func nextBatch(q *Queue) *batch {
	q.mu.Lock()
	b := q.hand
	q.mu.Unlock()
	if b != nil {
		return b
	}
	useDisk(q)
	defer func() { freeDisk(q) }()
	stored, problem := nextStored(q)
	if problem != "" {
		say(q.voice, "error", q.name+": "+problem)
		failAttempt(q)
		return nil
	}
	kept := [][]byte(nil)
	if len(stored) == 0 {
		kept = fetchNext(q)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	records := stored
	if len(records) == 0 {
		// What was lost is older than anything that is left. It does not go with what
		// is on disk, because it is not there.
		records = append(takeGaps(&q.gaps), kept...)
		records = append(records, split(take(&q.waiting))...)
	}
	if len(records) == 0 {
		q.sending = time.Time{}
		return nil
	}
	q.hand = &batch{records: records, stored: len(stored) > 0}
	return q.hand
}

// fetchNext returns records that were dropped, and can be had again, if nothing waits.
func fetchNext(q *Queue) [][]byte {
	records := [][]byte(nil)
	size := 0
	for {
		q.mu.Lock()
		id := ""
		if q.waiting.size == 0 && size < q.options.BatchBytes {
			id = takeKept(&q.gaps)
		}
		q.mu.Unlock()
		if id == "" {
			return records
		}
		line := q.format.Again(id)
		size += len(line)
		records = append(records, split(line)...)
	}
}

// maxBroken is how often a segment may fail to be read before it is set aside.
const maxBroken = 10

// nextStored returns the records of the oldest segment that has any, or why that
// can't be read now. The disk's lock is held.
func nextStored(q *Queue) ([][]byte, string) {
	for openDisk(q) == nil && len(q.spill.segments) > 0 {
		path := q.spill.segments[0].path
		lines, damaged, problem := oldest(q.spill)
		if damaged > 0 {
			say(q.voice, "error", q.name+": file "+path+" has "+strconv.Itoa(damaged)+" lines that are damaged, and are passed over")
		}
		switch {
		case problem == "" && len(lines) > 0:
			q.broken = 0
			return lines, ""
		case problem == "" && damaged > 0:
			setAside(q.spill, 0)
		case problem == "":
			drop(q.spill, 0)
		case isGone(path):
			say(q.voice, "error", q.name+": "+problem+"; the records in it are lost")
			drop(q.spill, 0)
		default:
			// Perhaps there are too many open files: that passes.
			q.broken++
			if q.broken < maxBroken {
				return nil, problem
			}
			say(q.voice, "error", q.name+": "+problem+"; it is set aside, and the records in it are lost")
			q.broken = 0
			setAside(q.spill, 0)
		}
	}
	return nil, ""
}

// failAttempt ends an attempt before anything could be sent.
func failAttempt(q *Queue) {
	q.mu.Lock()
	q.failures++
	q.failed++
	q.until = time.Now().Add(pause(q.failures, 0))
	q.sending = time.Time{}
	q.mu.Unlock()
}

// settleBatch notes what has become of some records of the batch in hand, and says
// whether to go on at once.
func settleBatch(q *Queue, o Outcome, sent [][]byte) bool {
	useDisk(q)
	defer func() { freeDisk(q) }()
	if len(o.Refused) > 0 {
		q.mu.Lock()
		lose(&q.gaps, o.Refused)
		q.mu.Unlock()
		keepGaps(q) // before what they are of is removed
	}
	q.mu.Lock()
	onDisk := q.hand != nil && q.hand.stored
	goOn := settle(q, o, sent)
	done := onDisk && q.hand == nil
	q.mu.Unlock()
	if !onDisk {
		arrived(q.format, without(sent, o.Later))
	}
	if done {
		drop(q.spill, 0)
	}
	if o.Problem != "" {
		say(q.voice, "error", q.name+": "+o.Problem+consequence(o))
	}
	return goOn
}

// without returns the records that are not among others, which are some of them in order.
func without(records, others [][]byte) [][]byte {
	left := [][]byte(nil)
	for i := range records {
		if len(others) > 0 && bytes.Equal(records[i], others[0]) {
			others = others[1:]
		} else {
			left = append(left, records[i])
		}
	}
	return left
}

// settle is settleBatch with both locks held, but for the disk.
func settle(q *Queue, o Outcome, sent [][]byte) bool {
	if q.hand == nil {
		q.sending = time.Time{}
		return false
	}
	taken := len(sent) - len(o.Later) - len(o.Refused)
	if sent != nil {
		// A new slice: what is in hand may be being written to disk.
		left := append([][]byte{}, o.Later...)
		q.hand = &batch{records: append(left, q.hand.records[len(sent):]...), stored: q.hand.stored}
	}
	if len(q.hand.records) == 0 {
		q.hand = nil
	}
	if o.Smaller && len(sent) > 1 {
		q.fewer = (len(sent) + 1) / 2
		return true
	}
	if taken > 0 {
		q.gaps.full = false
		q.fewer *= 2
		if q.fewer > manyRecords {
			q.fewer = 0
		}
	}
	if taken > 0 && len(o.Later) == 0 {
		if q.failures > 0 {
			say(q.voice, "info", q.name+": is well again")
		}
		q.failures = 0
		return true
	}
	if taken > 0 {
		q.failures = 0
	}
	// Records that are refused one by one are no progress: it may be all of them.
	q.failures++
	q.failed++
	q.until = time.Now().Add(pause(q.failures, o.Wait))
	q.sending = time.Time{}
	return false
}

// keepGaps writes what is to be told of lost records to disk, where there is one,
// so that a restart does not forget it. The disk's lock is held.
func keepGaps(q *Queue) {
	if openDisk(q) != nil || q.keeps && q.spill.size > q.spill.most+q.spill.most/8 {
		return // in memory they become one
	}
	q.mu.Lock()
	lines := takeGaps(&q.gaps)
	q.mu.Unlock()
	if len(lines) == 0 {
		return
	}
	err := appendTo(q.spill, join(lines))
	if err != nil {
		q.mu.Lock()
		lose(&q.gaps, lines)
		q.mu.Unlock()
	}
}

func consequence(o Outcome) string {
	switch {
	case len(o.Refused) > 0:
		return "; a gap in the records says which are lost"
	case len(o.Later) > 0:
		return "; records wait"
	}
	return ""
}
