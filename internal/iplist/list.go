package iplist

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/plainfile"
)

// List is a list that keeps itself fresh. Every gate that names the same source
// has the same one.
type List struct {
	Name   string // for people
	source Source
	tell   func(level, message string, now time.Time)

	mu      sync.Mutex // held for moments only, never while anything is fetched
	set     ipset.Set  // nil: never loaded
	running bool       // an update is under way, or planned
	ctx     context.Context
	uses    int         // by gates, and by requests
	timer   *time.Timer // of turns: one for all, or Yaegi would keep the variables of each

	// What follows is for the one who updates: see running.
	known      version // without its content
	sum        [sha256.Size]byte
	unsaved    bool // the snapshot could not be written
	file       plainfile.State
	updated    time.Time // when the source has last said that the list is this
	failures   int       // since then
	cause      string    // of the last failure
	refused    string    // why the version of the sum below is none
	refusedSum [sha256.Size]byte
	due        time.Time // when the next update is
	told       time.Time
	last       time.Time // when it was last seen that somebody uses the list
	seen       int       // uses, until then
}

const (
	// linger is how long a list is kept fresh after the last gate has gone, and
	// nobody has looked. Traefik ends the context of all handlers before it has
	// built the new ones, and old ones go on for as long as that fails.
	linger = 10 * time.Minute
	// reminder is how often a failure that lasts is reported.
	reminder = time.Hour
	// firstRetry is doubled with each failure, up to the list's own interval.
	// A list that has never loaded refuses deliveries meanwhile.
	firstRetry   = time.Second
	slowestFirst = 30 * time.Second // between attempts, until the first success
	laterRetry   = 15 * time.Second
	// A list may not grow so many times at once, and not shrink below half.
	maxGrowth = 100
	// Parts of all addresses below which a list may have any number of them: a
	// /12 of IPv4, and a /16 of IPv6. Single addresses become networks at times.
	large4 = 1.0 / (1 << 12)
	large6 = 1.0 / (1 << 16)
)

// Traefik builds its handlers anew at each reload, and the lists outlive them.
var (
	listsMu sync.Mutex
	lists   = map[string]*List{}
)

// Use returns the list of a complete source. The context is that of the gate
// that uses it. What the list has to say goes to tell, which must not block.
//
// A file, or a snapshot, is read before Use returns; nothing is fetched before.
func Use(ctx context.Context, s Source, tell func(level, message string, now time.Time), now time.Time) *List {
	listsMu.Lock()
	key := keyOf(s, true)
	l := lists[key]
	if l == nil {
		l = &List{Name: nameOf(s), source: s, tell: tell}
		inherit(l)
		lists[key] = l
	}
	listsMu.Unlock()

	l.mu.Lock()
	use(l, ctx)
	running := l.running
	l.running = true
	l.mu.Unlock()
	if running {
		return l
	}
	if s.File != "" {
		guardedUpdate(l, now)
		l.due = now.Add(jitter(delay(l)))
		plan(l, now)
		return l
	}
	recallSnapshot(l, now)
	wake(l, 0)
	return l
}

// Keep says that a gate uses a list, as Use does where the list is at hand.
func Keep(ctx context.Context, l *List) {
	l.mu.Lock()
	use(l, ctx)
	running := l.running
	l.mu.Unlock()
	if !running {
		resume(l)
	}
}

// use notes the context of a gate, with the list's lock held. One that has ended
// already does not take the place of one that has not.
func use(l *List, ctx context.Context) {
	if l.ctx == nil || ctx.Err() == nil {
		l.ctx = ctx
	}
	l.uses++
}

// inherit takes over what a list of the same content has, when its options have
// changed: to change them is no reason to be without a list for a moment.
func inherit(l *List) {
	content := keyOf(l.source, false)
	for _, other := range lists {
		if keyOf(other.source, false) == content {
			other.mu.Lock()
			if other.set != nil {
				l.set = other.set
			}
			other.mu.Unlock()
		}
	}
}

// What Look says.
const (
	Unknown = iota // the list has never loaded
	Outside
	Inside
)

// Look says whether the address of a key, see ipset.Key, is in the list. It never
// waits for anything, and has little in it: it is called for every request.
func Look(l *List, key string) int {
	l.mu.Lock()
	set := l.set
	running := l.running
	l.uses++
	l.mu.Unlock()
	if !running {
		resume(l)
	}
	if sort.SearchStrings(set, key)%2 == 1 { // as ipset.Contains, without the call
		return Inside
	}
	if set == nil {
		return Unknown
	}
	return Outside
}

// resume wakes a list that is used, although nobody has been seen for so long
// that its updates have ended.
func resume(l *List) {
	l.mu.Lock()
	running := l.running
	l.running = true
	l.mu.Unlock()
	if running {
		return
	}
	listsMu.Lock()
	if lists[keyOf(l.source, true)] == nil {
		lists[keyOf(l.source, true)] = l
	}
	listsMu.Unlock()
	wake(l, 0)
}

// wake plans the next turn.
func wake(l *List, wait time.Duration) {
	l.mu.Lock()
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, func() { turn(l) })
	} else {
		l.timer.Reset(wait)
	}
	l.mu.Unlock()
}

// turn updates a list if it is time, and plans its next turn. There is only one at
// a time.
func turn(l *List) {
	defer func() { _ = recover() }() // of the plan, which has nothing that could panic
	if ended(l, time.Now()) {
		return
	}
	if !time.Now().Before(l.due) {
		guardedUpdate(l, time.Now())
		l.due = time.Now().Add(jitter(delay(l)))
	}
	plan(l, time.Now())
}

// guardedUpdate survives a panic: in a goroutine it would end Traefik.
func guardedUpdate(l *List, now time.Time) {
	defer func() {
		if p := recover(); p != nil {
			fail(l, "made the update panic: "+fmt.Sprint(p), now)
		}
	}()
	update(l, now)
}

// ended ends the turns of a list that nobody uses, and says whether it did.
func ended(l *List, now time.Time) bool {
	l.mu.Lock()
	if l.ctx.Err() == nil || l.uses != l.seen || l.last.IsZero() {
		l.last = now
		l.seen = l.uses
	}
	idle := now.Sub(l.last) > linger
	if idle {
		l.running = false
	}
	l.mu.Unlock()
	if !idle {
		return false
	}
	listsMu.Lock()
	if lists[keyOf(l.source, true)] == l {
		delete(lists, keyOf(l.source, true))
	}
	listsMu.Unlock()
	return true
}

// plan sets the time of the next turn: that of the next update, or earlier, to
// see whether anybody still wants one.
func plan(l *List, now time.Time) {
	wait := l.due.Sub(now)
	if wait > linger {
		wait = linger
	}
	wake(l, wait)
}

// delay returns how long to wait for the next update.
func delay(l *List) time.Duration {
	interval := l.source.Refresh
	if l.failures == 0 || l.source.File != "" {
		return interval
	}
	wait, slowest := laterRetry, interval
	if !loaded(l) {
		wait, slowest = firstRetry, slowestFirst
	}
	for i := 1; i < l.failures && wait < slowest; i++ {
		wait *= 2
	}
	if wait > slowest {
		return slowest
	}
	return wait
}

func loaded(l *List) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.set != nil
}
