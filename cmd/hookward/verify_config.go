package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// verifyConfig returns the configuration as it stands under the plugin's key.
func verifyConfig(o *verifyOptions, s streams) (map[string]any, string) {
	raw := map[string]any{}
	if o.config != "" {
		text, err := readInput(o.config, s.stdin)
		if err != nil {
			return nil, "--config: " + err.Error()
		}
		problem := ""
		raw, problem = middlewareOf(text, o.middleware, o.plugin)
		if problem != "" {
			return nil, "--config: " + problem
		}
	}
	if o.provider != "" {
		raw["provider"] = o.provider
	}
	for _, setting := range o.settings {
		name, value, ok := strings.Cut(setting, "=")
		if !ok || name == "" {
			return nil, "--set: " + strconv.Quote(setting) + " is not as NAME=VALUE"
		}
		if mustBeReference(name) && !isReference(value) {
			return nil, "--set " + name + ": must be env:NAME or file:/path; every user of the machine can read a command line"
		}
		problem := put(raw, strings.Split(name, "."), value)
		if problem != "" {
			return nil, "--set " + name + ": " + problem
		}
	}
	for _, secret := range o.secrets {
		if !isReference(secret) {
			return nil, "--secret: must be env:NAME or file:/path; every user of the machine can read a command line"
		}
	}
	for name, values := range map[string]texts{"secrets": o.secrets, "publicKeys": o.publicKeys} {
		if len(values) == 0 {
			continue
		}
		list := []any{}
		for _, value := range values {
			list = append(list, value)
		}
		for other := range raw {
			if strings.EqualFold(other, name) {
				delete(raw, other)
			}
		}
		raw[name] = list
	}
	if len(raw) == 0 {
		return nil, "there is no configuration; give --provider and --secret, or --config"
	}
	return raw, ""
}

// secretNames are the options that hold secrets, wherever they stand.
var secretNames = []string{"secrets", "verifytoken", "password", "chainkey"}

func mustBeReference(name string) bool {
	last := name[strings.LastIndex(name, ".")+1:]
	last, _, _ = strings.Cut(strings.ToLower(last), "[")
	for _, secret := range secretNames {
		if last == secret {
			return true
		}
	}
	return false
}

func isReference(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
}

// maxListItems bounds the position in a list that --set may name.
const maxListItems = 64

// put sets an option of a section by the rest of its path, in which a list has a
// position, as in allowlist.sourceRange[0], or none, and is then added to.
func put(section map[string]any, path []string, value string) string {
	name, rest, isList := strings.Cut(path[0], "[")
	if name == "" {
		return "has an empty name in it"
	}
	if !isList {
		if len(path) == 1 {
			section[name] = value
			return ""
		}
		if section[name] == nil {
			section[name] = map[string]any{}
		}
		below, ok := section[name].(map[string]any)
		if !ok {
			return name + " is no section"
		}
		return put(below, path[1:], value)
	}
	list, ok := section[name].([]any)
	if section[name] != nil && !ok {
		return name + " is no list"
	}
	position := len(list)
	if rest != "]" {
		n, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
		if err != nil || n < 0 || n >= maxListItems || !strings.HasSuffix(rest, "]") {
			return strconv.Quote(path[0]) + " is not as name[0], with a position below " + strconv.Itoa(maxListItems)
		}
		position = n
	}
	if position > len(list) {
		return fmt.Sprintf("%s has %d items, so the next one is [%d]", name, len(list), len(list))
	}
	if position == len(list) {
		list = append(list, nil)
	}
	section[name] = list
	if len(path) == 1 {
		list[position] = value
		return ""
	}
	below, ok := list[position].(map[string]any)
	if !ok {
		below = map[string]any{}
		list[position] = below
	}
	return put(below, path[1:], value)
}

// middlewareOf returns what a file of Traefik's dynamic configuration, in YAML or in
// JSON, has under the plugin's key of a middleware.
func middlewareOf(text []byte, name, plugin string) (map[string]any, string) {
	document := map[string]any{}
	err := yaml.Unmarshal(text, &document)
	if err != nil {
		return nil, strings.TrimPrefix(err.Error(), "yaml: ")
	}
	middlewares := below(below(document, "http"), "middlewares")
	found := map[string]map[string]any{}
	names := []string{}
	for n, m := range middlewares {
		options := optionsIn(m, plugin)
		if options != nil {
			found[n] = options
			names = append(names, n)
		}
	}
	sort.Strings(names)
	name = strings.TrimSuffix(name, "@file")
	switch {
	case len(names) == 0:
		return nil, "there is no http.middlewares.NAME.plugin." + plugin + " with options; --plugin says by which name Traefik knows the plugin"
	case name == "" && len(names) > 1:
		return nil, "there are several middlewares; say with --middleware which one is meant: " + strings.Join(names, ", ")
	case name == "":
		name = names[0]
	case found[name] == nil:
		return nil, "there is no middleware " + strconv.Quote(name) + " of this plugin; there are: " + strings.Join(names, ", ")
	}
	return found[name], ""
}

// below returns a section by its name, whatever its case, as Traefik reads it; nil
// where there is none.
func below(section map[string]any, name string) map[string]any {
	for other, value := range section {
		if strings.EqualFold(other, name) {
			return asSection(value)
		}
	}
	return nil
}

// optionsIn returns the options of the plugin in a middleware; nil where it is another
// one's.
func optionsIn(middleware any, plugin string) map[string]any {
	return asSection(below(asSection(middleware), "plugin")[plugin])
}

// asSection returns a value that is a section; nil where it is none.
func asSection(value any) map[string]any {
	section, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	return section
}
