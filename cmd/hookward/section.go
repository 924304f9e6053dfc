package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
)

// section is a section of a configuration, in the order in which it is written. A
// value is a string, a number, a bool, a section, or a list of those.
type section []setting

// setting is an option and its value.
type setting struct {
	name  string
	value any
}

// sectionOf returns options as they would be written: those that are not given are
// left out.
func sectionOf(options config.Options) section {
	written, _ := writtenOf(reflect.ValueOf(options)).(section)
	return written
}

func writtenOf(v reflect.Value) any {
	switch {
	case v.Type() == reflect.TypeOf(time.Duration(0)):
		return shortDuration(time.Duration(v.Int()))
	case v.Kind() == reflect.Pointer:
		return writtenOf(v.Elem())
	case v.Kind() == reflect.Struct:
		written := section{}
		for i := 0; i < v.NumField(); i++ {
			if !v.Field(i).IsZero() {
				written = append(written, setting{v.Type().Field(i).Tag.Get("json"), writtenOf(v.Field(i))})
			}
		}
		return written
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = writtenOf(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

// shortDuration writes 5m for what Go writes as 5m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// asMap returns the section for JSON.
func (s section) asMap() map[string]any {
	m := map[string]any{}
	for _, one := range s {
		m[one.name] = plainValue(one.value)
	}
	return m
}

func plainValue(value any) any {
	switch v := value.(type) {
	case section:
		return v.asMap()
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plainValue(v[i])
		}
		return list
	}
	return value
}

// asYAML returns the section as lines of YAML, each of which begins with indent.
func (s section) asYAML(indent string) string {
	text := strings.Builder{}
	for _, one := range s {
		switch v := one.value.(type) {
		case section:
			if len(v) == 0 {
				fmt.Fprintf(&text, "%s%s: {}\n", indent, one.name)
				continue
			}
			fmt.Fprintf(&text, "%s%s:\n%s", indent, one.name, v.asYAML(indent+"  "))
		case []any:
			if len(v) == 0 || !isSection(v[0]) {
				fmt.Fprintf(&text, "%s%s: [%s]\n", indent, one.name, flowOf(v))
				continue
			}
			fmt.Fprintf(&text, "%s%s:\n", indent, one.name)
			for _, item := range v {
				lines := item.(section).asYAML(indent + "    ")
				fmt.Fprintf(&text, "%s  - %s", indent, strings.TrimPrefix(lines, indent+"    "))
			}
		default:
			fmt.Fprintf(&text, "%s%s: %s\n", indent, one.name, scalarOf(v))
		}
	}
	return text.String()
}

func isSection(value any) bool {
	_, ok := value.(section)
	return ok
}

func flowOf(list []any) string {
	texts := make([]string, len(list))
	for i, value := range list {
		texts[i] = scalarOf(value)
	}
	return strings.Join(texts, ", ")
}

// plainScalar is what YAML takes for a text without quotes, whatever its version.
var plainScalar = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_/.-]*$`)

// yamlWords are texts that some YAML takes for something else.
var yamlWords = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)

func scalarOf(value any) string {
	text, ok := value.(string)
	if !ok {
		return fmt.Sprint(value)
	}
	if plainScalar.MatchString(text) && !yamlWords.MatchString(text) {
		return text
	}
	return strconv.QuoteToASCII(text)
}
