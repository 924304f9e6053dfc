// Package jsonpath follows paths such as a.b, a[0].b and a[].b through decoded
// JSON documents, of which numbers may be json.Number. It must not know what a path
// stands for.
package jsonpath

import (
	"strconv"
	"strings"
)

// Step is one step of a path: a name, the position of an item, or all of them.
type Step struct {
	Name string
	Item int  // where Name is empty; Every for all items
	Any  bool // the values of all names of an object, whatever they are
}

// Every is the position that stands for all items of a list.
const Every = -1

const maxSteps = 16

// Parse compiles a path: names with dots between them, each followed by `[n]`
// or `[]` where it holds a list. The second result is what is wrong with it.
func Parse(text string) ([]Step, string) {
	steps := []Step{}
	for _, word := range strings.Split(text, ".") {
		name, rest, indexed := strings.Cut(word, "[")
		if name != "" {
			steps = append(steps, Step{Name: name})
		} else if !indexed {
			return nil, notAPath(text)
		}
		for indexed {
			index, after, closed := strings.Cut(rest, "]")
			s := Step{Item: Every}
			if index != "" {
				n, err := strconv.Atoi(index)
				if err != nil || n < 0 {
					closed = false
				}
				s.Item = n
			}
			if !closed || after != "" && after[:1] != "[" {
				return nil, notAPath(text)
			}
			steps = append(steps, s)
			indexed = after != ""
			rest = strings.TrimPrefix(after, "[")
		}
	}
	if len(steps) > maxSteps {
		return nil, quote(text) + " has more than 16 steps"
	}
	return steps, ""
}

// ParseAny is Parse for paths in which a name may be `*`, which stands for all
// names of an object.
func ParseAny(text string) ([]Step, string) {
	steps, problem := Parse(text)
	for i := range steps {
		steps[i].Any = steps[i].Name == "*"
	}
	return steps, problem
}

func notAPath(text string) string {
	return quote(text) + " is not a path, such as a.b, a[0].b or a[].b"
}

func quote(text string) string {
	if len(text) > 64 {
		return strconv.QuoteToASCII(text[:64]) + "..."
	}
	return strconv.QuoteToASCII(text)
}

// Values returns what a path leads to, or nothing where that is more than limit
// values on the way. A step that leads nowhere leads to null.
func Values(root any, path []Step, limit int) []any {
	values := []any{root}
	for i := range path {
		s := &path[i]
		next := make([]any, 0, len(values))
		for _, value := range values {
			if s.Any {
				next = appendAll(next, Object(value))
				continue
			}
			if s.Name != "" {
				next = append(next, Object(value)[s.Name])
				continue
			}
			list := List(value)
			if s.Item == Every {
				next = append(next, list...)
			} else if s.Item < len(list) {
				next = append(next, list[s.Item])
			} else {
				next = append(next, nil)
			}
		}
		if len(next) > limit {
			return nil
		}
		values = next
	}
	return values
}

func appendAll(to []any, object map[string]any) []any {
	for _, value := range object {
		to = append(to, value)
	}
	return to
}

// LeadsNowhere says whether there is nothing at the end of a path. What stands
// in its way, and is no object or list, is not nothing.
func LeadsNowhere(value any, path []Step) bool {
	for i := range path {
		s := &path[i]
		if value == nil {
			return true
		}
		if s.Name != "" {
			object := Object(value)
			if object == nil {
				return false
			}
			value = object[s.Name]
			continue
		}
		list := List(value)
		if list == nil || s.Item == Every {
			return false
		}
		value = nil
		if s.Item < len(list) {
			value = list[s.Item]
		}
	}
	return value == nil
}

// Object returns a value that is an object, or nil. It is a function of its own
// because of Yaegi: an assertion that fails in a loop leaves the variable with
// the value of the turn before, and one item of a batch would be verified by
// another's fields.
func Object(value any) map[string]any {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	return object
}

// List does the same for lists.
func List(value any) []any {
	list, ok := value.([]any)
	if !ok {
		return nil
	}
	return list
}
