package introspect

import (
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"time"
)

// table remembers answers in two generations, of which the older one is forgotten as a
// whole when the younger is full. So it is bounded, and an answer that is in use has at
// least half of it.
type table struct {
	young map[string]*answer
	old   map[string]*answer
	size  int // of the answers in young, in bytes
}

const (
	maxAnswers     = 5000    // in one generation
	maxAnswerBytes = 8 << 20 // in one generation
)

// digestOf returns what a token is remembered by: never the token.
func digestOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return string(sum[:])
}

// lookUp returns what is known of a token, or nil, with the lock held.
func lookUp(c *Client, key string, now time.Time) *answer {
	found := get(&c.good, key, now)
	if found == nil {
		found = get(&c.bad, key, now)
	}
	return found
}

func get(t *table, key string, now time.Time) *answer {
	found := t.young[key]
	if found == nil {
		found = t.old[key]
	}
	if found == nil || !now.Before(found.until) {
		return nil
	}
	return found
}

func put(t *table, key string, a *answer) {
	if t.young == nil || len(t.young) >= maxAnswers || t.size+a.size > maxAnswerBytes {
		t.old = t.young
		t.young = map[string]*answer{}
		t.size = 0
	}
	t.young[key] = a
	t.size += a.size
}

// expiry reads the time at which a token ends, or says that it has none that can be read:
// who judges the claims refuses those.
func expiry(value any) (time.Time, bool) {
	number, isNumber := value.(json.Number)
	if !isNumber {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(string(number), 64)
	if err != nil || !(seconds >= 0) || seconds > 1e11 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// circuit keeps away from a server that is not well.
type circuit struct {
	failures int       // in a row
	closed   time.Time // until when nobody tries
	probing  bool      // somebody tries whether it is well again
}

const (
	maxFailures = 3
	pause       = 2 * time.Second
)

// mayTry says whether to ask: yes, while the server is well, and else one at a time after
// the pause. Who gets a yes calls note.
func mayTry(c *circuit, now time.Time) bool {
	if c.failures < maxFailures {
		return true
	}
	if c.probing || now.Before(c.closed) {
		return false
	}
	c.probing = true
	return true
}

// note notes how a try went.
func note(c *circuit, unwell, worked bool, now time.Time) {
	c.probing = false
	if unwell {
		c.failures++
		c.closed = now.Add(pause)
	} else if worked {
		c.failures = 0
	}
}
