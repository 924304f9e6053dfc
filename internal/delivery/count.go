package delivery

import (
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Numbers are what there is to count.
type Numbers struct {
	Waiting int
	Held    int // of those, with a file that can't be read
	Dead    int

	Delivered int   // that are kept for a while; Bytes has nothing of them
	Unkept    int64 // of these, what could not be kept, or gave way before its time
	Bytes     int64
	Overdue   time.Duration // of the one that is due for the longest
	Loaded    bool          // all that an earlier process has left is known

	MaxBytes int64
	Changes  map[string]int64 // transitions since the process began, by what has become of a delivery
	Deaths   map[string]int64 // the dead among them, by reason
	Outputs  []OutputNumbers  // of dead letters

	// What of that is on the disk because Redis did not store it; nil where there is no disk
	// beside Redis, or it is not read yet.
	Beside *Beside
}

// Beside are the numbers of a disk beside Redis.
type Beside struct{ Waiting, Dead int }

// Becomes are all that becomes of a delivery, and Reasons all that one dies of.
var (
	Becomes = []string{Stored, Delivered, Failed, Dead, Superseded, Expired, HandedOver, Lost, Replayed, Dropped, Adopted}
	Reasons = []string{Exhausted, TooOld, Rejected, store.Undecodable, store.Unencryptable}
)

func copyOf(counts map[string]int64, words []string) map[string]int64 {
	copied := map[string]int64{}
	for _, word := range words {
		copied[word] = counts[word]
	}
	return copied
}

// Count counts.
func Count(e *Engine) Numbers {
	n := countOne(e)
	if e.other != nil {
		addBeside(&n, countOne(otherOf(e)))
	}
	return n
}

func countOne(e *Engine) Numbers {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := Numbers{Waiting: len(e.waiting), Dead: len(e.dead), Bytes: e.bytes, Loaded: e.loaded, MaxBytes: e.options.MaxBytes}
	n.Changes = copyOf(e.changes, Becomes)
	n.Deaths = copyOf(e.deaths, Reasons)
	n.Outputs = countOutlets(e)
	n.Delivered = len(e.arrived.items)
	n.Unkept = e.arrived.unkept
	now := e.clock()
	for _, it := range e.waiting {
		if it.held != "" {
			n.Held++
			continue
		}
		late := time.Duration(now-it.due) * time.Millisecond
		if late > n.Overdue {
			n.Overdue = late
		}
	}
	return n
}

// OutputNumbers are what there is to count of an output.
type OutputNumbers struct {
	Name     string
	Waiting  int // dead deliveries that it has not got
	Refused  int // of those, what it does not want
	Taken    int64
	Failures int64
	Up       bool
}

// countOutlets counts, with the lock held.
func countOutlets(e *Engine) []OutputNumbers {
	numbers := make([]OutputNumbers, 0, len(e.outlets))
	for _, o := range e.outlets {
		refused := refusedBy(e, o)
		n := OutputNumbers{Name: o.name, Waiting: len(o.waiting) + refused, Refused: refused, Taken: o.taken, Failures: o.failed, Up: o.failures == 0}
		if o.current != "" {
			n.Waiting++
		}
		numbers = append(numbers, n)
	}
	return numbers
}
