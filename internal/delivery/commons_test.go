package delivery

import (
	"errors"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// commons is a store that several engines have together, in memory, with the rules of
// store.Medium. It may be away, and lose answers.
type commons struct {
	mu        sync.Mutex
	things    map[string]*thing
	claims    map[string]string // "stored" or "done"
	revisions map[string]int64
	gone      map[string]bool // owners that are silent, or have given up
	changes   []string
	taken     map[string]bool     // owner and id
	telling   map[string][]string // by owner
	now       func() int64
	renewed   map[string]int

	away   bool
	loses  int // so many changes are made, and not answered
	leases int
	panics bool // the next move does
}

type thing struct {
	entry   store.Entry
	content []byte
	claim   string
	owner   string
	until   int64
	by      string
}

var errAway = errors.New("it is away")

func newCommons(now func() int64) *commons {
	return &commons{things: map[string]*thing{}, claims: map[string]string{}, revisions: map[string]int64{}, gone: map[string]bool{}, taken: map[string]bool{}, telling: map[string][]string{}, now: now, renewed: map[string]int{}}
}

// lost says whether the answer to a change is lost, with the lock held.
func (c *commons) lost() bool {
	if c.loses > 0 {
		c.loses--
		return true
	}
	return false
}

// of returns a delivery that is the owner's, with the lock held.
func (c *commons) of(owner, id string) *thing {
	one := c.things[id]
	if one == nil || one.owner != owner && owner != "operator" {
		return nil
	}
	return one
}

// touched notes that somebody else has changed what is an owner's, with the lock held.
func (c *commons) touched(one *thing, by string) {
	if one.owner != by {
		c.revisions[one.owner]++
		c.taken[one.owner+" "+one.entry.ID] = true
	}
}

func (c *commons) put(owner string, e *store.Entry, claim string, content []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return errAway
	}
	if claim != "" && c.claims[claim] != "" {
		return store.ErrThere
	}
	c.things[e.ID] = &thing{entry: *e, content: content, claim: claim, owner: owner}
	if claim != "" {
		c.claims[claim] = "stored"
	}
	if c.lost() {
		return errAway
	}
	return nil
}

func (c *commons) lease(owner, id string, d time.Duration) ([]byte, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.of(owner, id)
	switch {
	case c.away:
		return nil, store.Unreadable
	case one == nil || one.entry.State != store.Waiting:
		return nil, store.Gone
	case one.by != owner && one.until > c.now():
		return nil, store.Unreadable
	case one.content == nil:
		return nil, store.Undecodable
	}
	one.until = c.now() + d.Milliseconds()
	one.by = owner
	c.leases++
	return one.content, ""
}

func (c *commons) read(id string, from, to int) ([]byte, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.things[id]
	if c.away {
		return nil, store.Unreadable
	}
	if one == nil {
		return nil, store.Gone
	}
	if one.content == nil {
		return nil, store.Undecodable
	}
	if to < 0 || to >= len(one.content) {
		to = len(one.content) - 1
	}
	return one.content[from : to+1], ""
}

func (c *commons) move(owner string, e, to *store.Entry) error {
	if c.panics {
		c.panics = false
		panic("the store's")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.of(owner, e.ID)
	if c.away {
		return errAway
	}
	if one == nil || one.entry.State != e.State && one.entry.State != to.State {
		return os.ErrNotExist
	}
	if to.State == store.Waiting && one.entry.State == store.Dead && c.claims[one.claim] != "" {
		return map[string]error{"stored": store.ErrWaits, "done": store.ErrArrived}[c.claims[one.claim]]
	}
	if to.State == store.Dead && one.entry.State == store.Waiting && c.claims[one.claim] == "stored" {
		delete(c.claims, one.claim)
	} else if to.State == store.Waiting && one.claim != "" && c.claims[one.claim] == "" {
		c.claims[one.claim] = "stored"
	}
	one.entry = *to
	one.entry.Size = int64(len(one.content))
	one.until = 0
	c.touched(one, owner)
	if c.lost() {
		return errAway
	}
	return nil
}

func (c *commons) remove(owner string, e *store.Entry, claim string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.of(owner, e.ID)
	if c.away {
		return errAway
	}
	if one == nil || one.entry.State != e.State {
		return os.ErrNotExist
	}
	delete(c.things, e.ID)
	if e.State == store.Waiting && c.claims[one.claim] == "stored" {
		c.claims[one.claim] = claim
	}
	c.touched(one, owner)
	if c.lost() {
		return errAway
	}
	return nil
}

func (c *commons) renew(ids []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return errAway
	}
	for _, id := range ids {
		c.renewed[id]++
	}
	return nil
}

// ids are all ids, in order.
func (c *commons) ids() []string {
	ids := []string{}
	for id := range c.things {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

func (c *commons) list(owner, state string, mine bool, found func(e *store.Entry) bool) (int, error) {
	c.mu.Lock()
	entries := []store.Entry{}
	for _, id := range c.ids() {
		one := c.things[id]
		if (!mine || one.owner == owner) && (state == "" || one.entry.State == state) {
			entries = append(entries, one.entry)
		}
	}
	away := c.away
	c.mu.Unlock()
	if away {
		return 0, errAway
	}
	for i := range entries {
		e := entries[i]
		if !found(&e) {
			break
		}
	}
	return 0, nil
}

func (c *commons) find(id string) *store.Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.things[id]
	if one == nil {
		return nil
	}
	e := one.entry
	return &e
}

// own has an owner take over what belongs to those who are gone.
func (c *commons) own(owner string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return false
	}
	for _, id := range c.ids() {
		one := c.things[id]
		if one.owner != owner && c.gone[one.owner] {
			c.taken[one.owner+" "+id] = true
			delete(c.taken, owner+" "+id)
			one.owner = owner
			if one.until > one.entry.When {
				one.entry.When = one.until
			}
			c.revisions[owner]++
		}
	}
	for other, lines := range c.telling {
		if other != owner && c.gone[other] && len(lines) > 0 {
			c.telling[owner] = append(c.telling[owner], lines...)
			delete(c.telling, other)
			c.revisions[owner]++
		}
	}
	return true
}

func (c *commons) standing(owner string) store.Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := store.Standing{Revision: c.revisions[owner]}
	for _, one := range c.things {
		if one.owner == owner {
			s.Owned++
		}
		if one.claim != "" && one.entry.State == store.Dead {
			s.Graves++
		}
	}
	return s
}

func (c *commons) fetch(owner string, claims []string) []*store.Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries := []*store.Entry{}
	for _, id := range c.ids() {
		one := c.things[id]
		for _, claim := range claims {
			if one.claim == claim && one.entry.State == store.Dead {
				c.touched(one, owner)
				delete(c.taken, owner+" "+id)
				one.owner = owner
				e := one.entry
				entries = append(entries, &e)
			}
		}
	}
	return entries
}

// linesOf returns what operators have done, or what of that an owner is to tell of.
func (c *commons) linesOf(owner string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if owner == "" {
		return append([]string{}, c.changes...)
	}
	return append([]string{}, c.telling[owner]...)
}

// open returns an owner's store.
func (c *commons) open(owner string) *store.Store {
	return store.NewShared(&store.Medium{
		Put:     func(e *store.Entry, claim string, content []byte) error { return c.put(owner, e, claim, content) },
		Lease:   func(id string, d time.Duration) ([]byte, string) { return c.lease(owner, id, d) },
		Read:    func(id string, from, to int) ([]byte, string) { return c.read(id, from, to) },
		Move:    func(e *store.Entry, to *store.Entry) error { return c.move(owner, e, to) },
		Remove:  func(e *store.Entry) error { return c.remove(owner, e, "done") },
		Renew:   func(ids []string) error { return c.renew(ids) },
		Discard: func(e *store.Entry) error { return c.remove(owner, e, "") },
		List: func(state string, mine bool, found func(e *store.Entry) bool) (int, error) {
			return c.list(owner, state, mine, found)
		},
		Find:     func(id string) *store.Entry { return c.find(id) },
		Own:      func() bool { return c.own(owner) },
		Disown:   func() { c.silence(owner) },
		Standing: func() store.Standing { return c.standing(owner) },
		Fetch:    func(claims []string) []*store.Entry { return c.fetch(owner, claims) },

		Taken: func(id string) (bool, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.taken[owner+" "+id], nil
		},

		Note:        func(_ string) {},
		EachAttempt: func(_ func(line string)) {},
		NoteAction: func(line string) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.changes = append(c.changes, line)
			c.telling[owner] = append(c.telling[owner], line)
			return nil
		},
		Actions:    func() []string { return c.linesOf("") },
		NewActions: func() []string { return c.linesOf(owner) },
		Told: func(n int64) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.telling[owner] = c.telling[owner][n:]
		},
	}, "m", nil)
}

// silence has an owner be gone.
func (c *commons) silence(owner string) {
	c.mu.Lock()
	c.gone[owner] = true
	c.mu.Unlock()
}
