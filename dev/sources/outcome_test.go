package sources

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
)

// outcome renders what the plugin makes of a configuration, as it stands in the
// want section of a case: the problems, a line each, or the options.
func outcome(options config.Options, problems []string) string {
	if len(problems) == 0 {
		return render(options)
	}
	var b bytes.Buffer
	for _, p := range problems {
		b.WriteString("problem: " + p + "\n")
	}
	return b.String()
}

// render writes options as JSON, with durations in words. Fields that hold
// their zero value are left out, as in a configuration; an empty list or section
// is not a zero value. Two options render alike if and only if they are equal.
func render(options config.Options) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(renderable(reflect.ValueOf(options))); err != nil {
		panic(err) // maps of text, numbers and booleans can be encoded
	}
	return b.String()
}

func renderable(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.Pointer:
		return renderable(v.Elem())
	case v.Kind() == reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				fields[v.Type().Field(i).Tag.Get("json")] = renderable(v.Field(i))
			}
		}
		return fields
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Pointer:
		sections := []any{}
		for i := range v.Len() {
			sections = append(sections, renderable(v.Index(i)))
		}
		return sections
	case v.Type() == reflect.TypeFor[time.Duration]():
		return time.Duration(v.Int()).String()
	default:
		return v.Interface()
	}
}

// A field of a kind that render does not know would be compared by luck.
func TestRenderKnowsAllKinds(t *testing.T) {
	var walk func(path string, of reflect.Type)
	walk = func(path string, of reflect.Type) {
		for i := range of.NumField() {
			field := of.Field(i)
			name := path + field.Name
			switch field.Type.Kind() {
			case reflect.String, reflect.Bool, reflect.Int64:
			case reflect.Slice:
				item := field.Type.Elem()
				if item.Kind() == reflect.Pointer {
					walk(name+"[].", item.Elem())
				} else if item.Kind() != reflect.String {
					t.Errorf("%s is a list of %s", name, item)
				}
			case reflect.Pointer:
				walk(name+".", field.Type.Elem())
			default:
				t.Errorf("%s is a %s", name, field.Type)
			}
			if field.Tag.Get("json") == "" {
				t.Errorf("%s has no name for users", name)
			}
		}
	}
	walk("", reflect.TypeFor[config.Options]())
}
