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
}

const (
	// MaxBytes bounds a field, over all of its lines.
	MaxBytes = 8192
	// maxTokens bounds what a field is made of: 32 components of a signature with a
	// parameter each take 200.
	maxTokens = 1024
)

// lexeme is what a field is made of; one call of the compiled matcher finds all of them. The
// alphabet of base64url is let through here: see Decode.
var lexeme = regexp.MustCompile(`"(?:[ !#-\[\]-~]|\\["\\])*"|:[A-Za-z0-9+/=_-]*:|\?[01]|@?-?[0-9]+(?:\.[0-9]+)?|[A-Za-z*][A-Za-z0-9!#$%&'*+.^_|~:/` + "`" + `-]*|[ \t]+|[;=(),]`)

// scanner stands in a field.
type scanner struct {
	words []string
	at    int
}

// split returns what a field is made of, with an empty word behind it, or nil.
func split(text string) []string {
	if len(text) > MaxBytes {
		return nil
	}
	found := lexeme.FindAllStringIndex(text, maxTokens+1)
	if len(found) > maxTokens {
		return nil
	}
	words := make([]string, 0, len(found)+1)
	end := 0
	for _, at := range found {
		if at[0] != end {
			return nil
		}
		words = append(words, text[end:at[1]])
		end = at[1]
	}
	if end != len(text) {
		return nil
	}
	return append(words, "")
}

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
	s := &scanner{words: split(strings.Trim(text, " "))}
	if s.words == nil {
		return nil, false
	}
	members := []Member{}
	seen := map[string]bool{}
	for s.words[s.at] != "" {
		m := parseMember(s)
		if m == nil || seen[m.Key] {
			return nil, false
		}
		seen[m.Key] = true
		members = append(members, *m)
		skipBlank(s)
		if s.words[s.at] == "" {
			return members, true
		}
		if s.words[s.at] != "," {
			return nil, false
		}
		s.at++
		skipBlank(s)
		if s.words[s.at] == "" {
			return nil, false // a comma at the end
		}
	}
	return members, true
}

// skipBlank passes optional white space.
func skipBlank(s *scanner) {
	word := s.words[s.at]
	if word != "" && (word[0] == ' ' || word[0] == '\t') {
		s.at++
	}
}

// parseMember reads a member of a dictionary, or returns nil.
func parseMember(s *scanner) *Member {
	m := &Member{Key: s.words[s.at]}
	if !IsKey(m.Key) {
		return nil
	}
	s.at++
	m.Value = Value{Kind: Boolean, Text: "?1"}
	if s.words[s.at] == "=" {
		s.at++
		if s.words[s.at] == "(" {
			m.IsList = true
			m.Value = Value{}
			m.List = parseList(s)
			if m.List == nil {
				return nil
			}
		} else {
			m.Value = parseValue(s)
			if m.Value.Kind == "" {
				return nil
			}
		}
	}
	if s.words[s.at] == ";" {
		m.Parameters = parseParameters(s)
		if m.Parameters == nil {
			return nil
		}
	}
	return m
}

// parseList reads an inner list from its bracket on, or returns nil.
func parseList(s *scanner) []Item {
	items := []Item{}
	s.at++
	for {
		spaced := skipSpaces(s)
		if s.words[s.at] == ")" {
			s.at++
			return items
		}
		if len(items) > 0 && !spaced {
			return nil
		}
		item := Item{Value: parseValue(s)}
		if item.Value.Kind == "" {
			return nil
		}
		if s.words[s.at] == ";" {
			item.Parameters = parseParameters(s)
			if item.Parameters == nil {
				return nil
			}
		}
		items = append(items, item)
	}
}

// skipSpaces passes spaces, and says whether there were any. A tab is none.
func skipSpaces(s *scanner) bool {
	word := s.words[s.at]
	if word == "" || strings.Trim(word, " ") != "" {
		return false
	}
	s.at++
	return true
}

// parseParameters reads what may follow an item or a list. It returns nil where that
// is malformed, and an empty list where there are none.
func parseParameters(s *scanner) []Parameter {
	parameters := []Parameter{}
	seen := map[string]bool{}
	for s.words[s.at] == ";" {
		s.at++
		skipSpaces(s)
		p := Parameter{Name: s.words[s.at], Value: Value{Kind: Boolean, Text: "?1"}}
		if !IsKey(p.Name) || seen[p.Name] {
			return nil
		}
		seen[p.Name] = true
		s.at++
		if s.words[s.at] == "=" {
			s.at++
			p.Value = parseValue(s)
			if p.Value.Kind == "" {
				return nil
			}
		}
		parameters = append(parameters, p)
	}
	return parameters
}

// Find returns the value of a parameter, or one of no kind.
func Find(parameters []Parameter, name string) Value {
	for i := range parameters {
		if parameters[i].Name == name {
			return parameters[i].Value
		}
	}
	return Value{}
}

// key is what a member or a parameter may be called.
var key = regexp.MustCompile(`^[a-z*][a-z0-9_.*-]*$`)

// IsKey says whether a text may name a member or a parameter.
func IsKey(text string) bool {
	return key.MatchString(text)
}
