package keyset

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/fetch"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/strictjson"
)

// ring are keys that are asked for one by one, as Plaid has it: a POST of client_id, secret
// and key_id in JSON, which is answered with {"key": JWK}.
// https://plaid.com/docs/api/webhooks/webhook-verification/
type ring struct {
	source Source
	tell   func(level, message string, now time.Time)

	mu      sync.Mutex
	keys    map[string]*single
	absent  map[string]time.Time // when it was said that there is no such key
	asking  string               // the id that is asked for at the moment
	asked   time.Time            // when one was last asked for
	waiting []chan bool          // for the answer
}

// single is one key.
type single struct {
	table *Table
	since time.Time // when it was last asked for
	ends  time.Time // by its owner; zero where it does not
}

const (
	// keyLife is how long a key counts until it is asked for once more.
	keyLife = 24 * time.Hour
	// absence is how long an id counts as unknown.
	absence = 5 * time.Minute
	// maxSingles bounds the keys that are kept, and apart from them the unknown ids.
	maxSingles     = 256
	maxRingWaiting = 256
	maxKeyBytes    = 16 << 10
)

// keyID are the ids that may be asked for; Plaid's are UUIDs.
var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Rings outlive the handlers, which Traefik builds anew at each reload.
var (
	ringsMu sync.Mutex
	rings   = map[string]*ring{}
)

// ringOf returns the ring of a source.
func ringOf(s Source, tell func(level, message string, now time.Time)) *ring {
	sum := sha256.Sum256([]byte(s.URL + "\x00" + s.ClientID + "\x00" + s.ClientSecret))
	ringsMu.Lock()
	defer ringsMu.Unlock()
	r := rings[string(sum[:])]
	if r == nil {
		r = &ring{source: s, tell: tell, keys: map[string]*single{}, absent: map[string]time.Time{}}
		rings[string(sum[:])] = r
	}
	return r
}

// findOne is Find for keys that are asked for one by one. There is one question at a time,
// and one in minRefresh at most: strangers can think of as many ids as they like.
func findOne(r *ring, id, algorithm string, now time.Time) ([]*jwk.Key, int) {
	if !keyID.MatchString(id) {
		return nil, Unknown
	}
	r.mu.Lock()
	known := r.keys[id]
	settled := known != nil && now.Sub(known.since) < keyLife || now.Sub(r.absent[id]) < absence
	mine := !settled && r.asking == "" && time.Since(r.asked) >= r.source.MinRefresh
	waits := !settled && r.asking == id && len(r.waiting) < maxRingWaiting
	done := make(chan bool, 2)
	if mine {
		r.asking = id
		r.asked = time.Now()
	}
	if waits {
		r.waiting = append(r.waiting, done)
	}
	r.mu.Unlock()
	if mine {
		askForOne(r, id, now)
	}
	if waits {
		alarm := time.AfterFunc(patience, func() { done <- false })
		<-done
		alarm.Stop()
	}
	keys, outcome := recall(r, id, algorithm, now)
	return keys, outcome
}

// recall returns what is known of an id.
func recall(r *ring, id, algorithm string, now time.Time) ([]*jwk.Key, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.keys[id]
	switch {
	case known == nil && now.Sub(r.absent[id]) < absence:
		return nil, Unknown
	case known == nil || now.Sub(known.since) > keyLife+r.source.MaxStale:
		return nil, Unavailable
	case !known.ends.IsZero() && !now.Before(known.ends):
		return nil, Unknown
	}
	chosen, outcome := Choose(known.table, id, algorithm)
	return chosen, outcome
}

// askForOne asks for a key, and tells all who wait that the answer is there.
func askForOne(r *ring, id string, now time.Time) {
	found, absent, problem := fetchOne(r, id, now)
	r.mu.Lock()
	if found != nil {
		makeRoom(r)
		r.keys[id] = found
		delete(r.absent, id)
	}
	// Servers answer 400 to credentials that are wrong, too: an id is unknown only to
	// those who have been told another one.
	if absent && len(r.keys) > 0 {
		makeRoom(r)
		r.absent[id] = now
		delete(r.keys, id)
	}
	waiting := r.waiting
	r.waiting = nil
	r.asking = ""
	r.mu.Unlock()
	for i := range waiting {
		waiting[i] <- true
	}
	if problem != "" {
		r.tell("error", "the key of an id at "+nameOf(r.source)+" "+problem, now)
	}
}

// makeRoom forgets all keys, or all unknown ids, where there are too many: the owner has
// few. The lock is held.
func makeRoom(r *ring) {
	if len(r.keys) >= maxSingles {
		r.keys = map[string]*single{}
	}
	if len(r.absent) >= maxSingles {
		r.absent = map[string]time.Time{}
	}
}

// fetchOne asks for a key. The second result says that there is none, and the third what is
// wrong.
func fetchOne(r *ring, id string, now time.Time) (*single, bool, string) {
	rules := rulesOf(r.source)
	rules.Timeout = patience
	rules.MaxBytes = maxKeyBytes
	question, err := json.Marshal(map[string]string{"client_id": r.source.ClientID, "secret": r.source.ClientSecret, "key_id": id})
	if err != nil {
		return nil, false, "can't be asked for"
	}
	version, problem := fetch.Post(r.source.URL, rules, "application/json", string(question), "")
	if problem != "" {
		absent := version != nil && (version.Status == http.StatusBadRequest || version.Status == http.StatusNotFound)
		return nil, absent, problem
	}
	found, problem := readOne(version.Content, id, now)
	return found, false, problem
}

// readOne reads the answer to a question for a key.
func readOne(content []byte, id string, now time.Time) (*single, string) {
	answer, problem := strictjson.Object(content)
	if problem != "" {
		return nil, problem
	}
	members, _ := answer["key"].(map[string]any)
	text, err := json.Marshal(members)
	if err != nil || members == nil {
		return nil, "is not in the answer"
	}
	table, problem, _ := readTable(text)
	if problem != "" {
		return nil, problem
	}
	if len(table.byID[id]) != 1 {
		return nil, "has another id"
	}
	one := &single{table: table, since: now}
	expires, isNumber := members["expired_at"].(json.Number)
	if isNumber {
		seconds, err := expires.Int64()
		if err != nil {
			return nil, "has an expired_at that is no number of seconds"
		}
		one.ends = time.Unix(seconds, 0)
	}
	return one, ""
}
