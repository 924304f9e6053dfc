package gates

import (
	"context"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
)

// orphanTime is when a store that nobody uses is told of: by then all gates are there.
const orphanTime = time.Minute

// keepCourier has a state's deliveries handed on, with the middleware's lock held.
func keepCourier(m *middleware, name string, p *policy.Policy, s *memory.State) {
	before := m.courier
	m.courier = courier.Keep(before, name, m.numbers, m.servers, console.KeepChange, p, s)
	s.Delivery = courier.EngineOf(m.courier)
	if m.courier == nil || m.courier == before {
		return
	}
	d := p.Delivery
	time.AfterFunc(orphanTime, func() {
		defer func() { _ = recover() }()
		if d.Shared != nil {
			courier.TellSharedOrphans(d.Shared, exists, time.Now())
		}
		courier.TellOrphans(d.Directory, exists, time.Now())
	})
}

// exists says whether there is a middleware of a name.
func exists(name string) bool {
	registryMu.Lock()
	defer registryMu.Unlock()
	return middlewares[name] != nil
}

// Serve notes what stands behind a gate, for what is handed on in the background.
func Serve(ctx context.Context, g *Gate, next http.Handler) {
	registryMu.Lock()
	m := middlewares[g.Name]
	registryMu.Unlock()
	if m == nil {
		return
	}
	look := func(now time.Time) bool {
		p := Current(g, now).Policy
		return p != nil && p.Delivery != nil
	}
	courier.Serve(ctx, m.servers, g.Router, look, next)
	s := inForce(g).State
	if s != nil && s.Delivery != nil {
		delivery.Poke(s.Delivery)
	}
}
