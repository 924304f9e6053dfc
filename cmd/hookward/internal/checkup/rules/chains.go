package rules

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
)

// maxChain is how deep chains of chains are followed.
const maxChain = 10

// chainOf returns the middlewares that a router's requests come through, in their
// order, with those of the entry point first.
func (c *check) chainOf(r *inventory.Router) []*inventory.Middleware {
	chain := []*inventory.Middleware{}
	for _, key := range c.entryPointMiddlewares(r) {
		chain = append(chain, c.expand(key, 0)...)
	}
	for _, ref := range r.Middlewares {
		chain = append(chain, c.expand(ref.Key, 0)...)
	}
	return chain
}

// expand returns a middleware, or what a chain of them stands for.
func (c *check) expand(key string, depth int) []*inventory.Middleware {
	m := c.middlewares[key]
	if m == nil || depth > maxChain {
		return nil
	}
	members := m.Node.Path("chain", "middlewares")
	if members == nil {
		return []*inventory.Middleware{m}
	}
	chain := []*inventory.Middleware{}
	for _, member := range chainMembers(m, members) {
		chain = append(chain, c.expand(member, depth+1)...)
	}
	return chain
}

// chainMembers returns the keys that a chain names.
func chainMembers(m *inventory.Middleware, members *document.Node) []string {
	provider := inventory.Provider(m.Key)
	keys := []string{}
	for _, member := range members.Strings() {
		name := member.String()
		if member.Kind == document.Map {
			// In Kubernetes, the chain's own namespace where none is said.
			name = member.Get("name").String()
			namespace := member.Get("namespace").String()
			if namespace == "" {
				namespace = m.Namespace
			}
			name = namespace + "-" + name
		}
		if !strings.Contains(name, "@") {
			name += "@" + provider
		}
		keys = append(keys, name)
	}
	return keys
}

// guardOf returns the place of the first gate in a chain, or -1.
func (c *check) guardOf(chain []*inventory.Middleware) int {
	for i, m := range chain {
		if c.gateOf[m] != nil {
			return i
		}
	}
	return -1
}

// checkUnused warns of gates that no router has.
func (c *check) checkUnused() {
	if len(c.set.Routers) == 0 {
		return // only the middlewares are among these files
	}
	used := map[*inventory.Middleware]bool{}
	for _, r := range c.set.Routers {
		for _, m := range c.chainOf(r) {
			used[m] = true
		}
	}
	for _, g := range c.gates {
		if !used[g.Middleware] && c.middlewares[g.Key] == g.Middleware {
			c.say(g.File, g.Node, finding.Warning, "unused-middleware", g.Title(), "is used by no router of these files, so it guards nothing")
		}
	}
}

// pathRewriters change the path that is called, and so what a provider has signed.
// The first ones only take away from its beginning, or add to it.
var pathRewriters = map[string]bool{"stripPrefix": false, "addPrefix": false, "stripPrefixRegex": false, "replacePath": true, "replacePathRegex": true}

// checkChains warns of what a request comes through before it comes to a gate.
func (c *check) checkChains() {
	for _, r := range c.set.Routers {
		chain := c.chainOf(r)
		at := c.guardOf(chain)
		if at < 0 {
			continue
		}
		g := c.gateOf[chain[at]]
		for _, m := range chain[:at] {
			c.checkBefore(r, m, g)
		}
	}
}

func (c *check) checkBefore(r *inventory.Router, m *inventory.Middleware, g *gate) {
	path := r.Path + ".middlewares"
	where := r.Node.Get("middlewares")
	if where == nil {
		where = r.Node
	}
	name := m.Name
	for kind, whole := range pathRewriters {
		if m.Node.Get(kind) != nil && g.inspection.SignsURL && (whole || !g.inspection.Pinned) {
			c.say(r.File, where, finding.Warning, "rewritten-path", path, "%s (%s) comes before the gate, whose provider signs the URL: put the gate first", name, kind)
		}
	}
	if m.Node.Get("buffering") != nil {
		c.say(r.File, where, finding.Info, "buffering-before", path, "%s (buffering) comes before the gate: what it refuses leaves no record, and with retryExpression the gate sees a delivery again", name)
	}
	custom := m.Node.Path("headers", "customRequestHeaders")
	if custom == nil {
		return
	}
	for _, header := range custom.Items {
		for _, read := range g.inspection.Headers {
			if strings.EqualFold(header.Name, read) {
				c.say(r.File, where, finding.Warning, "rewritten-header", path, "%s (headers) comes before the gate and changes %s, which the gate reads", name, read)
			}
		}
	}
}
