package reading

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// structureText has the sections of Traefik 3.6's dynamic configuration, a line each:
// the name of the type, and its fields. A field that is a section is followed by = and
// the section's type, behind {} where it has sections by name, and [] where it has a
// list of them. What stands behind a bar is how labels call it. A field that begins
// with a dash is known to Traefik's parser, and not meant for users. dev/sources writes
// this file, and compares it with Traefik.
//
//go:embed structure.txt
var structureText string

// rootType is the type of the whole.
const rootType = "Configuration"

// field is one field of a section.
type field struct {
	name   string // as in files
	label  string // as in labels
	hidden bool
	below  string // the type of what stands below it; empty for values
	named  bool   // sections by name
}

var structure = parseStructure(structureText)

func parseStructure(text string) map[string][]field {
	types := map[string][]field{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		name, rest, _ := strings.Cut(line, ":")
		for _, word := range strings.Fields(rest) {
			f := field{}
			f.name, f.below, _ = strings.Cut(word, "=")
			f.name = strings.TrimSuffix(f.name, "[]")
			f.name, f.named = strings.CutSuffix(f.name, "{}")
			f.name, f.hidden = strings.CutPrefix(f.name, "-")
			f.name, f.label, _ = strings.Cut(f.name, "|")
			if f.label == "" {
				f.label = f.name
			}
			types[name] = append(types[name], f)
		}
	}
	return types
}

// Unknown is a field that Traefik does not have.
type Unknown struct {
	Path  string
	Node  *document.Node
	Known []string // what stands in its section
}

// UnknownFields returns the fields of a file, or of a container's labels, that Traefik
// does not know, for which it refuses all of them. Names are compared in any case.
func UnknownFields(root *document.Node, isLabels bool) []Unknown {
	w := &structureWalk{isLabels: isLabels}
	if isLabels {
		w.section(root, rootType, "traefik")
		return w.found
	}
	// Of a file's top, Traefik looks at what it knows alone.
	for _, f := range structure[rootType] {
		section := root.Get(f.name)
		if section != nil {
			w.section(section, f.below, section.Name)
		}
	}
	return w.found
}

// Sections returns the sections at the top of a file.
func Sections() []string { return (&structureWalk{}).names(rootType) }

// IsSection says whether a name is one of them.
func IsSection(name string) bool { return (&structureWalk{}).field(rootType, name) != nil }

// IsHTTPSection says whether a section of that name belongs below http.
func IsHTTPSection(name string) bool {
	return (&structureWalk{}).field("HTTPConfiguration", name) != nil
}

type structureWalk struct {
	isLabels bool
	found    []Unknown
}

func (w *structureWalk) section(n *document.Node, kind, path string) {
	if n.Kind != document.Map {
		return
	}
	for _, item := range n.Items {
		if item.Kind == document.Null {
			continue // which is not there to Traefik
		}
		at := join(path, item.Name)
		f := w.field(kind, item.Name)
		switch {
		case f == nil:
			w.found = append(w.found, Unknown{at, item, w.names(kind)})
		case f.below == "":
		case f.named:
			for _, named := range item.Items {
				w.section(named, f.below, join(at, named.Name))
			}
		case item.Kind == document.List:
			for i, one := range item.Items {
				w.section(one, f.below, at+"["+strconv.Itoa(i)+"]")
			}
		default:
			w.section(item, f.below, at)
		}
	}
}

func (w *structureWalk) field(kind, name string) *field {
	for i, f := range structure[kind] {
		if strings.EqualFold(w.nameOf(f), name) {
			return &structure[kind][i]
		}
	}
	return nil
}

func (w *structureWalk) nameOf(f field) string {
	if w.isLabels {
		return f.label
	}
	return f.name
}

func (w *structureWalk) names(kind string) []string {
	names := []string{}
	for _, f := range structure[kind] {
		if !f.hidden {
			names = append(names, w.nameOf(f))
		}
	}
	return names
}
