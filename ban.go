package hookward

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/ipset"
)

// ban is the compiled option ban.
type ban struct {
	failures int64
	window   time.Duration
	duration time.Duration
	exempt   ipset.Set
}

// banTable holds the failures of clients, and those who are banned; each in two
// generations, so that what is over is forgotten by dropping a map.
type banTable struct {
	failures int64
	window   int64
	duration int64
	banned   int64 // how many are banned, at most; atomic, so that most requests need no more

	mu      sync.Mutex
	failing [2]map[string]tally // the younger generation, and the older
	since   int64               // when the younger began
	until   [2]map[string]int64 // when the ban of a client ends
	begun   int64
}

// tally is how often a client has failed since its first failure.
type tally struct {
	first int64
	count int64
}

const (
	defaultBanFailures = 20
	defaultBanWindow   = time.Minute
	defaultBanDuration = 10 * time.Minute
	maxBanDuration     = 24 * time.Hour
	// maxBanned bounds those who are banned, and those whose failures are counted.
	maxBanned = 50_000
)

// compileBan compiles the option ban, which is on where it is not written.
func compileBan(n *notes, options *BanOptions) *ban {
	o := BanOptions{}
	if options != nil {
		o = *options
	}
	if o.Failures < 0 {
		return nil
	}
	b := &ban{failures: o.Failures, window: o.Window, duration: o.Duration}
	if b.failures == 0 {
		b.failures = defaultBanFailures
	}
	if b.window == 0 {
		b.window = defaultBanWindow
	}
	if b.duration == 0 {
		b.duration = defaultBanDuration
	}
	if b.duration > maxBanDuration {
		addProblem(n, "ban.duration", kindInvalid, "must be at most 24h; a sender that was banned by mistake has no other way back")
	}
	b.exempt = compileRanges(n, o.Exempt, "ban.exempt")
	return b
}

func newBanTable(b *ban) *banTable {
	t := &banTable{failures: b.failures, window: int64(b.window), duration: int64(b.duration)}
	t.failing = [2]map[string]tally{{}, {}}
	t.until = [2]map[string]int64{{}, {}}
	return t
}

// anyBanned says whether it is worth asking bannedFor.
func anyBanned(t *banTable) bool {
	return atomic.LoadInt64(&t.banned) > 0
}

// bannedFor returns how long a client is still banned, in nanoseconds.
func bannedFor(t *banTable, client string, now int64) int64 {
	t.mu.Lock()
	turnBans(t, now)
	until := t.until[0][client]
	if until == 0 {
		until = t.until[1][client]
	}
	t.mu.Unlock()
	if until == 0 || until <= now {
		return 0
	}
	return until - now
}

// turnBans forgets who is free again, with the table's lock held.
func turnBans(t *banTable, now int64) {
	age := now - t.begun
	if age < t.duration && age >= 0 {
		return
	}
	t.until = [2]map[string]int64{{}, t.until[0]}
	if age >= 2*t.duration {
		t.until[1] = map[string]int64{} // over as well
	}
	t.begun = now
	atomic.StoreInt64(&t.banned, int64(len(t.until[1])))
}

// noteFailure counts a request that has failed verification, and bans its client
// if it was one too many. A table that is full bans nobody more: those who are in
// it stay.
func noteFailure(p *policy, r *http.Request, d *decision, now time.Time) {
	b := p.ban
	if b.exempt != nil && isExempt(b.exempt, r, d) {
		return
	}
	client := clientKey(p, r, d)
	t := d.state.bans
	at := sinceStart(now)
	until := at + t.duration
	banned := false
	if d.state.cluster != nil {
		rest, err := failShared(d.state.cluster, b, p.verification, client)
		banned = err == nil && rest > 0
		if banned && int64(rest) < t.duration {
			until = at + int64(rest)
		}
	}
	t.mu.Lock()
	turnBans(t, at)
	banned = countFailure(t, client, at) >= t.failures || banned
	if banned && len(t.until[0])+len(t.until[1]) < maxBanned {
		t.until[0][client] = until
		delete(t.failing[0], client)
		delete(t.failing[1], client)
		atomic.StoreInt64(&t.banned, int64(len(t.until[0])+len(t.until[1])))
	}
	t.mu.Unlock()
}

// countFailure returns how often a client has failed within the window that began
// with its first failure. A table that is full counts nobody new.
func countFailure(t *banTable, client string, now int64) int64 {
	age := now - t.since
	if age >= t.window || age < 0 {
		t.failing = [2]map[string]tally{{}, t.failing[0]}
		if age >= 2*t.window {
			t.failing[1] = map[string]tally{}
		}
		t.since = now
	}
	n := t.failing[0][client]
	if n.count == 0 {
		n = t.failing[1][client]
	}
	if n.count == 0 && len(t.failing[0])+len(t.failing[1]) >= maxBanned {
		return 1
	}
	if n.count == 0 || now-n.first >= t.window || now < n.first {
		n = tally{first: now}
	}
	n.count++
	t.failing[0][client] = n
	return n.count
}
