// Package reading makes of a file's or a container's configuration what Traefik hands
// to a plugin. Traefik does so with github.com/traefik/paerser, v0.2.2, which needs
// a newer Go than this module has; dev/sources compares the two.
package reading

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// node is a value on its way: what Traefik makes of files and labels alike.
type node struct {
	name     string
	value    string
	children []*node
}

// The signs by which lists of plain values are known on the way. A label's value
// that begins with a comma is taken for one.
const (
	fileSeparator  = "║"
	labelSeparator = ","
)

// options returns what the plugin gets, given the node of the plugin's name. An
// option that has a child of its own name is read one level higher.
func options(alias *node, separator string) (map[string]any, error) {
	result := map[string]any{}
	for _, child := range alias.children {
		m := map[string]any{}
		squash(child, m, true)
		_, same := m[child.name]
		if !same {
			filled, err := fill(m, separator)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", child.name, err)
			}
			result[child.name] = filled
			continue
		}
		for name, value := range m {
			if separator == fileSeparator {
				filled, err := fill(value, separator)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", child.name, err)
				}
				value = filled
			}
			result[name] = value
		}
	}
	return result, nil
}

// squash puts a node's value into a map: the children's, where it has any.
func squash(n *node, into map[string]any, top bool) {
	if len(n.children) == 0 {
		into[n.name] = n.value
		return
	}
	if isIndex(n.children[0].name) {
		list := []any{}
		for _, child := range n.children {
			item := map[string]any{}
			squash(child, item, false)
			list = append(list, item[child.name])
		}
		into[n.name] = list
		return
	}
	section := into
	if !top {
		known, ok := into[n.name].(map[string]any)
		if !ok {
			known = map[string]any{}
			into[n.name] = known
		}
		section = known
	}
	for _, child := range n.children {
		squash(child, section, false)
	}
}

func isIndex(name string) bool {
	return name != "" && name[0] == '[' && name[len(name)-1] == ']'
}

// fill makes lists of the texts that stand for them.
func fill(value any, separator string) (any, error) {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, separator) {
			return typedList(v, separator)
		}
	case map[string]any:
		for name, item := range v {
			filled, err := fill(item, separator)
			if err != nil {
				return nil, err
			}
			v[name] = filled
		}
	case []any:
		for i, item := range v {
			filled, err := fill(item, separator)
			if err != nil {
				return nil, err
			}
			v[i] = filled
		}
	}
	return value, nil
}

// typedList reads a list whose items have one kind, which is written before them.
func typedList(text, separator string) (any, error) {
	parts := strings.Split(text, separator)
	number, err := strconv.Atoi(parts[1])
	if err != nil {
		return nil, fmt.Errorf("begins with %q, by which Traefik knows lists, and its parser fails", separator)
	}
	list := []any{}
	for _, part := range parts[2:] {
		value := any(part)
		var err error
		switch kind := reflect.Kind(number); kind {
		case reflect.Bool:
			value, err = strconv.ParseBool(part)
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			value, err = strconv.ParseInt(part, 10, 64)
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			value, err = strconv.ParseUint(part, 10, 64)
		case reflect.Float32, reflect.Float64:
			value, err = strconv.ParseFloat(part, 64)
		case reflect.String:
		default:
			return nil, fmt.Errorf("has a list of mixed kinds, which Traefik refuses")
		}
		if err != nil {
			return nil, fmt.Errorf("has booleans beside numbers in one list, or a negative number beside one from 2^63 on, which Traefik refuses; quote them")
		}
		list = append(list, value)
	}
	return list, nil
}
