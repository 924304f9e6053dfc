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
	if m.Node.Path("chain", "middlewares") == nil {
		return []*inventory.Middleware{m}
	}
	chain := []*inventory.Middleware{}
	for _, member := range chainMembers(m) {
		chain = append(chain, c.expand(member.Key, depth+1)...)
	}
	return chain
}

// chainMembers returns the middlewares that a chain names.
func chainMembers(m *inventory.Middleware) []inventory.Reference {
	members := []inventory.Reference{}
	for _, n := range m.Node.Path("chain", "middlewares").Strings() {
		if n.Kind == document.Map {
			members = append(members, inventory.ManifestReference(n, m.Namespace))
			continue
		}
		key := n.String()
		if !strings.Contains(key, "@") {
			key += "@" + inventory.Provider(m.Key)
		}
		members = append(members, inventory.Reference{Key: key, Text: n.String(), Node: n})
	}
	return members
}

// guardOf returns the place of the first gate in a chain, or -1.
func (c *check) guardOf(chain []*inventory.Middleware) int {
	for i, m := range chain {
		if c.gateOf[m] != nil && sectionOf(c.gateOf[m]) == "" {
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
	for _, s := range c.set.Statics {
		for _, e := range entryPointsOf(s) {
			for _, ref := range c.entryPointReferences(e) {
				for _, m := range c.expand(ref.Key, 0) {
					used[m] = true
				}
			}
		}
	}
	for _, g := range c.gates {
		if !used[g.Middleware] && c.middlewares[g.Key] == g.Middleware {
			effect := "so it guards nothing"
			if len(c.set.Statics) == 0 {
				effect = "and guards nothing, unless an entry point has it: no static configuration is among them"
			}
			c.say(g.File, g.Node, finding.Warning, "unused-middleware", g.Title(), "is used by no router of these files, %s", effect)
		}
	}
}

// pathRewriters change the path that is called, and so what a provider has signed.
// The first ones only take away from its beginning, or add to it.
var pathRewriters = map[string]bool{"stripPrefix": false, "addPrefix": false, "stripPrefixRegex": false, "replacePath": true, "replacePathRegex": true}

// checkChains warns of what a request comes through before it comes to a gate, and of a
// gate that it comes to twice.
func (c *check) checkChains() {
	for _, r := range c.routers() {
		chain := c.chainOf(r)
		at := c.guardOf(chain)
		if at < 0 {
			continue
		}
		g := c.gateOf[chain[at]]
		for _, m := range chain[:at] {
			c.checkBefore(r, m, g)
		}
		for _, m := range chain[at+1:] {
			if m == g.Middleware {
				path, where := middlewaresOf(r)
				c.say(r.File, where, finding.Warning, "gate-twice", path, "has %q twice, by a chain or the entry point as well: the second verifies again, counts for rateLimit again, and leaves a second record. Leave one out", m.Name)
				break
			}
		}
	}
}

// middlewaresOf returns where the middlewares of a router stand.
func middlewaresOf(r *inventory.Router) (string, *document.Node) {
	where := r.Node.Get("middlewares")
	if where == nil {
		where = r.Node
	}
	return r.ChainPath(), where
}

func (c *check) checkBefore(r *inventory.Router, m *inventory.Middleware, g *gate) {
	path, where := middlewaresOf(r)
	name := m.Name
	for kind, whole := range pathRewriters {
		if m.Node.Get(kind) != nil && g.inspection.SignsURL && (whole || !g.inspection.Pinned) {
			c.say(r.File, where, finding.Warning, "rewritten-path", path, "%q (%s) comes before the gate, whose provider signs the URL: put the gate first", name, kind)
		}
	}
	if m.Node.Get("buffering") != nil {
		c.say(r.File, where, finding.Info, "buffering-before", path, "%q (buffering) comes before the gate: what it refuses leaves no record, and with retryExpression the gate sees a delivery again", name)
	}
	if m.Node.Get("retry") != nil {
		effect := "it hands the body on once, up to Traefik 3.6, so that its second attempt gets 400"
		switch {
		case hasSection(g.section.Get("delivery")):
			effect += ", and the sender with it, although the delivery is stored"
		case hasSection(g.section.Get("replay")):
			effect += "; where it hands it on again, each attempt claims the delivery again, and may get 409"
		}
		c.say(r.File, where, finding.Warning, "retry-before", path, "%q (retry) comes before the gate: %s. Put the gate first", name, effect)
	}
	for _, kind := range []string{"basicAuth", "digestAuth"} {
		if m.Node.Path(kind, "removeHeader").IsTrue() && isOneOf("Authorization", g.inspection.Headers) {
			c.say(r.File, where, finding.Warning, "rewritten-header", path, "%q (%s) comes before the gate and takes Authorization away, which the gate reads: no delivery passes. Put the gate first, or leave removeHeader out", name, kind)
		}
	}
	custom := m.Node.Path("headers", "customRequestHeaders")
	if custom == nil {
		return
	}
	for _, header := range custom.Items {
		for _, read := range g.inspection.Headers {
			if strings.EqualFold(header.Name, read) {
				c.say(r.File, where, finding.Warning, "rewritten-header", path, "%q (headers) comes before the gate and changes %s, which the gate reads", name, read)
			}
		}
	}
}
