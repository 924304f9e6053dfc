package policy

import (
	"reflect"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/words"
)

// given returns those of some options that have a value, in the section that is pointed to.
func given(section any, names []string) []string {
	found := []string{}
	fields := reflect.ValueOf(section).Elem()
	for _, name := range names {
		if !fields.Field(config.FieldIndex(fields.Type(), name)).IsZero() {
			found = append(found, name)
		}
	}
	return found
}

// givenBeside returns all options of a section that have a value, but for some.
func givenBeside(section any, names []string) []string {
	others := []string{}
	for _, name := range given(section, config.OptionNames(section)) {
		if !words.Contains(names, name) {
			others = append(others, name)
		}
	}
	return others
}
