package gates

import (
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/scrape"
	"github.com/hookward/hookward/internal/traefik"
)

// IsEndpoint says whether a configuration is that of a middleware which answers with
// numbers, or with a page: no gate, and nothing ever passes it.
func IsEndpoint(raw map[string]any) bool {
	return HasSection(raw, "metrics") || HasSection(raw, "console")
}

// HasSection says whether a configuration has a section, whatever else is wrong with it.
func HasSection(raw map[string]any, section string) bool {
	for name, value := range raw {
		if value != nil && strings.EqualFold(name, section) {
			return true
		}
	}
	return false
}

// usePushers has the numbers sent to where a policy says, with the middleware's lock held.
func usePushers(m *middleware, name string, p *policy.Policy) {
	if p.Metrics == nil && m.pushers == nil {
		return
	}
	outputs := []policy.MetricsOutput{}
	if p.Metrics != nil {
		outputs = p.Metrics.Outputs
	}
	pushers := scrape.UsePushers(m.pushers, name, outputs, Look)
	registryMu.Lock()
	m.pushers = pushers
	registryMu.Unlock()
}

// LookForConsole is Look with the mistakes of all gates, what may be shown of their
// deliveries, and where the records of the console itself go.
func LookForConsole(g *Gate, now time.Time) *console.Source {
	s := &console.Source{Scrape: Look(now), Numbers: g.Numbers}
	f := Current(g, now)
	if f.Policy != nil {
		s.Audit = f.Policy.Audit
		s.Outputs = f.State.Outputs
	}
	registryMu.Lock()
	for name, m := range middlewares {
		one := console.Gate{Name: name, Problem: m.problem, Refuses: m.refuses}
		if m.lastCompilation != nil {
			one.Audit = m.lastCompilation.Policy.Audit
			one.Names = m.lastCompilation.Policy.Names
		}
		s.Gates = append(s.Gates, one)
	}
	registryMu.Unlock()
	return s
}

// Look returns where numbers come from. It holds the registry's lock for a moment.
func Look(now time.Time) *scrape.Source {
	s := &scrape.Source{Version: versionOf(), Compiled: traefik.Compiled, Started: memory.Started, Clock: memory.Clock(now)}
	s.Bodies, s.BodiesLimit = budget.Used(Bodies)
	registryMu.Lock()
	for name, m := range middlewares {
		s.Gates = append(s.Gates, scrape.Gate{Name: name, State: m.lastState})
		for _, p := range m.pushers {
			s.Others = append(s.Others, scrape.HealthOf(p))
		}
	}
	registryMu.Unlock()
	sort.Slice(s.Gates, func(i, k int) bool { return s.Gates[i].Name < s.Gates[k].Name })
	s.Outputs = allOutputs()
	return s
}
