package rules

import (
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

// sectionOf returns the section that makes a middleware of ours no gate, but something that
// answers by itself: metrics, console, or nothing.
func sectionOf(g *gate) string {
	for _, name := range []string{"metrics", "console"} {
		section := g.section.Get(name)
		if section != nil && section.Kind != document.Null {
			return name
		}
	}
	return ""
}

// checkEndpoints finds endpoints on routers that something should pass: nothing passes one.
func (c *check) checkEndpoints() {
	for _, r := range c.routers() {
		chain := c.chainOf(r)
		for _, m := range chain {
			g := c.gateOf[m]
			if g == nil || sectionOf(g) == "" || r.Service == "noop@internal" && c.guardOf(chain) < 0 {
				continue
			}
			path, where := middlewaresOf(r)
			c.say(r.File, where, finding.Error, sectionOf(g)+"-router", path, "has %q, whose option %s makes it answer everything by itself: no webhook comes through, and a gate on this router is of no use. Give it a router of its own, with the service noop@internal", m.Name, sectionOf(g))
		}
	}
}
