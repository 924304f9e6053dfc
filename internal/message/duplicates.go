package message

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/jsonpath"
)

// maxTokens bounds the documents that are looked through for names that stand
// there twice.
const maxTokens = 20_000

// openObject is a list or an object that has been entered.
type openObject struct {
	names map[string]bool // of an object; nil for a list
	value bool            // the next token is a value, and no name
	depth int             // how many objects are around, this one included
}

// NameSet are the names that signed paths go through: for each depth the name as
// it is signed, by the name without its case.
type NameSet []map[string]string

// AddPath adds a path that begins below some depth.
func AddPath(names NameSet, below int, path []jsonpath.Step) NameSet {
	depth := below
	for _, s := range path {
		if s.Name == "" {
			continue
		}
		depth++
		for len(names) < depth {
			names = append(names, map[string]string{})
		}
		names[depth-1][foldKey(s.Name)] = s.Name
	}
	return names
}

// DepthOf returns how many names a path goes through.
func DepthOf(path []jsonpath.Step) int {
	depth := 0
	for _, s := range path {
		if s.Name != "" {
			depth++
		}
	}
	return depth
}

// leadsToSigned says whether a name at some depth may lead to a value that is
// signed. Without names all do.
func leadsToSigned(names NameSet, depth int, folded string) bool {
	return names == nil || depth <= len(names) && names[depth-1][folded] != ""
}

// asSigned says whether such a name is written as it is signed.
func asSigned(names NameSet, depth int, folded, name string) bool {
	return names == nil || names[depth-1][folded] == name
}

// leadsAside says whether a name is a path to what is signed, as data.id or data[id] is
// beside {"data": {"id": ...}}: some parsers make one of the other.
func leadsAside(names NameSet, depth int, name string) bool {
	below := len(names) - depth + 1
	if below < 1 {
		return false
	}
	steps := strings.SplitN(foldKey(name), ".", below+1)
	for i, step := range steps {
		if i < below && names[depth+i-1][step] == "" {
			return false
		}
	}
	return len(steps) > 1
}

// foldKey is foldName with a[b], [a][b] and .a.b as a.b.
func foldKey(name string) string {
	if strings.ContainsAny(name, ".[]") {
		name = strings.Trim(separators.ReplaceAllString(name, "."), ".")
	}
	return foldName(name)
}

// foldName takes the case from a name: by both ways, for the few letters that
// only one of them makes equal, such as the Kelvin sign and the long s.
func foldName(name string) string {
	return strings.ToLower(strings.ToUpper(name))
}

// FindDuplicateNames says whether the body has a signed name twice, and remembers it.
func FindDuplicateNames(m *Message, signed NameSet) bool {
	if !m.DuplicatesKnown {
		m.DuplicatesKnown = true
		m.DuplicateNames = HasDuplicateNames(m.Body, signed)
	}
	return m.DuplicateNames
}

// HasDuplicateNames says whether some object of a JSON text has a name that is signed
// twice, be it in different case: parsers disagree on which of the two counts, and
// some don't tell upper from lower case. Where single values of a document are
// signed, one could be verified and the other be acted upon; names that lead to
// none of them are anybody's to write. Names with dots or brackets count as the paths
// that some parsers make of them. A name that is signed, and
// stands there in different case alone, counts as two: it is absent for one
// parser and there for the other. Texts that are too long to tell, or no JSON,
// or no UTF-8, count as such too.
func HasDuplicateNames(body []byte, signed NameSet) bool {
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
			open[top].value = true
			folded := foldName(name)
			isPath := strings.ContainsAny(name, ".[]")
			if isPath {
				folded = foldKey(name)
			}
			if !leadsToSigned(signed, open[top].depth, folded) {
				if isPath && leadsAside(signed, open[top].depth, name) {
					return true
				}
				continue
			}
			if open[top].names[folded] || !asSigned(signed, open[top].depth, folded, name) {
				return true
			}
			open[top].names[folded] = true
			continue
		}
		if top >= 0 {
			open[top].value = false
		}
		if isDelimiter {
			inner := openObject{}
			if top >= 0 {
				inner.depth = open[top].depth
			}
			if delimiter == '{' {
				inner.names = map[string]bool{}
				inner.depth++
			}
			open = append(open, inner)
		}
	}
	return true
}
