package reading

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

func toText(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func withDefault(instead, value any) any {
	switch v := value.(type) {
	case nil:
		return instead
	case string:
		if v == "" {
			return instead
		}
	case bool:
		if !v {
			return instead
		}
	case int:
		if v == 0 {
			return instead
		}
	}
	return value
}

func joinTexts(by string, list any) string {
	switch l := list.(type) {
	case []string:
		return strings.Join(l, by)
	case []any:
		texts := []string{}
		for _, item := range l {
			texts = append(texts, toText(item))
		}
		return strings.Join(texts, by)
	}
	return toText(list)
}

// indent refuses what no file has: a template must not take memory without end.
func indent(n int, text string) string {
	if n < 0 || n > 1000 {
		n = 0
	}
	space := strings.Repeat(" ", n)
	return space + strings.ReplaceAll(text, "\n", "\n"+space)
}

// Normalize is what Traefik makes of a name: letters and digits, with a dash for
// anything else.
func Normalize(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	return strings.Join(parts, "-")
}

// maxTurns is how many turns the loops of a template may have together.
const maxTurns = 1_000_000

// until returns sprig's function of that name, for one template.
func until() func(n int) ([]int, error) {
	turns := 0
	return func(n int) ([]int, error) {
		turns += 1 + n
		if n < 0 || turns > maxTurns {
			return nil, errors.New("until: more turns than are rendered here")
		}
		list := make([]int, n)
		for i := range list {
			list[i] = i
		}
		return list, nil
	}
}

func first(list any) any {
	switch l := list.(type) {
	case []string:
		if len(l) > 0 {
			return l[0]
		}
	case []any:
		if len(l) > 0 {
			return l[0]
		}
	}
	return nil
}
