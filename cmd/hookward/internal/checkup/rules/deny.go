package rules

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

// isDenied says whether some of the routers that lead nowhere stand before a router r, so that r
// does not take what a guarded router g is for. Where both lead to the same service, that
// is whatever r takes of g's paths, for any host, in any spelling, and wherever r
// listens; or else it is what g would take, if it were gone.
func isDenied(g, r *route, same bool, denies []*route) bool {
	entrances := common(r, g)
	taken := g.rule
	if same {
		entrances = r.entrances
		taken = takenOf(r.rule, g.rule)
	}
	if len(taken) == 0 {
		return false
	}
	for _, p := range entrances {
		for _, conditions := range taken {
			denied := false
			for _, d := range denies {
				// For those of another service, a router is also in the way where g is.
				at := d.isAt(p) || !same && g.isAt(entrance{p.entryPoint, !p.https, false}) && d.isAt(entrance{p.entryPoint, !p.https, false})
				denied = denied || at && d.standsBetween(g, r) && covers(withoutExact(d.rule), alternatives{conditions})
			}
			if !denied {
				return false
			}
		}
	}
	return true
}

// standsBetween says whether a router comes before r, and leaves g what is g's.
func (d *route) standsBetween(g, r *route) bool {
	return d.priority > r.priority && (d.priority < g.priority || apart(d.rule, g.rule))
}

// takenOf returns what a rule takes of the paths of another, with the spellings that
// a backend may take for the same.
func takenOf(rule, of alternatives) alternatives {
	taken := alternatives{}
	for _, x := range rule {
		for _, y := range of {
			if excludesPath(x, y) {
				continue
			}
			for _, spell := range []func(string) string{
				func(path string) string { return path },
				strings.ToUpper,
				func(path string) string { return strings.TrimSuffix(path, "/") + "/" },
				func(path string) string { return path + ";x" },
			} {
				conditions := append([]matcher{}, x...)
				for _, m := range y {
					if m.negated || !strings.HasPrefix(m.name, "path") {
						continue
					}
					if m.name != "pathregexp" {
						m.text = spell(m.text)
					}
					conditions = append(conditions, m)
				}
				taken = append(taken, conditions)
			}
		}
	}
	return taken
}

// withoutExact returns the ways in which a rule can hold that take more than one
// spelling of a path.
func withoutExact(rule alternatives) alternatives {
	left := alternatives{}
	for _, conditions := range rule {
		exact := false
		for _, m := range conditions {
			exact = exact || m.name == "path"
		}
		if !exact {
			left = append(left, conditions)
		}
	}
	return left
}

// denyRouter describes a router that takes what the guarded one does not, or no longer,
// before r does.
func denyRouter(g, r *route, same bool) string {
	rule := "a rule that has this one's hosts and the other's paths"
	hosts := g.rule
	if same {
		hosts = r.rule
	}
	path := ""
	if len(g.rule) > 0 {
		for _, m := range g.rule[0] {
			if !m.negated && (m.name == "path" || m.name == "pathprefix") {
				path = "PathRegexp(`(?i)^" + strings.TrimSuffix(m.text, "/") + "`)"
			}
		}
	}
	if path != "" && len(hosts) > 0 {
		rule = path
		for _, m := range hosts[0] {
			if m.name == "host" && !m.negated {
				rule = "Host(`" + m.text + "`) && " + path
			}
			if m.name == "hostregexp" && !m.negated && !always(m) {
				rule = "HostRegexp(`" + m.text + "`) && " + path
			}
		}
	}
	text := rule + ", a priority between the two, the service noop@internal"
	at := " the entry points of " + r.Name
	switch {
	case r.TLS, g.TLS && !same:
		return text + "," + at + ", and tls: {}, without which a router does not serve HTTPS"
	case g.TLS:
		return text + "," + at + ", and no tls, as there"
	}
	return text + ", and" + at
}

// checkDeny warns of a deny router that denies what is to pass.
func (c *check) checkDeny(g, d *route) {
	if d.priority >= g.priority && covers(d.rule, g.rule) && len(common(d, g)) > 0 {
		path, at := ruleOf(d)
		c.say(d.File, at, finding.Warning, "overtaken", path, "takes what %s is meant to take, because its priority (%d) is not lower (%d there): no delivery passes", g.Name, d.priority, g.priority)
	}
}
