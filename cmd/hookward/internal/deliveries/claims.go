package deliveries

import (
	"path/filepath"
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/store"
)

// Claims say which deliveries of a store on disk their senders have sent again.
type Claims struct {
	waiting map[string]string // ids of those that wait, by claim
	arrived map[string]bool   // claims of what has arrived since its last death
}

// ReadClaims reads them, as far as they can be read: no gate knows more when it starts. In Redis
// it reads nothing, since each change looks at its claim itself there.
func ReadClaims(s *store.Store, tell func(level, message string)) (*Claims, error) {
	c := &Claims{waiting: map[string]string{}, arrived: map[string]bool{}}
	if store.IsShared(s) {
		return c, nil
	}
	deaths := map[string]int64{} // the last ones, in milliseconds since 1970
	for _, state := range []string{store.Waiting, store.Dead} {
		_, err := store.List(s, state, func(e *store.Entry) bool {
			d, problem := store.Head(s, e)
			switch {
			case problem != "" || d.Claim == "":
			case state == store.Waiting:
				c.waiting[d.Claim] = e.ID
			case deaths[d.Claim] < e.When:
				deaths[d.Claim] = e.When
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	path := memory.FileOf(filepath.Dir(s.Directory), "replay-", s.Middleware)
	for key, at := range claim.Read(path, tell) {
		// What is older is the claim of the dead one itself, which a kill has kept from being given back.
		c.arrived[key] = c.waiting[key] == "" && at > deaths[key]*int64(time.Millisecond)
	}
	return c, nil
}

// take claims what is to wait from now on, or says why it can't be had. Of one that the backend
// had before, its claim says nothing new.
func (c *Claims) take(k *Kept) error {
	if k.Delivery == nil || k.Delivery.Claim == "" {
		return nil
	}
	key := k.Delivery.Claim
	id := c.waiting[key]
	switch {
	case id != "" && id != k.Entry.ID:
		return store.ErrWaits
	case c.arrived[key] && !k.hadBefore():
		return store.ErrArrived
	}
	c.waiting[key] = k.Entry.ID
	return nil
}

// hadBefore says whether the backend has taken the delivery.
func (k *Kept) hadBefore() bool {
	return k.Arrived || k.Entry.Arrived || k.Entry.State == store.Delivered
}
