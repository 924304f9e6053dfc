package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// settings are options of the gate as --set gives them, on their way into a
// configuration, which may have options of its own.
type settings struct {
	raw   map[string]any
	given map[string]bool // by the path in lower case
}

// maxListItems bounds the position in a list that --set may name.
const maxListItems = 64

// nameOf returns the path of a setting, such as signature.header=X-Sig. The error has
// nothing of its text: without a sign, that may be anything.
func nameOf(setting string) (string, string, error) {
	name, value, ok := strings.Cut(setting, "=")
	if !ok || name == "" {
		return "", "", errors.New("must be NAME=VALUE, such as signature.header=X-Signature")
	}
	return name, value, nil
}

// set puts an option in the place that its path leads to, such as
// signature.alternatives[0].format, over what the configuration has there. One that is
// given again is a list.
func (s *settings) set(path, value string) error {
	top, _, _ := strings.Cut(strings.ReplaceAll(path, "[", "."), ".")
	if strings.EqualFold(top, "signature") || strings.EqualFold(top, "handshakes") {
		value = escapes.Replace(value)
	}
	return s.put(s.raw, "", strings.Split(path, "."), value)
}

// escapes are those of YAML that a shell has no way to write between single quotes.
var escapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t")

// put puts an option into a section, given the rest of its path.
func (s *settings) put(section map[string]any, above string, path []string, value string) error {
	name, position, isListed := strings.Cut(path[0], "[")
	if name == "" {
		return errors.New("is not the path of an option: a name in it is empty")
	}
	key := keyIn(section, name)
	at := above + "." + strings.ToLower(name)
	if isListed {
		return s.putListed(section, key, at, position, path, value)
	}
	if len(path) > 1 {
		if section[key] == nil {
			section[key] = map[string]any{}
		}
		inner, ok := section[key].(map[string]any)
		if !ok {
			return errors.New(name + " is no section")
		}
		return s.put(inner, at, path[1:], value)
	}
	again := s.given[at]
	s.given[at] = true
	switch old := section[key].(type) {
	case map[string]any:
		return errors.New("is a section; name an option in it")
	case []any:
		if again {
			section[key] = append(old, value)
			return nil
		}
	case string:
		if again {
			section[key] = []any{old, value}
			return nil
		}
	}
	section[key] = value
	return nil
}

// putListed puts an option into a list, or into a section of a list, by what stands
// behind the bracket of path[0].
func (s *settings) putListed(section map[string]any, key, at, position string, path []string, value string) error {
	list, ok := section[key].([]any)
	if section[key] != nil && !ok {
		return errors.New(key + " is no list")
	}
	s.given[at] = true
	n := len(list)
	if position != "]" {
		number, closed := strings.CutSuffix(position, "]")
		var err error
		n, err = strconv.Atoi(number)
		if err != nil || !closed || n < 0 || n >= maxListItems {
			return fmt.Errorf("%q must have a position in brackets, from 0 on and below %d, or [] for the next", path[0], maxListItems)
		}
	}
	if n > len(list) {
		return fmt.Errorf("%s has %d items, so the next one is [%d]", key, len(list), len(list))
	}
	if n == len(list) {
		list = append(list, nil)
	}
	section[key] = list
	if len(path) == 1 {
		list[n] = value
		return nil
	}
	inner, ok := list[n].(map[string]any)
	if !ok && list[n] != nil {
		return fmt.Errorf("%s[%d] is no section", key, n)
	}
	if inner == nil {
		inner = map[string]any{}
		list[n] = inner
	}
	return s.put(inner, at+"["+strconv.Itoa(n)+"]", path[1:], value)
}

// keyIn returns the key under which a section has a name, whatever its case, or the
// name: the gate takes names in any case, but each once.
func keyIn(section map[string]any, name string) string {
	for key := range section {
		if strings.EqualFold(key, name) {
			return key
		}
	}
	return name
}
