package rules

import (
	"fmt"
	"sort"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
)

const stopsTraefik = "at it the part of Traefik panics that takes changes: no change of any provider counts any more, nor does a mended file, until Traefik is started again"

// checkNumbers finds what Traefik reads and can't copy, in the options of any plugin: in
// a list, a number that only an unsigned integer holds.
func (c *check) checkNumbers(m *inventory.Middleware) {
	plugin := m.Plugin()
	if plugin == nil || plugin.Kind != document.Map {
		return
	}
	for _, section := range plugin.Items {
		raw, err := m.Options(section.Name)
		if err != nil {
			continue // which is told elsewhere
		}
		for _, path := range unsignedLists(raw, "") {
			text, cure := "has in a list an integer from 2^63 on, without quotes", "Quote it"
			if m.From != nil && m.From.Labels {
				text, cure = "begins with a comma and a kind of number, by which Traefik knows lists", "Leave these two out"
			}
			c.say(m.File, section.At(path), finding.Error, "stops-traefik", m.Path+".plugin."+section.Name+"."+path, "%s: %s. %s", text, stopsTraefik, cure)
		}
	}
}

// unsignedLists returns the paths of the lists that have unsigned integers.
// https://github.com/traefik/traefik/blob/v3.6.12/pkg/config/dynamic/plugins.go
func unsignedLists(value any, path string) []string {
	paths := []string{}
	switch v := value.(type) {
	case map[string]any:
		names := []string{}
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			at := name
			if path != "" {
				at = path + "." + name
			}
			paths = append(paths, unsignedLists(v[name], at)...)
		}
	case []any:
		for i, item := range v {
			if _, unsigned := item.(uint64); unsigned {
				return []string{path}
			}
			paths = append(paths, unsignedLists(item, fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	return paths
}

// checkUnquoted warns of a secret that is written as a number. It's no word of the
// number itself that is said, which is the secret.
func (c *check) checkUnquoted(g *gate, path string) {
	for _, s := range g.inspection.Secrets {
		n := g.section.At(s.Path)
		switch n.Value.(type) {
		case int, int64, uint64, float64:
			c.say(g.File, n, finding.Warning, "unquoted-number", path+"."+s.Path, "is a number without quotes, which is read as a number and written anew: leading zeros, exponents and, in Kubernetes, digits after the sixteenth are lost. Quote it")
		}
	}
}
