// Package bans knows who has failed too often of late, and is not listened to for a
// while. It must not know what a failure is, nor who is counted: a client is a key.
package bans

import (
	"sync"
	"sync/atomic"
	"time"
)

// Table holds the failures of clients, and those who are banned; each in two
// generations, so that what is over is forgotten by dropping a map.
type Table struct {
	failures int64
	window   int64
	Duration int64
	Banned   int64 // how many are banned, at most; atomic, so that most requests need no more

	mu      sync.Mutex
	failing [2]map[string]tally // the younger generation, and the older
	since   int64               // when the younger began
	until   [2]map[string]int64 // when the ban of a client ends
	begun   int64

	told      int // bans that the operator was told of since toldSince
	untold    int // those that came on top
	toldSince int64
}

// tally is how often a client has failed since its first failure.
type tally struct {
	first int64
	count int64
}

const (
	MaxDuration = 24 * time.Hour
	// MaxTold is how many bans a minute are told of one by one.
	MaxTold = 20
	// maxBanned bounds those who are banned, and those whose failures are counted.
	maxBanned = 50_000
)

func New(failures int64, window, duration time.Duration) *Table {
	t := &Table{failures: failures, window: int64(window), Duration: int64(duration)}
	t.failing = [2]map[string]tally{{}, {}}
	t.until = [2]map[string]int64{{}, {}}
	return t
}

// maxCounted bounds how many bans Active looks at one by one: who is asked about meanwhile
// waits for it.
const maxCounted = 1000

// Active returns how many clients are banned. Where they are very many, those are among
// them whose ban has ended and is not forgotten yet.
func Active(t *Table, now int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	turnBans(t, now)
	if len(t.until[0])+len(t.until[1]) > maxCounted {
		return int64(len(t.until[0]) + len(t.until[1]))
	}
	active := int64(0)
	for client, until := range t.until[0] {
		if until > now {
			active++
		}
		delete(t.until[1], client) // it is banned anew
	}
	for _, until := range t.until[1] {
		if until > now {
			active++
		}
	}
	return active
}

// Remaining returns how long a client is still banned, in nanoseconds.
func Remaining(t *Table, client string, now int64) int64 {
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
func turnBans(t *Table, now int64) {
	age := now - t.begun
	if age < t.Duration && age >= 0 {
		return
	}
	t.until = [2]map[string]int64{{}, t.until[0]}
	if age >= 2*t.Duration {
		t.until[1] = map[string]int64{} // over as well
	}
	t.begun = now
	atomic.StoreInt64(&t.Banned, int64(len(t.until[1])))
}

// AddFailure counts a failure of a client, and bans it if it was one too many. It returns
// whether the operator is to be told, and how many bans were not told before.
func AddFailure(t *Table, client string, now int64) (bool, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	turnBans(t, now)
	if countFailure(t, client, now) < t.failures {
		return false, 0
	}
	return keepOut(t, client, now, now+t.Duration)
}

// Until bans a client that is banned elsewhere, and returns what AddFailure does.
func Until(t *Table, client string, now, until int64) (bool, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	turnBans(t, now)
	return keepOut(t, client, now, until)
}

// keepOut bans a client, with the table's lock held. A table that is full bans nobody
// more: those who are in it stay.
func keepOut(t *Table, client string, now, until int64) (bool, int) {
	before := t.until[0][client]
	if before == 0 {
		before = t.until[1][client]
	}
	if len(t.until[0])+len(t.until[1]) >= maxBanned {
		return false, 0
	}
	t.until[0][client] = until
	delete(t.failing[0], client)
	delete(t.failing[1], client)
	atomic.StoreInt64(&t.Banned, int64(len(t.until[0])+len(t.until[1])))
	if before != 0 && before > now || !mayTell(t, now) {
		return false, 0
	}
	untold := t.untold
	t.untold = 0
	return true, untold
}

// mayTell says whether the operator is to hear of one more ban, with the table's lock
// held.
func mayTell(t *Table, now int64) bool {
	age := now - t.toldSince
	if age >= int64(time.Minute) || age < 0 {
		t.toldSince = now
		t.told = 0
	}
	t.told++
	if t.told > MaxTold {
		t.untold++
		return false
	}
	return true
}

// countFailure returns how often a client has failed within the window that began
// with its first failure. A table that is full counts nobody new.
func countFailure(t *Table, client string, now int64) int64 {
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
