package rules

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
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
				c.sayUndefined(r, ref, "unknown-middleware", r.Path+".middlewares", c.nearMiddleware(ref, keys))
			}
		}
	}
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
			c.say(r.File, ref.Node, finding.Warning, "cross-namespace", r.Path+".middlewares", "names %s, of another namespace or by a key, which needs providers.kubernetesCRD.allowCrossNamespace: true in the static configuration; without it, %s", ref.Text, dropsRouter)
		}
	}
}

// nearMiddleware returns the hint at the middleware that may be meant, called as the
// router would have to.
func (c *check) nearMiddleware(ref inventory.Reference, keys []string) string {
	provider := inventory.Provider(ref.Key)
	names := []string{}
	for _, key := range keys {
		m := c.middlewares[key]
		if m == nil || inventory.Provider(key) != provider {
			continue
		}
		name := m.Name
		if strings.Contains(ref.Text, "@") {
			name = key
		}
		if m.Namespace == "" || strings.HasPrefix(ref.Key, m.Namespace+"-") {
			names = append(names, name)
		}
	}
	hint := nearName(ref.Text, names)
	for _, key := range keys {
		m := c.middlewares[key]
		text, _, _ := strings.Cut(ref.Text, "@")
		switch {
		case hint != "" || m == nil || m.Name != text:
		case m.Namespace != "" && inventory.Provider(key) == provider:
			hint = ", did you mean that of the namespace " + m.Namespace + "?"
		default:
			hint = ", did you mean " + key + "?"
		}
	}
	return hint
}

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
				c.say(r.File, ref.Node, finding.Error, "unknown-service", path, "names %s, which Traefik does not have%s It has %s. %s", ref.Text, orStop(nearName(ref.Key, internalServices)), strings.Join(internalServices, ", "), dropsRouter)
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
				hint = ", did you mean " + key + "?"
			}
		}
		c.sayUndefined(r, ref, "unknown-service", path, hint)
	}
}

// sayUndefined tells of a name that nothing here defines.
func (c *check) sayUndefined(r *inventory.Router, ref inventory.Reference, rule, path, hint string) {
	provider := inventory.Provider(ref.Key)
	near := ""
	if !isOneOf(provider, providers) && !c.set.Has(provider) {
		near = nearName(provider, providers)
	}
	switch {
	case near != "":
		c.say(r.File, ref.Node, finding.Error, rule, path, "names %s, and no provider is called %s%s %s", ref.Text, provider, near, dropsRouter)
	case hint != "":
		c.say(r.File, ref.Node, finding.Error, rule, path, "names %s, which none of these files defines%s %s", ref.Text, hint, dropsRouter)
	case c.set.Has(provider):
		c.say(r.File, ref.Node, finding.Warning, rule, path, "names %s, which none of these files defines. If nothing else does, %s", ref.Text, dropsRouter)
	default:
		c.say(r.File, ref.Node, finding.Info, rule, path, "names %s, which is defined elsewhere, if at all: no configuration of the provider %s is among these files", ref.Text, provider)
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
	return ", did you mean " + nearest + "?"
}

func isOneOf(name string, names []string) bool {
	for _, other := range names {
		if name == other {
			return true
		}
	}
	return false
}
