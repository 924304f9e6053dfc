package config

import (
	"reflect"
	"strings"

	"github.com/hookward/hookward/internal/words"
)

// unknownOption notes that a key is no option, and which one may be meant: one
// that has this name in another section, or one of the same section that is
// spelt nearly so.
func unknownOption(n *Notes, target any, path, key string) {
	names := OptionNames(target)
	quoted := strings.ReplaceAll(words.Quote(key), `"`, "")
	if quoted == "" {
		quoted = `""`
	}
	hint := ""
	for _, name := range names {
		if Distance(strings.ToLower(key), strings.ToLower(name)) == 1 {
			hint = ", did you mean " + name + "?"
		}
	}
	for _, full := range optionPaths(reflect.TypeOf(Options{}), "") {
		if hint == "" && strings.EqualFold(full[strings.LastIndex(full, ".")+1:], key) {
			hint = ", did you mean " + full + "?"
			if strings.EqualFold(full, key) {
				hint = ", did you mean " + full + " at the top?"
			}
		}
	}
	if hint == "" {
		hint = Suggestion(key, names)
	}
	AddProblem(n, join(path, quoted), KindUnknownOption, "is not an option"+hint+" (options here: "+strings.Join(names, ", ")+")")
}

// OptionNames returns the options of the section that target points to.
func OptionNames(target any) []string {
	t := reflect.TypeOf(target).Elem()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("json")
	}
	return names
}

// optionPaths returns every option with its section's path.
func optionPaths(t reflect.Type, path string) []string {
	paths := []string{}
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		full := join(path, field.Tag.Get("json"))
		paths = append(paths, full)
		if field.Type.Kind() == reflect.Pointer {
			paths = append(paths, optionPaths(field.Type.Elem(), full)...)
		}
		if field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Pointer {
			paths = append(paths, optionPaths(field.Type.Elem().Elem(), full+"[0]")...)
		}
	}
	return paths
}

// Suggestion returns the hint at the nearest of some names, or nothing where
// none is near: a third of the letters may be wrong.
func Suggestion(key string, names []string) string {
	best, name := len(key)/3+1, ""
	for _, n := range names {
		d := Distance(strings.ToLower(key), strings.ToLower(n))
		if d <= best {
			best, name = d-1, n
		}
	}
	if name == "" {
		return ""
	}
	return ", did you mean " + name + "?"
}

// NotKnown says that a value is none of those that an option may have, and which
// one may be meant. A very short one may be any.
func NotKnown(value string, allowed []string) string {
	hint := Suggestion(value, allowed)
	list := "allowed: " + strings.Join(allowed, ", ")
	if hint == "" || len(value) < 4 {
		return words.Quote(value) + " is not known; " + list
	}
	return words.Quote(value) + " is not known" + hint + " (" + list + ")"
}

// nearestProviders returns the hint at the providers that may be meant: those
// that are spelt most nearly so, or else have the word in their names; and the
// list of all where there are none of either.
func nearestProviders(slug string) string {
	near := []string{}
	least := len(slug)/3 + 1
	for _, name := range ProviderSlugs() {
		d := Distance(strings.ToLower(slug), name)
		if d < least {
			near = []string{}
			least = d
		}
		if d == least && d <= len(slug)/3 {
			near = append(near, name)
		}
	}
	for _, name := range ProviderSlugs() {
		if least > len(slug)/3 && strings.Contains("-"+name+"-", "-"+strings.ToLower(slug)+"-") {
			near = append(near, name)
		}
	}
	if len(near) == 0 || len(near) > 5 {
		return "; docs/providers.md lists the providers"
	}
	last := near[len(near)-1]
	if len(near) == 1 {
		return ", did you mean " + last + "?"
	}
	return ", did you mean " + strings.Join(near[:len(near)-1], ", ") + " or " + last + "?"
}

// Distance is the Levenshtein distance of two texts, in bytes; past 64 bytes
// texts count as far apart.
func Distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			if row[j]+1 < cost {
				cost = row[j] + 1
			}
			if row[j-1]+1 < cost {
				cost = row[j-1] + 1
			}
			row[j] = cost
		}
	}
	return row[len(b)]
}
