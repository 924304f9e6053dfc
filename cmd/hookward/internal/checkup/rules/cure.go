package rules

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
)

// cureOf says what ends a finding about a router r that goes around a guarded one g. A
// deny router is proposed where one that can be written down helps, and is known to.
func (c *check) cureOf(g, r *route, same bool) string {
	rules := []string{denyRule(g, r, same)}
	if !same {
		rules = append(rules, g.Rule)
	}
	for _, rule := range rules {
		text := c.denyRouter(g, r, same, rule)
		if text != "" && same {
			text += ". Or give this router the gate, or another service"
		}
		if text != "" {
			return text
		}
	}
	if same {
		return "Give this router the gate, or another service"
	}
	return "Give that router a rule that does not take what this one takes"
}

// denyRouter describes a router with a rule, if it helps, or returns "".
func (c *check) denyRouter(g, r *route, same bool, rule string) string {
	if rule == "" {
		return ""
	}
	priority, raised := between(g, r, parseRule(rule))
	d := &inventory.Router{Name: "deny", Provider: r.Provider, Rule: rule, Priority: priority, Service: "noop@internal", EntryPoints: r.EntryPoints, TLS: r.TLS || g.TLS && !same}
	deny := &route{Router: d, rule: parseRule(rule), priority: priority, denies: true, entrances: c.entrancesOf(d)}
	guarded := *g
	if raised != 0 {
		guarded.priority = raised
	}
	if !isDenied(&guarded, r, same, []*route{deny}) {
		return ""
	}
	text := "Put a router between them: rule: " + rule + fmt.Sprintf(", priority: %d, service: noop@internal", priority)
	if strings.HasPrefix(r.Provider, "kubernetes") {
		text += " (of kind TraefikService)"
	}
	if len(r.EntryPoints) > 0 {
		text += ", entryPoints: [" + strings.Join(r.EntryPoints, ", ") + "]"
	}
	switch {
	case d.TLS:
		text += ", tls: {}, without which a router does not serve HTTPS"
	case g.TLS:
		text += ", and no tls, as there"
	}
	if raised != 0 {
		text += fmt.Sprintf("; and give %q the priority %d", g.Name, raised)
	}
	return text
}

// unknownLength is a priority that no rule has by its length.
const unknownLength = 10_000

// between returns the priority of a deny router with a rule, that comes before r and
// leaves g what is g's, and the one that g needs for that, or 0 where it can stay as it is.
func between(g, r *route, rule alternatives) (int, int) {
	priority := r.priority + 1
	if r.Priority == 0 && unresolvedName.MatchString(r.Rule) {
		priority = unknownLength
	}
	isKnown := g.Priority != 0 || !unresolvedName.MatchString(g.Rule)
	switch {
	case apart(rule, g.rule) || isKnown && priority < g.priority:
		return priority, 0
	case !isKnown && priority < unknownLength:
		return priority, unknownLength
	}
	return priority, priority + 1
}

// denyRule returns a rule that has the hosts of one router and the paths of the other, or
// "" where there is nothing to have.
func denyRule(g, r *route, same bool) string {
	hosts := g.rule
	if same {
		hosts = r.rule
	}
	paths := anyOf(g.rule, pathCondition)
	if paths == "" && same {
		return "" // it would deny all that r is for
	}
	parts := []string{}
	for _, part := range []string{anyOf(hosts, hostCondition), paths} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 2 {
		for i, part := range parts {
			if strings.Contains(part, " || ") {
				parts[i] = "(" + part + ")"
			}
		}
	}
	return strings.Join(parts, " && ")
}

// anyOf returns the conditions of all ways in which a rule can hold, or "" where one of
// them has none.
func anyOf(rule alternatives, conditionOf func(m matcher) string) string {
	found := map[string]bool{}
	for _, conditions := range rule {
		text := ""
		for _, m := range conditions {
			if text == "" && !m.negated {
				text = conditionOf(m)
			}
		}
		if text == "" {
			return ""
		}
		found[text] = true
	}
	all := []string{}
	for text := range found {
		all = append(all, text)
	}
	sort.Strings(all)
	return strings.Join(all, " || ")
}

func hostCondition(m matcher) string {
	switch {
	case m.name == "host":
		return "Host(`" + m.text + "`)"
	case m.name == "hostregexp" && !always(m):
		return "HostRegexp(`" + m.text + "`)"
	}
	return ""
}

// pathCondition takes all spellings of a path.
func pathCondition(m matcher) string {
	switch {
	case m.name == "path" || m.name == "pathprefix":
		path := strings.TrimSuffix(m.text, "/")
		if path == "" {
			return ""
		}
		quoted := strings.Builder{}
		for _, r := range path {
			if strings.ContainsRune(".+*?()|[{", r) {
				quoted.WriteString("[" + string(r) + "]")
				continue
			}
			quoted.WriteRune(r)
		}
		return "PathRegexp(`(?i)^" + quoted.String() + "`)"
	case m.name == "pathregexp":
		return "PathRegexp(`" + m.text + "`)"
	}
	return ""
}
