package outbox

import (
	"sync/atomic"
	"time"
)

// moveToDisk writes what waits in memory to disk.
func moveToDisk(q *Queue) {
	useDisk(q)
	err := storeAll(q)
	if err == nil {
		keepGaps(q)
	}
	freeDisk(q)
	if err != nil {
		say(q.voice, "error", q.name+": records can't wait on disk: "+err.Error())
	}
}

// storeAll writes what waits in memory to disk, in order: what is in hand first.
// The disk's lock is held.
func storeAll(q *Queue) error {
	err := openDisk(q)
	if err != nil {
		return err
	}
	q.mu.Lock()
	b := q.hand
	q.mu.Unlock()
	if b != nil && !b.stored {
		err = storeHand(q, b)
		if err != nil {
			return err
		}
	}
	for {
		q.mu.Lock()
		chunk := take(&q.waiting)
		q.mu.Unlock()
		if chunk == nil {
			return nil
		}
		stored, err := storeSome(q, chunk)
		if err != nil {
			q.mu.Lock()
			putBack(&q.waiting, chunk)
			if q.waiting.size > q.options.MemoryBytes {
				tooMany(q)
			}
			q.mu.Unlock()
			return err
		}
		if stored {
			arrived(q.format, split(chunk))
		}
	}
}

// storeSome writes lines to disk, and says whether there was room for them: either what
// is there makes room, or they are dropped.
func storeSome(q *Queue, lines []byte) (bool, error) {
	if !q.keeps || q.spill.size+int64(len(lines)) <= q.spill.most {
		err := appendTo(q.spill, lines)
		makeRoom(q)
		return true, err
	}
	q.mu.Lock()
	lost := dropAll(&q.gaps, split(lines))
	q.mu.Unlock()
	if lost {
		say(q.voice, "error", q.name+": records are lost, because too many wait on disk")
	}
	return false, nil
}

// storeHand writes the batch in hand to disk, as the oldest segment. It was taken
// from memory, so what is on disk came later.
func storeHand(q *Queue, b *batch) error {
	err := insertOldest(q.spill, b.records)
	if err != nil {
		return err
	}
	q.mu.Lock()
	b.stored = true // and still in hand: who settles it has to hold diskMu
	q.mu.Unlock()
	arrived(q.format, b.records)
	return nil
}

// makeRoom drops the oldest segments that are not in hand while there is too much
// on disk. What was in them is told in their place, at the end of what is there.
func makeRoom(q *Queue) {
	s := q.spill
	for !q.keeps && s.size > s.most && len(s.segments) > 1 {
		q.mu.Lock()
		i := 0
		if q.hand != nil && q.hand.stored {
			i = 1
		}
		q.mu.Unlock()
		if i == len(s.segments)-1 {
			return // it is being written
		}
		lines, _, problem := readSegment(s.segments[i].path)
		q.mu.Lock()
		lose(&q.gaps, lines)
		q.mu.Unlock()
		keepGaps(q)
		drop(s, i)
		say(q.voice, "error", q.name+": records are lost, because too many wait on disk "+problem)
	}
}

// isOnDisk says whether there is, or may be, anything on disk.
func isOnDisk(q *Queue) bool {
	if !q.diskMu.TryLock() {
		return true
	}
	defer q.diskMu.Unlock()
	return q.spill != nil && len(q.spill.segments) > 0
}

// useDisk waits for the disk, which one uses at a time.
func useDisk(q *Queue) {
	q.diskMu.Lock()
	atomic.StoreInt64(&q.since, time.Now().UnixNano())
}

// tryDisk is useDisk for who does not wait long. It says whether the disk is free.
func tryDisk(q *Queue) bool {
	for i := 0; i < maxTries; i++ {
		if q.diskMu.TryLock() {
			atomic.StoreInt64(&q.since, time.Now().UnixNano())
			return true
		}
		since := atomic.LoadInt64(&q.since)
		if since > 0 && time.Now().UnixNano()-since > int64(slow) {
			return false // it hangs, it seems
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// freeDisk ends the use of the disk.
func freeDisk(q *Queue) {
	if q.spill != nil {
		atomic.StoreInt64(&q.onDisk, q.spill.size)
	}
	atomic.StoreInt64(&q.since, 0)
	q.diskMu.Unlock()
}

// hasSpill says whether records can wait on disk. It looks again now and then where
// they can't: a directory may be mounted late.
func hasSpill(q *Queue) bool {
	useDisk(q)
	defer func() { freeDisk(q) }()
	return openDisk(q) == nil
}

// openDisk opens the spill where it is not open, and gives it the options that the
// queue has by now. The disk's lock is held.
func openDisk(q *Queue) error {
	q.mu.Lock()
	o := q.options
	q.mu.Unlock()
	if o.Directory == "" {
		return errNoDisk
	}
	if q.spill == nil {
		if time.Now().Before(q.look) {
			return errNoDisk
		}
		s, problem := openSpill(o.Directory, o.FileName)
		if problem != "" {
			q.look = time.Now().Add(lookAgain)
			say(q.voice, "error", q.name+": records can't wait on disk: "+problem)
			return errNoDisk
		}
		q.spill = s
	}
	q.spill.most = o.DiskBytes
	q.spill.chunk = int64(o.BatchBytes)
	return nil
}
