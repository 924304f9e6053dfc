package structured

import (
	"regexp"
	"strings"
)

var escape = strings.NewReplacer(`"`, `\"`, `\`, `\\`)

// SerialiseString writes a text as a string, RFC 9651, 4.1.6.
func SerialiseString(text string) string {
	if strings.Trim(text, harmless) == "" {
		return `"` + text + `"`
	}
	return `"` + escape.Replace(text) + `"`
}

// harmless has nothing that is to be escaped.
const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-@_/.:+= "

// serialiseValue writes a bare item, RFC 9651, 4.1.3.1.
func serialiseValue(v Value) string {
	switch v.Kind {
	case String:
		return SerialiseString(v.Text)
	case Bytes:
		return ":" + v.Text + ":"
	}
	return v.Text
}

// SerialiseParameters writes parameters, RFC 9651, 4.1.1.2.
func SerialiseParameters(parameters []Parameter) string {
	text := ""
	for i := range parameters {
		text += ";" + parameters[i].Name
		v := parameters[i].Value
		if v.Kind != Boolean || v.Text != "?1" {
			text += "=" + serialiseValue(v)
		}
	}
	return text
}

// irregular finds whatever may be written in another way than the canonical one: blanks,
// numbers, and what is true. In a string it means nothing, and costs no more than the time.
var irregular = regexp.MustCompile(`  |; |\( | \)|=\?1|(?:^|[=( @-])0[0-9]|-0|\.[0-9]*0`)

// SerialiseMember writes what a member stands for, without its key. That is nearly always
// what was received.
func SerialiseMember(m *Member) string {
	if m.received != "" && !irregular.MatchString(m.received) {
		return m.received
	}
	return serialise(m)
}

// serialise is SerialiseMember, whatever was received.
func serialise(m *Member) string {
	if !m.IsList {
		return serialiseValue(m.Value) + SerialiseParameters(m.Parameters)
	}
	texts := make([]string, 0, len(m.List))
	for i := range m.List {
		texts = append(texts, serialiseValue(m.List[i].Value)+SerialiseParameters(m.List[i].Parameters))
	}
	return "(" + strings.Join(texts, " ") + ")" + SerialiseParameters(m.Parameters)
}

// SerialiseDictionary writes a dictionary, RFC 9651, 4.1.2.
func SerialiseDictionary(members []Member) string {
	texts := make([]string, 0, len(members))
	for i := range members {
		m := &members[i]
		if !m.IsList && m.Value.Kind == Boolean && m.Value.Text == "?1" {
			texts = append(texts, m.Key+SerialiseParameters(m.Parameters))
		} else {
			texts = append(texts, m.Key+"="+SerialiseMember(m))
		}
	}
	return strings.Join(texts, ", ")
}
