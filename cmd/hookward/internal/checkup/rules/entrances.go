package rules

import (
	"sort"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
)

// entrance is where a router takes requests: at an entry point, those of HTTPS or those of
// HTTP. A router with TLS takes no other than those of HTTPS, and one without takes none
// of them, unless its entry point has TLS for all.
// https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/
type entrance struct {
	entryPoint string // empty for one that is not named in any file
	https      bool
	certain    bool // the entry point is among these files, so https is not a guess
}

// entrancesOf returns all entrances of a router.
func (c *check) entrancesOf(r *inventory.Router) []entrance {
	known := c.knownEntryPoints()
	listens := r.EntryPoints
	if len(listens) == 0 {
		listens = defaultEntryPoints(known)
	}
	if len(listens) == 0 {
		listens = append([]string{""}, c.namedEntryPoints()...)
	}
	entrances := []entrance{}
	for _, name := range listens {
		e := known[name]
		p := entrance{name, r.TLS || isOn(e.Path("http", "tls")), e != nil || r.TLS}
		// An entry point that redirects has a router of its own for that, before all others.
		if !p.https && e.Path("http", "redirections", "entryPoint") != nil {
			continue
		}
		entrances = append(entrances, p)
	}
	return entrances
}

// namedEntryPoints returns the names of all entry points that any router has.
func (c *check) namedEntryPoints() []string {
	if c.named == nil {
		c.named = []string{}
		for _, r := range c.set.Routers {
			for _, name := range r.EntryPoints {
				if !isOneOf(name, c.named) {
					c.named = append(c.named, name)
				}
			}
		}
	}
	return c.named
}

// knownEntryPoints returns those of all static configurations.
func (c *check) knownEntryPoints() map[string]*document.Node {
	if c.known != nil {
		return c.known
	}
	known := map[string]*document.Node{}
	c.known = known
	for _, s := range c.set.Statics {
		for _, e := range entryPointsOf(s) {
			known[e.Name] = e
		}
	}
	return known
}

// defaultEntryPoints returns those of a router that names none: those with asDefault,
// or all, but for Traefik's own and those of UDP.
func defaultEntryPoints(known map[string]*document.Node) []string {
	all, chosen := []string{}, []string{}
	for name, e := range known {
		if name == "traefik" || strings.HasSuffix(strings.ToLower(e.Get("address").String()), "/udp") {
			continue
		}
		all = append(all, name)
		if e.Get("asDefault").IsTrue() {
			chosen = append(chosen, name)
		}
	}
	if len(chosen) == 0 {
		chosen = all
	}
	sort.Strings(chosen)
	return chosen
}

// isOn says whether a section is there, and not turned off, as flags and labels may do.
func isOn(n *document.Node) bool {
	return n != nil && n.String() != "false"
}

// common returns the entrances of one router at which another may take requests as well.
func common(a, b *route) []entrance {
	found := []entrance{}
	for _, x := range a.entrances {
		for _, y := range b.entrances {
			if x.entryPoint == y.entryPoint && (x.https == y.https || !x.certain || !y.certain) {
				found = append(found, x)
				break
			}
		}
	}
	return found
}

// surely returns how grave it is that one router comes before another: whether an entry
// point has TLS may be a guess.
func surely(a, b *route) string {
	for _, p := range a.entrances {
		if b.isAt(p) {
			return finding.Error
		}
	}
	return finding.Warning
}

// isAt says whether a router takes what comes to an entrance, as far as can be seen.
func (r *route) isAt(p entrance) bool {
	for _, x := range r.entrances {
		if x.entryPoint == p.entryPoint && x.https == p.https {
			return true
		}
	}
	return false
}

// entryPointNames returns the entry points at which a router takes requests.
func (r *route) entryPointNames() []string {
	names := []string{}
	for _, p := range r.entrances {
		names = append(names, p.entryPoint)
	}
	return names
}

// hasHTTPS says whether a router takes requests of HTTPS anywhere.
func (r *route) hasHTTPS() bool {
	for _, p := range r.entrances {
		if p.https {
			return true
		}
	}
	return false
}
