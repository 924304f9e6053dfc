package fetch

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/plainfile"
)

// Source says what a document is, and how it is kept.
type Source struct {
	Kind string // for people, and for the name of its snapshot
	Name string // for people: without a URL's query, which may hold a key

	// Key is what two sources have in common that are one document with the same
	// options, and no source of another kind has; ContentKey leaves the options out.
	Key, ContentKey string

	URL   string
	Rules Rules
	Get   func(known Version) (*Version, string) // in the place of fetch.Get; nil for that
	File  string                                 // an absolute path; in the place of URL

	Refresh time.Duration // how often to look for a newer version

	// Soonest has Cache-Control shorten Refresh, down to this; zero where it counts for
	// nothing.
	Soonest time.Duration

	// StateDirectory is where the last good version from a URL outlives the process;
	// empty for nowhere.
	StateDirectory string

	// Read makes a value of a version, or says what speaks against that, in words that
	// follow the name. It gets the value that is in force, or nil.
	Read func(content []byte, before any) (any, string)

	// Describe says what a value has.
	Describe func(value any) string

	// Tell must not block.
	Tell func(level, message string, now time.Time)
}

// Document is a document that keeps itself fresh. Whoever names the same source has
// the same one.
type Document struct {
	source Source

	mu      sync.Mutex // held for moments only, never while anything is fetched
	value   any        // nil: never loaded
	running bool       // an update is under way, or planned
	ctx     context.Context
	uses    int         // by gates, and by requests
	timer   *time.Timer // of turns: one for all, or Yaegi would keep the variables of each
	health  Health
	updated time.Time // when the source has last said that the document is this
	asks    asks

	// What follows is for the one who updates: see running.
	known      Version       // without its content
	fresh      time.Duration // by Cache-Control
	sum        [sha256.Size]byte
	unsaved    bool // the snapshot could not be written
	file       plainfile.State
	failures   int    // since it was last updated
	cause      string // of the last failure
	refused    string // why the version of the sum below is none
	refusedSum [sha256.Size]byte
	due        time.Time // when the next update is
	told       time.Time
	last       time.Time // when it was last seen that somebody uses the document
	seen       int       // uses, until then
}

const (
	// linger is how long a document is kept fresh after the last gate has gone, and
	// nobody has looked. Traefik ends the context of all handlers before it has
	// built the new ones, and old ones go on for as long as that fails.
	linger = 10 * time.Minute
	// repeatAfter is how often a failure that lasts is reported.
	repeatAfter = time.Hour
	// A document that has never loaded refuses deliveries meanwhile.
	firstRetry   = time.Second
	slowestFirst = 30 * time.Second // between attempts, until the first success
	laterRetry   = 15 * time.Second
)

// patience is how long a gate that is built waits for a disk. Tests set it.
var patience = 2 * time.Second

// Traefik builds its handlers anew at each reload, and the documents outlive them.
var (
	documentsMu sync.Mutex
	documents   = map[string]*Document{}
)

// Use returns the document of a source. The context is that of the gate that uses it.
//
// A file, or a snapshot, is read before Use returns, unless its disk takes longer than
// patience; nothing is fetched before.
func Use(ctx context.Context, s Source, now time.Time) *Document {
	documentsMu.Lock()
	d := documents[s.Key]
	if d == nil {
		d = &Document{source: s}
		inherit(d)
		documents[s.Key] = d
	}
	documentsMu.Unlock()

	d.mu.Lock()
	use(d, ctx)
	running := d.running
	d.running = true
	d.mu.Unlock()
	if running {
		return d
	}
	if s.File == "" && snapshotPath(s) == "" {
		wake(d, 0)
		return d
	}
	if !errand.Run(errand.New(patience, func() { begin(d, now) })) {
		s.Tell("error", "the "+titleOf(d)+" is not read yet: the disk does not answer", now)
	}
	return d
}

// begin reads what a document has on the disk, and plans its first turn.
func begin(d *Document, now time.Time) {
	if d.source.File != "" {
		attempt(d, now)
		d.due = now.Add(jitter(delay(d)))
		plan(d, now)
		return
	}
	recallSnapshot(d, now)
	wake(d, 0)
}

// Keep says that a gate uses a document, as Use does where it is at hand.
func Keep(ctx context.Context, d *Document) {
	d.mu.Lock()
	use(d, ctx)
	running := d.running
	d.mu.Unlock()
	if !running {
		resume(d)
	}
}

// use notes the context of a gate, with the document's lock held. One that has ended
// already does not take the place of one that has not.
func use(d *Document, ctx context.Context) {
	if d.ctx == nil || ctx.Err() == nil {
		d.ctx = ctx
	}
	d.uses++
}

// inherit takes over what a document of the same content has, when its options have
// changed: to change them is no reason to be without one for a moment.
func inherit(d *Document) {
	for _, other := range documents {
		if other.source.ContentKey == d.source.ContentKey {
			other.mu.Lock()
			if other.value != nil {
				d.value = other.value
				d.updated = other.updated
			}
			other.mu.Unlock()
		}
	}
}

// Value returns what Read has made of the document, or nil if it has never loaded. It
// never waits for anything, and has little in it: it is called for every request.
func Value(d *Document) any {
	d.mu.Lock()
	value := d.value
	running := d.running
	d.uses++
	d.mu.Unlock()
	if !running {
		resume(d)
	}
	return value
}

// resume wakes a document that is used, although nobody has been seen for so long
// that its updates have ended.
func resume(d *Document) {
	d.mu.Lock()
	running := d.running
	d.running = true
	d.mu.Unlock()
	if running {
		return
	}
	documentsMu.Lock()
	if documents[d.source.Key] == nil {
		documents[d.source.Key] = d
	}
	documentsMu.Unlock()
	wake(d, 0)
}
