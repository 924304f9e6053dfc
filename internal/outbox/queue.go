// Package outbox knows how records are handed on to where they are kept, without a
// request ever waiting for that: what is near at once, see Direct; what is far in
// batches, see Queue. It must not know what a record says, nor who takes it.
//
// What can't be handed on waits, in memory up to a bound, and on disk up to
// another one if there is a directory; and what is lost in the end is reported in
// a record of its own.
package outbox

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Queue sends records in batches. They are sent in order, each at least once.
type Queue struct {
	name    string
	options Options
	send    func(records [][]byte) Outcome
	format  Format
	voice   *voice

	mu       sync.Mutex // held for moments only, never while anything is sent, read or written
	waiting  buffer
	gaps     gaps
	armed    bool        // a turn is planned
	timer    *time.Timer // of turns; see stopped
	uses     int64
	sending  time.Time // since when somebody is; zero: nobody is
	failures int       // in a row
	failed   int64     // all failures
	until    time.Time // when to try again
	hand     *batch    // what is being sent, or is to be sent again first
	fewer    int       // how many records at once the receiver seems to take; 0 for any

	onDisk int64 // bytes, when the disk was last used; atomic
	since  int64 // when the disk began to be used, in nanoseconds since 1970, or 0; atomic

	// diskMu is for the disk. Who holds mu does not wait for it.
	diskMu sync.Mutex
	keeps  bool      // what is on disk is never dropped: see Store
	spill  *spill    // nil: there is none, or it can't be had
	look   time.Time // when to try again to open it
	broken int       // attempts to read the oldest segment that have failed
}

// lookAgain is how long to wait for a directory that can't be used.
const lookAgain = 5 * time.Second

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

// maxTries is how often who does not wait long tries to have the disk, a millisecond apart.
const maxTries = 100

// NewQueue returns a queue. What an earlier process has left on disk is sent
// first. Send is called by one at a time.
func NewQueue(name string, options Options, format Format, send func(records [][]byte) Outcome, tell func(level, message string, now time.Time)) *Queue {
	q := &Queue{name: name, send: send, format: format, voice: &voice{tell: tell}, gaps: gaps{format: format, spans: map[string]*span{}}}
	q.timer = stopped(func() { turn(q) })
	Resize(q, options)
	if options.Directory != "" {
		// There may be something on disk; to look is not for who builds the queue.
		q.mu.Lock()
		arm(q)
		q.mu.Unlock()
	}
	return q
}

// stopped returns a timer that is not running. What plans itself again and again
// has one timer and sets it: with a new AfterFunc each time, Yaegi would keep the
// variables of all turns before, some 5 KiB each.
func stopped(f func()) *time.Timer {
	timer := time.AfterFunc(24*time.Hour, f)
	timer.Stop()
	return timer
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
		arm(q)
	}
	q.mu.Unlock()
}

// arm plans a turn, with the lock held.
func arm(q *Queue) {
	q.armed = true
	q.timer.Reset(q.options.Interval)
}

// tooMany drops the oldest of what waits in memory.
func tooMany(q *Queue) {
	if shrink(&q.waiting, q.options.MemoryBytes, &q.gaps) {
		say(q.voice, "error", q.name+": records are lost, because too many wait to be sent")
	}
}

// Store takes one record, with its newline, and says whether it is on disk now,
// with all that came before it. Where it is not, it waits in memory. Nothing that is on
// disk is dropped from then on: where that is full, the newest are.
func Store(q *Queue, line []byte) bool {
	err := errBusyDisk
	if tryDisk(q) {
		q.keeps = true
		err = storeAll(q) // it is older
		stored := false
		if err == nil {
			stored, err = storeSome(q, line)
		}
		freeDisk(q)
		if err == nil && !stored {
			return false
		}
	}
	if err != nil {
		say(q.voice, "error", q.name+": a record is not on disk: "+err.Error())
		Add(q, line)
		return false
	}
	q.mu.Lock()
	q.uses++
	if !q.armed {
		arm(q)
	}
	q.mu.Unlock()
	return true
}

// turn is what a queue does now and then while there is anything in it: it has
// somebody send, and moves to disk what would wait in memory for too long.
func turn(q *Queue) {
	defer func() {
		if p := recover(); p != nil {
			say(q.voice, "error", q.name+": panicked: "+fmt.Sprint(p))
			q.timer.Reset(longest)
		}
	}()
	now := time.Now()
	hasDisk := hasSpill(q)
	q.mu.Lock()
	idle := q.sending.IsZero()
	starts := idle && hasAny(q) && !now.Before(q.until)
	late := !idle && now.Sub(q.sending) > slow || idle && q.failures > 0
	if starts {
		q.sending = now
	}
	q.mu.Unlock()
	if starts {
		time.AfterFunc(0, func() { sendAll(q) })
	}
	if late && hasDisk {
		moveToDisk(q)
	}
	q.mu.Lock()
	q.armed = !q.sending.IsZero() || hasAny(q)
	if q.armed {
		arm(q)
	}
	q.mu.Unlock()
}

// hasAny says whether there is anything to be sent, with the lock held.
func hasAny(q *Queue) bool {
	return q.waiting.size > 0 || q.hand != nil || len(q.gaps.spans) > 0 || len(q.gaps.kept) > 0 || isOnDisk(q)
}

// Fetch has records sent that can be had again by their ids, when nothing else is to be
// sent. It does not wait.
func Fetch(q *Queue, ids []string) {
	q.mu.Lock()
	q.gaps.kept = append(q.gaps.kept, ids...)
	if !q.armed {
		arm(q)
	}
	q.mu.Unlock()
}

// HasRoom says whether a record of so many bytes may wait, in memory and on disk: not
// where others have been dropped, however much room that has made.
func HasRoom(q *Queue, n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gaps.full || q.waiting.size+n > q.options.MemoryBytes {
		return false
	}
	return q.options.Directory == "" || atomic.LoadInt64(&q.onDisk)+int64(n) <= q.options.DiskBytes
}

// Idle says whether there is nothing left to send, and how many records there have
// been.
func Idle(q *Queue) (bool, int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.armed, q.uses
}

// Resize changes the options of a queue, but for its place on disk. It does not
// wait for the disk.
func Resize(q *Queue, o Options) {
	// Not so much at once that hardly anything would be left of what has a bound.
	o.BatchBytes = part(o.BatchBytes, o.MemoryBytes)
	if o.Directory != "" {
		o.BatchBytes = part(o.BatchBytes, int(o.DiskBytes))
	}
	q.mu.Lock()
	q.options = o
	q.waiting.chunkBytes = o.BatchBytes
	q.mu.Unlock()
}

// waiting returns how many bytes wait in memory and how many on disk.
func waiting(q *Queue) (int, int64) {
	disk := atomic.LoadInt64(&q.onDisk)
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
