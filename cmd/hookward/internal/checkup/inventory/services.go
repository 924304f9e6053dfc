package inventory

import (
	"sort"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// service is what stands behind the name of a service.
type service struct {
	backends []string // servers, or a container
	others   []string // the keys of services that it hands requests to
}

// maxServices is how deep services of services are followed.
const maxServices = 10

// serviceOf returns what a service of a file leads to.
func serviceOf(n *document.Node, provider string) service {
	found := service{}
	if servers := n.Path("loadBalancer", "servers"); servers != nil {
		for _, server := range servers.Items {
			url := strings.TrimSuffix(server.Get("url").String(), "/")
			if url != "" {
				found.backends = append(found.backends, "server "+url)
			}
		}
	}
	names := []*document.Node{n.Path("mirroring", "service"), n.Path("failover", "service"), n.Path("failover", "fallback")}
	for _, list := range []*document.Node{n.Path("weighted", "services"), n.Path("mirroring", "mirrors"), n.Path("highestRandomWeight", "services")} {
		if list != nil {
			for _, item := range list.Items {
				names = append(names, item.Get("name"))
			}
		}
	}
	for _, name := range names {
		if name.String() != "" {
			found.others = append(found.others, qualify(name.String(), provider))
		}
	}
	return found
}

// Complete settles what one file says of another, once all are read.
func (s *Set) Complete() {
	for _, r := range s.Routers {
		r.Backends = nil
		for _, key := range r.services {
			r.Backends = append(r.Backends, s.backends(key, 0)...)
		}
	}
}

// backends returns what a service leads to in the end: its own key where nothing is
// known of it.
func (s *Set) backends(key string, depth int) []string {
	known := s.services[key]
	found := append([]string{}, known.backends...)
	for _, other := range known.others {
		if depth < maxServices {
			found = append(found, s.backends(other, depth+1)...)
		}
	}
	if len(found) == 0 {
		return []string{key}
	}
	return found
}

// add notes what stands behind a service.
func (s *Set) add(key string, what service) {
	if s.services == nil {
		s.services = map[string]service{}
	}
	s.services[key] = what
}

// define notes a service that is written down, and what stands behind it.
func (s *Set) define(key string, what service) {
	if s.defined == nil {
		s.defined = map[string]bool{}
	}
	s.defined[key] = true
	s.add(key, what)
}

// Services returns the keys of all services that are written down.
func (s *Set) Services() []string {
	keys := make([]string, 0, len(s.defined))
	for key := range s.defined {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// HasService says whether a service is defined, or may be the one that Traefik makes of
// a container, whose name has that of the project, or of the stack, in it.
func (s *Set) HasService(key string) bool {
	if s.defined[key] {
		return true
	}
	provider := Provider(key)
	name := strings.TrimSuffix(key, "@"+provider)
	for _, container := range s.containers[provider] {
		container = reading.Normalize(container)
		if provider == "docker" && strings.HasPrefix(name, container+"-") || provider == "swarm" && strings.HasSuffix(name, "-"+container) {
			return true
		}
	}
	return false
}
