package inventory

import (
	"regexp"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// addCompose adds the labels of a Compose file's services. Those below deploy are the
// Swarm provider's, the others the Docker provider's.
func (s *Set) addCompose(file string, root *document.Node) {
	found := false
	services := root.Get("services")
	for _, service := range services.Items {
		found = s.addComposeStatic(file, service) || found
		s.addComposeContainer(file, service)
		if s.containers == nil {
			s.containers = map[string][]string{}
		}
		for _, at := range []struct {
			provider string
			node     *document.Node
		}{{"docker", service.Get("labels")}, {"swarm", service.Path("deploy", "labels")}} {
			s.containers[at.provider] = append(s.containers[at.provider], service.Name)
			labels := composeLabels(at.node, s.Environment)
			if len(labels) > 0 {
				found = true
				s.note(at.provider)
				s.addContainer(file, service.Name, at.provider, labels)
			}
		}
	}
	if found {
		s.Documents++
	}
}

// composeLabels returns those of Traefik's, from a list or a map.
func composeLabels(n *document.Node, environment *reading.Environment) []reading.Label {
	labels := []reading.Label{}
	if n == nil {
		return nil
	}
	for _, item := range n.Items {
		key, value, number := item.Name, item.Text, any(nil)
		switch item.Value.(type) {
		case int, int64, uint64, float64:
			number = item.Value
		}
		if n.Kind == document.List {
			key, value, _ = strings.Cut(item.Text, "=")
		}
		key, value = interpolate(key, environment), interpolate(value, environment)
		if len(key) >= 8 && strings.EqualFold(key[:8], "traefik.") {
			labels = append(labels, reading.Label{Key: key, Value: value, Number: number, Line: item.Line, Column: item.Column})
		}
	}
	return labels
}

var variable = regexp.MustCompile(`\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))`)

// interpolate puts values where Compose does. Without the environment, a name has
// none, but may have a default.
// https://docs.docker.com/reference/compose-file/interpolation/
func interpolate(text string, environment *reading.Environment) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		if found == "$$" {
			return "$"
		}
		match := variable.FindStringSubmatch(found)
		name, operator, other := match[1]+match[4], match[2], match[3]
		value, set := "", false
		switch {
		case environment != nil:
			value, set = environment.Lookup(name)
		case !strings.HasSuffix(operator, "-"):
			return reading.Unresolve("variable " + name + reading.OfCompose)
		}
		missing := !set || strings.HasPrefix(operator, ":") && value == ""
		switch {
		case strings.HasSuffix(operator, "-") && missing:
			return other
		case strings.HasSuffix(operator, "+") && !missing:
			return other
		case strings.HasSuffix(operator, "+"):
			return ""
		}
		return value
	})
}

// addContainer adds what the labels of one container say.
func (s *Set) addContainer(file, service, provider string, labels []reading.Label) {
	for _, l := range labels {
		if strings.EqualFold(l.Key, "traefik.enable") && (l.Value == "false" || l.Value == "0") {
			return
		}
	}
	read, problem := reading.ReadLabels(labels)
	if problem != nil {
		s.Findings = append(s.Findings, finding.At(file, problem.Node, finding.Error, "refused-by-traefik", problem.Path, problem.Text+": Traefik takes none of this container's labels"))
		return
	}
	source := &Source{File: file, Root: read.Root, Labels: true}
	s.Sources = append(s.Sources, source)
	http := read.Root.Get("http")
	if http == nil {
		return
	}
	s.addSections(source, http, provider, "traefik.http.", func(m *document.Node) func(string) (map[string]any, error) {
		return func(alias string) (map[string]any, error) { return read.Options(m.Name, alias) }
	}, service)
	// Whatever its services are called, they are this container.
	backend := theContainer(service)
	s.add(service+"@"+provider, backend)
	services := http.Get("services")
	if services != nil {
		for _, n := range services.Items {
			s.define(n.Name+"@"+provider, backend)
		}
	}
}

// theContainer is what the services of a container's labels lead to.
func theContainer(name string) service {
	return service{backends: []string{"container " + name}}
}
