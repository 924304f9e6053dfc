package outbox

import (
	"errors"
	"fmt"
	"time"
)

// manyRecords are more than a batch has.
const manyRecords = 100_000

var errNoDisk = errors.New("there is no directory for it")

// sendAll sends one batch after the other, until there is none, or one fails.
func sendAll(q *Queue) {
	defer func() {
		if p := recover(); p != nil {
			q.tell("error", q.name+": sending panicked: "+fmt.Sprint(p), time.Now())
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
	q.diskMu.Lock()
	defer q.diskMu.Unlock()
	stored := [][]byte(nil)
	for q.spill != nil && len(q.spill.segments) > 0 && len(stored) == 0 {
		lines, problem := oldest(q.spill)
		if problem != "" {
			q.tell("error", q.name+": "+problem+"; the records in it are lost", time.Now())
		}
		stored = lines
		if len(stored) == 0 {
			drop(q.spill, 0)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	records := stored
	if len(records) == 0 {
		records = split(take(&q.waiting))
	}
	// What was lost is older than anything that is left.
	records = append(takeGaps(&q.gaps), records...)
	if len(records) == 0 {
		q.sending = time.Time{}
		return nil
	}
	q.hand = &batch{records: records, stored: len(stored) > 0}
	return q.hand
}

// settleBatch notes what has become of some records of the batch in hand, and says
// whether to go on at once.
func settleBatch(q *Queue, o Outcome, sent [][]byte) bool {
	now := time.Now()
	q.diskMu.Lock()
	defer q.diskMu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hand == nil {
		q.sending = time.Time{}
		return false
	}
	taken := len(sent) - len(o.Later) - len(o.Refused)
	lose(&q.gaps, o.Refused)
	if sent != nil {
		// A new slice: what is in hand may be being written to disk.
		left := append([][]byte{}, o.Later...)
		q.hand = &batch{records: append(left, q.hand.records[len(sent):]...), stored: q.hand.stored}
	}
	if len(q.hand.records) == 0 {
		if q.hand.stored {
			drop(q.spill, 0)
		}
		q.hand = nil
	}
	if o.Problem != "" {
		q.tell("error", q.name+": "+o.Problem+consequence(o), now)
	}
	if o.Smaller && len(sent) > 1 {
		q.fewer = (len(sent) + 1) / 2
		return true
	}
	if taken > 0 {
		q.fewer *= 2
		if q.fewer > manyRecords {
			q.fewer = 0
		}
	}
	if taken > 0 && len(o.Later) == 0 {
		if q.failures > 0 {
			q.tell("info", q.name+": is well again", now)
		}
		q.failures = 0
		return true
	}
	if taken > 0 {
		q.failures = 0
	}
	// Records that are refused one by one are no progress: it may be all of them.
	q.failures++
	q.until = now.Add(backoff(q.failures, o.Wait))
	q.sending = time.Time{}
	return false
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

// moveToDisk writes what waits in memory to disk, in order: what is in hand first,
// and nothing while a batch of the disk's is not the oldest.
func moveToDisk(q *Queue) {
	q.diskMu.Lock()
	defer q.diskMu.Unlock()
	q.mu.Lock()
	b := q.hand
	q.mu.Unlock()
	if b != nil && !b.stored && !storeHand(q, b) {
		return
	}
	err := storeWaiting(q)
	if err != nil {
		q.tell("error", q.name+": records can't wait on disk: "+err.Error(), time.Now())
	}
}

// storeWaiting writes all that waits in memory to disk.
func storeWaiting(q *Queue) error {
	if q.spill == nil {
		return errNoDisk
	}
	for {
		q.mu.Lock()
		chunk := take(&q.waiting)
		q.mu.Unlock()
		if chunk == nil {
			return nil
		}
		err := appendTo(q.spill, chunk)
		if err != nil {
			q.mu.Lock()
			putBack(&q.waiting, chunk)
			shrink(&q.waiting, q.options.MemoryBytes, &q.gaps)
			q.mu.Unlock()
			return err
		}
		makeRoom(q)
	}
}

// storeHand writes the batch in hand to disk, as the oldest segment. It was taken
// from memory, so what is on disk came later.
func storeHand(q *Queue, b *batch) bool {
	err := insertOldest(q.spill, join(b.records))
	if err != nil {
		q.tell("error", q.name+": records can't wait on disk: "+err.Error(), time.Now())
		return false
	}
	q.mu.Lock()
	b.stored = true // and still in hand: who settles it has to hold diskMu
	q.mu.Unlock()
	return true
}

// makeRoom drops the oldest segments that are not in hand while there is too much
// on disk.
func makeRoom(q *Queue) {
	s := q.spill
	for s != nil && s.size > s.most && len(s.segments) > 1 {
		q.mu.Lock()
		i := 0
		if q.hand != nil && q.hand.stored {
			i = 1
		}
		q.mu.Unlock()
		if i == len(s.segments)-1 {
			return // it is being written
		}
		lines, problem := readSegment(s.segments[i].path)
		drop(s, i)
		q.mu.Lock()
		lose(&q.gaps, lines)
		q.mu.Unlock()
		q.tell("error", q.name+": records are lost, because too many wait on disk "+problem, time.Now())
	}
}
