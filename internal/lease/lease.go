// Package lease claims deliveries for one of several processes, in a Redis that they
// share. What the server has not answered to is settled later: a claim is offered
// again, and its end is told until the server has heard of it or forgotten the claim.
//
// Within a process, nobody claims what another one there has and has not ended: the
// package claim sees to that. So what is in the process's own name, it has given up.
package lease

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/resp"
)

// Table has the claims of one process, by their keys.
type Table struct {
	client *resp.Client
	owner  string // in whose name all are
	first  string // the life of a claim at first, in milliseconds
	tell   func(problem string)

	mu      sync.Mutex
	number  int64            // of the last claim
	flying  map[string]*held // what is under way
	ending  map[string]*held // what has ended, and the server does not know
	queue   []*held          // the same in the order of time, with some that are settled
	timer   *time.Timer      // one for all turns: see the dialect in CONTRIBUTING.md
	ticking bool
	ended   bool
}

// held is a claim. The table's lock guards what changes.
type held struct {
	key     string
	number  int64 // a later one of the same key has a higher
	asked   bool  // the server may have it
	granted bool  // the server has it
	due     time.Time
	landed  bool      // it has ended
	held    bool      // it is to end by itself, once the server has given it a whole life
	handed  bool      // with that, the delivery has been handed on
	until   time.Time // when nobody needs to know of the end any more, or of what is held
}

const (
	// Life is how long a delivery that is under way belongs to a process which says
	// no more of it: one that ends in the middle never gives it back.
	Life = 2 * time.Minute
	// firstLife, and the time in which an answer must be there, is the life of a claim
	// until it is renewed, which most deliveries do not need: they are over before. An end
	// that the server has missed has to reach it within that, after a pause of resp.
	firstLife = 15 * time.Second
	renewal   = time.Second
	interval  = 500 * time.Millisecond
	// maxEnding bounds the ends that the server has not heard of.
	maxEnding = 50_000
)

// What Claim says.
const (
	Granted   = iota // the delivery is this process's, who has to end it
	InFlight         // another process has it
	Duplicate        // it has been handed on
	Stored           // it is stored, and waits: see the package redisstore
)

// The names of these scripts are for the tests.
var (
	// A claim that comes late must not replace a later one.
	claimScript = resp.NewScript(`-- claim
local v = redis.call('GET', KEYS[1])
if v == 'done' then return 2 end
if v == 'stored' then return 3 end
if v then
  local owner, number = string.match(v, '^(.*):(%d+)$')
  if owner ~= ARGV[1] then return 1 end
  if tonumber(number) > tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3])
return 0`)

	// A claim that has ended must not come back: what is not there is not renewed.
	renewScript = resp.NewScript(`-- renew
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ':' .. ARGV[2] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`)

	commitScript = resp.NewScript(`-- commit
redis.call('SET', KEYS[1], 'done', 'PX', ARGV[1])
return 1`)

	// It takes no claim away that somebody has made.
	renewCommitScript = resp.NewScript(`-- renew commit
local v = redis.call('GET', KEYS[1])
if not v or v == 'done' then redis.call('SET', KEYS[1], 'done', 'PX', ARGV[1]) end
return 1`)

	// It takes back a commit, and no claim that somebody has made since.
	forgetScript = resp.NewScript(`-- forget
if redis.call('GET', KEYS[1]) == 'done' then redis.call('DEL', KEYS[1]) end
return 1`)

	// A release that comes late must not end a later claim.
	releaseScript = resp.NewScript(`-- release
local owner, number = string.match(redis.call('GET', KEYS[1]) or '', '^(.*):(%d+)$')
if owner == ARGV[1] and tonumber(number) <= tonumber(ARGV[2]) then redis.call('DEL', KEYS[1]) end
return 1`)
)

// Tag returns what is the same in all keys of a middleware that one script may need
// together: in braces, it has a cluster keep them in one place.
func Tag(middleware string) string {
	sum := sha256.Sum256([]byte(middleware))
	return "{" + hex.EncodeToString(sum[:8]) + "}"
}

// KeyOf returns the key of a claim, by the tag of its middleware: of one length, and with
// nothing of a stranger's in it.
func KeyOf(tag, claim string) string {
	sum := sha256.Sum256([]byte(tag + "\x00" + claim))
	return "hookward:delivery:" + tag + ":" + hex.EncodeToString(sum[:20])
}

// New returns a table of claims in a server, whose answers take so long at most. What is
// given up is told.
func New(client *resp.Client, timeout time.Duration, tell func(problem string)) *Table {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // which never fails: crypto/rand says so
	return &Table{
		client: client, owner: hex.EncodeToString(b), first: milliseconds(firstLife + timeout), tell: tell,
		flying: map[string]*held{}, ending: map[string]*held{},
	}
}

// Claim claims a delivery by its key, and returns the claim's number, by which it is to be
// ended. With an error, it may be claimed or not: where the caller goes on, it is
// offered again in the background.
func Claim(t *Table, key string) (int, int64, error) {
	t.mu.Lock()
	before := t.ending[key]
	if before != nil && before.handed && time.Now().Before(before.until) {
		t.mu.Unlock()
		return Duplicate, 0, nil // which the server is still to be told
	}
	delete(t.ending, key)
	t.number++
	h := &held{key: key, number: t.number}
	t.flying[key] = h
	arm(t)
	t.mu.Unlock()
	found, err := offer(t, h)
	if err == nil && found != Granted {
		t.mu.Lock()
		if t.flying[key] == h {
			delete(t.flying, key)
		}
		t.mu.Unlock()
		return found, 0, nil
	}
	return found, h.number, err
}

// offer claims a delivery, be it once more.
func offer(t *Table, h *held) (int, error) {
	found, err := resp.Run(t.client, claimScript, h.key, []string{t.owner, strconv.FormatInt(h.number, 10), t.first})
	if err == nil && (found < Granted || found > Stored) {
		err = errAnswer
	}
	t.mu.Lock()
	now := time.Now()
	h.asked = h.asked || err != resp.ErrDown && err != resp.ErrBusy
	h.granted = err == nil && found == Granted
	h.due = now.Add(interval)
	if h.granted {
		h.due = now.Add(renewal)
	} else if err == nil {
		h.due = now.Add(Life) // it is another's: see again when that is over
	}
	t.mu.Unlock()
	return int(found), err
}

// Commit ends a claim of a delivery that has been handed on: for the window, it is a
// duplicate for all.
func Commit(t *Table, key string, number int64, window time.Duration) {
	h, _ := land(t, key, number, true, window)
	if h != nil && tellEnd(t, h) != nil {
		enqueue(t, h)
	}
}

// Release ends a claim, so that the delivery may be claimed again.
func Release(t *Table, key string, number int64) {
	h, granted := land(t, key, number, false, Life)
	// A server that did not answer to the claim is not waited for once more.
	if h != nil && (!granted || tellEnd(t, h) != nil) {
		enqueue(t, h)
	}
}

// Land ends a claim of which the server knows already what has become: who has stored the
// delivery there has told it so in the same step.
func Land(t *Table, key string, number int64) {
	_, _ = land(t, key, number, true, 0)
}

// Hold lets a claim end by itself, in Life: nobody knows what has become of the delivery.
func Hold(t *Table, key string, number int64) {
	t.mu.Lock()
	h := t.flying[key]
	if h == nil || h.number != number {
		t.mu.Unlock()
		return
	}
	h.held = true
	h.until = time.Now().Add(Life)
	granted := h.granted
	t.mu.Unlock()
	if granted {
		_ = renew(t, h) // or the ticks do it later
	}
}

// land takes a claim from those that are under way, and says whether the server has
// granted it. It returns nil where there is nothing to tell the server.
func land(t *Table, key string, number int64, handed bool, window time.Duration) (*held, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.flying[key]
	if h == nil || h.number != number {
		return nil, false
	}
	delete(t.flying, key)
	h.landed = true
	h.handed = handed
	h.until = time.Now().Add(window)
	if !handed && !h.asked {
		return nil, false
	}
	return h, h.granted
}

// tellEnd tells the server how a claim has ended.
func tellEnd(t *Table, h *held) error {
	if h.handed {
		_, err := resp.Run(t.client, commitScript, h.key, []string{milliseconds(time.Until(h.until))})
		return err
	}
	_, err := resp.Run(t.client, releaseScript, h.key, []string{t.owner, strconv.FormatInt(h.number, 10)})
	return err
}

// Forget takes back a commit: the delivery may be claimed again by all. Where the server
// can't be asked, it ends with the window.
func Forget(t *Table, key string) {
	t.mu.Lock()
	delete(t.ending, key)
	t.mu.Unlock()
	_, err := resp.Run(t.client, forgetScript, key, nil)
	if err != nil {
		t.tell("a delivery that was given up can't be given back to the other Traefiks: " + err.Error())
	}
}

// Renew has a commit last for a window from now on. Where the server can't be asked, it ends as
// it would, unless it is renewed once more.
func Renew(t *Table, key string, window time.Duration) {
	_, _ = resp.Run(t.client, renewCommitScript, key, []string{milliseconds(window)})
}

// Close ends what is done in the background, and the client.
func Close(t *Table) {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	resp.Close(t.client)
}

func milliseconds(d time.Duration) string {
	return strconv.FormatInt((int64(d)+int64(time.Millisecond)-1)/int64(time.Millisecond), 10)
}
