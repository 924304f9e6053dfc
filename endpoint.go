package hookward

import (
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/scrape"
	"github.com/hookward/hookward/internal/verdict"
)

// isEndpoint says whether a configuration is that of a middleware which answers with
// numbers: no gate, and nothing ever passes it.
func isEndpoint(raw map[string]any) bool {
	for name, value := range raw {
		if value != nil && strings.EqualFold(name, "metrics") {
			return true
		}
	}
	return false
}

// endpoint answers each request by itself. It leaves no record and counts nothing.
func endpoint(g *gate) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		p, status := checkScrape(g, r, time.Now())
		if status == http.StatusUnauthorized {
			rw.Header()["Www-Authenticate"] = []string{"Bearer"}
		}
		if status != 0 {
			scrape.Refuse(rw, status)
			return
		}
		scrape.Serve(rw, r, p.Metrics, lookAround)
	})
}

// checkScrape returns the status that refuses a request, or 0 and the policy: by the
// address, then by the token.
func checkScrape(g *gate, r *http.Request, now time.Time) (*policy.Policy, int) {
	p, s := currentPolicy(g, now)
	if p == nil || p.Metrics == nil {
		reportAgain(g, now)
		return nil, http.StatusServiceUnavailable
	}
	if p.Addresses != nil {
		x := &exchange{gate: g, start: now, source: r.RemoteAddr, policy: p, state: s}
		x.Request = r
		findClient(p, x)
		reason := checkAddress(p, x)
		if reason == verdict.ListUnavailable {
			return nil, http.StatusServiceUnavailable
		}
		if reason != "" {
			return nil, x.rejectStatus
		}
	}
	if !scrape.Allowed(p.Metrics, r) {
		report.Write("error", g.name, "metrics: a request without the right token is refused", now)
		return nil, http.StatusUnauthorized
	}
	return p, 0
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
	pushers := scrape.UsePushers(m.pushers, name, outputs, lookAround)
	registryMu.Lock()
	m.pushers = pushers
	registryMu.Unlock()
}

// lookAround returns where numbers come from. It holds the registry's lock for a moment.
func lookAround(now time.Time) *scrape.Source {
	s := &scrape.Source{Version: version, Compiled: compiled, Started: started, Clock: sinceStart(now)}
	s.Bodies, s.BodiesLimit = budget.Used(bodies)
	keys := []string{}
	outputs := map[string]*audit.Output{}
	registryMu.Lock()
	for name, m := range middlewares {
		s.Gates = append(s.Gates, scrape.Gate{Name: name, State: m.lastState})
		for _, p := range m.pushers {
			s.Others = append(s.Others, scrape.HealthOf(p))
		}
	}
	for key, o := range outputsByKey {
		keys = append(keys, key)
		outputs[key] = o
	}
	registryMu.Unlock()
	sort.Slice(s.Gates, func(i, k int) bool { return s.Gates[i].Name < s.Gates[k].Name })
	sort.Strings(keys)
	for _, key := range keys {
		s.Outputs = append(s.Outputs, outputs[key])
	}
	return s
}
