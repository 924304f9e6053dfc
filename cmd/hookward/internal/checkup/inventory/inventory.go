// Package inventory gathers routers and middlewares from the places in which Traefik's
// users write them: files of its file provider, labels of Compose files, manifests of
// its Kubernetes resources, and its static configuration.
package inventory

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// Set is everything that was read, as one Traefik might be given it.
type Set struct {
	Middlewares []*Middleware
	Routers     []*Router
	Statics     []*Static
	Containers  []*Container
	Sources     []*Source
	Findings    []finding.Finding // about reading
	Documents   int               // that were Traefik's
	Others      map[string]string // what else is called like a middleware, by key: the kind of the resource
	// Environment has the values of variables; nil where they are not resolved.
	Environment *reading.Environment
	// Walked says that a file was found in a directory, and not named: it may be anybody's.
	Walked bool

	services   map[string]service  // by key
	defined    map[string]bool     // the keys of services that are written down
	containers map[string][]string // by provider; Traefik makes a service of each
	providers  map[string]bool     // of which something was read
}

// Source is what Traefik takes, or refuses, as one: a file of its file provider, or the
// labels of a container.
type Source struct {
	File   string
	Root   *document.Node
	Labels bool
}

// Middleware is one definition of a middleware.
type Middleware struct {
	Key  string // by which routers of other providers name it, such as hooks@file
	Name string // as a user of its own provider knows it
	File string
	Path string // where it stands, such as http.middlewares.hooks
	Node *document.Node
	From *Source // nil for a resource of Kubernetes
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
	Priority    int      // 0 where it is the rule's length
	Backends    []string // what it leads to: servers, containers, or services of which nothing more is known
	Service     string   // its name, as a person knows it
	Middlewares []Reference
	Abroad      []Reference // those of Middlewares that are of another namespace, in Kubernetes
	EntryPoints []string
	Listens     *document.Node // where the entry points are named; nil where they are not
	TLS         bool
	Provider    string
	// Named is the service as it is named; nil where it is not, or is a service of
	// Kubernetes, which is not among these files.
	Named *Reference

	services []string // their keys, until all services are known
}

// Reference is a middleware, or a service, that a router names.
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

// Title returns what a middleware is called in a message about it as a whole: its path,
// or the kind and the name of its resource.
func (m *Middleware) Title() string {
	if m.From == nil {
		return "Middleware " + nameIn(m.Namespace, m.Name)
	}
	return m.Path
}

// Has says whether something of a provider's configuration is in the set.
func (s *Set) Has(provider string) bool { return s.providers[provider] }

// note remembers that something of a provider's configuration was read.
func (s *Set) note(provider string) {
	if s.providers == nil {
		s.providers = map[string]bool{}
	}
	s.providers[provider] = true
}

// qualify returns the key of a name as one provider's configuration has it.
func qualify(name, provider string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return name + "@" + provider
}
