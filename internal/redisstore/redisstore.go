// Package redisstore knows how deliveries are kept in a Redis, or Valkey, that several
// Traefiks have together: each has one owner, who alone tries it, and another one takes over
// what an owner leaves behind. It must not know what is in a delivery, nor when it is tried.
//
// An owner says that it is there once a second. One that is silent for Life has lost what it
// had, but for what it is trying: that is leased until the attempt is over in any case. An
// owner that could not speak to the server itself takes nothing over from silent ones.
package redisstore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// Options say what a store is for.
type Options struct {
	Middleware    string
	MaxBytes      int64 // of all deliveries, whoever's they are
	MaxDeliveries int
	Window        time.Duration // for how long a claim is remembered
	Operator      bool          // changes what is others', and keeps nothing of its own
	HasDisk       bool          // what is not stored here is stored there
	Tell          func(level, message string)
}

// Client is one owner of deliveries. It may be used by several goroutines.
type Client struct {
	server *resp.Client
	prefix string
	tag    string
	owner  string
	force  string // "1" where others' deliveries may be changed

	mu       sync.Mutex // guards what follows
	options  Options
	well     time.Time // since when the server has answered to Own each time; zero: it has not
	standing store.Standing
	all      Numbers
	named    bool
	actions  []string // that NewActions has returned
	looked   time.Time
	refused  string // why nothing is stored, or nothing
	said     string // of the server's settings
	full     time.Time
}

// Numbers are of all deliveries, whoever's they are.
type Numbers struct {
	Waiting, Dead int
	Bytes         int64
}

const (
	// Life is how long an owner may be silent.
	Life = 15 * time.Second
	// Timeout is for how long the server is waited for, if no more is asked for.
	Timeout = 2 * time.Second

	allNames    = "hookward:stores"
	atOnce      = 50  // deliveries that are taken over in one step
	maxTurns    = 100 // of these in one go
	pageSize    = 200
	maxAttempts = 20_000 // that are kept, for people, as maxChanges
	maxChanges  = 10_000
	maxLines    = 500 // that are read at once
)

// New returns an owner of nothing yet. It connects when it is first used.
func New(server resp.Options, o Options) *Client {
	if server.DialTimeout < Timeout {
		server.DialTimeout = Timeout
	}
	if server.ReadTimeout < Timeout {
		server.ReadTimeout = Timeout
	}
	if server.WriteTimeout < Timeout {
		server.WriteTimeout = Timeout
	}
	server.Without = "no delivery is stored or tried again meanwhile"
	if o.HasDisk {
		server.Without = "deliveries wait on the disk of this machine meanwhile, and what is in redis is not tried"
	}
	random := make([]byte, 8)
	_, _ = rand.Read(random) // which never fails: crypto/rand says so
	tag := lease.Tag(o.Middleware)
	c := &Client{options: o, tag: tag, prefix: "hookward:store:" + tag + ":", owner: hex.EncodeToString(random), force: "0"}
	if o.Operator {
		c.force = "1"
	}
	c.server = resp.NewClient(server, func(level, message string, _ time.Time) { o.Tell(level, message) })
	return c
}

// Open returns the store of a client.
func Open(c *Client, keys []*store.Key) *store.Store {
	m := &store.Medium{
		Put:     func(e *store.Entry, claim string, content []byte) error { return put(c, e, claim, content) },
		Lease:   func(id string, d time.Duration) ([]byte, string) { return leaseOne(c, id, d) },
		Read:    func(id string, from, to int) ([]byte, string) { return read(c, id, from, to) },
		Move:    func(e *store.Entry, to *store.Entry) error { return move(c, e, to) },
		Remove:  func(e *store.Entry) error { return remove(c, e, "0") },
		Discard: func(e *store.Entry) error { return remove(c, e, "1") },
		Renew:   func(ids []string) error { return done(c, renewScript, ids...) },
		List: func(state string, mine bool, found func(e *store.Entry) bool) (int, error) {
			return list(c, state, mine, found)
		},
		Find:        func(id string) *store.Entry { return find(c, id) },
		Own:         func() bool { return own(c) },
		Disown:      func() { disown(c) },
		Alive:       func() (int, error) { return alive(c) },
		Standing:    func() store.Standing { return standing(c) },
		Fetch:       func(claims []string) []*store.Entry { return fetch(c, claims) },
		Taken:       func(id string) (bool, error) { return taken(c, id) },
		Note:        func(line string) { _, _ = ask(c, noteScript, line, strconv.Itoa(maxAttempts)) },
		EachAttempt: func(found func(line string)) { eachAttempt(c, found) },
		NoteAction:  func(line string) error { return noteAction(c, line) },
		Actions:     func() []string { return linesOf(c, "changes") },
		NewActions:  func() []string { return newActions(c) },
		Told:        func(n int64) { told(c, n) },
	}
	return store.NewShared(m, c.options.Middleware, keys)
}

// SetLimits changes the limits of a store, and for how long its claims are remembered.
func SetLimits(c *Client, maxBytes int64, maxDeliveries int, window time.Duration) {
	c.mu.Lock()
	c.options.MaxBytes = maxBytes
	c.options.MaxDeliveries = maxDeliveries
	c.options.Window = window
	c.mu.Unlock()
}

// Close ends the connections.
func Close(c *Client) { resp.Close(c.server) }

// Names returns whose stores a server has.
func Names(c *Client) ([]string, error) { return resp.RunTexts(c.server, namesScript, allNames, nil) }

// ask runs a script.
func ask(c *Client, s *resp.Script, args ...string) ([]string, error) {
	return resp.RunTexts(c.server, s, c.prefix, args)
}

// errAnswer is for what a script of ours never answers.
var errAnswer = errors.New("the server answers what makes no sense")

// errWindow is for a claim that nobody remembers.
var errWindow = errors.New("there is no window for its claim")

// done says what a script has answered that changes a delivery.
func done(c *Client, s *resp.Script, args ...string) error {
	answer, err := ask(c, s, args...)
	if err != nil {
		return err
	}
	if len(answer) != 1 {
		return errAnswer
	}
	switch answer[0] {
	case "ok":
		return nil
	case "gone":
		return os.ErrNotExist
	case "claimed":
		return store.ErrSent
	case "stored":
		return store.ErrWaits
	case "done":
		return store.ErrArrived
	}
	return errAnswer
}

func put(c *Client, e *store.Entry, claim string, content []byte) error {
	err := mayStore(c)
	if err != nil {
		return err
	}
	c.mu.Lock()
	o := c.options
	c.mu.Unlock()
	if claim != "" && o.Window <= 0 {
		return errWindow
	}
	if claim != "" {
		claim = lease.KeyOf(c.tag, claim)
	}
	answer, err := ask(c, putScript, e.ID, c.owner, store.NameOf(e), e.State, string(content), claim,
		strconv.FormatInt(o.Window.Milliseconds(), 10), strconv.Itoa(o.MaxDeliveries), strconv.FormatInt(o.MaxBytes, 10))
	switch {
	case err != nil:
		return err
	case len(answer) == 1 && answer[0] == "stored":
		return nil
	case len(answer) == 1 && answer[0] == "there":
		return store.ErrThere
	case len(answer) == 4 && answer[0] == "full":
		return fmt.Errorf("the store in redis has %s deliveries of all Traefiks, %s of them dead, and store.%s allows no more", answer[2], answer[3], answer[1])
	}
	return errAnswer
}

func leaseOne(c *Client, id string, d time.Duration) ([]byte, string) {
	asked := time.Now()
	answer, err := ask(c, leaseScript, id, c.owner, c.force, strconv.FormatInt(d.Milliseconds(), 10))
	switch {
	case err != nil:
		return nil, store.Unreadable
	case len(answer) == 1 && answer[0] == "gone":
		return nil, store.Gone
	case len(answer) == 1 && answer[0] == "lost":
		return nil, store.Undecodable // its bytes alone were evicted, or deleted
	case len(answer) != 2 || time.Since(asked) > d/2:
		return nil, store.Unreadable // such as "leased"; or it took so long that the lease may be over too early
	}
	return []byte(answer[1]), ""
}

func read(c *Client, id string, from, to int) ([]byte, string) {
	answer, err := ask(c, readScript, id, strconv.Itoa(from), strconv.Itoa(to))
	if err != nil {
		return nil, store.Unreadable
	}
	if len(answer) == 2 {
		return nil, store.Undecodable // as in leaseOne
	}
	if len(answer) != 1 {
		return nil, store.Gone
	}
	return []byte(answer[0]), ""
}

func move(c *Client, e *store.Entry, to *store.Entry) error {
	return done(c, moveScript, e.ID, c.owner, c.force, e.State, to.State, store.NameOf(to))
}

func remove(c *Client, e *store.Entry, dropped string) error {
	return done(c, removeScript, e.ID, c.owner, c.force, e.State, dropped)
}
