package courier

import (
	"time"

	"github.com/hookward/hookward/internal/deadletter"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/store"
)

// handOver hands a dead delivery over to an output, by the newest options, whose credentials
// may stand in files that somebody else renews.
func handOver(c *Courier, mark string, d *store.Delivery, e *store.Entry) delivery.Handed {
	one := anyServer(c.servers)
	if one == nil || !one.look(time.Now()) {
		return delivery.Handed{NotTried: true}
	}
	return deadletter.Send(c.letters, mark, d, e)
}

// anyServer returns a handler behind a gate of the middleware, or nil while there is none.
func anyServer(all *Servers) *server {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, one := range all.byRouter {
		if one.ctx.Err() == nil {
			return one
		}
	}
	return nil
}
