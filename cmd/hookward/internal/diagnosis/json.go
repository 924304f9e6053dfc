package diagnosis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRestyled bounds the JSON texts that are written anew.
const maxRestyled = 4 << 20

// styled is a JSON text in another style.
type styled struct {
	name string
	body []byte
}

// layout is where a style has spaces and newlines.
type layout struct {
	name   string
	render func(compact []byte) []byte
}

func layouts() []layout {
	return []layout{
		{"compact JSON", func(compact []byte) []byte { return compact }},
		{"JSON with a space behind each comma and colon (Python)", spaced},
		{"JSON indented by two spaces", func(compact []byte) []byte { return indented(compact, "  ") }},
		{"JSON indented by four spaces", func(compact []byte) []byte { return indented(compact, "    ") }},
		{"JSON indented by tabs", func(compact []byte) []byte { return indented(compact, "\t") }},
	}
}

// escapes are how a style writes strings.
var escapes = []struct {
	name           string
	slashes, ascii bool
	html, asItIs   bool
}{
	{name: "", asItIs: true},
	{name: "with all letters as they are"},
	{name: "with \\uXXXX for what is not ASCII (Python, PHP)", ascii: true},
	{name: "with escaped slashes", slashes: true},
	{name: "with escaped slashes and \\uXXXX (PHP)", slashes: true, ascii: true},
	{name: "with \\u003c, \\u003e and \\u0026 (Go)", html: true},
}

// restyled returns a JSON body in the styles in which libraries write it, those that
// keep its order first. It returns none where the body is no JSON.
func restyled(body []byte) []styled {
	trimmed := bytes.TrimPrefix(body, []byte("\ufeff"))
	compact := bytes.Buffer{}
	if len(body) > maxRestyled || json.Compact(&compact, trimmed) != nil {
		return nil
	}
	all := []styled{}
	sources := []styled{{"", compact.Bytes()}}
	sorted := sortedJSON(trimmed)
	if sorted != nil && !bytes.Equal(sorted, compact.Bytes()) {
		sources = append(sources, styled{", with its names sorted", sorted})
	}
	for _, source := range sources {
		for _, e := range escapes {
			text := source.body
			if !e.asItIs {
				text = rewritten(source.body, e.slashes, e.ascii, e.html)
			}
			for _, l := range layouts() {
				name := l.name
				if e.name != "" {
					name += " " + e.name
				}
				all = append(all, styled{name + source.name, l.render(text)})
			}
		}
	}
	return all
}

// sortedJSON writes a document with the names of its objects in order.
func sortedJSON(body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document any
	if decoder.Decode(&document) != nil {
		return nil
	}
	out := bytes.Buffer{}
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(document) != nil {
		return nil
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func indented(compact []byte, by string) []byte {
	out := bytes.Buffer{}
	_ = json.Indent(&out, compact, "", by) // it was compacted, so it is JSON
	return out.Bytes()
}

// spaced puts a space behind each comma and colon outside of strings.
func spaced(compact []byte) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	for i := 0; i < len(compact); i++ {
		if compact[i] == '"' {
			end := stringEnd(compact, i)
			out = append(out, compact[i:end]...)
			i = end - 1
			continue
		}
		out = append(out, compact[i])
		if compact[i] == ',' || compact[i] == ':' {
			out = append(out, ' ')
		}
	}
	return out
}

// stringEnd returns where the string ends that begins at a quote.
func stringEnd(text []byte, at int) int {
	for i := at + 1; i < len(text); i++ {
		if text[i] == '\\' {
			i++
		} else if text[i] == '"' {
			return i + 1
		}
	}
	return len(text)
}

// rewritten writes the strings of a JSON text anew.
func rewritten(compact []byte, slashes, ascii, html bool) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	for i := 0; i < len(compact); i++ {
		if compact[i] != '"' {
			out = append(out, compact[i])
			continue
		}
		end := stringEnd(compact, i)
		text := ""
		if json.Unmarshal(compact[i:end], &text) != nil {
			out = append(out, compact[i:end]...)
		} else {
			out = append(out, quotedJSON(text, slashes, ascii, html)...)
		}
		i = end - 1
	}
	return out
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}

func quotedJSON(text string, slashes, ascii, html bool) string {
	out := strings.Builder{}
	out.WriteByte('"')
	for _, c := range text {
		escaped, short := shortEscapes[c]
		switch {
		case short:
			out.WriteString(escaped)
		case c == '/' && slashes:
			out.WriteString(`\/`)
		case c < ' ' || ascii && c >= utf8.RuneSelf && c <= 0xffff || html && (c == '<' || c == '>' || c == '&'):
			fmt.Fprintf(&out, `\u%04x`, c)
		case ascii && c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			out.WriteRune(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
