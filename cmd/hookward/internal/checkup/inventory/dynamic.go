package inventory

import (
	"strconv"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// addFile adds a file of the file provider.
func (s *Set) addFile(file string, root *document.Node) {
	s.Documents++
	s.note("file")
	source := &Source{File: file, Root: root}
	s.Sources = append(s.Sources, source)
	refused := reading.Refused(root)
	if refused != nil {
		s.Findings = append(s.Findings, finding.At(file, refused.Node, finding.Error, "refused-by-traefik", refused.Path, refused.Text+": Traefik takes nothing of this file"))
	}
	http := root.Get("http")
	s.addSections(source, http, "file", "http.", func(m *document.Node) func(string) (map[string]any, error) {
		return func(alias string) (map[string]any, error) {
			return reading.FileOptions(exact(m.Get("plugin"), alias))
		}
	}, "")
	services := http.Get("services")
	if services == nil {
		return
	}
	for _, service := range services.Items {
		s.define(service.Name+"@file", serviceOf(service, "file"))
	}
}

// exact returns what stands under a key, to the letter, or nothing.
func exact(n *document.Node, name string) *document.Node {
	found := n.Get(name)
	if found == nil || found.Name != name {
		return &document.Node{}
	}
	return found
}

// addSections adds the routers and middlewares of a section http, of a file or of a
// container's labels. Routers without a service lead to that of the container.
func (s *Set) addSections(from *Source, http *document.Node, provider, prefix string, options func(m *document.Node) func(alias string) (map[string]any, error), container string) {
	middlewares := http.Get("middlewares")
	if middlewares != nil {
		for _, m := range middlewares.Items {
			s.Middlewares = append(s.Middlewares, &Middleware{
				Key: m.Name + "@" + provider, Name: m.Name, File: from.File, Path: prefix + "middlewares." + m.Name, Node: m, From: from, Options: options(m),
			})
		}
	}
	routers := http.Get("routers")
	if routers == nil {
		return
	}
	for _, n := range routers.Items {
		r := &Router{
			Name: n.Name, File: from.File, Path: prefix + "routers." + n.Name, Node: n, Provider: provider,
			Rule: n.Get("rule").String(), Service: n.Get("service").String(),
		}
		r.Priority, _ = strconv.Atoi(n.Get("priority").String())
		r.TLS = n.Get("tls") != nil && n.Get("tls").String() != "false"
		if r.Service == "" {
			r.Service = container
		} else {
			r.Named = &Reference{qualify(r.Service, provider), r.Service, n.Get("service")}
		}
		r.services = []string{qualify(r.Service, provider)}
		for _, m := range n.Get("middlewares").Strings() {
			r.Middlewares = append(r.Middlewares, Reference{qualify(m.String(), provider), m.String(), m})
		}
		r.Listens = n.Get("entryPoints")
		for _, e := range r.Listens.Strings() {
			r.EntryPoints = append(r.EntryPoints, e.String())
		}
		s.Routers = append(s.Routers, r)
	}
}
