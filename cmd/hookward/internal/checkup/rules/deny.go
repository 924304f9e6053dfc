package rules

import (
	"fmt"
	"strings"
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

// checkDeny tells of a deny router that denies what is to pass.
func (c *check) checkDeny(g, d *route) {
	if isComparable(d.Router, g.Router) && d.priority >= g.priority && covers(d.rule, g.rule) && len(common(d, g)) > 0 {
		path, at := ruleOf(d)
		why := ""
		if !unresolvedName.MatchString(d.Rule + g.Rule) {
			why = fmt.Sprintf(" (%d, and %d there)", d.priority, g.priority)
		}
		c.say(d.File, at, surely(d, g), "overtaken", path, "takes what %q is meant to take, because its priority is not lower%s: no delivery passes. Give %q the priority %d", g.Name, why, g.Name, d.priority+1)
	}
}
