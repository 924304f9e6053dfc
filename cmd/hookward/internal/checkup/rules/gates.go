package rules

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// Gate is a middleware with a section of the plugin.
type Gate struct {
	Key     string // by which routers of other providers name it, such as hooks@file
	Name    string // the key's without the provider; in Kubernetes, that of the resource
	File    string
	Options map[string]any   // what Traefik hands to the plugin
	Refused *finding.Finding // why Traefik hands it nothing; nil where it does

	key, name       string // before anything in them was hidden
	resolvesSecrets bool
	environment     *reading.Environment
}

// Hide puts the names of variables where a text has values that templates or Compose
// put into the gate's file: what is said of its options may have them.
func (g *Gate) Hide(text string) string { return g.environment.Hide(text) }

// IsNamed says whether a name may mean this gate: its key, with or without the
// provider, or the name of its resource.
func (g *Gate) IsNamed(name string) bool {
	return name == g.key || name == g.name || name+"@"+inventory.Provider(g.key) == g.key || name == g.Key || name == g.Name
}

// IsResolved says whether Traefik puts something else in the place of a text before
// the plugin gets it.
func (g *Gate) IsResolved(text string) bool {
	return g.resolvesSecrets && strings.HasPrefix(text, kubernetesSecret)
}

// Gates returns the gates of a set, in the order in which they are written: those
// that Run looks at.
func Gates(set *inventory.Set, options Options) []Gate {
	c := &check{set: set, options: options}
	c.aliases = c.findAliases()
	c.checkStructure()
	gates := []Gate{}
	for _, m := range set.Middlewares {
		plugin := m.Plugin()
		if plugin == nil || plugin.Kind != document.Map {
			continue
		}
		for _, section := range plugin.Items {
			if c.isAlias(section.Name) {
				gates = append(gates, hideGate(c.gateOfSection(m, section), set.Environment))
			}
		}
	}
	return gates
}

// hideGate takes the values of variables out of what is printed of a gate.
func hideGate(g Gate, environment *reading.Environment) Gate {
	g.environment, g.key, g.name = environment, g.Key, g.Name
	g.Key, g.Name = g.Hide(g.Key), g.Hide(g.Name)
	if g.Refused != nil {
		refused := *g.Refused
		refused.Path, refused.Message = g.Hide(refused.Path), g.Hide(refused.Message)
		g.Refused = &refused
	}
	return g
}

func (c *check) gateOfSection(m *inventory.Middleware, section *document.Node) Gate {
	provider := inventory.Provider(m.Key)
	g := Gate{Key: m.Key, File: m.File, Name: strings.TrimSuffix(m.Key, "@"+provider), resolvesSecrets: m.ResolvesSecrets}
	if m.Namespace != "" {
		g.Name = strings.TrimPrefix(g.Name, m.Namespace+"-")
	}
	refuse := func(rule, text string) Gate {
		f := finding.At(m.File, section, finding.Error, rule, m.Path+".plugin."+section.Name, text)
		g.Refused = &f
		return g
	}
	if len(m.Plugin().Items) > 1 {
		return refuse("nesting", "does not stand alone; a middleware has one plugin: "+vanishes)
	}
	raw, refusal := c.optionsOf(m, section)
	if refusal != "" {
		return refuse("refused-by-traefik", refusal)
	}
	if refused := c.refused[m.From]; refused != nil {
		g.Refused = refused
		return g
	}
	g.Options = raw
	for i, f := range c.set.Findings {
		// A container that is refused has no gates; a file is read on.
		if provider == "file" && f.File == m.File && f.Rule == "refused-by-traefik" {
			g.Refused = &c.set.Findings[i]
			g.Options = nil
			break
		}
	}
	return g
}
