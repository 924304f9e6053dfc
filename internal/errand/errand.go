// Package errand knows how something is done that may hang, such as work on a disk,
// without hanging with it. It must not know what that is.
package errand

import (
	"sync"
	"sync/atomic"
	"time"
)

// Errand is a piece of work that is done again and again, by one goroutine at a time.
type Errand struct {
	patience time.Duration
	work     func()
	timer    *time.Timer // of do; one for all turns: see the dialect in CONTRIBUTING.md
	alarm    *time.Timer // of giveUp

	mu      sync.Mutex // guards what follows
	running bool
	again   bool // once more, as it was asked for after the present turn had begun
	late    bool // the present turn takes longer than anybody waits
	begun   time.Time
	armed   bool          // the alarm is set: it stays so from turn to turn
	later   time.Duration // when to do it again unasked; 0 is never
	next    []chan bool   // who waits for the next turn
	now     []chan bool   // who waits for the present one
}

// lateOnes is how many errands are late; atomic.
var lateOnes int32

// New returns an errand of which nobody waits much longer than patience for the work.
func New(patience time.Duration, work func()) *Errand {
	e := &Errand{patience: patience, work: work}
	e.timer = time.AfterFunc(24*time.Hour, func() { do(e) })
	e.timer.Stop()
	e.alarm = time.AfterFunc(24*time.Hour, func() { giveUp(e) })
	e.alarm.Stop()
	return e
}

// Run has the work done from its beginning, and says whether that was in time. Where the
// turn before is late, it returns at once. What is late is done all the same.
func Run(e *Errand) bool {
	e.mu.Lock()
	ask(e)
	if e.late {
		e.mu.Unlock()
		return false
	}
	done := make(chan bool, 1)
	e.next = append(e.next, done)
	e.mu.Unlock()
	inTime := <-done // Yaegi panics at a return of it
	return inTime
}

// Start has the work done from its beginning, soon.
func Start(e *Errand) {
	e.mu.Lock()
	ask(e)
	e.mu.Unlock()
}

// Later has the work done after a while, or when it is asked for before. The work calls it.
func Later(e *Errand, wait time.Duration) {
	e.mu.Lock()
	e.later = wait
	e.mu.Unlock()
}

// IsLate says whether nobody waits for the work at the moment, because it hangs.
func IsLate(e *Errand) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.late
}

// AnyLate says whether any errand is late.
func AnyLate() bool {
	return atomic.LoadInt32(&lateOnes) > 0
}

// ask asks for a turn, with the lock held.
func ask(e *Errand) {
	e.again = true
	if !e.running {
		e.timer.Reset(0)
	}
}

// do takes turns for as long as they are asked for.
func do(e *Errand) {
	for begin(e) {
		turn(e)
		if !end(e) {
			return
		}
	}
}

// begin begins a turn, unless somebody else is at it.
func begin(e *Errand) bool {
	e.mu.Lock()
	if e.running {
		e.again = true
		e.mu.Unlock()
		return false
	}
	e.running = true
	e.again = false
	e.later = 0
	e.now = e.next
	e.next = nil
	e.begun = time.Now()
	if !e.armed {
		e.armed = true
		e.alarm.Reset(e.patience)
	}
	e.mu.Unlock()
	return true
}

// turn does the work, which may panic.
func turn(e *Errand) {
	defer func() { _ = recover() }()
	e.work()
}

// end ends a turn, and says whether there is to be another one at once.
func end(e *Errand) bool {
	e.mu.Lock()
	e.running = false
	if e.late {
		e.late = false
		atomic.AddInt32(&lateOnes, -1)
	}
	tell(e.now, true)
	e.now = nil
	again := e.again
	if !again && e.later > 0 {
		e.timer.Reset(e.later)
	}
	e.mu.Unlock()
	return again
}

// giveUp lets those go on who wait for a turn that is late. Where the present one began
// after the alarm was set, it looks again.
func giveUp(e *Errand) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.armed = false
	if !e.running || e.late {
		return
	}
	rest := e.patience - time.Since(e.begun)
	if rest > 0 {
		e.armed = true
		e.alarm.Reset(rest)
		return
	}
	e.late = true
	atomic.AddInt32(&lateOnes, 1)
	tell(e.now, false)
	tell(e.next, false)
	e.now = nil
	e.next = nil
}

// tell tells those who wait how it went. None of them can hold it up.
func tell(waiting []chan bool, done bool) {
	for i := range waiting {
		waiting[i] <- done
	}
}
