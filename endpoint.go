package hookward

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/scrape"
	"github.com/hookward/hookward/internal/verdict"
)

// endpoint answers each request by itself. It leaves no record and counts nothing.
func endpoint(ctx context.Context, g *gates.Gate, raw map[string]any, now time.Time) http.Handler {
	if gates.HasSection(raw, "console") {
		console.Open(ctx, now, g.Name, func(now time.Time) *policy.Console {
			p := gates.Current(g, now).Policy
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
			console.Serve(g.Name, p.Console, gates.LookForConsole, rw, r)
		case !scrape.Allowed(p.Metrics, r):
			report.Write("error", g.Name, "metrics: a request without the right token is refused", time.Now())
			rw.Header()["Www-Authenticate"] = []string{"Bearer"}
			scrape.Refuse(rw, http.StatusUnauthorized)
		default:
			scrape.Serve(rw, r, p.Metrics, gates.Look)
		}
	})
}

// checkCaller returns the status that refuses a caller by its address, or 0 and the policy.
func checkCaller(g *gates.Gate, r *http.Request, now time.Time) (*policy.Policy, int) {
	f := gates.Current(g, now)
	p := f.Policy
	if p == nil || p.Metrics == nil && p.Console == nil {
		gates.ReportAgain(g, now)
		return nil, http.StatusServiceUnavailable
	}
	if p.Addresses == nil {
		return p, 0
	}
	x := &exchange{gate: g, start: now, source: r.RemoteAddr, policy: p, state: f.State}
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
