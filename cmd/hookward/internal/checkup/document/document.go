// Package document reads YAML and TOML, and keeps where everything stands. What is
// read has the values that Traefik's own parsers make of it.
package document

import (
	"regexp"
	"strconv"
	"strings"
)

// Kind is what a node is.
type Kind int

// The kinds of nodes. Traefik takes Null for something that is not there.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// Node is a value with its place. Lines and columns count from 1.
type Node struct {
	Kind  Kind
	Value any    // of a Scalar: a string, a number, a boolean, or a time
	Text  string // of a Scalar, as it is written
	// Literal says that the text stands on the lines below, as it is.
	Literal bool

	Name   string // the key that it stands under, in a Map
	Line   int    // of the key, where there is one
	Column int

	Items []*Node // of a List, or of a Map, in the order in which they are written
}

// Get returns what a Map has under a key, or nil. Traefik takes the names of its own
// options in any case.
func (n *Node) Get(name string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for _, item := range n.Items {
		if item.Name == name {
			return item
		}
	}
	for _, item := range n.Items {
		if strings.EqualFold(item.Name, name) {
			return item
		}
	}
	return nil
}

// Path returns what is found by the keys, one below the other, or nil.
func (n *Node) Path(names ...string) *Node {
	for _, name := range names {
		n = n.Get(name)
	}
	return n
}

// String returns a Scalar as text, and "" for anything else.
func (n *Node) String() string {
	if n == nil || n.Kind != Scalar {
		return ""
	}
	return n.Text
}

// Strings returns the texts of a List, or those of a Scalar with commas.
func (n *Node) Strings() []*Node {
	if n == nil {
		return nil
	}
	if n.Kind == List {
		return n.Items
	}
	parts := []*Node{}
	if n.Kind == Scalar {
		for _, text := range strings.Split(n.Text, ",") {
			part := *n
			part.Text = strings.TrimSpace(text)
			if part.Text != "" {
				parts = append(parts, &part)
			}
		}
	}
	return parts
}

// IsTrue says whether a Scalar is true, as Traefik takes it.
func (n *Node) IsTrue() bool {
	truth, err := strconv.ParseBool(n.String())
	return err == nil && truth
}

var step = regexp.MustCompile(`^([^\[\]]*)((?:\[\d+\])*)$`)
var index = regexp.MustCompile(`\d+`)

// At returns the node that an option's path leads to, such as handshakes[0].when,
// or the last one on the way that is there. A section may stand where a list of
// them is meant.
func (n *Node) At(path string) *Node {
	if path == "" {
		return n
	}
	for _, part := range strings.Split(path, ".") {
		match := step.FindStringSubmatch(part)
		if match == nil {
			return n
		}
		next := n.Get(match[1])
		if next == nil {
			return n
		}
		n = next
		for _, number := range index.FindAllString(match[2], -1) {
			i, err := strconv.Atoi(number)
			if err != nil || n.Kind != List || i >= len(n.Items) {
				break
			}
			n = n.Items[i]
		}
	}
	return n
}

// Plain returns the values without their places: maps by name, lists, strings,
// numbers and booleans. Of a key that is there twice, the last counts.
func (n *Node) Plain() any {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case Map:
		m := map[string]any{}
		for _, item := range n.Items {
			m[item.Name] = item.Plain()
		}
		return m
	case List:
		l := make([]any, 0, len(n.Items))
		for _, item := range n.Items {
			l = append(l, item.Plain())
		}
		return l
	case Scalar:
		return n.Value
	}
	return nil
}

// Mistake is what a parser does not understand.
type Mistake struct {
	Line, Column int // 0 where that is not known
	Text         string
}
