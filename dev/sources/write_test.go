package sources

import (
	"encoding/json"
	"fmt"
	"strings"
)

// write renders a configuration for every source.
func write(tree []entry) map[string]string {
	yaml, toml, labels := "", "", ""
	for _, e := range tree {
		yaml += quoted(e.key) + ": " + inline(e.value, ": ") + "\n"
		toml += quoted(e.key) + " = " + inline(e.value, " = ") + "\n"
		labels += labelled(e.key, e.value)
	}
	return map[string]string{
		"yaml":   escapeTemplate(yaml),
		"toml":   escapeTemplate(toml),
		"labels": labels,
		"json":   inline(tree, ": "),
	}
}

// inline renders a value on one line, in what JSON, YAML and TOML have in common
// but for the sign between a key and its value.
func inline(value any, is string) string {
	switch value := value.(type) {
	case string:
		return quoted(value)
	case []any:
		items := []string{}
		for _, item := range value {
			items = append(items, inline(item, is))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case []entry:
		items := []string{}
		for _, e := range value {
			items = append(items, quoted(e.key)+is+inline(e.value, is))
		}
		return "{" + strings.Join(items, ", ") + "}"
	default:
		return fmt.Sprint(value)
	}
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can be encoded
	}
	return string(b)
}

// escapeTemplate spells doubled braces out: Traefik takes its files for
// templates.
func escapeTemplate(text string) string {
	return strings.ReplaceAll(text, "{{", `{{ "{{" }}`)
}

// labelled renders a value as labels, a line each. A list of one has no number.
func labelled(key string, value any) string {
	switch value := value.(type) {
	case []any:
		lines := ""
		for i, item := range value {
			name := fmt.Sprintf("%s[%d]", key, i)
			if len(value) == 1 {
				name = key + "[]"
			}
			lines += labelled(name, item)
		}
		return lines
	case []entry:
		lines := ""
		for _, e := range value {
			lines += labelled(key+"."+e.key, e.value)
		}
		if lines == "" {
			lines = key + "=\n" // what the file provider makes of an empty section
		}
		return lines
	default:
		return key + "=" + strings.ReplaceAll(fmt.Sprint(value), "\n", "\n\t") + "\n"
	}
}
