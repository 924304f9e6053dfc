// Package hookward is a webhook gate for Traefik v3. Traefik interprets it as a
// middleware plugin; before a webhook is forwarded to a backend, the gate
// verifies who signed it.
//
// # What passes
//
// A request passes only when every check said so in its own word: the passing
// reason is "verified", or "address_allowed" where the operator has asked for the
// address alone, and the zero value of an exchange refuses.
// A provider's question whether the address is ours is answered by the gate, and
// reaches no backend.
// Whatever goes wrong on the way, a panic included, refuses too.
//
// # Order of checks
//
// Cheap and stateless first; decideLoop is the order, and this is what it means:
//
//  1. method (405)
//  2. the client's address on the deny list, or not on the allow list (403; 503
//     while a list is missing)
//  3. a ban after failures, the rate limit of the source (429)
//  4. the client's certificate (401)
//  5. handshake, where it has a method of its own (answered, 403)
//  6. Content-Length against maxBodyBytes, then the bounded read of the body
//     with a deadline, into memory that all gates share (413, 408, 400, 503)
//  7. handshake, where the provider has one that it doesn't sign (answered, 403)
//  8. signature, or token (401; 503 while what is needed for it can't be had)
//  9. timestamp, where the scheme signs one (401)
//  10. handshake, where the provider signs it (answered)
//  11. replay: the delivery is claimed (409, or acknowledged; 503), and the claim
//     is kept if the backend answers 2xx, or the delivery is stored
//
// Then the request is forwarded with exactly the bytes that were verified, and
// one audit record is handed on, whatever the outcome. Where it is required, it is
// written down before that (503). With delivery, it is stored before it is forwarded,
// or when the backend can't take it (202, or 503 where it can't be stored).
//
// # What a mistake does
//
// In Traefik a middleware that can't be built takes its router away, and a
// broader router may then serve the request unprotected. So New never returns
// an error: a gate whose configuration is wrong answers 503 to everything and
// names the mistake on stderr.
//
// # The dialect
//
// Yaegi runs Go with differences that no compiler reports. CONTRIBUTING.md
// lists them, and a checker in the development module refuses them. Above all:
// results have no names, data types have no methods, and code that surrounds
// the call of the next handler stands in the small file serve.go.
package hookward

import (
	"context"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/scrape"
	"github.com/hookward/hookward/internal/verdict"
)

// Config is what Traefik hands over: everything under the plugin's key, as it
// was written. Traefik's own decoder drops unknown keys and refuses wrong types
// by dropping the router, so it gets nothing to decode: Decode turns Raw into
// Options, strictly.
type Config struct {
	// Raw holds the options by name. Values are strings, lists and maps, and
	// from the Kubernetes CRD also numbers and booleans.
	Raw map[string]any `mapstructure:",remain"`
}

// CreateConfig returns the empty configuration which Traefik fills.
func CreateConfig() *Config {
	return &Config{}
}

// New returns the gate for one router. Its error is always nil: Traefik would
// drop the router, which is worse than a gate that answers 503 to everything.
// The context ends at every reload of Traefik's configuration, before the new
// handlers exist, so nothing that a request needs hangs on it; it tells lists of
// addresses that somebody still uses them.
func New(ctx context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {
	var raw map[string]any
	if config != nil {
		raw = config.Raw
	}
	if ctx == nil {
		ctx = context.Background()
	}
	now := time.Now()
	startWorkers()
	gates.SayVersion(version, now)
	g := gates.Open(ctx, name, raw, now)
	if gates.IsEndpoint(raw) {
		return endpoint(ctx, g, raw, now), nil
	}
	gates.Serve(ctx, g, next)
	if courier.Wanted(raw) {
		return keptHandler(g, next), nil
	}
	return handler(g, next), nil
}

// version is that of the source: the one that is released next, with -dev until it is.
// `make release` holds the tag to it, and `hookward build` reads it.
const version = "v0.1.0-dev"

// endpoint answers each request by itself. It counts nothing, and what leaves a record is
// what is done in a console.
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
			console.Serve(g.Name, p.Console, func(now time.Time) *console.Source { return gates.LookForConsole(g, now) }, rw, r)
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
