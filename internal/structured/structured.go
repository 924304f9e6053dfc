// Package structured reads and writes Structured Field Values for HTTP, RFC 9651: the
// dictionaries in which message signatures and digests are sent. It must not know what
// they say. Lists on the top level and Display Strings are left out.
package structured

import (
	"regexp"
	"strings"
)

// Kinds of a value, RFC 9651, 3.3.
const (
	Integer = "integer"
	Decimal = "decimal"
	String  = "string"
	Token   = "token"
	Bytes   = "bytes"
	Boolean = "boolean"
	Date    = "date"
)

// Value is a bare item.
type Value struct {
	Kind string
	Text string // a string without its quotes and escapes, bytes as they are encoded; else in canonical form
}

// Parameter is one of an item, an inner list or a member.
type Parameter struct {
	Name  string
	Value Value
}

// Item is a value with its parameters, in their order.
type Item struct {
	Value      Value
	Parameters []Parameter
}

// Member is one of a dictionary: an item, or an inner list.
type Member struct {
	Key        string
	IsList     bool
	Value      Value  // where it is an item
	List       []Item // where it is a list
	Parameters []Parameter
	received   string // as it was written behind its key, or empty
}

const (
	// maxBytes bounds a field, over all of its lines.
	maxBytes = 8192
	// maxItems bounds a list, and the parameters of one item.
	maxItems = 256
)

// Nothing in a dictionary is nested but the items of a list, so regular expressions read it:
// they are compiled, where all else is interpreted. Of bytes the alphabet of base64url is let
// through here (see Decode), and how long a number may be is looked at afterwards.
const (
	keyPattern   = `[a-z*][a-z0-9_.*-]*`
	plainPattern = `"([ !#-\[\]-~]*)"` // a string without escapes
	valuePattern = `"(?:[ !#-\[\]-~]|\\["\\])*"|:[A-Za-z0-9+/=_-]*:|\?[01]|@?-?[0-9]+(?:\.[0-9]+)?|[A-Za-z*][A-Za-z0-9!#$%&'*+.^_|~:/` + "`" + `-]*`
	// A parameter follows its semicolon, and perhaps spaces.
	parametersPattern = `(?:; *` + keyPattern + `(?:=(?:` + valuePattern + `))?)*`
	itemPattern       = `(?:` + valuePattern + `)` + parametersPattern
	listPattern       = `\( *(?:` + itemPattern + `(?: +` + itemPattern + `)*)? *\)`
)

var (
	member = regexp.MustCompile(`(` + keyPattern + `)(?:=(?:(` + listPattern + `)|(` + valuePattern + `)))?(` + parametersPattern + `)[ \t]*(?:,[ \t]*|$)`)
	item   = regexp.MustCompile(`(?:` + plainPattern + `|(` + valuePattern + `))(` + parametersPattern + `)`)
	param  = regexp.MustCompile(`; *(` + keyPattern + `)(=?)(?:` + plainPattern + `|(` + valuePattern + `))?`)
)

// Join makes one text of the lines of a field, RFC 9110, 5.2.
func Join(lines []string) string {
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, ", ")
}

// ParseDictionary reads a dictionary, RFC 9651, 4.2.2, and says whether it is one. It is
// stricter in one thing: a key, or a parameter's name, that stands there twice is
// malformed. The RFC takes the last, and which one others take is nobody's to guess.
func ParseDictionary(text string) ([]Member, bool) {
	text = strings.Trim(text, " ")
	if len(text) > maxBytes || strings.HasSuffix(strings.TrimRight(text, "\t "), ",") {
		return nil, false
	}
	members := []Member{}
	seen := map[string]bool{}
	read := 0
	for _, found := range member.FindAllStringSubmatch(text, -1) {
		read += len(found[0])
		m := Member{Key: found[1], IsList: found[2] != "", received: found[2] + found[3] + found[4]}
		ok := !seen[m.Key]
		seen[m.Key] = true
		switch {
		case m.IsList:
			m.List = itemsOf(found[2])
			ok = ok && m.List != nil
		case found[3] != "":
			m.Value = valueOf(found[3])
			ok = ok && m.Value.Kind != ""
		default:
			m.Value = Value{Boolean, "?1"}
			m.received = "" // it was left out
		}
		if found[4] != "" {
			m.Parameters = parametersOf(found[4])
			ok = ok && m.Parameters != nil
		}
		if !ok {
			return nil, false
		}
		members = append(members, m)
	}
	return members, read == len(text) // or there is something between the members
}

// itemsOf reads the items of an inner list, of whose form the pattern has seen. It returns
// nil where one is too long, or there are too many.
func itemsOf(list string) []Item {
	items := []Item{}
	for _, found := range item.FindAllStringSubmatch(list, maxItems+1) {
		one := Item{Value: Value{String, found[1]}}
		if found[2] != "" {
			one.Value = valueOf(found[2])
		}
		ok := one.Value.Kind != "" && len(items) < maxItems
		if found[3] != "" {
			one.Parameters = parametersOf(found[3])
			ok = ok && one.Parameters != nil
		}
		if !ok {
			return nil
		}
		items = append(items, one)
	}
	return items
}

// parametersOf reads the parameters of an item or a list, of whose form the pattern has seen.
// It returns nil where one stands there twice, is too long, or there are too many.
func parametersOf(text string) []Parameter {
	parameters := []Parameter{}
	seen := map[string]bool{}
	for _, found := range param.FindAllStringSubmatch(text, maxItems+1) {
		value := Value{String, found[3]}
		if found[2] == "" {
			value = Value{Boolean, "?1"}
		} else if found[4] != "" {
			value = valueOf(found[4])
		}
		if value.Kind == "" || seen[found[1]] || len(parameters) == maxItems {
			return nil
		}
		seen[found[1]] = true
		parameters = append(parameters, Parameter{found[1], value})
	}
	return parameters
}
