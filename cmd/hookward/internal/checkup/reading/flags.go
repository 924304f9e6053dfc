package reading

import (
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// staticSections are the sections of Traefik's static configuration that are looked at,
// and others by which its flags are known.
var staticSections = []string{"accesslog", "api", "certificatesresolvers", "core", "entrypoints", "experimental", "global", "log", "metrics", "ping", "providers", "serverstransport", "tracing"}

// withValue are the last parts of flags that have a value of their own, which may be the
// next argument. Others are true where nothing follows the name.
var withValue = []string{"address", "modulename", "version", "hash", "middlewares", "trustedips", "to", "scheme", "network", "filename", "directory", "endpoint", "level", "defaultrule", "configfile"}

// Flags returns the static configuration that the arguments of Traefik's command are, or
// nil where there is none. The key of an argument is empty.
// https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/
func Flags(arguments []Label) *document.Node {
	root := &document.Node{Kind: document.Map}
	top := &node{name: "traefik"}
	values := map[string]string{}
	for i := 0; i < len(arguments); i++ {
		flag := arguments[i]
		name, isFlag := strings.CutPrefix(flag.Value, "-")
		if !isFlag && len(values) > 0 {
			break // the first argument that is none ends the flags
		}
		if !isFlag {
			continue // the program
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		last := strings.ToLower(name[strings.LastIndex(name, ".")+1:])
		switch {
		case hasValue:
		case isListed(last, withValue) && i+1 < len(arguments):
			i++
			value = arguments[i].Value
		default:
			value = "true"
		}
		placeStatic(root, top, values, Label{Key: name, Value: value, Line: flag.Line, Column: flag.Column})
	}
	if len(root.Items) == 0 {
		return nil
	}
	return root
}

// Variables does so for the variables of Traefik's environment.
func Variables(variables []Label) *document.Node {
	root := &document.Node{Kind: document.Map}
	top := &node{name: "traefik"}
	for _, v := range variables {
		name, isTraefik := strings.CutPrefix(strings.ToUpper(v.Key), "TRAEFIK_")
		if isTraefik {
			v.Key = strings.ReplaceAll(strings.ToLower(name), "_", ".")
			placeStatic(root, top, map[string]string{}, v)
		}
	}
	if len(root.Items) == 0 {
		return nil
	}
	return root
}

// placeStatic puts an option where its name leads. One that is given twice is a list.
func placeStatic(root *document.Node, top *node, values map[string]string, option Label) {
	parts, problem := labelParts("traefik." + option.Key)
	if problem != "" || !isListed(strings.ToLower(parts[1]), staticSections) || strings.Contains(option.Key, "[") {
		return // of a flag with a position, Traefik takes nothing
	}
	key := strings.ToLower(option.Key)
	if before, twice := values[key]; twice {
		option.Value = before + "," + option.Value
	}
	values[key] = option.Value
	place(top, root, parts[1:], option)
}

func isListed(name string, names []string) bool {
	for _, other := range names {
		if name == other {
			return true
		}
	}
	return false
}
