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
)

// ErrDown is returned without a try while the server is not well.
var ErrDown = errors.New("redis is not tried at the moment")

// enter says whether to try: yes, while the server is well, and else for one at a
// time after the pause.
func enter(c *Client, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	if c.failures < maxFailures {
		return true
	}
	if c.probing || now.Before(c.closed) {
		return false
	}
	c.probing = true
	return true
}

// leave notes how a try went.
func leave(c *Client, err error, now time.Time) {
	c.mu.Lock()
	was := c.failures
	c.probing = false
	if err == nil {
		c.failures = 0
	} else {
		c.failures++
		c.closed = now.Add(pause)
		c.endpoint = (c.endpoint + 1) % len(c.options.Endpoints)
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
