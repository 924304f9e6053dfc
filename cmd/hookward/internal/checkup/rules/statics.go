package rules

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/internal/inspect"
)

const moduleName = "github.com/hookward/hookward"

// findAliases returns the names by which Traefik knows the plugin.
func (c *check) findAliases() []string {
	if c.options.Plugin != "" {
		return []string{c.options.Plugin}
	}
	aliases := []string{}
	for _, s := range c.set.Statics {
		for _, section := range []string{"plugins", "localPlugins"} {
			for _, plugin := range ours(s, section) {
				aliases = append(aliases, plugin.Name)
			}
		}
	}
	if len(aliases) == 0 {
		return []string{"hookward"}
	}
	return aliases
}

// whereNamed says which file gives the plugin its name, as the mistake may be there.
func (c *check) whereNamed() string {
	for _, s := range c.set.Statics {
		for _, section := range []string{"plugins", "localPlugins"} {
			if c.options.Plugin == "" && len(ours(s, section)) > 0 {
				return ", as " + s.File + " has it"
			}
		}
	}
	return ""
}

// ours returns the plugins of a section whose module is this one, or nearly so.
func ours(s *inventory.Static, section string) []*document.Node {
	found := []*document.Node{}
	plugins := s.Root.Path("experimental", section)
	if plugins == nil {
		return nil
	}
	for _, plugin := range plugins.Items {
		name := plugin.Get("moduleName").String()
		if inspect.Distance(name, moduleName) <= 3 {
			found = append(found, plugin)
		}
	}
	return found
}

// checkStatics checks what the plugin needs of the static configuration.
func (c *check) checkStatics() {
	declared := 0
	for _, s := range c.set.Statics {
		remote, local := ours(s, "plugins"), ours(s, "localPlugins")
		for _, plugin := range local {
			c.checkModule(s, plugin, "experimental.localPlugins."+plugin.Name)
		}
		for _, plugin := range remote {
			path := "experimental.plugins." + plugin.Name
			c.checkModule(s, plugin, path)
			if plugin.Get("version").String() == "" {
				c.say(s.File, plugin, finding.Error, "plugin-module", path+".version", "is required: Traefik downloads a version by its name")
			}
			if plugin.Get("hash").String() == "" {
				c.say(s.File, plugin, finding.Info, "plugin-hash", path+".hash", "is not given; with it, Traefik takes no other archive than the one that you have looked at")
			}
			for _, other := range local {
				if other.Name == plugin.Name {
					c.say(s.File, other, finding.Error, "plugin-module", "experimental.localPlugins."+other.Name, "stands in experimental.plugins as well; one name is one plugin")
				}
			}
		}
		ourCount := len(remote) + len(local)
		declared += ourCount
		experimental := s.Root.Get("experimental")
		if ourCount > 0 && !experimental.Get("abortOnPluginFailure").IsTrue() {
			at := experimental.Get("abortOnPluginFailure")
			if at == nil {
				at = experimental
			}
			c.say(s.File, at, finding.Warning, "abort-on-plugin-failure", "experimental.abortOnPluginFailure", "is not true: a Traefik that can't load the plugin starts all the same, drops the guarded routers, and broader ones may answer in their place, unprotected")
		}
		if ourCount > 0 && experimental.Get("fastProxy") != nil {
			c.checkFastProxy(s, experimental.Get("fastProxy"))
		}
		c.checkForwarded(s)
	}
	if len(c.set.Statics) > 0 && declared == 0 && len(c.gates) > 0 {
		s := c.set.Statics[0]
		c.say(s.File, s.Root, finding.Warning, "plugin-module", "experimental", "declares no plugin with moduleName: %s, which these middlewares are of", moduleName)
	}
	c.checkUntrusted()
}

func (c *check) checkModule(s *inventory.Static, plugin *document.Node, path string) {
	name := plugin.Get("moduleName")
	if name.String() != moduleName {
		c.say(s.File, name, finding.Error, "plugin-module", path+".moduleName", "must be %s, to the letter", moduleName)
	}
}

// entryPointsOf returns those of a static configuration.
func entryPointsOf(s *inventory.Static) []*document.Node {
	all := s.Root.Get("entryPoints")
	if all == nil {
		return nil
	}
	return all.Items
}

// entryPoints returns the entry points of all static configurations that a router may
// be at.
func (c *check) entryPoints(r *inventory.Router) []*document.Node {
	known := c.knownEntryPoints()
	listens := r.EntryPoints
	if len(listens) == 0 {
		listens = defaultEntryPoints(known)
	}
	found := []*document.Node{}
	for _, name := range listens {
		if known[name] != nil {
			found = append(found, known[name])
		}
	}
	return found
}

// entryPointMiddlewares returns those that all of a router's entry points have.
func (c *check) entryPointMiddlewares(r *inventory.Router) []string {
	count := map[string]int{}
	keys := []string{}
	entryPoints := c.entryPoints(r)
	for _, e := range entryPoints {
		for _, key := range middlewaresAt(e, r) {
			count[key]++
			if count[key] == len(entryPoints) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// middlewaresAt returns the keys of what a router's requests come through at an entry
// point: a name without a provider is of the router's.
func middlewaresAt(e *document.Node, r *inventory.Router) []string {
	keys := []string{}
	for _, m := range e.Path("http", "middlewares").Strings() {
		key := m.String()
		if !strings.Contains(key, "@") {
			key += "@" + r.Provider
		}
		keys = append(keys, key)
	}
	return keys
}

// routers returns the routers of a set, and several for one where its entry points have
// different middlewares, as Traefik makes them.
func (c *check) routers() []*inventory.Router {
	all := []*inventory.Router{}
	for _, r := range c.set.Routers {
		groups := map[string]*inventory.Router{}
		order := []string{}
		for _, e := range c.entryPoints(r) {
			key := strings.Join(middlewaresAt(e, r), " ")
			if groups[key] == nil {
				part := *r
				part.EntryPoints = nil
				groups[key] = &part
				order = append(order, key)
			}
			groups[key].EntryPoints = append(groups[key].EntryPoints, e.Name)
		}
		if len(groups) < 2 {
			all = append(all, r)
			continue
		}
		for _, key := range order {
			all = append(all, groups[key])
		}
	}
	return all
}

func (c *check) entryPointHasTLS(r *inventory.Router) bool {
	for _, e := range c.entryPoints(r) {
		if isOn(e.Path("http", "tls")) {
			return true
		}
	}
	return false
}

// counts says whether a gate counts in X-Forwarded-For, and takes the entry point's
// word for who is believed.
func counts(g *gate) bool {
	strategy := g.section.Get("ipStrategy")
	depth := strategy.Get("depth").String()
	counting := depth != "" && depth != "0" || len(strategy.Get("excludedIPs").Strings()) > 0
	return counting && len(strategy.Get("trustedIPs").Strings()) == 0
}

// checkForwarded warns of an entry point that believes everybody, where a gate counts
// on what it believes.
func (c *check) checkForwarded(s *inventory.Static) {
	all := s.Root.Get("entryPoints")
	if all == nil {
		return
	}
	for _, e := range all.Items {
		insecure := e.Path("forwardedHeaders", "insecure")
		for _, g := range c.gates {
			if insecure.IsTrue() && counts(g) && c.mayBeAt(g, e.Name) {
				c.say(s.File, insecure, finding.Warning, "forwarded-insecure", "entryPoints."+e.Name+".forwardedHeaders.insecure", "lets everybody write X-Forwarded-For, in which %s looks for the client: give trustedIPs instead", place(g.Middleware))
			}
		}
	}
}

// mayBeAt says whether a gate's routers listen at an entry point.
func (c *check) mayBeAt(g *gate, entryPoint string) bool {
	found := false
	for _, r := range c.set.Routers {
		for _, m := range c.chainOf(r) {
			if m != g.Middleware {
				continue
			}
			found = true
			if len(r.EntryPoints) == 0 || strings.Contains(" "+strings.Join(r.EntryPoints, " ")+" ", " "+entryPoint+" ") {
				return true
			}
		}
	}
	return !found
}

// checkUntrusted warns of gates that count in a header which Traefik takes away.
func (c *check) checkUntrusted() {
	known := false
	for _, s := range c.set.Statics {
		all := s.Root.Get("entryPoints")
		if all == nil {
			continue
		}
		for _, e := range all.Items {
			known = true
			headers := e.Get("forwardedHeaders")
			if headers.Get("insecure").IsTrue() || len(headers.Get("trustedIPs").Strings()) > 0 {
				return
			}
		}
	}
	for _, g := range c.gates {
		if known && counts(g) {
			c.say(g.File, g.section.At("ipStrategy"), finding.Warning, "forwarded-untrusted", g.Path+".plugin."+g.alias+".ipStrategy", "looks for the client in X-Forwarded-For, which Traefik takes away from every peer: no entry point has forwardedHeaders.trustedIPs")
		}
	}
}
