package hookward

import (
	"bytes"
	"context"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/scrape"
	"github.com/hookward/hookward/internal/verdict"
)

// isEndpoint says whether a configuration is that of a middleware which answers with
// numbers, or with a page: no gate, and nothing ever passes it.
func isEndpoint(raw map[string]any) bool {
	return hasSection(raw, "metrics") || hasSection(raw, "console")
}

func hasSection(raw map[string]any, section string) bool {
	for name, value := range raw {
		if value != nil && strings.EqualFold(name, section) {
			return true
		}
	}
	return false
}

// endpoint answers each request by itself. It leaves no record and counts nothing.
func endpoint(ctx context.Context, g *gate, now time.Time) http.Handler {
	if hasSection(g.raw, "console") {
		console.Open(ctx, now, g.name, func(now time.Time) *policy.Console {
			p, _ := currentPolicy(g, now)
			if p == nil {
				return nil
			}
			return p.Console
		})
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		p, status := checkCaller(g, r, time.Now())
		switch {
		case status != 0:
			scrape.Refuse(rw, status)
		case p.Console != nil:
			console.Serve(g.name, p.Console, lookForConsole, rw, r)
		case !scrape.Allowed(p.Metrics, r):
			report.Write("error", g.name, "metrics: a request without the right token is refused", time.Now())
			rw.Header()["Www-Authenticate"] = []string{"Bearer"}
			scrape.Refuse(rw, http.StatusUnauthorized)
		default:
			scrape.Serve(rw, r, p.Metrics, lookAround)
		}
	})
}

// checkCaller returns the status that refuses a caller by its address, or 0 and the policy.
func checkCaller(g *gate, r *http.Request, now time.Time) (*policy.Policy, int) {
	p, s := currentPolicy(g, now)
	if p == nil || p.Metrics == nil && p.Console == nil {
		reportAgain(g, now)
		return nil, http.StatusServiceUnavailable
	}
	if p.Addresses == nil {
		return p, 0
	}
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

// lookForConsole is lookAround with the mistakes of all gates.
func lookForConsole(now time.Time) *console.Source {
	s := &console.Source{Scrape: lookAround(now)}
	registryMu.Lock()
	for name, m := range middlewares {
		s.Gates = append(s.Gates, console.Gate{Name: name, Problem: m.problem, Refuses: m.refuses})
	}
	registryMu.Unlock()
	return s
}

// keepForConsole keeps a record for the page, with the headers of its request.
func keepForConsole(x *exchange, a *audit.Settings, line []byte) {
	var verified map[string]bool // which nobody can tell without a policy
	if x.policy != nil {
		verified = x.policy.Names
	}
	text := &bytes.Buffer{}
	_ = x.Request.Header.Write(text) // a buffer takes everything
	console.Keep(line, text.Bytes(), a, verified)
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
