package inventory

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

const kubernetes = "kubernetescrd"

// addManifest adds a Kubernetes resource, where it is one of Traefik's.
func (s *Set) addManifest(file string, root *document.Node) {
	if root.Get("kind").String() == "List" {
		items := root.Get("items")
		if items != nil {
			for _, item := range items.Items {
				s.addManifest(file, item)
			}
		}
		return
	}
	switch kind := root.Get("kind").String(); kind {
	case "HelmRelease", "HelmChart", "HelmChartConfig", "Application":
		s.addChart(file, kind, root)
		return
	case "Deployment", "DaemonSet", "StatefulSet":
		s.addWorkload(file, root.Get("spec"))
		return
	}
	group, _, _ := strings.Cut(root.Get("apiVersion").String(), "/")
	kind := root.Get("kind").String()
	name, namespace := root.Path("metadata", "name").String(), root.Path("metadata", "namespace").String()
	if namespace == "" {
		namespace = "default"
	}
	if group == "traefik.containo.us" {
		s.Documents++
		s.Findings = append(s.Findings, finding.At(file, root.Get("apiVersion"), finding.Warning, "old-api-group", "apiVersion",
			fmt.Sprintf("is of Traefik 2: Traefik 3 does not read this %s; write traefik.io/v1alpha1", kind)))
		if kind == "Middleware" {
			s.addOther(namespace+"-"+name+"@"+kubernetes, "Middleware of traefik.containo.us, which Traefik 3 does not read,")
		}
		return
	}
	if kind == "Ingress" && group == "networking.k8s.io" {
		s.addIngress(file, name, namespace, root)
	}
	if group != "traefik.io" {
		return
	}
	if kind == "MiddlewareTCP" {
		s.addOther(namespace+"-"+name+"@"+kubernetes, kind)
	}
	spec := root.Get("spec")
	if spec == nil {
		return
	}
	switch root.Get("kind").String() {
	case "Middleware":
		s.Documents++
		s.note(kubernetes)
		s.Middlewares = append(s.Middlewares, &Middleware{
			Key: namespace + "-" + name + "@" + kubernetes, Name: name, File: file, Path: "spec", Node: spec, Namespace: namespace, ResolvesSecrets: true,
			Options: func(alias string) (map[string]any, error) {
				return reading.ManifestOptions(exact(spec.Get("plugin"), alias))
			},
		})
	case "TraefikService":
		s.add(namespace+"/"+name+"@"+kubernetes, traefikServiceOf(spec, namespace))
	case "IngressRoute":
		s.Documents++
		s.note(kubernetes)
		s.addRoutes(file, name, namespace, spec)
	}
}

// addRoutes adds the routes of an IngressRoute, each of which is a router.
func (s *Set) addRoutes(file, name, namespace string, spec *document.Node) {
	routes := spec.Get("routes")
	if routes == nil {
		return
	}
	entryPoints := []string{}
	for _, e := range spec.Get("entryPoints").Strings() {
		entryPoints = append(entryPoints, e.String())
	}
	for i, route := range routes.Items {
		r := &Router{
			Name: fmt.Sprintf("routes[%d] of IngressRoute %s", i, nameIn(namespace, name)), Provider: kubernetes, File: file, Path: fmt.Sprintf("spec.routes[%d]", i), Node: route,
			Rule: route.Get("match").String(), EntryPoints: entryPoints, Listens: spec.Get("entryPoints"), TLS: spec.Get("tls") != nil,
		}
		r.Priority, _ = strconv.Atoi(route.Get("priority").String())
		texts := []string{}
		services := route.Get("services")
		if services != nil {
			for _, service := range services.Items {
				at := service.Get("namespace").String()
				if at == "" {
					at = namespace
				}
				text := service.Get("name").String()
				if strings.Contains(text, "@") {
					r.Named = &Reference{text, text, service.Get("name")}
				} else {
					text = at + "/" + text + ":" + service.Get("port").String()
				}
				texts = append(texts, text)
				r.services = append(r.services, kubernetesService(service, at, text))
			}
		}
		r.Service = strings.Join(texts, " ")
		middlewares := route.Get("middlewares")
		if middlewares != nil {
			for _, m := range middlewares.Items {
				ref := ManifestReference(m, namespace)
				r.Middlewares = append(r.Middlewares, ref)
				if isAbroad(m, namespace) {
					r.Abroad = append(r.Abroad, ref)
				}
			}
		}
		s.Routers = append(s.Routers, r)
	}
}

// isAbroad says whether a route names a middleware of another namespace, or by the
// provider's name for it, which Traefik takes for the same.
func isAbroad(m *document.Node, namespace string) bool {
	name, other := m.Get("name").String(), m.Get("namespace").String()
	if strings.Contains(name, "@") {
		return strings.HasSuffix(name, "@"+kubernetes)
	}
	return other != "" && other != namespace
}

// nameIn returns what a resource is called: its name, after its namespace unless that
// is the one that goes without saying.
func nameIn(namespace, name string) string {
	if namespace == "default" {
		return name
	}
	return namespace + "/" + name
}

// ManifestReference returns the middleware that a route, or a chain, of a namespace names.
func ManifestReference(m *document.Node, namespace string) Reference {
	text := m.Get("name").String()
	at := m.Get("name")
	if at == nil {
		at = m
	}
	if strings.Contains(text, "@") {
		return Reference{text, text, at}
	}
	other := m.Get("namespace").String()
	if other != "" {
		namespace = other
	}
	return Reference{namespace + "-" + text + "@" + kubernetes, text, at}
}

// kubernetesService returns the key of a service that a resource names.
func kubernetesService(n *document.Node, namespace, text string) string {
	if n.Get("kind").String() == "TraefikService" && !strings.Contains(text, "@") {
		text = namespace + "/" + n.Get("name").String()
	}
	return qualify(text, kubernetes)
}

// traefikServiceOf returns the services that a TraefikService hands requests to.
func traefikServiceOf(spec *document.Node, namespace string) service {
	found := service{}
	nodes := []*document.Node{}
	for _, list := range []*document.Node{spec.Path("weighted", "services"), spec.Path("mirroring", "mirrors"), spec.Path("highestRandomWeight", "services")} {
		if list != nil {
			nodes = append(nodes, list.Items...)
		}
	}
	if mirroring := spec.Get("mirroring"); mirroring != nil {
		nodes = append(nodes, mirroring)
	}
	for _, n := range nodes {
		at := n.Get("namespace").String()
		if at == "" {
			at = namespace
		}
		found.others = append(found.others, kubernetesService(n, at, at+"/"+n.Get("name").String()+":"+n.Get("port").String()))
	}
	return found
}

// addOther notes what is called like a middleware, and is none.
func (s *Set) addOther(key, kind string) {
	if s.Others == nil {
		s.Others = map[string]string{}
	}
	s.Others[key] = kind
}
