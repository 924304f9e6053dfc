package sources

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"golang.org/x/tools/txtar"
)

// The case every-option has every option there is, in every source. What is
// looked at is what the sources say: Options may have a value from a provider.
func TestEveryOption(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "every-option.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	sections := readSections(t, archive)
	for _, source := range All {
		raw, err := source.Options(string(sections[source.Name].Data))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range missing(raw, reflect.TypeFor[config.Options](), "") {
			t.Errorf("%s: %s is missing", source.Name, path)
		}
	}
}

// missing returns the paths of a type's options that a section does not have.
// One of a list's sections is enough to have one.
func missing(section map[string]any, of reflect.Type, path string) []string {
	paths := []string{}
	for i := range of.NumField() {
		name := of.Field(i).Tag.Get("json")
		value, written := section[name]
		if !written {
			paths = append(paths, path+name)
			continue
		}
		item := of.Field(i).Type
		if item.Kind() == reflect.Slice {
			item, name = item.Elem(), name+"[]"
		}
		if item.Kind() != reflect.Pointer {
			continue
		}
		inner := map[string]any{}
		for _, s := range sectionsOf(value) {
			maps.Copy(inner, s)
		}
		paths = append(paths, missing(inner, item.Elem(), path+name+".")...)
	}
	return paths
}

// sectionsOf returns a section, or those of a list.
func sectionsOf(value any) []map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return []map[string]any{value}
	case []any:
		all := []map[string]any{}
		for _, item := range value {
			all = append(all, sectionsOf(item)...)
		}
		return all
	default:
		panic(fmt.Sprintf("%v is no section", value))
	}
}
