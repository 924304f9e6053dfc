package redact

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// What the package does with a document's text is held against a model that does
// it with the decoded document: lists are []any{"[", items}, objects []any{"{",
// name, value, ...}, with their order and what is there twice.

func parse(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return parseNext(d)
}

func parseNext(d *json.Decoder) any {
	token, err := d.Token()
	if err != nil {
		return nil
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token
	}
	all := []any{delim.String()}
	for d.More() {
		all = append(all, parseNext(d))
	}
	_, _ = d.Token()
	return all
}

// isDocument says whether a text is an object or a list, or the text of one that is
// encoded once more.
func isDocument(text string) bool {
	start := strings.TrimLeft(text, space)
	return start != "" && strings.Contains(`{["`, start[:1]) && strings.Contains(start, `"`) && json.Valid([]byte(text))
}

// show writes a document in one way, however it was written, documents in strings
// too.
func show(value any) string {
	text, ok := value.(string)
	if ok {
		if isDocument(text) {
			text = show(parse(text))
		}
		quoted, _ := json.Marshal(text)
		return string(quoted)
	}
	all, ok := value.([]any)
	if !ok {
		return fmt.Sprint(value)
	}
	parts := []string{}
	for i := 1; i < len(all); i++ {
		parts = append(parts, show(all[i]))
	}
	return all[0].(string) + strings.Join(parts, ",")
}

// model is what is redacted.
type model struct {
	paths    [][]string
	patterns []pattern
}

// mask returns a text without what patterns match and without secrets in links.
func (m *model) mask(text string) string {
	masked, _ := mask(m.patterns, text, linkSecrets(&Rules{}, &memory{classes: map[string]string{}}, text))
	return masked
}

// redacted returns a document as it should be. The names are those that lead to
// the value, each with what it may be read as.
func redacted(m *model, value any, names [][][]string, depth, level int) any {
	text, ok := value.(string)
	if ok {
		return redactedText(m, text, level)
	}
	number, ok := value.(json.Number)
	if ok {
		if isMasked(m.patterns, string(number)) && len(number) >= minNumber {
			return Marker
		}
		return value
	}
	all, ok := value.([]any)
	if !ok {
		return value
	}
	if depth == maxDepth {
		return Marker
	}
	out := []any{all[0]}
	if all[0] == "[" {
		for i := 1; i < len(all); i++ {
			out = append(out, redacted(m, all[i], names, depth+1, level))
		}
		return out
	}
	for i := 1; i+1 < len(all); i += 2 {
		name := all[i].(string)
		to := append(append([][][]string{}, names...), readings(name))
		masked := m.mask(name)
		if isSecretName(name) || anyLeads(m, to) {
			out = append(out, masked, Marker)
		} else {
			out = append(out, masked, redacted(m, all[i+1], to, depth+1, level))
		}
	}
	return out
}

func isSecretName(name string) bool {
	found := SensitiveName(name)
	if strings.ContainsAny(name, ".[") {
		for _, segment := range segments(name) {
			found = found || SensitiveName(segment)
		}
	}
	return found
}

func redactedText(m *model, text string, level int) string {
	if !isDocument(text) {
		if halfDocument.MatchString(text) {
			return Marker
		}
		return m.mask(text)
	}
	if level == maxLevels {
		return Marker
	}
	document := parse(text)
	inner, ok := document.(string)
	if ok {
		now := redactedText(m, inner, level+1)
		if now == inner {
			return text
		}
		quoted, _ := json.Marshal(now)
		return string(quoted)
	}
	return write(redacted(m, document, nil, 0, level+1))
}

// write writes a document as JSON.
func write(value any) string {
	all, ok := value.([]any)
	if !ok {
		text, _ := json.Marshal(value)
		return string(text)
	}
	parts := []string{}
	for i := 1; i < len(all); i++ {
		part := write(all[i])
		if all[0] == "{" {
			i++
			part += ":" + write(all[i])
		}
		parts = append(parts, part)
	}
	if all[0] == "{" {
		return "{" + strings.Join(parts, ",") + "}"
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func anyLeads(m *model, names [][][]string) bool {
	for _, steps := range m.paths {
		if leads(steps, names, nil) {
			return true
		}
	}
	return false
}

// leads says whether a path ends on the way of the names.
func leads(steps []string, names [][][]string, reading []string) bool {
	if len(steps) == 0 {
		return true
	}
	if steps[0] == "**" && leads(steps[1:], names, reading) {
		return true
	}
	if len(reading) == 0 {
		if len(names) > 0 {
			for _, next := range names[0] {
				if len(next) > 0 && leads(steps, names[1:], next) {
					return true
				}
			}
		}
		return false
	}
	if steps[0] == "**" {
		return leads(steps, names, reading[1:])
	}
	return (steps[0] == "*" || steps[0] == reading[0]) && leads(steps[1:], names, reading[1:])
}

// reveals returns what is in a rendition and not in another, in which less is
// redacted or more is shown: the marker may stand for anything, nothing for it.
func reveals(more, less any, exact bool) string {
	text, ok := less.(string)
	if ok {
		if text == Marker {
			return ""
		}
		return revealsText(more, text)
	}
	all, ok := less.([]any)
	if !ok {
		if more != less {
			return fmt.Sprint(less)
		}
		return ""
	}
	others, ok := more.([]any)
	if !ok || len(others) < len(all) || exact && len(others) != len(all) {
		return fmt.Sprint(less)
	}
	for i := range all {
		if found := reveals(others[i], all[i], exact); found != "" {
			return found
		}
	}
	return ""
}

func revealsText(more any, text string) string {
	other, ok := more.(string)
	if !ok {
		return text
	}
	if text == other {
		return ""
	}
	if isDocument(text) && isDocument(other) {
		return reveals(parse(other), parse(text), true)
	}
	rest := other
	for _, part := range strings.Split(text, Marker) {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return text
		}
		rest = after
	}
	if !strings.Contains(text, Marker) {
		return text
	}
	return ""
}

// check holds all renditions of a body against each other and the model.
func check(t *testing.T, body, paths string, which, limit int) {
	t.Helper()
	steps := [][]string{}
	good := []string{}
	for _, path := range words(paths) {
		parsed, problem := parsePath(path)
		if problem == "" && len(parsed) <= 4 {
			steps = append(steps, parsed)
			good = append(good, path)
		}
	}
	names := []string{}
	m := &model{paths: steps}
	for i := range known {
		if which>>i&1 == 1 {
			names = append(names, known[i].name)
			m.patterns = append(m.patterns, known[i])
		}
	}
	less, problems := Compile(nil, nil, nil)
	more, others := Compile(good, names, nil)
	if len(problems)+len(others) > 0 {
		t.Fatalf("%q %q", problems, others)
	}
	whole, cut, ok := Body(more, []byte(body), true, len(body))
	if cut {
		t.Errorf("%q is cut", body)
	}
	open, _, also := Body(less, []byte(body), true, len(body))
	part, _, third := Body(more, []byte(body), true, limit)
	openPart, _, fourth := Body(less, []byte(body), true, limit)
	if ok != also || ok && (!third || !fourth) {
		t.Fatalf("%q: %v %v %v %v", body, ok, also, third, fourth)
	}
	if !ok {
		if whole+open != "" {
			t.Errorf("%q: %q %q", body, whole, open)
		}
		return
	}
	if !json.Valid([]byte(body)) {
		checkForm(t, body, whole, open, part, openPart)
		return
	}
	if !json.Valid([]byte(whole)) || part != "" && (!json.Valid([]byte(part)) || !json.Valid([]byte(openPart))) {
		t.Fatalf("%q: %q %q %q", body, whole, part, openPart)
	}
	all := []string{reveals(parse(open), parse(whole), true), reveals(parse(body), parse(open), true)}
	if part != "" {
		all = append(all, reveals(parse(open), parse(openPart), false), reveals(parse(whole), parse(part), false), reveals(parse(openPart), parse(part), true))
	}
	for _, found := range all {
		if found != "" {
			t.Errorf("VULNERABLE: %q, %q, %q, %d reveals %q:\n%s\n%s\n%s\n%s", body, good, names, limit, found, open, whole, openPart, part)
		}
	}
	if strings.Count(body, "{")+strings.Count(body, "\\u007") > 12 {
		return // the model is slow
	}
	got := show(parse(whole))
	want := show(redacted(m, parse(body), nil, 0, 1))
	if got != want {
		t.Errorf("VULNERABLE: %q, %q, %q:\n got %s\nwant %s", body, good, names, got, want)
	}
}

// checkForm holds the renditions of a form against each other.
func checkForm(t *testing.T, body, whole, open, part, openPart string) {
	t.Helper()
	original := strings.Split(strings.Trim(body, space), "&")
	for _, text := range []string{whole, open, part, openPart} {
		pairs := strings.Split(text, "&")
		if !utf8.ValidString(text) || len(pairs) > len(original) {
			t.Fatalf("%q: %q", body, text)
		}
		for i, pair := range pairs {
			written, _, has := strings.Cut(original[i], "=")
			name, err := url.QueryUnescape(written)
			if has && text != "" && (err != nil || isSecretName(name) && pair != "" && !strings.HasSuffix(pair, "="+Marker)) {
				t.Errorf("VULNERABLE: %q: %q", body, pair)
			}
			if !strings.Contains(pair, Marker) && pair != original[i] && text != "" {
				t.Errorf("%q: %q", body, pair)
			}
		}
	}
	if !strings.HasPrefix(open, openPart) || !strings.HasPrefix(whole, part) || strings.Count(part, "&") != strings.Count(openPart, "&") {
		t.Errorf("%q: %q %q %q %q", body, open, openPart, whole, part)
	}
	shown := strings.Split(openPart, "&")
	for i, pair := range strings.Split(part, "&") {
		if pair != shown[i] && !strings.Contains(pair, Marker) {
			t.Errorf("VULNERABLE: %q: %q, %q", body, pair, shown[i])
		}
	}
}
