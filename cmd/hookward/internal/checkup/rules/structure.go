package rules

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
	"github.com/hookward/hookward/internal/inspect"
)

// checkStructure finds fields that Traefik does not know: it then refuses the whole of
// a file, or of a container's labels.
func (c *check) checkStructure() {
	for _, source := range c.set.Sources {
		effect := "that version takes nothing of this file"
		if source.Labels {
			effect = "that version takes none of this container's labels"
		}
		for _, u := range reading.UnknownFields(source.Root, source.Labels) {
			if c.hasSaid(source.File, u.Node, "nesting") {
				continue // and what was meant
			}
			c.say(source.File, u.Node, finding.Error, "refused-by-traefik", u.Path, "is not known to Traefik 3.6%s (known here: %s): %s", didYouMean(u.Node.Name, u.Known), strings.Join(u.Known, ", "), effect)
			c.refuse(source, c.findings[len(c.findings)-1])
		}
		if !source.Labels {
			c.checkTop(source)
		}
	}
}

// checkTop finds sections at a file's top that belong below http, or are nearly called
// so. Traefik passes over what it does not know there.
func (c *check) checkTop(source *inventory.Source) {
	for _, item := range source.Root.Items {
		if item.Kind != document.Map || reading.IsSection(item.Name) {
			continue
		}
		if reading.IsHTTPSection(item.Name) {
			c.say(source.File, item, finding.Error, "nesting", item.Name, "belongs below http: Traefik takes nothing of it")
		} else if hint := didYouMean(item.Name, reading.Sections()); hint != "" {
			c.say(source.File, item, finding.Error, "nesting", item.Name, "is no section that Traefik knows%s It takes nothing of it", hint)
		}
	}
}

func (c *check) refuse(source *inventory.Source, f finding.Finding) {
	if c.refused == nil {
		c.refused = map[*inventory.Source]*finding.Finding{}
	}
	if c.refused[source] == nil {
		c.refused[source] = &f
	}
}

// hasSaid says whether something was said of a place by a rule.
func (c *check) hasSaid(file string, n *document.Node, rule string) bool {
	for _, f := range c.findings {
		if f.File == file && f.Rule == rule && f.Line == n.Line && f.Column == n.Column {
			return true
		}
	}
	return false
}

// didYouMean returns the hint at the nearest of some names, or nothing where none is
// near: a third of the letters may be wrong.
func didYouMean(name string, names []string) string {
	nearest := nearestOf(name, names, len(name)/3)
	if nearest == "" {
		return ""
	}
	return ", did you mean " + nearest + "?"
}

// nearestOf returns the name that differs least from another, by at most some letters,
// or "".
func nearestOf(name string, names []string, most int) string {
	nearest := ""
	for _, other := range names {
		d := inspect.Distance(name, other)
		if isSwapped(strings.ToLower(name), strings.ToLower(other)) {
			d = 1
		}
		if d <= most {
			most, nearest = d-1, other
		}
	}
	return nearest
}

// isSwapped says whether two names differ in the order of two letters, side by side.
func isSwapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i+1 < len(a); i++ {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}
