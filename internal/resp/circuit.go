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
)

// ErrDown is returned without a try while the server is not well.
var ErrDown = errors.New("redis is not tried at the moment")

// enter says whether to try: yes, while the server is well, and else for one at a
// time after the pause.
func enter(c *Client, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.waiting >= maxWaiting*c.options.PoolSize {
		return false
	}
	if c.failures >= maxFailures {
		if c.probing || now.Before(c.closed) {
			return false
		}
		c.probing = true
	}
	c.waiting++
	return true
}

// goOn says whether it is still worth trying for one who has waited: the server
// may have failed in the meantime.
func goOn(c *Client) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < maxFailures || c.probing {
		return true
	}
	c.waiting--
	return false
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
func leave(c *Client, err error, now time.Time) {
	c.mu.Lock()
	was := c.failures
	c.waiting--
	c.probing = false
	if err == nil {
		c.failures = 0
	} else {
		c.failures++
		c.closed = now.Add(pause)
		if c.failures >= maxFailures {
			closeIdle(c)
		}
	}
	c.mu.Unlock()
	if err != nil {
		c.tell("error", "redis: "+err.Error()+"; limits and replays are this Traefik's alone meanwhile", now)
	} else if was > 0 {
		c.tell("info", "redis: is well again", now)
	}
}
