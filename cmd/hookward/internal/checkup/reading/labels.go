package reading

import (
	"sort"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// Label is one label of a container, and where it stands.
type Label struct {
	Key, Value   string
	Number       any // the value, where Compose has it as a number; else nil
	Line, Column int
}

// Labels are what Traefik makes of the labels of one container.
type Labels struct {
	Root *document.Node // with http, tcp and udp below it, as in a file
	top  *node
}

// labelRoots are the beginnings of the labels that Traefik reads as a configuration.
var labelRoots = []string{"traefik.http", "traefik.tcp", "traefik.udp", "traefik.tls.stores.default"}

// ReadLabels reads the labels of a container. A problem makes Traefik leave all of
// them out.
func ReadLabels(labels []Label) (*Labels, *Problem) {
	last := map[string]Label{}
	keys := []string{}
	for _, l := range labels {
		if !isOurs(l.Key) {
			continue
		}
		if _, twice := last[l.Key]; !twice {
			keys = append(keys, l.Key)
		}
		last[l.Key] = l
	}
	sort.Strings(keys)
	root := &document.Node{Kind: document.Map}
	result := &Labels{Root: root, top: &node{name: "traefik"}}
	for _, key := range keys {
		label := last[key]
		parts, problem := labelParts(key)
		if problem != "" {
			return nil, &Problem{key, &document.Node{Line: label.Line, Column: label.Column}, problem}
		}
		place(result.top, root, parts[1:], label)
	}
	return result, nil
}

func isOurs(key string) bool {
	for _, root := range labelRoots {
		if len(key) >= len(root) && strings.EqualFold(key[:len(root)], root) {
			return true
		}
	}
	return false
}

// labelParts takes a label's name apart. The number of a list is a part of its own.
func labelParts(key string) ([]string, string) {
	parts := []string{}
	for i, part := range strings.Split(key, ".") {
		switch {
		case i == 0 && part != "traefik":
			return nil, "must begin with traefik, in lower case"
		case part == "":
			return nil, "has an empty part between two dots"
		case part[0] == '[':
			return nil, "has a number in brackets without the name of its list"
		}
		if !strings.HasSuffix(part, "]") {
			parts = append(parts, part)
			continue
		}
		left := strings.Index(part, "[")
		if left < 0 {
			return nil, "has a bracket that nothing opens"
		}
		parts = append(parts, part[:left], part[left:])
	}
	return parts, ""
}

// place puts a label's value where its name leads. Names that differ in case only
// are one, that of the first.
func place(n *node, d *document.Node, parts []string, label Label) {
	for _, part := range parts {
		var child *node
		var at *document.Node
		for i := range n.children {
			if strings.EqualFold(n.children[i].name, part) {
				child, at = n.children[i], d.Items[i]
				break
			}
		}
		if child == nil {
			child = &node{name: part}
			at = &document.Node{Name: part, Line: label.Line, Column: label.Column}
			n.children = append(n.children, child)
			d.Items = append(d.Items, at)
			d.Kind = document.Map
			if isIndex(d.Items[0].Name) {
				d.Kind = document.List
			}
		}
		n, d = child, at
	}
	n.value = label.Value
	if d.Kind == document.Null {
		d.Kind = document.Scalar
	}
	d.Text = label.Value
	d.Value = label.Value
	if label.Number != nil {
		d.Value = label.Number
	}
}

// Options returns what the plugin gets of a container's labels for one middleware.
func (l *Labels) Options(middleware, alias string) (map[string]any, error) {
	n := l.top
	for _, name := range []string{"http", "middlewares", middleware, "plugin", alias} {
		var next *node
		for _, child := range n.children {
			if strings.EqualFold(child.name, name) {
				next = child
				break
			}
		}
		if next == nil {
			return nil, nil
		}
		n = next
	}
	return options(n, labelSeparator)
}
