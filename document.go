package hookward

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// step is one step of a path through a JSON document: a name, the position of
// an item, or all items.
type step struct {
	name string
	item int // where name is empty; everyItem for all of them
}

const (
	everyItem = -1
	maxSteps  = 16
	// maxValues bounds what a path with `[]` may lead to.
	maxValues = 1000
)

// parsePath compiles a path: names with dots between them, each followed by
// `[n]` or `[]` where it holds a list.
func parsePath(text string) ([]step, string) {
	steps := []step{}
	for _, word := range strings.Split(text, ".") {
		name, rest, indexed := strings.Cut(word, "[")
		if name != "" {
			steps = append(steps, step{name: name})
		} else if !indexed {
			return nil, quote(text) + " is not a path, such as a.b, a[0].b or a[].b"
		}
		for indexed {
			index, after, closed := strings.Cut(rest, "]")
			s := step{item: everyItem}
			if index != "" {
				n, err := strconv.Atoi(index)
				if err != nil || n < 0 {
					closed = false
				}
				s.item = n
			}
			if !closed || after != "" && after[:1] != "[" {
				return nil, quote(text) + " is not a path, such as a.b, a[0].b or a[].b"
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

// jsonTexts returns the texts that a path leads to: strings, and numbers and
// booleans as they are written. It returns none where a list has an item in
// which the path leads nowhere: every item counts.
func jsonTexts(p *place, d *decision) []string {
	found := jsonValues(rootOf(d), p.path)
	texts := make([]string, 0, len(found))
	for _, value := range found {
		text, ok := jsonText(value)
		if !ok {
			return nil
		}
		texts = append(texts, text)
	}
	return texts
}

// rootOf returns what paths begin in: an item of a batch, or the document.
func rootOf(d *decision) any {
	if d.item != nil {
		return d.item
	}
	return documentOf(d)
}

// leadsNowhere says whether there is nothing at the end of a path. What stands
// in its way, and is no object or list, is not nothing.
func leadsNowhere(value any, path []step) bool {
	for i := range path {
		s := &path[i]
		if value == nil {
			return true
		}
		if s.name != "" {
			object := objectIn(value)
			if object == nil {
				return false
			}
			value = object[s.name]
			continue
		}
		list := listIn(value)
		if list == nil || s.item == everyItem {
			return false
		}
		value = nil
		if s.item < len(list) {
			value = list[s.item]
		}
	}
	return value == nil
}

// jsonText returns the text of a value that is no list, object or null.
func jsonText(value any) (string, bool) {
	text, ok := value.(string)
	if ok {
		return text, true
	}
	number, ok := value.(json.Number)
	if ok {
		return string(number), true
	}
	truth, ok := value.(bool)
	if ok {
		return strconv.FormatBool(truth), true
	}
	return "", false
}

// jsonValues follows a path. A step that leads nowhere leads to null.
func jsonValues(root any, path []step) []any {
	values := []any{root}
	for i := range path {
		s := &path[i]
		next := make([]any, 0, len(values))
		for _, value := range values {
			if s.name != "" {
				next = append(next, objectIn(value)[s.name])
				continue
			}
			list := listIn(value)
			if s.item == everyItem {
				next = append(next, list...)
			} else if s.item < len(list) {
				next = append(next, list[s.item])
			} else {
				next = append(next, nil)
			}
		}
		if len(next) > maxValues {
			return nil
		}
		values = next
	}
	return values
}

// objectIn returns a value that is an object, or nil. It is a function of its
// own because of Yaegi: an assertion that fails in a loop leaves the variable
// with the value of the turn before, and one item of a batch would be verified
// by another's fields.
func objectIn(value any) map[string]any {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	return object
}

// listIn does the same for lists.
func listIn(value any) []any {
	list, ok := value.([]any)
	if !ok {
		return nil
	}
	return list
}

// documentOf returns the body as a JSON document, or nil where it is none.
func documentOf(d *decision) any {
	if !d.documentRead {
		d.documentRead = true
		decoder := json.NewDecoder(bytes.NewReader(d.body))
		decoder.UseNumber()
		var document any
		if decoder.Decode(&document) == nil {
			_, err := decoder.Token()
			if err == io.EOF {
				d.document = document
			}
		}
	}
	return d.document
}
