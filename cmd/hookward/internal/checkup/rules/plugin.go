package rules

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/internal/inspect"
)

const vanishes = "Traefik drops the routers that use it, and broader ones may answer in their place, unprotected"

// checkPlugin finds the plugin's section of a middleware, or what was meant to be it.
func (c *check) checkPlugin(m *inventory.Middleware) {
	plugin := m.Plugin()
	if plugin == nil {
		for _, item := range m.Node.Items {
			if c.isAlias(item.Name) || c.isNear(item.Name) {
				c.say(m.File, item, finding.Error, "nesting", m.Path+"."+item.Name, "belongs below plugin: %s", c.refusal(m))
			} else if strings.EqualFold(item.Name, "plugins") {
				c.say(m.File, item, finding.Error, "nesting", m.Path+"."+item.Name, "is called plugin, without an s: %s", c.refusal(m))
			}
		}
		return
	}
	path := m.Path + ".plugin"
	if plugin.Kind != document.Map || len(plugin.Items) == 0 {
		c.say(m.File, plugin, finding.Error, "nesting", path, "must be a section with the plugin's name and its options below that: %s", c.refusal(m))
		return
	}
	sections := 0
	for _, item := range plugin.Items {
		if c.isAlias(item.Name) {
			sections++
		}
	}
	for _, item := range plugin.Items {
		at := path + "." + item.Name
		switch {
		case c.isAlias(item.Name):
			c.addGate(m, item, at)
		case isOption(item.Name):
			c.say(m.File, item, finding.Error, "nesting", at, "is an option, and belongs below %s: %s", strings.Join(c.aliases, " or "), vanishes)
		case sections == 0 && c.isNear(item.Name):
			c.say(m.File, item, finding.Error, "plugin-name", at, "is not the plugin's name, which is %s, to the letter%s: %s", strings.Join(c.aliases, " or "), c.whereNamed(), vanishes)
		case sections > 0:
			c.say(m.File, item, finding.Error, "nesting", at, "stands beside %s; a middleware has one plugin: %s", strings.Join(c.aliases, " or "), vanishes)
		}
	}
}

// refusal says what Traefik makes of a middleware that it can't read.
func (c *check) refusal(m *inventory.Middleware) string {
	switch inventory.Provider(m.Key) {
	case "file":
		return "Traefik takes nothing of this file"
	case "docker", "swarm":
		return "Traefik takes none of this container's labels"
	}
	return vanishes
}

func (c *check) addGate(m *inventory.Middleware, section *document.Node, path string) {
	g := &gate{Middleware: m, alias: section.Name, section: section}
	c.gates = append(c.gates, g)
	c.gateOf[m] = g
	raw, refusal := c.optionsOf(m, section)
	if refusal == "" {
		c.checkOptions(g, raw, path)
	} else if section.Kind == document.Null || inventory.Provider(m.Key) != "file" { // else it has been said of the file
		c.say(m.File, section, finding.Error, "refused-by-traefik", path, "%s", refusal)
	}
}

// optionsOf returns what Traefik hands to the plugin of a section, or why it hands it
// nothing.
func (c *check) optionsOf(m *inventory.Middleware, section *document.Node) (map[string]any, string) {
	if section.Kind == document.Null && len(m.Plugin().Items) == 1 && !m.ResolvesSecrets {
		return nil, "has no value: Traefik takes nothing of this file"
	}
	raw, err := m.Options(section.Name)
	if err != nil {
		return nil, err.Error() + ": " + c.refusal(m)
	}
	return raw, ""
}

func (c *check) isAlias(name string) bool {
	for _, alias := range c.aliases {
		if name == alias {
			return true
		}
	}
	return false
}

// isNear says whether a name may be meant for the plugin's.
func (c *check) isNear(name string) bool {
	for _, alias := range append([]string{"hookward"}, c.aliases...) {
		if name != alias && inspect.Distance(name, alias) <= len(alias)/4 {
			return true
		}
	}
	return false
}

func isOption(name string) bool {
	for _, option := range inspect.OptionNames() {
		if strings.EqualFold(name, option) {
			return true
		}
	}
	return false
}
