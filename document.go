package hookward

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
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
	// maxTokens bounds the documents that are looked through for names that
	// stand there twice.
	maxTokens = 20_000
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

// openObject is a list or an object that has been entered.
type openObject struct {
	names map[string]bool // of an object; nil for a list
	value bool            // the next token is a value, and no name
	depth int             // how many objects are around, this one included
}

// nameSet are the names that signed paths go through: for each depth the name as
// it is signed, by the name without its case.
type nameSet []map[string]string

// addPath adds a path that begins below some depth.
func addPath(names nameSet, below int, path []step) nameSet {
	depth := below
	for _, s := range path {
		if s.name == "" {
			continue
		}
		depth++
		for len(names) < depth {
			names = append(names, map[string]string{})
		}
		names[depth-1][foldName(s.name)] = s.name
	}
	return names
}

// depthOf returns how many names a path goes through.
func depthOf(path []step) int {
	depth := 0
	for _, s := range path {
		if s.name != "" {
			depth++
		}
	}
	return depth
}

// asSigned says whether a name at some depth is none that is signed, or written
// exactly so.
func asSigned(names nameSet, depth int, folded, name string) bool {
	if depth > len(names) {
		return true
	}
	signed := names[depth-1][folded]
	return signed == "" || signed == name
}

// foldName takes the case from a name: by both ways, for the few letters that
// only one of them makes equal, such as the Kelvin sign and the long s.
func foldName(name string) string {
	return strings.ToLower(strings.ToUpper(name))
}

// hasTwins says whether some object of a JSON text has a name twice, be it in
// different case: parsers disagree on which of the two counts, and some don't
// tell upper from lower case. Where single values of a document are signed, one
// could be verified and the other be acted upon. A name that is signed, and
// stands there in different case alone, is its own twin: it is absent for one
// parser and there for the other. Texts that are too long to tell, or no JSON,
// or no UTF-8, have twins too.
func hasTwins(body []byte, signed nameSet) bool {
	if !utf8.Valid(body) {
		return true
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	open := []openObject{}
	for i := 0; i < maxTokens; i++ {
		token, err := decoder.Token()
		if err == io.EOF {
			return len(open) > 0
		}
		if err != nil {
			return true
		}
		top := len(open) - 1
		delimiter, isDelimiter := token.(json.Delim)
		if isDelimiter && (delimiter == '}' || delimiter == ']') {
			open = open[:top]
			continue
		}
		if top >= 0 && open[top].names != nil && !open[top].value {
			name, ok := token.(string)
			if !ok {
				return true
			}
			folded := foldName(name)
			if open[top].names[folded] || !asSigned(signed, open[top].depth, folded, name) {
				return true
			}
			open[top].names[folded] = true
			open[top].value = true
			continue
		}
		if top >= 0 {
			open[top].value = false
		}
		if isDelimiter && delimiter == '{' {
			depth := 0
			if top >= 0 {
				depth = open[top].depth
			}
			open = append(open, openObject{names: map[string]bool{}, depth: depth + 1})
		} else if isDelimiter {
			depth := 0
			if top >= 0 {
				depth = open[top].depth
			}
			open = append(open, openObject{depth: depth})
		}
	}
	return true
}
