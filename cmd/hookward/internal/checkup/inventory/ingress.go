package inventory

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

const (
	ingressProvider    = "kubernetes"
	ingressAnnotations = "traefik.ingress.kubernetes.io/"
)

// addIngress adds the routers that Traefik makes of an Ingress, unless that is for
// another controller.
// https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/
func (s *Set) addIngress(file, name, namespace string, root *document.Node) {
	annotations, spec := root.Path("metadata", "annotations"), root.Get("spec")
	class := spec.Get("ingressClassName").String() + annotations.Get("kubernetes.io/ingress.class").String()
	if class != "" && !strings.Contains(strings.ToLower(class), "traefik") {
		return
	}
	option := func(name string) *document.Node { return annotations.Get(ingressAnnotations + "router." + name) }
	if annotations != nil {
		for _, a := range annotations.Items {
			if strings.HasPrefix(a.Name, ingressAnnotations) {
				s.Documents++
				break
			}
		}
	}
	s.note(ingressProvider)
	add := func(where, rule string, priority int, node, backend *document.Node) {
		r := &Router{
			Name: where + " of Ingress " + nameIn(namespace, name), Provider: ingressProvider, File: file, Path: "spec." + where, Node: node,
			Rule: rule, Priority: priority, Listens: option("entrypoints"), TLS: option("tls").IsTrue(),
		}
		for _, e := range r.Listens.Strings() {
			r.EntryPoints = append(r.EntryPoints, e.String())
		}
		for _, m := range option("middlewares").Strings() {
			r.Middlewares = append(r.Middlewares, Reference{qualify(m.String(), ingressProvider), m.String(), m})
		}
		port := backend.Path("service", "port", "number").String() + backend.Path("service", "port", "name").String()
		r.Service = namespace + "/" + backend.Path("service", "name").String() + ":" + port
		r.services = []string{qualify(r.Service, kubernetes)} // the very service of an IngressRoute
		s.Routers = append(s.Routers, r)
	}
	if backend := spec.Get("defaultBackend"); backend != nil {
		add("defaultBackend", "PathPrefix(`/`)", math.MinInt32, backend, backend)
	}
	priority, _ := strconv.Atoi(option("priority").String())
	for i, rule := range itemsOf(spec.Get("rules")) {
		for j, path := range itemsOf(rule.Path("http", "paths")) {
			text := ingressRule(rule.Get("host").String(), path, option("pathmatcher").String())
			if text != "" {
				add(fmt.Sprintf("rules[%d].http.paths[%d]", i, j), text, priority, path, path.Get("backend"))
			}
		}
	}
}

func itemsOf(n *document.Node) []*document.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// ingressRule returns the rule that Traefik makes of a host and a path.
func ingressRule(host string, path *document.Node, matcher string) string {
	parts := []string{}
	if rest, any := strings.CutPrefix(host, "*."); any {
		parts = append(parts, "HostRegexp(`^[a-zA-Z0-9-]+\\."+strings.ReplaceAll(rest, ".", `\.`)+"$`)")
	} else if host != "" {
		parts = append(parts, "Host(`"+host+"`)")
	}
	kind := path.Get("pathType").String()
	if kind == "Exact" {
		matcher = "Path"
	} else if matcher == "" || kind == "Prefix" {
		matcher = "PathPrefix"
	}
	if text := path.Get("path").String(); text != "" {
		parts = append(parts, matcher+"(`"+text+"`)")
	}
	return strings.Join(parts, " && ")
}

// ChainPath says where the middlewares of a router stand.
func (r *Router) ChainPath() string {
	if r.Provider == ingressProvider {
		return "metadata.annotations." + ingressAnnotations + "router.middlewares"
	}
	return r.Path + ".middlewares"
}
