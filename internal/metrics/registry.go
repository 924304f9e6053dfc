package metrics

import (
	"sort"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/exposition"
)

const (
	// maxSeries is how many series of gates there are, at most. Gates beyond it share one
	// set of numbers.
	maxSeries = 20_000
	// shared is the name under which they do.
	shared = "other"
	// unread is how long it takes until nobody is expected to come for the last numbers of
	// a gate that is gone.
	unread = 10 * time.Minute
)

// maxGates follows from it.
var maxGates = maxSeries / seriesOfGate()

var (
	registryMu sync.Mutex
	gates      = map[string]*Gate{} // by name
	dropped    int64                // series, of gates that share
	read       time.Time            // when the numbers were last asked for
)

// Of returns the numbers of a middleware, which begins to count.
func Of(name string) *Gate {
	registryMu.Lock()
	defer registryMu.Unlock()
	g := gates[name]
	if g == nil {
		g = newGate(name)
	}
	g.mu.Lock()
	g.gone = false
	g.mu.Unlock()
	return g
}

// newGate makes the numbers of a name that has none, with the registry's lock held.
func newGate(name string) *Gate {
	if len(gates) < maxGates {
		g := &Gate{name: name, n: make([]int64, numbersAt)}
		gates[name] = g
		return g
	}
	dropped += int64(seriesOfGate())
	g := gates[shared]
	if g == nil {
		g = &Gate{name: shared, n: make([]int64, numbersAt), provider: shared, mode: shared, valid: true}
		gates[shared] = g
	}
	gates[name] = g
	return g
}

// Describe notes what there is to know of a gate's configuration: the provider's slug,
// whether it enforces or observes, and whether it is in force without a mistake.
func Describe(g *Gate, provider, mode string, valid bool) {
	g.mu.Lock()
	if g.name != shared {
		g.provider = provider
		g.mode = mode
		g.valid = valid
	}
	g.mu.Unlock()
}

// Drop says that a middleware has been gone for some minutes. Its numbers are there for one
// more reader, unless nobody reads.
func Drop(name string, now time.Time) {
	registryMu.Lock()
	defer registryMu.Unlock()
	g := gates[name]
	if g == nil {
		return
	}
	if g.name == name && now.Sub(read) < unread {
		g.mu.Lock()
		g.gone = true
		g.mu.Unlock()
		return
	}
	delete(gates, name)
}

// Read returns the numbers of all gates by name, and how many series are left out because
// there would be too many. Those of gates that are gone are returned for the last time.
func Read(now time.Time) ([]Numbers, int64) {
	registryMu.Lock()
	defer registryMu.Unlock()
	read = now
	names := make([]string, 0, len(gates))
	for name := range gates {
		names = append(names, name)
	}
	sort.Strings(names)
	all := make([]Numbers, 0, len(gates))
	for _, name := range names {
		g := gates[name]
		if g.name != name && name != shared {
			continue
		}
		all = append(all, numbersOf(g))
		if all[len(all)-1].gone {
			delete(gates, name)
		}
	}
	return all, dropped
}

// Numbers are those of one gate at one moment: they agree with each other.
type Numbers struct {
	Gate     string
	provider string
	mode     string // enforce or observe
	valid    bool   // its configuration has no mistake
	inFlight int64  // requests

	gone bool
	n    []int64
	kept *kept
}

// Families turns numbers into families of series. There is one user of them at a time: the
// next call changes what this one has returned.
func Families(all []Numbers, left int64) []*exposition.Family {
	for _, f := range own {
		f.Series = f.Series[:0]
	}
	for i := range all {
		addSeries(&all[i])
	}
	droppedFamily.Series = []*exposition.Series{droppedSeries}
	droppedSeries.Value = left
	return own
}
