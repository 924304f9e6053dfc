package courier

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/report"
)

// Servers are what stands behind the gates of one middleware, by router.
type Servers struct {
	mu       sync.Mutex
	byRouter map[string]*server
}

// server is the newest handler behind a gate, on one router.
type server struct {
	ctx     context.Context
	look    func(now time.Time) bool // has the gate look at its files; false where it keeps nothing now
	next    http.Handler
	several bool // there are more of them, which can't be told apart
}

// NewServers returns the servers of a middleware that has none yet.
func NewServers() *Servers {
	return &Servers{byRouter: map[string]*server{}}
}

// Serve notes what stands behind a gate, for as long as the context lasts. Look has the gate
// renew its policy, and says whether that keeps deliveries. What an earlier one
// had is not asked any more: it knows the servers of before the reload alone.
func Serve(ctx context.Context, all *Servers, router string, look func(now time.Time) bool, next http.Handler) {
	one := &server{ctx: ctx, look: look, next: next}
	all.mu.Lock()
	before := all.byRouter[router]
	if router == "" && before != nil && before.ctx != ctx && before.ctx.Err() == nil {
		one.several = true
	}
	all.byRouter[router] = one
	all.mu.Unlock()
}

// serverFor returns the handler for what waits for a router, or nil while there is none.
func serverFor(all *Servers, name, router string) *server {
	all.mu.Lock()
	one := all.byRouter[router]
	all.mu.Unlock()
	if one == nil || one.ctx.Err() != nil {
		return nil
	}
	if one.several {
		report.Write("error", name, "delivery: Traefik does not tell the names of its routers, and the middleware stands on several: nothing is tried in the background", time.Now())
		return nil
	}
	return one
}
