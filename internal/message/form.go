package message

import (
	"bytes"
	"mime"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

// maxFields bounds the fields of a form that are put in order.
const maxFields = 1000

// FormOf returns the fields of a form, and none where the body is something
// else or malformed: what was not read as the backend reads it must not count.
func FormOf(m *Message) url.Values {
	if m.Form == nil {
		m.Form = url.Values{}
		m.NoForm = true
		if IsForm(m) && bytes.Count(m.Body, []byte("&")) < maxFields {
			values, err := url.ParseQuery(string(m.Body))
			if err == nil {
				m.Form = values
				m.NoForm = false
			}
		}
	}
	return m.Form
}

func IsForm(m *Message) bool {
	types := m.Request.Header["Content-Type"]
	if len(types) != 1 {
		return false
	}
	mediaType, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return false
	}
	// In another charset the backend would read another text.
	charset := parameters["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

// formType are content types that some backend may take for a form's.
var formType = regexp.MustCompile(`(?i)form`)

// MayBeForm says whether a request says in any way that its body is a form.
func MayBeForm(m *Message) bool {
	types := m.Request.Header["Content-Type"]
	return len(types) > 1 || len(types) == 1 && formType.MatchString(types[0])
}

// HasAlias says whether a field stands in the query or the form under another
// name, too, that the backend may take for its own: see isOnly. For one of a form
// its own name in the query is such a name.
func HasAlias(p *Location, m *Message) bool {
	if p.Name == "" {
		return false // all of the fields are meant
	}
	kinds := []string{"query"}
	if p.Kind != "query" {
		kinds = append(kinds, p.Kind)
	}
	for _, kind := range kinds {
		fields := FieldsOf(kind, m)
		if len(fields) >= maxFields {
			return true
		}
		for name := range fields {
			if (name != p.Name || kind != p.Kind) && soundsAlike(name, p.Name) {
				return true
			}
		}
	}
	return false
}

// soundsAlike says whether a name is another one for PHP or ASP.NET, or for parsers that
// make one tree of dots and brackets, as qs does with allowDots, or would stand below it.
func soundsAlike(name, signed string) bool {
	folded := foldField(signed)
	if foldField(name) == folded {
		return true
	}
	count := strings.Count(name, ".") + strings.Count(name, "[") + strings.Count(name, "]")
	if count == 0 {
		return false
	}
	if count > maxSeparators || strings.HasPrefix(treeOf(name), treeOf(signed)) {
		return true
	}
	name = strings.TrimLeft(name, " .[]")
	for _, at := range separators.FindAllStringIndex(name, strings.Count(folded, "_")+1) {
		if foldField(name[:at[0]]) == folded {
			return true
		}
	}
	return false
}

// maxSeparators bounds the dots and brackets of a name. One with more is nobody's field,
// and would cost time.
const maxSeparators = 64

// treeOf returns the path that qs makes of a field, with allowDots, as [a][b]: it passes over
// what stands behind or between brackets, as in a]x[b].
// https://github.com/ljharb/qs/blob/main/lib/parse.js
func treeOf(name string) string {
	name = dotted.ReplaceAllString(name, "[$1]")
	first := bracketed.FindStringIndex(name)
	root := name
	if first != nil {
		root = name[:first[0]]
	}
	if root != "" {
		root = "[" + root + "]"
	}
	return foldName(root + strings.Join(bracketed.FindAllString(name, -1), ""))
}

var (
	dotted    = regexp.MustCompile(`\.([^.\[]+)`)
	bracketed = regexp.MustCompile(`\[[^\[\]]*\]`)
)

// foldField returns the variable that PHP makes of a field, in lower case, with a[b], [a][b]
// and .a.b as a.b. https://www.php.net/manual/en/language.variables.external.php
func foldField(name string) string {
	name, _, _ = strings.Cut(strings.TrimLeft(name, " .[]"), "\x00")
	if strings.ContainsAny(name, ".[]") {
		name = separators.ReplaceAllString(strings.TrimRight(name, ".[]"), "_")
	}
	return foldName(strings.ReplaceAll(name, " ", "_"))
}

// separators are what parsers make a tree by, in whatever number.
var separators = regexp.MustCompile(`[.\[\]]+`)

// SortedFields joins names and values in the order of the names. Of values that
// are equal under one name only the first counts, and they are sorted too, as
// twilio-python does it (request_validator.py); the other libraries agree on
// what Twilio sends, which has each name once.
func SortedFields(fields url.Values) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	texts := make([]string, 0, 2*len(names))
	for _, name := range names {
		values := fields[name]
		if len(values) == 1 {
			texts = append(texts, name, values[0])
			continue
		}
		sorted := append([]string{}, values...)
		sort.Strings(sorted)
		for i, value := range sorted {
			if i == 0 || value != sorted[i-1] {
				texts = append(texts, name, value)
			}
		}
	}
	return strings.Join(texts, "")
}
