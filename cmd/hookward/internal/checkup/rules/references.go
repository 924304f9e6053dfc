package rules

import (
	"sort"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// internalServices are those that Traefik brings along.
var internalServices = []string{"acme-http@internal", "api@internal", "dashboard@internal", "noop@internal", "ping@internal", "prometheus@internal", "rest@internal"}

// providers are what may stand behind the @ of a name.
var providers = []string{
	"consul", "consulcatalog", "docker", "ecs", "etcd", "file", "http", "internal", "knative", "kubernetescrd", "kubernetesgateway",
	"kubernetes", "kubernetesingressnginx", "nomad", "redis", "rest", "swarm", "zookeeper",
}

const dropsRouter = "Traefik drops this router, and a broader one may answer in its place"

// checkReferences tells of middlewares that nobody defines. One that is spelt nearly
// like another is a mistake; the others may stand in a file that is not among these.
func (c *check) checkReferences() {
	keys := []string{}
	for _, m := range c.set.Middlewares {
		keys = append(keys, m.Key)
	}
	for _, r := range c.set.Routers {
		for _, ref := range r.Middlewares {
			if c.middlewares[ref.Key] == nil {
				c.sayUndefined(r.File, ref, "unknown-middleware", r.ChainPath(), c.nearMiddleware(ref, keys), dropsRouter)
			}
		}
	}
	for _, m := range c.set.Middlewares {
		for _, ref := range chainMembers(m) {
			if c.middlewares[ref.Key] == nil && c.middlewares[m.Key] == m {
				c.sayUndefined(m.File, ref, "unknown-middleware", m.Path+".chain.middlewares", c.nearMiddleware(ref, keys), vanishesChain)
			}
		}
	}
	for _, s := range c.set.Statics {
		for _, e := range entryPointsOf(s) {
			for _, ref := range c.entryPointReferences(e) {
				if c.middlewares[ref.Key] == nil {
					c.sayUndefined(s.File, ref, "unknown-middleware", "entryPoints."+e.Name+".http.middlewares", c.nearMiddleware(ref, keys), dropsAll)
				}
			}
		}
	}
}

const (
	vanishesChain = "Traefik drops the routers that use this chain, and broader ones may answer in their place, unprotected"
	dropsAll      = "Traefik drops all routers of this entry point"
)

// entryPointReferences returns the middlewares of an entry point. A name without a
// provider means that of each router's own.
func (c *check) entryPointReferences(e *document.Node) []inventory.Reference {
	providers := []string{}
	for _, r := range c.set.Routers {
		if !isOneOf(r.Provider, providers) {
			providers = append(providers, r.Provider)
		}
	}
	refs := []inventory.Reference{}
	for _, n := range e.Path("http", "middlewares").Strings() {
		if strings.Contains(n.String(), "@") {
			refs = append(refs, inventory.Reference{Key: n.String(), Text: n.String(), Node: n})
			continue
		}
		for _, provider := range providers {
			refs = append(refs, inventory.Reference{Key: n.String() + "@" + provider, Text: n.String(), Node: n})
		}
	}
	return refs
}

// checkEntryPoints finds routers at entry points that are not there.
func (c *check) checkEntryPoints() {
	known := c.knownEntryPoints()
	if len(known) == 0 {
		return // Traefik's own, or those of a file that is not among these
	}
	names := []string{}
	for name := range known {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, r := range c.set.Routers {
		missing := []string{}
		for _, name := range r.EntryPoints {
			if known[name] == nil && !reading.IsUnresolved(name) {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 {
			continue
		}
		node, severity, effect := r.Listens, finding.Error, dropsRouter
		if node == nil {
			node = r.Node
		}
		if len(missing) < len(r.EntryPoints) {
			severity, effect = finding.Warning, "there, nothing comes to this router"
		}
		c.say(r.File, node, severity, "unknown-entry-point", r.Path+".entryPoints", "names %s, which the static configuration does not have%s (it has %s): %s", quoted(missing), didYouMean(missing[0], names), quoted(names), effect)
	}
}

// quoted returns names as a list to read.
func quoted(names []string) string {
	texts := []string{}
	for _, name := range names {
		texts = append(texts, strconv.Quote(name))
	}
	return strings.Join(texts, ", ")
}

// checkNamespaces warns of middlewares of another namespace, which Traefik takes only
// where it is told to.
// https://doc.traefik.io/traefik/reference/install-configuration/providers/kubernetes/kubernetes-crd/
func (c *check) checkNamespaces() {
	for _, s := range c.set.Statics {
		if s.Root.Path("providers", "kubernetesCRD", "allowCrossNamespace").IsTrue() {
			return
		}
	}
	for _, r := range c.set.Routers {
		for _, ref := range r.Abroad {
			c.say(r.File, ref.Node, finding.Warning, "cross-namespace", r.ChainPath(), "names %q, of another namespace or by a key, which needs providers.kubernetesCRD.allowCrossNamespace: true in the static configuration; without it, %s", ref.Text, dropsRouter)
		}
	}
}

// nearMiddleware returns the hint at the middleware that may be meant, called as the
// router would have to. One of the very name, elsewhere, comes before one that is nearly
// called so here.
func (c *check) nearMiddleware(ref inventory.Reference, keys []string) string {
	provider := inventory.Provider(ref.Key)
	text, _, _ := strings.Cut(ref.Text, "@")
	names := []string{}
	for _, key := range keys {
		m := c.middlewares[key]
		switch {
		case m == nil:
		case m.Name == text && inventory.Provider(key) != provider:
			return meant(key)
		case m.Name == text && m.Namespace != "":
			return ", did you mean that of the namespace " + strconv.Quote(m.Namespace) + "?"
		case inventory.Provider(key) != provider || m.Namespace != "" && !strings.HasPrefix(ref.Key, m.Namespace+"-"):
		case strings.Contains(ref.Text, "@"):
			names = append(names, key)
		default:
			names = append(names, m.Name)
		}
	}
	return nearName(ref.Text, names)
}

func meant(name string) string { return ", did you mean " + strconv.Quote(name) + "?" }

// checkServices does so for services.
func (c *check) checkServices() {
	for _, r := range c.set.Routers {
		if r.Named == nil || c.set.HasService(r.Named.Key) {
			continue
		}
		ref, path := *r.Named, r.Path+".service"
		provider := inventory.Provider(ref.Key)
		if provider == "internal" {
			if !isOneOf(ref.Key, internalServices) {
				c.say(r.File, ref.Node, finding.Error, "unknown-service", path, "names %q, which Traefik does not have%s It has %s. %s", ref.Text, orStop(nearName(ref.Key, internalServices)), strings.Join(internalServices, ", "), dropsRouter)
			}
			continue
		}
		names := []string{}
		for _, key := range c.set.Services() {
			name := strings.TrimSuffix(key, "@"+provider)
			if strings.Contains(ref.Text, "@") || name == key {
				name = key
			}
			names = append(names, name)
		}
		hint := nearName(ref.Text, names)
		for _, key := range append(c.set.Services(), "noop@internal") {
			if hint == "" && strings.HasPrefix(key, ref.Text+"@") {
				hint = meant(key)
			}
		}
		c.sayUndefined(r.File, ref, "unknown-service", path, hint, dropsRouter)
	}
}

// sayUndefined tells of a name that nothing here defines, and of what Traefik does then.
func (c *check) sayUndefined(file string, ref inventory.Reference, rule, path, hint, effect string) {
	provider := inventory.Provider(ref.Key)
	near := ""
	if !isOneOf(provider, providers) && !c.set.Has(provider) {
		near = nearName(provider, providers)
	}
	kind := c.set.Others[ref.Key]
	switch {
	case kind != "":
		c.say(file, ref.Node, finding.Error, rule, path, "names %q, which is a %s here. %s", ref.Text, kind, effect)
	case near != "":
		c.say(file, ref.Node, finding.Error, rule, path, "names %q, and no provider is called %q%s %s", ref.Text, provider, near, effect)
	case hint != "" && !c.set.Has(provider) && strings.Contains(ref.Text, "@") && isOneOf(provider, providers):
		c.say(file, ref.Node, finding.Info, rule, path, "names %q, which is defined elsewhere, if at all: no configuration of the provider %q is among these files%s", ref.Text, provider, hint)
	case hint != "":
		c.say(file, ref.Node, finding.Error, rule, path, "names %q, which none of these files defines%s %s", ref.Text, hint, effect)
	case c.set.Has(provider):
		c.say(file, ref.Node, finding.Warning, rule, path, "names %q, which none of these files defines. If nothing else does, %s", ref.Text, effect)
	default:
		c.say(file, ref.Node, finding.Info, rule, path, "names %q, which is defined elsewhere, if at all: no configuration of the provider %q is among these files", ref.Text, provider)
	}
}

func orStop(hint string) string {
	if hint == "" {
		return "."
	}
	return hint
}

// nearName is didYouMean for names that users choose: a provider, which is behind the
// @, does not make them longer.
func nearName(name string, names []string) string {
	short, _, _ := strings.Cut(name, "@")
	nearest := nearestOf(name, names, len(short)/3)
	if nearest == "" {
		return ""
	}
	return meant(nearest)
}

func isOneOf(name string, names []string) bool {
	for _, other := range names {
		if name == other {
			return true
		}
	}
	return false
}
