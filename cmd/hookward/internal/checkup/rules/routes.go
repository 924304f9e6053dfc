package rules

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
)

// route is a router as the rules about routers look at it.
type route struct {
	*inventory.Router
	rule      alternatives
	priority  int
	guarded   bool
	denies    bool // it leads nowhere
	harmless  bool // it reaches no backend of yours
	entrances []entrance
}

// checkRoutes warns of routers by which a request gets past a gate, now or when the
// guarded router is gone.
func (c *check) checkRoutes() {
	routes := c.routes()
	denies := []*route{}
	for _, r := range routes {
		// One with a gate is gone when the gate is.
		if r.denies && !r.guarded {
			denies = append(denies, r)
		}
	}
	said := map[string]bool{}
	guardedParts := map[*document.Node]bool{}
	for _, g := range routes {
		guardedParts[g.Node] = guardedParts[g.Node] || g.guarded
	}
	for _, g := range routes {
		if !g.guarded {
			continue
		}
		c.checkTLS(g)
		for _, d := range denies {
			c.checkDeny(g, d)
		}
		for _, r := range routes {
			// A router that has its gate at some entry points alone is told of by itself.
			if r.guarded || r.harmless || guardedParts[r.Node] && r.Node != g.Node {
				continue
			}
			c.checkPair(g, r, denies, said)
		}
	}
}

// routes returns all routers as the rules about routers look at them.
func (c *check) routes() []*route {
	routes := []*route{}
	for _, r := range c.routers() {
		chain := c.chainOf(r)
		x := &route{Router: r, rule: parseRule(r.Rule), priority: priorityOf(r), guarded: c.guardOf(chain) >= 0}
		x.entrances = c.entrancesOf(r)
		x.denies = r.Service == "noop@internal"
		x.harmless = x.denies || strings.HasSuffix(r.Service, "@internal") || len(x.entrances) == 0
		for _, m := range chain {
			// What has come by HTTPS is not redirected, and goes on.
			if strings.EqualFold(m.Node.Path("redirectScheme", "scheme").String(), "https") && !x.hasHTTPS() {
				x.harmless = true
			}
		}
		routes = append(routes, x)
	}
	return routes
}

// priorityOf returns a router's priority, which is its rule's length by default.
func priorityOf(r *inventory.Router) int {
	if r.Priority != 0 {
		return r.Priority
	}
	return len(r.Rule)
}

// isComparable says whether the priorities of two routers can be compared: a variable in a
// rule is as long as its value.
func isComparable(a, b *inventory.Router) bool {
	unknown := func(r *inventory.Router) string {
		if r.Priority != 0 {
			return ""
		}
		names := unresolvedName.FindAllString(r.Rule, -1)
		sort.Strings(names)
		return strings.Join(names, " ")
	}
	return unknown(a) == unknown(b)
}

// isBefore says whether one router is asked before another, as far as can be seen. Of
// those with one priority, Traefik takes them by their names. In Kubernetes these have a
// hash in them, so either may be first.
func (r *route) isBefore(other *route) bool {
	if !isComparable(r.Router, other.Router) {
		return false
	}
	if r.priority != other.priority {
		return r.priority > other.priority
	}
	if strings.HasPrefix(r.Provider, "kubernetes") && r.Provider == other.Provider {
		return true
	}
	return r.Name+"@"+r.Provider < other.Name+"@"+other.Provider
}

// sharesBackend says whether two routers lead to one backend, at least in part.
func sharesBackend(a, b *route) bool {
	for _, x := range a.Backends {
		if isOneOf(x, b.Backends) {
			return true
		}
	}
	return false
}

func (c *check) checkPair(g, r *route, denies []*route, said map[string]bool) {
	same := sharesBackend(r, g)
	broader := meets(r.rule, g.rule)
	if !same && !broader {
		return
	}
	rulePath, node := ruleOf(r)
	meet := len(common(r, g)) > 0
	switch {
	case r.Node == g.Node:
		c.say(r.File, node, finding.Warning, "unguarded-route", rulePath, "is of a router that has its gate from the entry points %s alone: what comes in by %s is not verified. Give the router the gate itself, or name in entryPoints those that have it", quoted(g.entryPointNames()), quoted(r.entryPointNames()))
	case broader && r.isBefore(g) && meet:
		c.say(r.File, node, surely(r, g), "overtaken", rulePath, "takes what %q is meant to guard, and comes before it by %s: nothing is verified. Give it the gate, or %q the priority %d", g.Name, whyBefore(r, g), g.Name, r.priority+2)
	case same && pathsApart(g.rule, r.rule):
		if !said[r.Path+r.File] {
			said[r.Path+r.File] = true
			c.say(r.File, node, finding.Info, "same-service", rulePath, "leads to the service of %q without a gate, for other paths", g.Name)
		}
	case isDenied(g, r, same, denies):
	case same && broader:
		c.say(r.File, node, finding.Warning, "unguarded-route", rulePath, "leads to the service of %q without a gate, and its rule is broader: what misses the other's by a letter (/Path, /path/, /path;x) comes to the backend unverified. %s", g.Name, c.cureOf(g, r, same))
	case same:
		c.say(r.File, node, finding.Warning, "unguarded-route", rulePath, "leads to the service of %q without a gate; if a webhook can be delivered there, nobody verifies it. %s", g.Name, c.cureOf(g, r, same))
	case meet && !said["deny "+g.Path+g.File]:
		said["deny "+g.Path+g.File] = true
		path, at := ruleOf(g)
		c.say(g.File, at, finding.Warning, "no-deny-router", path, "would be answered by %q if this router were gone, as when Traefik can't load the plugin. %s", r.Name, c.cureOf(g, r, same))
	}
}

// whyBefore says by what a router comes before another.
func whyBefore(r, g *route) string {
	switch {
	case r.priority != g.priority && unresolvedName.MatchString(r.Rule+g.Rule):
		return "its priority"
	case r.priority != g.priority:
		return fmt.Sprintf("its priority (%d, and %d there)", r.priority, g.priority)
	case strings.HasPrefix(r.Provider, "kubernetes"):
		return "chance, as both have one priority"
	}
	return "its name, as both have one priority"
}

// ruleOf returns where a router's rule stands.
func ruleOf(r *route) (string, *document.Node) {
	for _, name := range []string{"rule", "match"} {
		n := r.Node.Get(name)
		if n != nil {
			return r.Path + "." + name, n
		}
	}
	return r.Path, r.Node
}

// checkTLS tells of a guarded router that takes plain HTTP, as far as can be seen.
func (c *check) checkTLS(g *route) {
	if g.TLS || c.entryPointHasTLS(g.Router) {
		return
	}
	c.say(g.File, g.Node, finding.Info, "no-tls", g.Path, "has no tls: unless its entry point has, or a proxy in front, deliveries and tokens can be read on their way")
}
