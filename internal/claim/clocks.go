package claim

import (
	"sync"
	"time"

	"github.com/hookward/hookward/internal/errand"
)

// The system's clock may be set while the process runs, and its own goes on. A claim ends
// only when both say so: what is remembered moves on with a clock that is set ahead, and
// stays where it is with one that is set back.
var (
	began = time.Now()
	clock = time.Now // tests set it

	clocksMu sync.Mutex // guards what follows
	gap      = gapOf(began)
	lead     int64 // by how much the system's clock has been set ahead, in all
	followed int64 // the lead that all journals have followed

	journaled = map[*Table]bool{}
)

const (
	// smallStep is what the clocks may differ by before that counts.
	smallStep = int64(time.Second)
	// farAhead is by how much a generation may begin in the future: for a clock that
	// had the wrong day, and not for one that had the wrong year.
	farAhead = int64(24 * time.Hour)
)

// ownTime returns the time of the process's own clock, which nobody sets.
func ownTime(at time.Time) int64 {
	return int64(at.Sub(began))
}

// gapOf returns what the system's clock has on the process's own.
func gapOf(at time.Time) int64 {
	return at.UnixNano() - ownTime(at)
}

// look looks whether the system's clock was set, and returns by how much it has been set
// ahead so far. It is to be called often: what is undone meanwhile is not seen.
func look() int64 {
	clocksMu.Lock()
	defer clocksMu.Unlock()
	step := gapOf(clock()) - gap
	if step < -smallStep || step > smallStep {
		gap += step
	}
	if step > smallStep {
		lead += step
	}
	return lead
}

// Follow is Look, and has the tables with a journal follow: its lines have the times from
// before. Requests have no part in that.
func Follow() {
	now := look()
	var tables []*Table
	clocksMu.Lock()
	if now != followed {
		followed = now
		for t := range journaled {
			tables = append(tables, t)
		}
	}
	clocksMu.Unlock()
	for i := range tables {
		followOne(tables[i])
	}
}

func followOne(t *Table) {
	t.mu.Lock()
	timeOf(t, clock())
	j := t.journal
	t.mu.Unlock()
	if j != nil {
		errand.Start(j.writer)
	}
}

// timeOf returns what the system's clock would say now of a time, which may have been
// taken before it was set. Before that the table follows the clock.
func timeOf(t *Table, at time.Time) int64 {
	before := t.lead
	t.lead = look()
	clocksMu.Lock()
	now := gap + ownTime(at)
	clocksMu.Unlock()
	if t.lead != before {
		latest := clock().UnixNano()
		moveAll(t.current, t.lead-before, latest)
		moveAll(t.previous, t.lead-before, latest)
		begin(t, ahead(t.since, t.lead-before, latest))
		if t.journal != nil {
			t.journal.behind = true // its lines have the times from before
		}
	}
	if t.since > now+farAhead {
		begin(t, now)
	}
	return now
}

// begin sets when the younger generation began.
func begin(t *Table, since int64) {
	t.since = since
	t.until = since + t.window
}

func moveAll(generation map[string]int64, step, latest int64) {
	for key, handed := range generation {
		generation[key] = ahead(handed, step, latest)
	}
}

// ahead moves a time on by a step, but not into the future: it may have been taken after
// the step.
func ahead(handed, step, latest int64) int64 {
	if handed >= latest {
		return handed
	}
	if handed > latest-step {
		return latest
	}
	return handed + step
}
