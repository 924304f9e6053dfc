package console

import (
	"context"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/policy"
)

// opened is a console of the newest configuration, or of the one before.
type opened struct {
	ctx     context.Context
	current func(now time.Time) *policy.Console // nil where its configuration has a mistake
	left    time.Time                           // when its context was seen to have ended
}

// reloadTime is how long a reload may take from the end of the old middlewares to the new.
const reloadTime = time.Minute

var (
	openedMu sync.Mutex
	consoles = map[string]*opened{} // by the middleware's name
)

// use has the streams of a middleware go on with its newest configuration.
func use(ctx context.Context, name string, current func(now time.Time) *policy.Console) {
	openedMu.Lock()
	consoles[name] = &opened{ctx: ctx, current: current}
	openedMu.Unlock()
}

// newestOf returns the console of a middleware as it is configured now, or nil where there is
// none any more. A stream outlives the handler that it began with.
func newestOf(name string, now time.Time) *policy.Console {
	openedMu.Lock()
	c := consoles[name]
	gone := c == nil || hasGone(c, now)
	openedMu.Unlock()
	if gone {
		return nil
	}
	return c.current(now)
}

// hasGone says whether there is no console any more, with the lock held.
func hasGone(c *opened, now time.Time) bool {
	if c.ctx.Err() == nil {
		return false
	}
	if c.left.IsZero() {
		c.left = now
	}
	return now.Sub(c.left) > reloadTime
}

// forgetGone forgets consoles that have gone, and says whether there is one that has not ended.
func forgetGone(now time.Time) bool {
	openedMu.Lock()
	defer openedMu.Unlock()
	open := false
	for name, c := range consoles {
		if hasGone(c, now) {
			delete(consoles, name)
		}
		open = open || c.ctx.Err() == nil
	}
	return open
}
