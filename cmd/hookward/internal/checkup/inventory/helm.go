package inventory

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// isValues says whether a document has values of Traefik's Helm chart.
func isValues(d *document.Node) bool {
	if d.Kind != document.Map {
		return false
	}
	arguments, objects := d.Get("additionalArguments"), d.Get("extraObjects")
	if hasItems(arguments, document.List) || hasItems(objects, document.List) {
		return true
	}
	for _, name := range []string{"web", "websecure"} {
		if d.Path("ports", name) != nil {
			return true
		}
	}
	return false
}

func hasItems(n *document.Node, kind document.Kind) bool {
	return n != nil && n.Kind == kind && len(n.Items) > 0
}

// addValues adds what values of a chart say, and the resources among them. Traefik's
// chart makes a static configuration of its values.
// https://github.com/traefik/traefik-helm-chart/blob/master/traefik/values.yaml
func (s *Set) addValues(file string, values *document.Node, isTraefik bool) {
	s.addResources(file, values, 0)
	arguments := reading.Flags(s.arguments(values.Get("additionalArguments"), false))
	ports := values.Get("ports")
	if !isTraefik && arguments == nil && ports.Get("web") == nil && ports.Get("websecure") == nil && !isStatic(values) {
		return
	}
	root := &document.Node{Kind: document.Map, Line: values.Line, Column: values.Column}
	for _, name := range []string{"experimental", "providers", "core"} {
		section := values.Get(name)
		if section != nil {
			root.Items = append(root.Items, section)
		}
	}
	root.Items = append(root.Items, entryPointsOf(values))
	s.addStatic(file, merged(root, arguments))
	s.addValuesContainer(file, values)
	s.Documents++
}

// entryPointsOf returns the entry points that the chart makes of ports. Some are there
// unless the values say that they are not.
func entryPointsOf(values *document.Node) *document.Node {
	ports := values.Get("ports")
	all := &document.Node{Kind: document.Map, Name: "entryPoints", Line: values.Line, Column: values.Column}
	if ports != nil {
		all.Line, all.Column = ports.Line, ports.Column
		for _, port := range ports.Items {
			if port.Kind == document.Map {
				all.Items = append(all.Items, entryPointOf(port))
			}
		}
	}
	for _, name := range []string{"web", "websecure", "traefik", "metrics"} {
		known := false
		for _, port := range all.Items {
			known = known || port.Name == name
		}
		if !known && (ports == nil || ports.Get(name) == nil) {
			all.Items = append(all.Items, entryPointOf(&document.Node{Kind: document.Map, Name: name, Line: all.Line, Column: all.Column}))
		}
	}
	return all
}

func entryPointOf(port *document.Node) *document.Node {
	e := &document.Node{Kind: document.Map, Name: port.Name, Line: port.Line, Column: port.Column}
	at := func(name string) *document.Node {
		if found := port.Path("http", name); found != nil {
			return found
		}
		return port.Get(name)
	}
	http := &document.Node{Kind: document.Map, Name: "http", Line: port.Line, Column: port.Column}
	enabled := at("tls").Get("enabled").String()
	if enabled == "true" || enabled == "" && (port.Name == "websecure" || port.Path("http", "tls") != nil) {
		http.Items = append(http.Items, &document.Node{Kind: document.Map, Name: "tls", Line: port.Line, Column: port.Column})
	}
	if n := at("middlewares"); n != nil {
		http.Items = append(http.Items, n)
	}
	if n := at("redirections"); hasItems(n.Get("entryPoint"), document.Map) { // which is there by default, and empty
		http.Items = append(http.Items, n)
	}
	address := ":" + port.Get("port").String()
	if strings.EqualFold(port.Get("protocol").String(), "udp") {
		address += "/udp"
	}
	e.Items = append(e.Items, &document.Node{Kind: document.Scalar, Name: "address", Text: address, Value: address, Line: port.Line, Column: port.Column}, http)
	for _, name := range []string{"forwardedHeaders", "asDefault"} {
		if n := port.Get(name); n != nil {
			e.Items = append(e.Items, n)
		}
	}
	return e
}

// merged returns a map with what another one has as well, which counts.
func merged(a, b *document.Node) *document.Node {
	if b == nil || a.Kind != document.Map || b.Kind != document.Map {
		if b != nil {
			return b
		}
		return a
	}
	all := *a
	all.Items = append([]*document.Node{}, a.Items...)
	for _, item := range b.Items {
		known := false
		for i, other := range all.Items {
			if strings.EqualFold(other.Name, item.Name) {
				all.Items[i] = merged(other, item)
				known = true
			}
		}
		if !known {
			all.Items = append(all.Items, item)
		}
	}
	return &all
}

// maxNested bounds how deep resources are looked for in values.
const maxNested = 8

// addResources adds the resources of Kubernetes that stand somewhere in values, as
// extraObjects do, as they are or as text.
func (s *Set) addResources(file string, n *document.Node, depth int) {
	if depth > maxNested {
		return
	}
	if kindOf(n) == manifest {
		s.addManifest(file, n)
		return
	}
	if n.Kind == document.Scalar && strings.Contains(n.Text, "apiVersion:") {
		for _, d := range embedded(n) {
			s.addResources(file, d, depth+1)
		}
	}
	for _, item := range n.Items {
		s.addResources(file, item, depth+1)
	}
}

// embedded returns the documents that a text has in it. Their columns are not known, and
// their lines only where the text stands as it is.
func embedded(n *document.Node) []*document.Node {
	documents, _ := document.YAML([]byte(n.Text))
	for _, d := range documents {
		shift(d, n)
	}
	return documents
}

func shift(n, by *document.Node) {
	n.Column = 0
	if by.Literal {
		n.Line += by.Line
	} else {
		n.Line = by.Line
	}
	for _, item := range n.Items {
		shift(item, by)
	}
}

// addChart adds the values that a resource gives to a chart: of Flux, of K3s, of Argo.
func (s *Set) addChart(file string, kind string, root *document.Node) {
	spec := root.Get("spec")
	switch kind {
	case "HelmRelease":
		name := spec.Path("chart", "spec", "chart").String() + spec.Path("chartRef", "name").String()
		s.addChartValues(file, name, spec.Get("values"), hasItems(spec.Get("valuesFrom"), document.List))
	case "HelmChart", "HelmChartConfig":
		name := root.Path("metadata", "name").String() + spec.Get("chart").String()
		s.addChartValues(file, name, spec.Get("valuesContent"), false)
	case "Application":
		sources := []*document.Node{spec.Get("source")}
		if list := spec.Get("sources"); list != nil {
			sources = append(sources, list.Items...)
		}
		for _, source := range sources {
			name := source.Get("chart").String() + source.Get("repoURL").String() + source.Get("path").String()
			isPart := hasItems(source.Path("helm", "valueFiles"), document.List)
			s.addChartValues(file, name, source.Path("helm", "values"), isPart)
			s.addChartValues(file, name, source.Path("helm", "valuesObject"), isPart)
		}
	}
}

// addChartValues adds values as a map or as text. Of those that are only a part of all,
// the resources are taken alone.
func (s *Set) addChartValues(file, chart string, values *document.Node, isPart bool) {
	if values == nil {
		return
	}
	documents := []*document.Node{values}
	if values.Kind == document.Scalar {
		documents = embedded(values)
	}
	for _, d := range documents {
		if isPart {
			s.addResources(file, d, 0)
		} else if d.Kind == document.Map {
			s.addValues(file, d, strings.Contains(strings.ToLower(chart), "traefik"))
		}
	}
}
