package reading

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// Problem is what keeps Traefik from reading a file, or a container's labels.
type Problem struct {
	Path string
	Node *document.Node
	Text string
}

// FileOptions returns what the plugin gets of a section of a file, given what stands
// under the plugin's name.
func FileOptions(alias *document.Node) (map[string]any, error) {
	n, problem := fromDocument(alias, "")
	if problem != nil {
		return nil, fmt.Errorf("%s", problem.Text)
	}
	return options(n, fileSeparator)
}

// Refused returns what makes Traefik refuse the whole of a file, or nil.
func Refused(root *document.Node) *Problem {
	for _, name := range []string{"http", "tcp", "udp", "tls"} {
		section := root.Get(name)
		if section == nil || section.Kind == document.Null {
			continue
		}
		_, problem := fromDocument(section, section.Name)
		if problem != nil {
			return problem
		}
	}
	return nil
}

// fromDocument makes a node of what a file has, with all values as text.
func fromDocument(d *document.Node, path string) (*node, *Problem) {
	n := &node{name: d.Name}
	switch d.Kind {
	case document.Scalar:
		text, ok := simple(d.Value)
		if !ok {
			return nil, &Problem{path, d, "is a date to Traefik's parser, which it does not take; quote it"}
		}
		n.value = text
	case document.Map:
		items := append([]*document.Node{}, d.Items...)
		sort.SliceStable(items, func(i, j int) bool { return items[i].Name < items[j].Name })
		for _, item := range items {
			if item.Kind == document.Null {
				continue
			}
			if item.Name == "" {
				return nil, &Problem{path, item, "has a key without a name, at which Traefik's parser fails"}
			}
			child, problem := fromDocument(item, join(path, item.Name))
			if problem != nil {
				return nil, problem
			}
			n.children = append(n.children, child)
		}
	case document.List:
		problem := fromList(n, d, path)
		if problem != nil {
			return nil, problem
		}
	}
	return n, nil
}

func fromList(n *node, d *document.Node, path string) *Problem {
	kind := reflect.Invalid
	values := []string{}
	for i, item := range d.Items {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch item.Kind {
		case document.Map:
			if kind < reflect.Map {
				kind = reflect.Map
			}
			child, problem := fromDocument(item, at)
			if problem != nil {
				return problem
			}
			child.name = "[" + strconv.Itoa(i) + "]"
			n.children = append(n.children, child)
		case document.Scalar:
			text, ok := simple(item.Value)
			if !ok {
				return &Problem{at, item, "is a date to Traefik's parser, which it does not take; quote it"}
			}
			k := reflect.TypeOf(item.Value).Kind()
			if kind < k {
				kind = k
			}
			values = append(values, text)
		case document.List:
			return &Problem{at, item, "is a list in a list, which Traefik does not take"}
		default:
			return &Problem{at, item, "is null in a list, which Traefik does not take"}
		}
	}
	if len(values) == 0 {
		return nil
	}
	n.value = fmt.Sprintf("%[1]s%[2]d%[1]s%[3]s", fileSeparator, kind, strings.Join(values, fileSeparator))
	if len(n.children) == 0 {
		_, err := typedList(n.value, fileSeparator)
		if err != nil {
			return &Problem{path, d, err.Error()}
		}
	}
	return nil
}

// simple returns a value as the file provider writes it.
func simple(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 6, 64), ".000000"), true
	case int, int64, uint64:
		return fmt.Sprint(v), true
	case time.Time:
		return "", false
	}
	return "", false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
