package resp

import (
	"errors"
	"time"
)

const (
	// maxFailures in a row open the circuit: for pause, nobody tries, and after
	// that one at a time, until it succeeds.
	maxFailures = 3
	pause       = 2 * time.Second
	// maxWaiting times as many as there may be connections wait for one at most:
	// with a server that is slow, a queue would take longer than the timeouts.
	maxWaiting = 4
	// tellInterval is how often it is told that somebody was turned away.
	tellInterval = 30 * time.Second
)

var (
	// ErrDown is returned without a try while the server is not well.
	ErrDown = errors.New("redis is not tried at the moment")
	// ErrBusy is returned without a try where too many wait for a connection.
	ErrBusy = errors.New("too many wait for a connection to redis")
)

// enter says whether to try: yes, while the server is well, and else for one at a
// time after the pause.
func enter(c *Client, aside bool, now time.Time) error {
	c.mu.Lock()
	if aside && c.aside >= maxWaiting*cap(c.spare) || !aside && c.waiting-c.aside >= maxWaiting*c.options.PoolSize {
		first := noteTurned(c, aside, now)
		c.mu.Unlock()
		if first {
			tellTurned(c, aside, now)
		}
		return ErrBusy
	}
	defer c.mu.Unlock()
	if c.ended {
		return ErrDown
	}
	if c.failures >= maxFailures {
		if c.probing || now.Before(c.closed) {
			return ErrDown
		}
		c.probing = true
	}
	c.waiting++
	if aside {
		c.aside++
	}
	return nil
}

// noteTurned says whether it is to be told that somebody is turned away, with the
// client's lock held.
func noteTurned(c *Client, aside bool, now time.Time) bool {
	last := &c.turnedAway
	if aside {
		last = &c.strangersTurned
	}
	if !last.IsZero() && now.Sub(*last) < tellInterval {
		return false
	}
	*last = now
	return true
}

func tellTurned(c *Client, aside bool, now time.Time) {
	if aside {
		c.tell("error", "redis: too many requests are to be counted at once; limits and bans of those beyond are this Traefik's alone meanwhile", now)
		return
	}
	c.tell("error", "redis: too many deliveries come at once for poolSize; of those beyond, "+c.options.Without, now)
}

// goOn says whether it is still worth trying for one who has waited: the server
// may have failed in the meantime.
func goOn(c *Client, aside bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < maxFailures || c.probing {
		return true
	}
	goOut(c, aside)
	return false
}

// goOut notes that one less waits or has a connection, with the client's lock held.
func goOut(c *Client, aside bool) {
	c.waiting--
	if aside {
		c.aside--
	}
}

// turnFrom leaves an endpoint that has failed for the next, once, however many have
// seen it fail.
func turnFrom(c *Client, endpoint int) {
	c.mu.Lock()
	if c.endpoint == endpoint {
		c.endpoint = (endpoint + 1) % len(c.options.Endpoints)
	}
	c.mu.Unlock()
}

// leave notes how a try went.
func leave(c *Client, aside bool, err error, now time.Time) {
	c.mu.Lock()
	was := c.failures
	goOut(c, aside)
	c.probing = false
	if err == nil {
		c.failures = 0
	} else {
		c.failures++
		c.failed++
		c.closed = now.Add(pause)
		if c.failures >= maxFailures {
			closeIdle(c)
		}
	}
	c.mu.Unlock()
	if err != nil {
		c.tell("error", "redis: "+err.Error()+"; "+c.options.Without, now)
	} else if was > 0 {
		c.tell("info", "redis: is well again", now)
	}
}

// Health returns whether the last try went well, and how many have not.
func Health(c *Client) (bool, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures == 0, c.failed
}
