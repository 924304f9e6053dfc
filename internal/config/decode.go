package config

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/providers"
	"github.com/hookward/hookward/internal/words"
)

// Decode turns what stands under the plugin's key into Options: strictly, so
// that a typo is an error, and weakly typed, because Traefik's file provider
// and labels know nothing but strings. Names match whatever their case, as
// Traefik's own options do; lists may be written `a,b`; a section that is empty
// or `true` has its defaults. Where a provider is named, its row is what the
// options are laid upon.
//
// The problems that come with the options are sentences that begin with the
// option's path. Options with problems are not to be used.
func Decode(raw map[string]any) (Options, []string) {
	n := &Notes{}
	options, _ := DecodeOnRow(n, raw)
	return options, Sentences(n.Problems)
}

// DecodeOnRow is Decode, and returns the provider's row, too.
func DecodeOnRow(n *Notes, raw map[string]any) (Options, Provider) {
	written := plain(raw)
	// The provider first: its row is the ground for everything else.
	named := Options{}
	decodeSection(&Notes{}, written, &named, "")
	row := ReadRow(named.Provider)
	options := dropOverridden(row.Options, named)
	decodeSection(n, written, &options, "")
	fitRetries(&row, &options, named)
	if named.Provider != "" && providers.Rows[named.Provider] == nil {
		AddProblem(n, "provider", KindUnknownProvider, words.Quote(named.Provider)+" is not in the catalogue"+nearestProviders(named.Provider))
	}
	sort.SliceStable(n.Problems, func(i, j int) bool { return Sentence(n.Problems[i]) < Sentence(n.Problems[j]) })
	return options, row
}

// plain reduces a value to nil, strings, lists and maps, which is what the file
// provider and labels deliver, so that the Kubernetes CRD's numbers and
// booleans have no decoder of their own.
func plain(value any) any {
	if value == nil {
		return nil
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map:
		m := make(map[string]any, v.Len())
		for _, k := range v.MapKeys() {
			m[fmt.Sprint(k.Interface())] = plain(v.MapIndex(k).Interface())
		}
		return m
	case reflect.Slice, reflect.Array:
		l := make([]any, v.Len())
		for i := range l {
			l[i] = plain(v.Index(i).Interface())
		}
		return l
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	default:
		return fmt.Sprint(value)
	}
}

// decodeSection fills the struct that target points to from a plain value.
func decodeSection(n *Notes, value any, target any, path string) {
	if text, ok := value.(string); ok && (text == "" || text == "true") {
		return
	}
	if value == nil {
		return
	}
	section, ok := value.(map[string]any)
	if !ok {
		AddProblem(n, path, KindInvalid, "must be a section, with options of its own: "+strings.Join(OptionNames(target), ", "))
		return
	}

	fields := reflect.ValueOf(target).Elem()
	written := map[string]string{} // option name -> key as written
	for _, key := range SortedKeys(section) {
		index := FieldIndex(fields.Type(), key)
		if index < 0 {
			unknownOption(n, target, path, key)
			continue
		}
		name := fields.Type().Field(index).Tag.Get("json")
		if other, twice := written[name]; twice {
			AddProblem(n, join(path, name), KindInvalid, "is given twice, as "+words.Quote(other)+" and "+words.Quote(key))
			continue
		}
		written[name] = key
		if section[key] == nil {
			continue // null: as if it were not there
		}
		hint := fields.Type().Field(index).Tag.Get("decode")
		decodeField(n, section[key], fields.Field(index), join(path, name), hint)
	}
}

// decodeField sets one field from a plain value. The value of a secret is never
// part of a problem's text.
func decodeField(n *Notes, value any, field reflect.Value, path, hint string) {
	switch {
	case field.Kind() == reflect.Pointer:
		if field.IsNil() {
			field.Set(reflect.New(field.Type().Elem()))
		}
		if hint == "off" && isFalse(value) {
			field.Elem().Field(0).SetInt(-1)
			return
		}
		decodeSection(n, value, field.Interface(), path)
		return
	case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Pointer:
		decodeSections(n, value, field, path)
		return
	case field.Kind() == reflect.Slice:
		decodeList(n, value, field, path, hint == "whole")
		return
	}
	text, ok := value.(string)
	if !ok {
		AddProblem(n, path, KindInvalid, "must be a single value, not a list or a section")
		return
	}
	problem := decodeText(text, field, hint)
	if problem != "" {
		AddProblem(n, path, KindInvalid, problem)
	}
}

// decodeText sets a field that is no list and no section, or says what is wrong with
// its text.
func decodeText(text string, field reflect.Value, hint string) string {
	switch {
	case field.Type() == reflect.TypeOf(time.Duration(0)):
		d, err := time.ParseDuration(text)
		if err == nil && d == 0 && hint == "none" {
			field.SetInt(-1)
			return ""
		}
		if err != nil || d <= 0 {
			return words.Quote(text) + " is not a positive duration with a unit, such as 300s, 5m or 1h30m"
		}
		field.SetInt(int64(d))
	case field.Kind() == reflect.Int64:
		number, err := strconv.ParseInt(text, 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return words.Quote(text) + " is too large, or too small"
		}
		if err != nil || number < 0 || number == 0 && hint != "zero" {
			return words.Quote(text) + " is not a positive whole number"
		}
		field.SetInt(number)
	case field.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return words.Quote(text) + " is neither true nor false"
		}
		field.SetBool(b)
	default:
		if strings.TrimSpace(text) == "" {
			return "is empty; leave it out, or give it a value"
		}
		field.SetString(text)
	}
	return ""
}

func isFalse(value any) bool {
	text, isText := value.(string)
	truth, err := strconv.ParseBool(text)
	return isText && err == nil && !truth
}

// decodeSections sets a list of sections. A single section is a list of one, and
// `false` is an empty list, which takes a provider's away: that must be said in
// so many words, and by no empty list.
func decodeSections(n *Notes, value any, field reflect.Value, path string) {
	items, ok := value.([]any)
	section, single := value.(map[string]any)
	switch {
	case single && len(section) > 0:
		items = []any{value}
	case isFalse(value):
		items = []any{}
	case !ok || len(items) == 0:
		AddProblem(n, path, KindInvalid, "must be a list of sections, or false")
		return
	}
	list := reflect.MakeSlice(field.Type(), 0, len(items))
	for i, item := range items {
		section := reflect.New(field.Type().Elem().Elem())
		at := fmt.Sprintf("%s[%d]", path, i)
		if item == nil {
			AddProblem(n, at, KindInvalid, "must be a section, with options of its own: "+strings.Join(OptionNames(section.Interface()), ", "))
			continue
		}
		decodeSection(n, item, section.Interface(), at)
		list = reflect.Append(list, section)
	}
	field.Set(list)
}

// decodeList sets a list of strings. A single string is a list written with
// commas, but never where the items are to be taken whole, as with secrets,
// which may contain them. The file provider writes an empty list as an empty
// string.
func decodeList(n *Notes, value any, field reflect.Value, path string, whole bool) {
	items, ok := value.([]any)
	if text, single := value.(string); single {
		ok = true
		items = []any{}
		if whole && text != "" {
			items = []any{text}
		} else if text != "" {
			for _, item := range strings.Split(text, ",") {
				items = append(items, strings.TrimSpace(item))
			}
		}
	}
	if !ok {
		AddProblem(n, path, KindInvalid, "must be a list")
		return
	}
	list := make([]string, 0, len(items))
	for i, item := range items {
		text, single := item.(string)
		if !single {
			AddProblem(n, fmt.Sprintf("%s[%d]", path, i), KindInvalid, "must be a single value, not a list or a section")
			continue
		}
		if strings.TrimSpace(text) == "" {
			AddProblem(n, fmt.Sprintf("%s[%d]", path, i), KindInvalid, "is empty or blank")
			continue
		}
		list = append(list, text)
	}
	if len(items) == 0 {
		AddProblem(n, path, KindInvalid, "is an empty list")
	}
	field.Set(reflect.ValueOf(list))
}

// indexes are those of the options in their sections, by their names in lower case. To look
// for each anew took a third of compiling a configuration, interpreted.
var (
	indexesMu sync.Mutex
	indexes   = map[reflect.Type]map[string]int{}
)

// FieldIndex returns which field of a section an option is, whatever its case, or -1.
func FieldIndex(section reflect.Type, option string) int {
	indexesMu.Lock()
	defer indexesMu.Unlock()
	known := indexes[section]
	if known == nil {
		known = map[string]int{}
		for i := 0; i < section.NumField(); i++ {
			known[strings.ToLower(section.Field(i).Tag.Get("json"))] = i + 1
		}
		indexes[section] = known
	}
	return known[strings.ToLower(option)] - 1
}

func SortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
