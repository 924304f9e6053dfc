// Package inventory gathers routers and middlewares from the places in which Traefik's
// users write them: files of its file provider, labels of Compose files, manifests of
// its Kubernetes resources, and its static configuration.
package inventory

import (
	"strings"

	"github.com/hookward/hookward/internal/checkup/document"
	"github.com/hookward/hookward/internal/checkup/finding"
)

// Set is everything that was read, as one Traefik might be given it.
type Set struct {
	Middlewares []*Middleware
	Routers     []*Router
	Statics     []*Static
	Findings    []finding.Finding // about reading
	Documents   int               // that were Traefik's

	services map[string]string // the backend by the service's key
}

// Middleware is one definition of a middleware.
type Middleware struct {
	Key  string // by which routers of other providers name it, such as hooks@file
	File string
	Path string // where it stands, such as http.middlewares.hooks
	Node *document.Node
	// Options returns what Traefik hands to the plugin of that name.
	Options   func(alias string) (map[string]any, error)
	Namespace string // in Kubernetes
	// ResolvesSecrets says that urn:k8s:secret: is resolved on the way.
	ResolvesSecrets bool
}

// Router is one router of HTTP.
type Router struct {
	Name        string
	File        string
	Path        string
	Node        *document.Node
	Rule        string
	Priority    int // 0 where it is the rule's length
	Backend     string
	Service     string // its name, as a person knows it
	Middlewares []Reference
	EntryPoints []string
	TLS         bool

	service string // its key, until all services are known
}

// Reference is a middleware that a router names.
type Reference struct {
	Key  string
	Text string // as it is written
	Node *document.Node
}

// Static is a static configuration.
type Static struct {
	File string
	Root *document.Node
}

// Plugin returns the section plugin of a middleware, or nil.
func (m *Middleware) Plugin() *document.Node { return m.Node.Get("plugin") }

// Provider returns the provider of a key.
func Provider(key string) string {
	return key[strings.LastIndex(key, "@")+1:]
}

// Has says whether there is a middleware of a provider in the set.
func (s *Set) Has(provider string) bool {
	for _, m := range s.Middlewares {
		if Provider(m.Key) == provider {
			return true
		}
	}
	for _, r := range s.Routers {
		if strings.HasSuffix(r.service, "@"+provider) {
			return true
		}
	}
	return false
}

// Complete settles what one file says of another, once all are read.
func (s *Set) Complete() {
	for _, r := range s.Routers {
		r.Backend = r.service
		known := s.services[r.service]
		if known != "" {
			r.Backend = known
		}
	}
}

// add notes what stands behind a service.
func (s *Set) add(key, backend string) {
	if s.services == nil {
		s.services = map[string]string{}
	}
	s.services[key] = backend
}

// qualify returns the key of a name as one provider's configuration has it.
func qualify(name, provider string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return name + "@" + provider
}
