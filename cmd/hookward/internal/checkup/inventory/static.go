package inventory

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// addStatic adds a static configuration, if there is one.
func (s *Set) addStatic(file string, root *document.Node) bool {
	if root != nil {
		s.Statics = append(s.Statics, &Static{file, root})
	}
	return root != nil
}

// isTraefik says whether an image is Traefik, as far as its name says.
func isTraefik(image *document.Node) bool {
	return strings.Contains(strings.ToLower(image.String()), "traefik")
}

// addComposeStatic adds the static configuration of a service of Compose that is Traefik:
// flags in its command, or else variables in its environment. A file has its own place.
func (s *Set) addComposeStatic(file string, service *document.Node) bool {
	arguments := s.arguments(service.Get("entrypoint"), true)
	arguments = append(arguments, s.arguments(service.Get("command"), true)...)
	if !isTraefik(service.Get("image")) && !hasFlags(arguments) {
		return false
	}
	if s.addStatic(file, reading.Flags(arguments)) {
		return true
	}
	return s.addStatic(file, reading.Variables(s.variables(service.Get("environment"))))
}

// hasFlags says whether arguments are those of Traefik, whatever its image is called.
func hasFlags(arguments []reading.Label) bool {
	for _, a := range arguments {
		text := strings.ToLower(strings.TrimLeft(a.Value, "-"))
		for _, section := range []string{"entrypoints.", "providers.", "experimental.plugins.", "experimental.localplugins."} {
			if strings.HasPrefix(text, section) && text != a.Value {
				return true
			}
		}
	}
	return false
}

// arguments returns those of a command, as a list or as one text.
func (s *Set) arguments(n *document.Node, interpolated bool) []reading.Label {
	arguments := []reading.Label{}
	add := func(text string, at *document.Node) {
		if interpolated {
			text = interpolate(text, s.Environment)
		}
		arguments = append(arguments, reading.Label{Value: text, Line: at.Line, Column: at.Column})
	}
	switch {
	case n == nil:
	case n.Kind == document.List:
		for _, item := range n.Items {
			add(item.Text, item)
		}
	case n.Kind == document.Scalar:
		for _, word := range words(n.Text) {
			add(word, n)
		}
	}
	return arguments
}

// words takes a command apart as a shell does, as far as flags have need of it.
func words(text string) []string {
	found := []string{}
	word, inWord, quote := strings.Builder{}, false, rune(0)
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && strings.ContainsRune(" \t\r\n\\", r):
			if inWord {
				found = append(found, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		found = append(found, word.String())
	}
	return found
}

// variables returns those of a service's environment, from a list or a map.
func (s *Set) variables(n *document.Node) []reading.Label {
	variables := []reading.Label{}
	if n == nil {
		return nil
	}
	for _, item := range n.Items {
		name, value := item.Name, item.Text
		if n.Kind == document.List {
			name, value, _ = strings.Cut(item.Text, "=")
		}
		variables = append(variables, reading.Label{Key: name, Value: interpolate(value, s.Environment), Line: item.Line, Column: item.Column})
	}
	return variables
}

// addWorkload adds the flags of a Deployment, a DaemonSet or a StatefulSet that is Traefik,
// and what it keeps.
func (s *Set) addWorkload(file string, spec *document.Node) {
	containers := spec.Path("template", "spec", "containers")
	if containers == nil {
		return
	}
	for _, container := range containers.Items {
		arguments := append(s.arguments(container.Get("command"), false), s.arguments(container.Get("args"), false)...)
		if !isTraefik(container.Get("image")) && !hasFlags(arguments) {
			continue
		}
		if runsTraefik(container.Get("image")) || hasFlags(arguments) {
			s.addPodContainer(file, spec, container)
		}
		if s.addStatic(file, reading.Flags(arguments)) {
			s.Documents++
		}
	}
}
