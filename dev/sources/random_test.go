package sources

import (
	"flag"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/hookward/hookward"
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
	good, bad := 0, 0
	for range 1000 {
		tree := g.section("", hookward.Options{}, g.IntN(2) == 0)
		texts := write(tree)
		var first string
		var firstOptions hookward.Options
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
	if good < 100 || bad < 100 {
		t.Errorf("%d configurations were good and %d bad: too few of either to tell", good, bad)
	}
}

// entry is an option as a configuration has it. The value is a string, an int, a
// bool, a []any of one of these, or a section: a []entry.
type entry struct {
	key   string
	value any
}

type generator struct{ *rand.Rand }

// valid holds values for each option by its name; what has none here is a
// section.
var valid = map[string][]any{
	"provider": {"github"}, "publicURL": {"https://hooks.example.com"}, "tolerance": {"5m", "1h30m", "90s"},
	"secrets": {"env:SECRET", []any{"hush,one", " hush two "}, 1234, []any{12, 34}, "hush, {{one}}"},
	"methods": {"POST", "POST, PUT", []any{"POST"}, []any{"POST", "PUT"}}, "maxBodyBytes": {4096, "4096"},
	"bodyTimeout": {"10s"}, "observeOnly": {true, false, "true", "0"}, "algorithm": {"hmac-sha1"}, "header": {"X-Signature"},
	"format": {"sha256={hex}", "t={timestamp},v1={hex},..."}, "signs": {"{{{body}}}", `"{id}" = {body}\`},
	"secretEncoding": {"whsec"}, "timestampHeader": {"X-Time"}, "timestampUnit": {"ms"}, "idHeader": {"X-Id"}, "eventHeader": {"X-Ereignis-Ü"},
}

// section returns a section of random options of the kind of a struct: such as
// it may have, or, where it need not be good, any.
func (g *generator) section(name string, of any, good bool) []entry {
	fields := reflect.TypeOf(of)
	entries := []entry{}
	taken := map[string]bool{strings.ToLower(name): true} // no child is named like its parent
	for range 1 + g.IntN(6) {
		field := fields.Field(g.IntN(fields.NumField()))
		option := field.Tag.Get("json")
		key := g.recase(option)
		if !good && g.IntN(4) == 0 {
			key = g.misspell(key)
		}
		if taken[strings.ToLower(key)] {
			continue // labels that differ in case are one to Traefik
		}
		taken[strings.ToLower(key)] = true
		entries = append(entries, entry{key, g.value(key, option, good)})
	}
	if len(entries) == 0 {
		entries = append(entries, entry{"provider", "github"})
	}
	return entries
}

func (g *generator) value(key, option string, good bool) any {
	values := valid[option]
	if values == nil && (good || g.IntN(2) == 0) {
		empty := []any{"", "true", true}
		if strings.EqualFold(key, option) {
			// Only where a section belongs are {} and "" the same from the CRD.
			empty = append(empty, []entry{})
		}
		if g.IntN(4) == 0 {
			return empty[g.IntN(len(empty))]
		}
		return g.section(key, hookward.SignatureOptions{}, good)
	}
	if values != nil && (good || g.IntN(2) == 0) {
		return values[g.IntN(len(values))]
	}
	switch g.IntN(5) {
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
	default:
		return g.text(option)
	}
}

// text returns a text with what has a meaning somewhere. Two things are left out
// for the sake of labels: line breaks, and a comma at the beginning, by which
// Traefik knows its own lists.
func (g *generator) text(option string) string {
	text := ""
	if option == "secrets" {
		text = secretMark
	}
	signs := []string{"a", "Z", "5", " ", ",", "=", ".", ":", "#", "'", `"`, `\`, "{", "}", "{{", "}}", "[0]", "$", "true", "ü", "😀", "-", "env:", "\t"}
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
