package rules

import (
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
	routes := []*route{}
	names := []string{}
	for _, r := range c.set.Routers {
		names = append(names, r.EntryPoints...)
	}
	for _, r := range c.set.Routers {
		chain := c.chainOf(r)
		x := &route{Router: r, rule: parseRule(r.Rule), priority: r.Priority, guarded: c.guardOf(chain) >= 0}
		if x.priority == 0 {
			x.priority = len(r.Rule)
		}
		x.entrances = c.entrancesOf(r, names)
		x.denies = r.Service == "noop@internal"
		x.harmless = x.denies || strings.HasSuffix(r.Service, "@internal")
		for _, m := range chain {
			// What has come by HTTPS is not redirected, and goes on.
			if strings.EqualFold(m.Node.Path("redirectScheme", "scheme").String(), "https") && !x.hasHTTPS() {
				x.harmless = true
			}
		}
		routes = append(routes, x)
	}
	denies := []*route{}
	for _, r := range routes {
		// One with a gate is gone when the gate is.
		if r.denies && !r.guarded {
			denies = append(denies, r)
		}
	}
	said := map[string]bool{}
	for _, g := range routes {
		if !g.guarded {
			continue
		}
		c.checkTLS(g)
		for _, d := range denies {
			c.checkDeny(g, d)
		}
		for _, r := range routes {
			if r.guarded || r.harmless {
				continue
			}
			c.checkPair(g, r, denies, said)
		}
	}
}

func (c *check) checkPair(g, r *route, denies []*route, said map[string]bool) {
	same := r.Backend != "" && r.Backend == g.Backend
	broader := meets(r.rule, g.rule)
	if !same && !broader {
		return
	}
	rulePath, node := ruleOf(r)
	meet := len(common(r, g)) > 0
	switch {
	case broader && r.priority > g.priority && meet:
		c.say(r.File, node, finding.Warning, "overtaken", rulePath, "takes what %s is meant to guard, and comes before it by its priority (%d, and %d there): nothing is verified", g.Name, r.priority, g.priority)
	case same && pathsApart(g.rule, r.rule):
		if !said[r.Path+r.File] {
			said[r.Path+r.File] = true
			c.say(r.File, node, finding.Info, "same-service", rulePath, "leads to the service of %s without a gate, for other paths", g.Name)
		}
	case isDenied(g, r, same, denies):
	case same && broader:
		c.say(r.File, node, finding.Warning, "unguarded-route", rulePath, "leads to the service of %s without a gate, and its rule is broader: what misses the other's by a letter (/Path, /path/, /path;x) comes to the backend unverified. Put a router between them: %s", g.Name, denyRouter(g, r, same))
	case same:
		c.say(r.File, node, finding.Warning, "unguarded-route", rulePath, "leads to the service of %s without a gate; if a webhook can be delivered there, nobody verifies it. Give it the gate, another service, or put a router before it: %s", g.Name, denyRouter(g, r, same))
	case meet && !said["deny "+g.Path+g.File]:
		said["deny "+g.Path+g.File] = true
		path, at := ruleOf(g)
		c.say(g.File, at, finding.Warning, "no-deny-router", path, "would be answered by %s if this router were gone, as when Traefik can't load the plugin. Put a router between them: %s", r.Name, denyRouter(g, r, same))
	}
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
