// Package outbox hands records on to where they are kept, without a request ever
// waiting for that: what is near at once, see Direct; what is far in batches, see
// Queue. What can't be handed on waits, in memory up to a bound, and on disk up to
// another one if there is a directory; and what is lost in the end is reported in
// a record of its own.
package outbox

import (
	"fmt"
	"sync"
	"time"
)

// Queue sends records in batches. They are sent in order, each at least once.
type Queue struct {
	name    string
	options Options
	send    func(records [][]byte) Outcome
	format  Format
	tell    func(level, message string, now time.Time)

	mu       sync.Mutex // held for moments only, never while anything is sent, read or written
	waiting  buffer
	gaps     gaps
	armed    bool // a turn is planned
	uses     int64
	sending  time.Time // since when somebody is; zero: nobody is
	failures int
	until    time.Time // when to try again
	hand     *batch    // what is being sent, or is to be sent again first
	fewer    int       // how many records at once the receiver seems to take; 0 for any

	// diskMu is for the disk. Who holds mu does not wait for it.
	diskMu sync.Mutex
	spill  *spill
}

// Options of a queue.
type Options struct {
	Interval    time.Duration // how long a record waits for others, at most
	BatchBytes  int           // how much is sent at once, about
	MemoryBytes int           // that wait in memory
	Directory   string        // for what can't wait there; empty for none
	FileName    string        // of what belongs to this queue there
	DiskBytes   int64
}

// batch is what is sent at once.
type batch struct {
	records [][]byte
	stored  bool // it is the oldest segment on disk
}

// slow is after how long a batch that is under way no longer counts as on its way.
const slow = time.Second

// NewQueue returns a queue. What an earlier process has left on disk is sent
// first. Send is called by one at a time.
func NewQueue(name string, options Options, format Format, send func(records [][]byte) Outcome, tell func(level, message string, now time.Time)) *Queue {
	q := &Queue{name: name, options: options, send: send, format: format, tell: tell, waiting: buffer{chunkBytes: options.BatchBytes}, gaps: gaps{format: format, spans: map[string]*span{}}}
	if options.Directory != "" {
		s, problem := openSpill(options.Directory, options.FileName, options.DiskBytes, int64(options.BatchBytes))
		if problem != "" {
			tell("error", name+": records can't wait on disk: "+problem, time.Now())
		}
		q.spill = s
		if s != nil && len(s.segments) > 0 {
			q.armed = true
			time.AfterFunc(options.Interval, func() { turn(q) })
		}
	}
	return q
}

// Add takes one record, with its newline.
func Add(q *Queue, line []byte) {
	q.mu.Lock()
	q.uses++
	add(&q.waiting, line)
	if q.waiting.size > q.options.MemoryBytes {
		tooMany(q)
	}
	if !q.armed {
		q.armed = true
		time.AfterFunc(q.options.Interval, func() { turn(q) })
	}
	q.mu.Unlock()
}

// tooMany drops the oldest of what waits in memory.
func tooMany(q *Queue) {
	shrink(&q.waiting, q.options.MemoryBytes, &q.gaps)
	q.tell("error", q.name+": records are lost, because too many wait to be sent", time.Now())
}

// Store takes one record, with its newline, and says whether it is on disk now.
// Where it is not, it waits in memory.
func Store(q *Queue, line []byte) bool {
	q.diskMu.Lock()
	err := storeWaiting(q) // it is older
	if err == nil {
		err = appendTo(q.spill, line)
	}
	makeRoom(q)
	q.diskMu.Unlock()
	if err != nil {
		q.tell("error", q.name+": a record is not on disk: "+err.Error(), time.Now())
		Add(q, line)
		return false
	}
	q.mu.Lock()
	q.uses++
	if !q.armed {
		q.armed = true
		time.AfterFunc(q.options.Interval, func() { turn(q) })
	}
	q.mu.Unlock()
	return true
}

// turn is what a queue does now and then while there is anything in it: it has
// somebody send, and moves to disk what would wait in memory for too long.
func turn(q *Queue) {
	defer func() {
		if p := recover(); p != nil {
			q.tell("error", q.name+": panicked: "+fmt.Sprint(p), time.Now())
			time.AfterFunc(longest, func() { turn(q) })
		}
	}()
	now := time.Now()
	q.mu.Lock()
	idle := q.sending.IsZero()
	starts := idle && !now.Before(q.until)
	late := !idle && now.Sub(q.sending) > slow || idle && q.failures > 0
	if starts {
		q.sending = now
	}
	q.mu.Unlock()
	if starts {
		time.AfterFunc(0, func() { sendAll(q) })
	}
	if late && q.spill != nil {
		moveToDisk(q)
	}
	q.mu.Lock()
	q.armed = q.waiting.size > 0 || q.hand != nil || !q.sending.IsZero() || len(q.gaps.spans) > 0 || onDisk(q)
	if q.armed {
		time.AfterFunc(q.options.Interval, func() { turn(q) })
	}
	q.mu.Unlock()
}

// onDisk says whether there is, or may be, anything on disk.
func onDisk(q *Queue) bool {
	if q.spill == nil {
		return false
	}
	if !q.diskMu.TryLock() {
		return true
	}
	n := len(q.spill.segments)
	q.diskMu.Unlock()
	return n > 0
}

// Idle says whether there is nothing left to send, and how many records there have
// been.
func Idle(q *Queue) (bool, int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.armed, q.uses
}

// Resize changes the options of a queue, but for its place on disk.
func Resize(q *Queue, o Options) {
	q.diskMu.Lock()
	defer q.diskMu.Unlock()
	if q.spill != nil {
		q.spill.most = o.DiskBytes
		q.spill.chunk = int64(o.BatchBytes)
	}
	q.mu.Lock()
	q.options.Interval = o.Interval
	q.options.MemoryBytes = o.MemoryBytes
	q.waiting.chunkBytes = o.BatchBytes
	q.mu.Unlock()
}

// Waiting returns how many bytes wait in memory and how many on disk.
func Waiting(q *Queue) (int, int64) {
	disk := int64(0)
	q.diskMu.Lock()
	if q.spill != nil {
		disk = q.spill.size
	}
	q.diskMu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	memory := q.waiting.size
	if q.hand != nil && !q.hand.stored {
		for i := range q.hand.records {
			memory += len(q.hand.records[i]) + 1
		}
	}
	return memory, disk
}
