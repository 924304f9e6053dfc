package courier

import (
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/lease"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
)

// takeClaim claims what is not this process's request's any more, so that the sender's repeat is known.
func takeClaim(c *Courier, key string) {
	p, s := newest(c)
	if s.Replays != nil {
		claim.Restore(s.Replays, key, time.Now().UnixNano())
	}
	number := leaseOf(c, key)
	if number > 0 && s.Cluster != nil {
		cluster.Commit(s.Cluster, key, number, policy.WindowOf(p))
	}
}

// renewClaim has the claim of what waits last longer, here and among several Traefiks.
func renewClaim(c *Courier, key string) {
	p, s := newest(c)
	if s.Replays != nil {
		claim.Restore(s.Replays, key, time.Now().UnixNano())
	}
	if s.Cluster != nil && p.Delivery != nil && p.Replay != nil {
		cluster.Renew(s.Cluster, key, p.Replay.Window)
	}
}

// allClaimed says that all is claimed that an earlier process has left on a disk.
func allClaimed(c *Courier, shared bool) {
	_, s := newest(c)
	if s.Replays != nil && !shared {
		claim.Told(s.Replays)
	}
}

// giveBack lets the sender of a dead delivery try again. Where the delivery is shared, all know
// that with its death.
func giveBack(c *Courier, key string, shared bool) {
	_, s := newest(c)
	if s.Replays != nil {
		claim.Forget(s.Replays, key)
	}
	if s.Cluster != nil && !shared {
		cluster.Forget(s.Cluster, key)
	}
}

// takeDead claims what is dead for its replay, as a request of its sender would, or says why
// it can't. takeClaim keeps that, or untakeDead gives it back.
func takeDead(c *Courier, key string, shared bool) error {
	_, s := newest(c)
	if s.Replays == nil {
		return nil
	}
	found := claim.Claim(s.Replays, key, time.Now(), false)
	if found == claim.InFlight {
		return store.ErrSent
	}
	if found == claim.Duplicate {
		return store.ErrArrived
	}
	if s.Cluster == nil || shared { // there, the store sees to it
		return nil
	}
	elsewhere, number, err := cluster.Claim(s.Cluster, key)
	if err != nil || elsewhere == lease.Granted {
		c.mu.Lock()
		c.leases[key] = number
		c.mu.Unlock()
		return nil
	}
	claim.Release(s.Replays, key)
	if elsewhere == lease.InFlight {
		return store.ErrSent
	}
	return store.ErrArrived
}

func untakeDead(c *Courier, key string) {
	_, s := newest(c)
	if s.Replays != nil {
		claim.Release(s.Replays, key)
	}
	number := leaseOf(c, key)
	if number > 0 && s.Cluster != nil {
		cluster.Release(s.Cluster, key, number)
	}
}

// leaseOf returns the number of what takeDead has claimed among several Traefiks, or 0, for
// the one who ends that.
func leaseOf(c *Courier, key string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := c.leases[key]
	delete(c.leases, key)
	return number
}
