package sources

import (
	"flag"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
)

var seed = flag.Uint64("seed", 0, "the seed of the random configurations; 0 takes a new one")

// The same configuration has the same outcome from wherever it comes: random
// ones, good and bad, written in all sources.
func TestRandom(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("repeat with: -seed %d", *seed)
	g := &generator{rand.New(rand.NewPCG(*seed, 0))}
	good, bad, several := 0, 0, 0
	for range 1000 {
		tree := g.section("", reflect.TypeFor[config.Options](), g.IntN(2) == 0)
		texts := write(tree)
		var first string
		var firstOptions config.Options
		for i, source := range All {
			options, problems, err := source.Decode(texts[source.Name])
			if err != nil {
				t.Fatalf("%s: Traefik refuses it: %v\n%s", source.Name, err, texts[source.Name])
			}
			got := outcome(options, problems)
			if i == 0 {
				first, firstOptions = got, options
				if len(problems) == 0 {
					good++
					if len(options.Handshakes) > 1 || options.Audit != nil && len(options.Audit.Outputs) > 1 {
						several++
					}
				} else {
					bad++
				}
			}
			if got != first || len(problems) == 0 && !reflect.DeepEqual(options, firstOptions) {
				t.Fatalf("%s makes\n%s\nof\n%s\nwhereas %s makes\n%s\nof\n%s",
					source.Name, got, texts[source.Name], All[0].Name, first, texts[All[0].Name])
			}
			if len(problems) > 0 && strings.Contains(got, secretMark) {
				t.Fatalf("%s: a problem gives a secret away:\n%s", source.Name, got)
			}
		}
	}
	if good < 100 || bad < 100 || several < 10 {
		t.Errorf("%d configurations were good, %d with a list of sections, and %d bad: too few of either to tell", good, several, bad)
	}
}

// The random configurations have every option there is, given enough of them.
func TestRandomHasEveryOption(t *testing.T) {
	g := &generator{rand.New(rand.NewPCG(1, 0))}
	all, of := map[string]any{}, reflect.TypeFor[config.Options]()
	for range 20000 {
		gather(all, g.section("", of, true), of)
	}
	for _, path := range missing(all, of, "") {
		t.Errorf("%s is in none", path)
	}
}

// gather adds the options of a tree to those of others, a list's sections as if
// they were one.
func gather(all map[string]any, tree []entry, of reflect.Type) {
	for _, e := range tree {
		for i := range of.NumField() {
			name, item := of.Field(i).Tag.Get("json"), of.Field(i).Type
			if !strings.EqualFold(name, e.key) {
				continue
			}
			if item.Kind() == reflect.Slice {
				item = item.Elem()
			}
			if item.Kind() != reflect.Pointer {
				all[name] = e.value
				continue
			}
			inner, ok := all[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				all[name] = inner
			}
			list, ok := e.value.([]any)
			if !ok {
				list = []any{e.value}
			}
			for _, value := range list {
				section, _ := value.([]entry) // or the text of one that has its defaults
				gather(inner, section, item.Elem())
			}
		}
	}
}

// entry is an option as a configuration has it. The value is a string, an int, a
// bool, a section, which is a []entry, or a []any of texts and numbers, or of
// sections: of a list of both Traefik's file provider drops some.
type entry struct {
	key   string
	value any
}

type generator struct{ *rand.Rand }

// What an option may have, by its name or else by its kind: what a text says is
// of no matter here.
var (
	providers = []any{"github", "gitea", "svix", "meta", "gitlab"}
	secrets   = []any{"env:SECRET", "hush,one", " hush two ", "hush, {{one}}", "hush\none\n", 1234}
	texts     = []any{"X-Signature", "sha256={hex}", "t={timestamp},v1={hex},...", "{{{body}}}", `"{id}" = {body}\`, "json:a.b[0]", "query:hub.mode=a,b", "X-Ereignis-Ü", "a\n\tb", 12}
	durations = []any{"5m", "1h30m", "90s"}
	numbers   = []any{4096, "4096"}
	booleans  = []any{true, false, "true", "0"}
)

// isSecret says whether no problem may contain an option's value. A name that
// options share, such as token, which is a section as well, is one for all of them.
func isSecret(option string) bool {
	switch option {
	case "secrets", "verifyToken", "password", "key", "chainKey", "token", "apiKey", "headers", "clientSecret":
		return true
	}
	return false
}

// section returns a section of random options of a struct: such as it may have,
// or, where it need not be good, any.
func (g *generator) section(name string, of reflect.Type, good bool) []entry {
	entries := []entry{}
	taken := map[string]bool{strings.ToLower(name): true} // no child is named like its parent
	for range 1 + g.IntN(6) {
		field := of.Field(g.IntN(of.NumField()))
		key := g.recase(field.Tag.Get("json"))
		if !good && g.IntN(4) == 0 {
			key = g.misspell(key)
		}
		if taken[strings.ToLower(key)] {
			continue // labels that differ in case are one to Traefik
		}
		taken[strings.ToLower(key)] = true
		if good || g.IntN(2) == 0 {
			entries = append(entries, entry{key, g.fitting(key, field, good)})
		} else {
			entries = append(entries, entry{key, g.unfit(field.Tag.Get("json"))})
		}
	}
	if len(entries) == 0 {
		field := of.Field(0) // a text, which every section begins with
		entries = append(entries, entry{field.Tag.Get("json"), g.fitting("", field, good)})
	}
	return entries
}

// fitting returns a value of an option's kind.
func (g *generator) fitting(key string, field reflect.StructField, good bool) any {
	option, of := field.Tag.Get("json"), field.Type
	// Only where sections belong are {} and "" the same from the CRD.
	known := strings.EqualFold(key, option)
	switch {
	case of.Kind() == reflect.Pointer && g.IntN(4) > 0:
		return g.section(key, of.Elem(), good)
	case of.Kind() == reflect.Pointer && known:
		return g.one([]any{"", "true", true, []entry{}})
	case of.Kind() == reflect.Pointer:
		return g.one([]any{"", "true", true})
	case of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Pointer:
		return g.sections(key, of.Elem().Elem(), good, known)
	case of.Kind() == reflect.Slice:
		return g.list(option, field.Tag.Get("decode") == "whole")
	default:
		return g.one(values(option, of))
	}
}

// values returns what an option that is no section may have, or an item of its
// list.
func values(option string, of reflect.Type) []any {
	switch {
	case option == "provider":
		return providers
	case isSecret(option):
		return secrets
	case of == reflect.TypeFor[time.Duration]():
		return durations
	case of.Kind() == reflect.Int64:
		return numbers
	case of.Kind() == reflect.Bool:
		return booleans
	default:
		return texts
	}
}

func (g *generator) one(values []any) any {
	return values[g.IntN(len(values))]
}

// sections returns what a list of sections may be: a list, one section, or false.
func (g *generator) sections(key string, of reflect.Type, good, known bool) any {
	switch g.IntN(5) {
	case 0:
		return g.one([]any{false, "false"})
	case 1:
		return g.section(key, of, good)
	}
	list := []any{}
	for range 1 + g.IntN(4) {
		if known && g.IntN(8) == 0 {
			list = append(list, []entry{})
		} else {
			list = append(list, g.section(key, of, good))
		}
	}
	return list
}

// list returns what a list of texts may be: a list, one text, or, unless texts
// are taken whole, a text with commas.
func (g *generator) list(option string, whole bool) any {
	items := []any{}
	for range 1 + g.IntN(3) {
		items = append(items, g.one(values(option, reflect.TypeFor[string]())))
	}
	switch {
	case g.IntN(2) == 0:
		return items
	case whole:
		return items[0]
	default:
		return g.one([]any{"X-A, X-B", "POST,PUT , PATCH", "one"})
	}
}

// unfit returns a value of any kind.
func (g *generator) unfit(option string) any {
	switch g.IntN(6) {
	case 0:
		return g.IntN(2_000_000) - 1_000_000
	case 1:
		return g.IntN(2) == 0
	case 2:
		return []entry{{"inner", g.text(option)}}
	case 3:
		list := []any{}
		for range 1 + g.IntN(4) {
			list = append(list, g.text(option))
		}
		return list
	case 4:
		list := []any{}
		for range 1 + g.IntN(4) {
			list = append(list, []entry{{"inner", g.text(option)}})
		}
		return list
	default:
		return g.text(option)
	}
}

// text returns a text with what has a meaning somewhere. One thing is left out
// for the sake of labels: a comma at the beginning, by which Traefik knows its
// own lists.
func (g *generator) text(option string) string {
	text := ""
	if isSecret(option) {
		text = secretMark
	}
	signs := []string{"a", "Z", "5", " ", ",", "=", ".", ":", "#", "'", `"`, `\`, "{", "}", "{{", "}}", "[0]", "$", "true", "ü", "😀", "-", "env:", "\t", "\n"}
	for range g.IntN(12) {
		text += signs[g.IntN(len(signs))]
	}
	return strings.TrimLeft(text, ",")
}

func (g *generator) recase(name string) string {
	return []string{name, name, strings.ToLower(name), strings.ToUpper(name)}[g.IntN(4)]
}

// misspell loses a letter, or the whole name. The names that it takes instead are
// those of no option whose value a problem would show: that may be a secret.
func (g *generator) misspell(name string) string {
	if g.IntN(3) == 0 {
		return []string{"banana", "y", "null", "header", "secrets", "format"}[g.IntN(6)]
	}
	i := g.IntN(len(name))
	return name[:i] + name[i+1:]
}
