package rules

import (
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

// isEndpoint says whether a middleware of ours is no gate, but answers with numbers.
func isEndpoint(g *gate) bool {
	section := g.section.Get("metrics")
	return section != nil && section.Kind != document.Null
}

// checkEndpoints finds endpoints on routers that something should pass: nothing passes one.
func (c *check) checkEndpoints() {
	for _, r := range c.routers() {
		chain := c.chainOf(r)
		for _, m := range chain {
			g := c.gateOf[m]
			if g == nil || !isEndpoint(g) || r.Service == "noop@internal" && c.guardOf(chain) < 0 {
				continue
			}
			path, where := middlewaresOf(r)
			c.say(r.File, where, finding.Error, "metrics-router", path, "has %q, which answers with numbers and lets nothing pass: no webhook comes through, and a gate on this router is of no use. Give it a router of its own, with the service noop@internal", m.Name)
		}
	}
}
