package hookward

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/store"
)

// courier hands on what a middleware has stored, across all reloads.
type courier struct {
	name      string
	numbers   *audit.Numbers
	engine    *delivery.Engine
	directory string

	mu        sync.Mutex // guards what follows, which is the newest
	policy    *policy.Policy
	state     *memory.State
	announced map[string]*audit.DeliveryRecord // attempts that are under way, by id
}

// served is the newest handler behind a gate of a middleware, on one router.
type served struct {
	ctx     context.Context
	gate    *gate
	next    http.Handler
	several bool // there are more of them, which can't be told apart
}

// keepsDeliveries says whether a configuration has the option delivery, whatever else is
// wrong with it.
func keepsDeliveries(raw map[string]any) bool {
	for name := range raw {
		if strings.EqualFold(name, "delivery") {
			return true
		}
	}
	return false
}

// serveRouter notes what stands behind a gate. What an earlier one had is not asked any more: it
// knows the servers of before the reload alone.
func serveRouter(ctx context.Context, g *gate, next http.Handler) {
	registryMu.Lock()
	m := middlewares[g.name]
	if m == nil {
		registryMu.Unlock()
		return
	}
	if m.served == nil {
		m.served = map[string]*served{}
	}
	one := &served{ctx: ctx, gate: g, next: next}
	before := m.served[g.router]
	if g.router == "" && before != nil && before.ctx != ctx && before.ctx.Err() == nil {
		one.several = true
	}
	m.served[g.router] = one
	registryMu.Unlock()
	g.mu.Lock()
	s := g.state
	g.mu.Unlock()
	if s != nil && s.Delivery != nil {
		delivery.Poke(s.Delivery)
	}
}

// servedBy returns the handler for what waits for a router, or nil while there is none.
func servedBy(name, router string) *served {
	registryMu.Lock()
	var one *served
	m := middlewares[name]
	if m != nil {
		one = m.served[router]
	}
	registryMu.Unlock()
	if one == nil || one.ctx.Err() != nil {
		return nil
	}
	if one.several {
		report.Write("error", name, "delivery: Traefik does not tell the names of its routers, and the middleware stands on several: nothing is tried in the background", time.Now())
		return nil
	}
	return one
}

// keepCourier returns the engine for a policy, with the middleware's lock held, or nil where
// it has no use for one.
func keepCourier(m *middleware, name string, p *policy.Policy, s *memory.State) *delivery.Engine {
	c := m.courier
	if c != nil && (p.Delivery == nil || c.directory != p.Delivery.Directory) {
		delivery.Close(c.engine)
		m.courier = nil
	}
	if p.Delivery == nil {
		return nil
	}
	if m.courier == nil {
		return newCourier(m, name, p, s)
	}
	c.mu.Lock()
	same := c.policy == p
	c.policy = p
	c.state = s
	c.mu.Unlock()
	if !same {
		delivery.ChangeOptions(c.engine, p.Delivery.Options)
	}
	return c.engine
}

func newCourier(m *middleware, name string, p *policy.Policy, s *memory.State) *delivery.Engine {
	d := p.Delivery
	c := &courier{name: name, numbers: m.numbers, directory: d.Directory, policy: p, state: s, announced: map[string]*audit.DeliveryRecord{}}
	place := store.New(store.DirectoryOf(d.Directory, name), name, d.Options.Keys)
	c.engine = delivery.New(place, d.Options, delivery.Hooks{
		Serves:  func(router string) bool { return servedBy(c.name, router) != nil },
		Try:     func(d *store.Delivery, number int) delivery.Result { return tryDelivery(c, d, number) },
		Changed: func(change *delivery.Change) { recordChange(c, change) },
		Claim:   func(key string) { takeClaim(c, key) },
		Release: func(key string) { giveBack(c, key) },
		Tell:    func(level, message string) { report.Write(level, c.name, "delivery: "+message, time.Now()) },
	})
	m.courier = c
	delivery.Start(c.engine)
	time.AfterFunc(orphanTime, func() {
		defer func() { _ = recover() }()
		tellOrphans(d.Directory, time.Now())
	})
	return c.engine
}

// orphanTime is when a store that nobody uses is told of: by then all gates are there.
const orphanTime = time.Minute

// tellOrphans tells of stores of middlewares that are gone, or have another name now.
func tellOrphans(stateDirectory string, now time.Time) {
	for _, directory := range store.Directories(stateDirectory) {
		name := store.MiddlewareOf(directory)
		registryMu.Lock()
		used := name == "" || middlewares[name] != nil
		registryMu.Unlock()
		if used {
			continue
		}
		n := 0
		for _, state := range []string{store.Waiting, store.Dead} {
			_, _ = store.List(store.New(directory, name, nil), state, func(_ *store.Entry) bool {
				n++
				return true
			})
		}
		if n > 0 {
			report.Write("warn", name, "delivery: there is no such middleware, and "+directory+" has "+strconv.Itoa(n)+" deliveries of it: hookward deliveries adopt gives them to another one", now)
		}
	}
}

func newest(c *courier) (*policy.Policy, *memory.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.policy, c.state
}

// takeClaim claims what an earlier process has left, so that the sender's repeat is known.
func takeClaim(c *courier, key string) {
	_, s := newest(c)
	if s.Replays != nil {
		claim.Restore(s.Replays, key, time.Now().UnixNano())
	}
}

// giveBack lets the sender of a dead delivery try again.
func giveBack(c *courier, key string) {
	_, s := newest(c)
	if s.Replays != nil {
		claim.Forget(s.Replays, key)
	}
	if s.Cluster != nil {
		cluster.Forget(s.Cluster, key)
	}
}
