package reading

import (
	"os"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/template"
)

// Environment is this process's, and remembers what it was asked for: a value may be a
// secret, which is never to be printed. A nil one has nothing, and resolves nothing.
type Environment struct {
	names  map[string]string // of variables, by their values, and by parts of them
	hidden *regexp.Regexp    // nil until it is needed
}

// The shortest values, and the shortest parts of values, that are hidden wherever they
// stand. Shorter values are hidden as words of their own, lest every a be hidden.
const (
	minHidden     = 6
	minHiddenPart = 6
)

// maxRemembered bounds what a template can make of values.
const maxRemembered = 10_000

// Lookup is os.LookupEnv.
func (e *Environment) Lookup(name string) (string, bool) {
	value, set := os.LookupEnv(name)
	e.remember(value, name)
	return value, set
}

var between = regexp.MustCompile(`[^\pL\pN+/=_.-]+`)

// remember notes a value, as it is and as messages may have it: quoted, or in parts,
// which is what a parser makes of a value that has its signs.
func (e *Environment) remember(value, name string) {
	if e.names == nil {
		e.names = map[string]string{}
	}
	note := func(text string) {
		text = strings.TrimSpace(text)
		quoted := strconv.Quote(text)
		for _, t := range []string{text, quoted[1 : len(quoted)-1]} {
			_, known := e.names[t]
			if t != "" && !known && len(e.names) < maxRemembered {
				e.names[t] = name
				e.hidden = nil
			}
		}
	}
	note(value)
	for _, part := range between.Split(value, -1) {
		if len(part) >= minHiddenPart {
			note(part)
		}
	}
}

// Hide puts the names of variables, such as $NAME, where a text has their values.
func (e *Environment) Hide(text string) string {
	if e == nil || len(e.names) == 0 || text == "" {
		return text
	}
	if e.hidden == nil {
		e.hidden = e.pattern()
	}
	return e.hidden.ReplaceAllStringFunc(text, func(found string) string { return "$" + e.nameOf(found) })
}

func (e *Environment) nameOf(found string) string {
	name, known := e.names[found]
	if known {
		return name
	}
	for _, value := range e.values() {
		if strings.EqualFold(value, found) {
			return e.names[value]
		}
	}
	return "..."
}

// values returns what is hidden, the longest first.
func (e *Environment) values() []string {
	values := make([]string, 0, len(e.names))
	for value := range e.names {
		values = append(values, value)
	}
	sort.Slice(values, func(i, j int) bool {
		if len(values[i]) != len(values[j]) {
			return len(values[i]) > len(values[j])
		}
		return values[i] < values[j]
	})
	return values
}

func (e *Environment) pattern() *regexp.Regexp {
	parts := []string{}
	for _, value := range e.values() {
		part := regexp.QuoteMeta(strings.ToValidUTF8(value, "\uFFFD"))
		if len(value) < minHidden {
			part = asWord(value, part)
		}
		parts = append(parts, part)
	}
	return regexp.MustCompile("(?i)" + strings.Join(parts, "|"))
}

func asWord(value, pattern string) string {
	if regexp.MustCompile(`^\w`).MatchString(value) {
		pattern = `\b` + pattern
	}
	if regexp.MustCompile(`\w$`).MatchString(value) {
		pattern += `\b`
	}
	return pattern
}

// follow has the functions of a template remember what they make of values.
func (e *Environment) follow(functions template.FuncMap) {
	for name, function := range functions {
		f := reflect.ValueOf(function)
		functions[name] = reflect.MakeFunc(f.Type(), func(arguments []reflect.Value) []reflect.Value {
			from := ""
			for _, a := range arguments {
				eachText(a, func(text string) {
					if from == "" {
						from = e.nameIn(text)
					}
				})
			}
			call := f.Call
			if f.Type().IsVariadic() {
				call = f.CallSlice
			}
			results := call(arguments)
			if from != "" {
				for _, r := range results {
					eachText(r, func(text string) { e.remember(text, from) })
				}
			}
			return results
		}).Interface()
	}
}

// nameIn returns the name of a variable whose value stands in a text, or "".
func (e *Environment) nameIn(text string) string {
	if e.Hide(text) == text {
		return ""
	}
	return e.nameOf(e.hidden.FindString(text))
}

// eachText visits a text, or those of a list.
func eachText(v reflect.Value, visit func(text string)) {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		visit(v.String())
	case reflect.Slice:
		for i := 0; i < v.Len(); i++ {
			eachText(v.Index(i), visit)
		}
	}
}

// Merge remembers what another environment was asked for.
func (e *Environment) Merge(other *Environment) {
	if e == nil || other == nil {
		return
	}
	for value, name := range other.names {
		e.remember(value, name)
	}
}
