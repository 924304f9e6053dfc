// Package console serves the page on which an operator sees what the gates of this
// process have decided, and the API behind it. It knows records as they were written, and
// numbers; it must not know how a request is verified, nor keep what the audit does not.
package console

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/words"
)

const (
	// maxDeliveries is how many deliveries are kept for the page, and maxBytes how
	// much of their records: what does not fit pushes out the oldest.
	maxDeliveries = 2000
	maxBytes      = 32 << 20
	// maxHeaders is how much is kept of the headers of one request, in bytes.
	maxHeaders = 16 << 10
)

// delivery is one record that the page shows.
type delivery struct {
	number   int64  // counts all that were kept, from 1
	record   string // the audit record, as it was written
	headers  string // of the request, as they came: audit.Headers shows what may be seen
	settings *audit.Settings
	verified map[string]bool
}

// ring holds the newest deliveries of the process, of all gates. It is filled while a
// console is there that may ask for it.
type ring struct {
	mu    sync.Mutex
	kept  []delivery // the oldest at first
	last  int64      // the number of the newest
	bytes int
	since time.Time

	changes    []change // of kept deliveries, the oldest at first
	lastChange int64

	left   time.Time // when the last console was seen to have ended
	noting bool      // the counters are noted for the charts
}

var deliveries = &ring{}

// Watched is 1 while there is a console, so that Keep is worth its cost; atomic.
var Watched = new(int32)

// instance tells this process from those before it, whose numbers mean something else.
var instance = words.RandomHex(4)

// Keep keeps a record for the page, with the headers of its request as http.Header writes
// them. Secrets among them are masked when somebody looks, by the settings and the names that
// the gate verifies by: to do it here costs more than the delivery.
func Keep(record, headers []byte, a *audit.Settings, verified map[string]bool) {
	r := deliveries
	if len(headers) > maxHeaders {
		headers = headers[:maxHeaders]
	}
	d := delivery{record: string(record), headers: string(headers), settings: a, verified: verified}
	r.mu.Lock()
	r.last++
	d.number = r.last
	r.kept = append(r.kept, d)
	r.bytes += sizeOf(&d)
	for len(r.kept) > maxDeliveries || r.bytes > maxBytes && len(r.kept) > 1 {
		r.bytes -= sizeOf(&r.kept[0])
		r.kept[0] = delivery{} // what lies before the slice holds no text; append moves the rest now and then
		r.kept = r.kept[1:]
	}
	r.mu.Unlock()
}

// sizeOf returns what a delivery takes, in bytes, near enough.
func sizeOf(d *delivery) int { return len(d.record) + len(d.headers) }

// after returns deliveries that are newer than a number, the oldest at first and at most
// so many, how many it left out that are newer too, or are not kept any more, and the
// newest number.
func after(number int64, most int) ([]delivery, int64, int64) {
	r := deliveries
	r.mu.Lock()
	defer r.mu.Unlock()
	newer := r.last - number
	if newer <= 0 {
		return nil, 0, r.last
	}
	n := int64(len(r.kept))
	if newer < n {
		n = newer
	}
	if n > int64(most) {
		n = int64(most)
	}
	found := make([]delivery, n)
	copy(found, r.kept[int64(len(r.kept))-n:])
	return found, newer - n, r.last
}

// newest returns all that is kept, the oldest at first.
func newest() []delivery {
	found, _, _ := after(0, maxDeliveries)
	return found
}

// keptSince returns since when deliveries have been kept.
func keptSince() time.Time {
	r := deliveries
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.since
}

// linger is how long deliveries are kept after the last console has gone: a reload ends
// all gates before it makes the new ones.
const linger = 10 * time.Minute

// Open has deliveries kept for as long as the context of a console lasts. Streams of its
// middleware look up there what is configured now.
func Open(ctx context.Context, now time.Time, name string, current func(now time.Time) *policy.Console) {
	use(ctx, name, current)
	r := deliveries
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = time.Time{}
	if atomic.LoadInt32(Watched) == 0 {
		r.since = now
		atomic.StoreInt32(Watched, 1)
	}
	if !r.noting {
		r.noting = true
		go takeNotes()
	}
}

// Sweep forgets everything some time after the last console has gone.
func Sweep(now time.Time) {
	open := forgetGone(now)
	r := deliveries
	r.mu.Lock()
	defer r.mu.Unlock()
	if open {
		r.left = time.Time{}
	} else if r.left.IsZero() {
		r.left = now
	}
	if open || atomic.LoadInt32(Watched) == 0 {
		return
	}
	if now.Sub(r.left) >= linger {
		atomic.StoreInt32(Watched, 0)
		r.kept = nil
		r.bytes = 0
		r.changes = nil
		forgetNotes()
	}
}
