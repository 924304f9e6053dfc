package document

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// TOML reads a text. The library's decoder has the last word on what is allowed;
// its parser says where things stand.
func TOML(text []byte) (*Node, *Mistake) {
	values := map[string]any{}
	err := toml.Unmarshal(text, &values)
	if err != nil {
		wrong := &toml.DecodeError{}
		if errors.As(err, &wrong) {
			line, column := wrong.Position()
			text := strings.TrimPrefix(err.Error(), "toml: ")
			if strings.Contains(text, "incomplete number") || strings.Contains(text, "expected value") {
				text += " (a text needs quotes)"
			}
			return nil, &Mistake{line, column, text}
		}
		return nil, &Mistake{Text: strings.TrimPrefix(err.Error(), "toml: ")}
	}
	r := &tomlReader{root: &Node{Kind: Map, Line: 1, Column: 1}}
	r.table = r.root
	r.parser.Reset(text)
	for r.parser.NextExpression() {
		e := r.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			r.table = r.open(r.root, e, e.Kind == unstable.ArrayTable)
		case unstable.KeyValue:
			r.pair(r.table, e)
		}
	}
	if r.parser.Error() != nil {
		return nil, &Mistake{Text: r.parser.Error().Error()}
	}
	return r.root, nil
}

type tomlReader struct {
	parser unstable.Parser
	root   *Node
	table  *Node // that of the last header
}

// open returns the table that a header names.
func (r *tomlReader) open(from *Node, e *unstable.Node, another bool) *Node {
	keys := e.Key()
	for keys.Next() {
		key := keys.Node()
		last := keys.IsLast()
		next := r.child(from, key)
		switch {
		case last && another:
			next.Kind = List
			item := r.place(&Node{Kind: Map}, key)
			next.Items = append(next.Items, item)
			next = item
		case next.Kind == List && len(next.Items) > 0:
			next = next.Items[len(next.Items)-1]
		case next.Kind == Null:
			next.Kind = Map
		}
		from = next
	}
	return from
}

// pair reads a key and its value into a table.
func (r *tomlReader) pair(table *Node, e *unstable.Node) {
	keys := e.Key()
	for keys.Next() {
		table.Kind = Map
		table = r.child(table, keys.Node())
	}
	r.value(table, e.Value())
}

// child returns what a table has under a key, which it has from then on.
func (r *tomlReader) child(table *Node, key *unstable.Node) *Node {
	name := string(key.Data)
	for _, item := range table.Items {
		if item.Name == name {
			return item
		}
	}
	n := r.place(&Node{Name: name}, key)
	table.Items = append(table.Items, n)
	return n
}

func (r *tomlReader) place(n *Node, at *unstable.Node) *Node {
	start := r.parser.Shape(at.Raw).Start
	n.Line, n.Column = start.Line, start.Column
	return n
}

// value reads a value into the node of its key, or of its place in a list.
func (r *tomlReader) value(n *Node, v *unstable.Node) {
	n.Kind = Scalar
	n.Text = string(v.Data)
	switch v.Kind {
	case unstable.Array:
		n.Kind = List
		children := v.Children()
		for children.Next() {
			item := &Node{Line: n.Line, Column: n.Column}
			if children.Node().Raw.Length > 0 {
				r.place(item, children.Node())
			}
			r.value(item, children.Node())
			n.Items = append(n.Items, item)
		}
	case unstable.InlineTable:
		n.Kind = Map
		children := v.Children()
		for children.Next() {
			r.pair(n, children.Node())
		}
	case unstable.Bool:
		n.Value = n.Text == "true"
	case unstable.Integer:
		number, err := strconv.ParseInt(n.Text, 0, 64)
		if err != nil {
			number, _ = strconv.ParseInt(strings.ReplaceAll(n.Text, "_", ""), 10, 64)
		}
		n.Value = number
		n.Text = strconv.FormatInt(number, 10)
	case unstable.Float:
		n.Value, _ = strconv.ParseFloat(strings.ReplaceAll(n.Text, "_", ""), 64)
	case unstable.DateTime, unstable.LocalDate, unstable.LocalDateTime, unstable.LocalTime:
		n.Value = time.Time{} // whatever it says, Traefik refuses it
	default:
		n.Value = n.Text
	}
}
