package document

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// YAML reads all documents of a text. A document that can't be read is a mistake;
// those before it are returned.
func YAML(text []byte) ([]*Node, *Mistake) {
	documents := []*Node{}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		root := yaml.Node{}
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return documents, yamlMistake(err, text)
		}
		// The library counts aliases while it decodes: what is larger than it
		// looks, or contains itself, ends here. So does a key that is there twice.
		var value any
		err = root.Decode(&value)
		if err != nil {
			return documents, yamlMistake(err, text)
		}
		node := fromYAML(&root)
		if node.Kind != Null {
			documents = append(documents, node)
		}
	}
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func yamlMistake(err error, source []byte) *Mistake {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n")
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	match := yamlLine.FindStringSubmatch(text)
	if match == nil {
		return &Mistake{Text: text}
	}
	line, _ := strconv.Atoi(match[1])
	mistake := &Mistake{Line: line, Text: match[2]}
	blameTab(mistake, source)
	return mistake
}

// blameTab looks for a tab in the indentation, which is what the library means with
// several of its messages. The line may be the one before or after.
func blameTab(m *Mistake, source []byte) {
	for i, line := range strings.Split(string(source), "\n") {
		indentation := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		at := strings.Index(indentation, "\t")
		if at >= 0 && i+1 >= m.Line-1 && i+1 <= m.Line+1 {
			m.Line, m.Column = i+1, at+1
			m.Text = "has a tab in its indentation, where YAML allows spaces only (" + m.Text + ")"
			return
		}
	}
}

func fromYAML(y *yaml.Node) *Node {
	n := &Node{Line: y.Line, Column: y.Column}
	switch y.Kind {
	case yaml.DocumentNode:
		if len(y.Content) == 0 {
			return n
		}
		return fromYAML(y.Content[0])
	case yaml.AliasNode:
		return fromYAML(y.Alias) // what is wrong with it is to be changed there
	case yaml.SequenceNode:
		n.Kind = List
		for _, item := range y.Content {
			n.Items = append(n.Items, fromYAML(item))
		}
	case yaml.MappingNode:
		n.Kind = Map
		fromMapping(n, y)
	case yaml.ScalarNode:
		if y.Tag == "!!null" {
			return n
		}
		n.Kind = Scalar
		n.Text = y.Value
		n.Literal = y.Style&yaml.LiteralStyle != 0
		err := y.Decode(&n.Value)
		if err != nil {
			n.Value = y.Value
		}
	}
	return n
}

// fromMapping reads the pairs of a mapping. What is merged in stands behind the
// mapping's own, which go first.
func fromMapping(n *Node, y *yaml.Node) {
	merged := []*Node{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		item := fromYAML(value)
		if key.Tag == "!!merge" {
			if item.Kind == Map {
				merged = append(merged, item)
			} else {
				merged = append(merged, item.Items...)
			}
			continue
		}
		item.Name = key.Value
		item.Line, item.Column = key.Line, key.Column
		n.Items = append(n.Items, item)
	}
	for _, other := range merged {
		for _, item := range other.Items {
			if !has(n, item.Name) {
				n.Items = append(n.Items, item)
			}
		}
	}
}

func has(n *Node, name string) bool {
	for _, item := range n.Items {
		if item.Name == name {
			return true
		}
	}
	return false
}
