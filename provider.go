package hookward

import (
	"encoding/json"
	"reflect"
	"regexp"
	"sort"
	"strings"

	"github.com/hookward/hookward/internal/providers"
)

// row is what the catalogue has of a provider, made of its file in catalogue/: options in the
// words of a user's configuration, and the list of its addresses where it publishes one.
type row struct {
	Options map[string]any `json:"options"`
	Ranges  map[string]any `json:"ranges"`
}

// readRow returns a provider's row, or an empty one where the catalogue has none.
func readRow(slug string) row {
	r := row{}
	text := providers.Rows[slug]
	if text != "" {
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			panic(err) // a test reads every row
		}
	}
	return r
}

// rowOptions returns what a provider's row says by itself.
func rowOptions(slug string) Options {
	options := Options{}
	decodeSection(readRow(slug).Options, &options, "")
	return options
}

// rowRanges returns the list of a provider's addresses, or nil where it publishes none.
func rowRanges(slug string) *ListOptions {
	section := readRow(slug).Ranges
	if section == nil {
		return nil
	}
	list := &ListOptions{}
	decodeSection(section, list, "")
	return list
}

func providerSlugs() []string {
	slugs := make([]string, 0, len(providers.Rows))
	for slug := range providers.Rows {
		slugs = append(slugs, slug)
	}
	sort.Strings(slugs)
	return slugs
}

// yield takes out of a row what a user's options replace by something of another kind: a
// place has two options, of which one is to be given, and a form that the user describes is
// the one form. The row's others would let pass what it does not.
func yield(r row, user Options) {
	yieldSection(r.Options["signature"], user.Signature, "alternatives")
	yieldSection(r.Options["token"], user.Token, "header", "query", "field", "bearer", "basic", "basicUser")
}

// yieldSection takes the user's options out of a section, each with the other option of its
// place; and the options that make up the form, where one of the user's describes it.
func yieldSection(section, user any, form ...string) {
	options, isSection := section.(map[string]any)
	if !isSection {
		return
	}
	for _, name := range givenOptions(user) {
		delete(options, otherPlace.Replace(name))
		if !besideForm.MatchString(name) {
			for _, option := range form {
				delete(options, option)
			}
		}
	}
}

// otherPlace makes idField of idHeader, and the reverse.
var otherPlace = strings.NewReplacer("Header", "Field", "header", "field", "Field", "Header", "field", "header")

// besideForm are the options that say where the delivery's id and the like are.
var besideForm = regexp.MustCompile("^(id|event|sender|certificate|alternatives)")

// givenOptions returns the names of a section's options that have a value.
func givenOptions(section any) []string {
	names := []string{}
	fields := reflect.ValueOf(section)
	if fields.IsNil() {
		return names
	}
	for i, name := range optionNames(section) {
		value := fields.Elem().Field(i)
		if !value.IsZero() && (value.Kind() != reflect.Slice || value.Len() > 0) {
			names = append(names, name)
		}
	}
	return names
}
