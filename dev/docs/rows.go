package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/hookward/hookward/internal/config"
)

var confidences = []string{"official", "vector", "secondary"}

// row is a provider with its options whole, as the gate has them.
type row struct {
	provider
	slug    string
	options config.Options
}

// readCatalogue returns the providers by their slugs' order, or what is wrong with their
// files.
func readCatalogue(root string) ([]row, error) {
	paths, err := filepath.Glob(filepath.Join(root, "catalogue", "*"))
	if err != nil {
		return nil, err
	}
	files := map[string]provider{}
	problems := []error{}
	for _, path := range paths {
		slug, isYAML := strings.CutSuffix(filepath.Base(path), ".yaml")
		p, err := readProvider(path)
		if !isYAML {
			err = errors.New("is not named SLUG.yaml")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("catalogue/%s: %w", filepath.Base(path), err))
		}
		files[slug] = p
	}
	rows := []row{}
	for slug, p := range files {
		r, err := p.row(slug, files, root)
		if err != nil {
			problems = append(problems, fmt.Errorf("catalogue/%s.yaml: %w", slug, err))
		}
		rows = append(rows, r)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].slug < rows[j].slug })
	return rows, errors.Join(problems...)
}

// readProvider reads a file, strictly.
func readProvider(path string) (provider, error) {
	p := provider{}
	text, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	return p, decoder.Decode(&p)
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// row checks a file, and makes its options whole.
func (p provider) row(slug string, files map[string]provider, root string) (row, error) {
	r := row{provider: p, slug: slug}
	problems := []error{}
	demand := func(holds bool, text string, arguments ...any) {
		if !holds {
			problems = append(problems, fmt.Errorf(text, arguments...))
		}
	}
	demand(slugPattern.MatchString(slug), "%q is not a slug: lower-case letters, digits and dashes", slug)
	demand(p.Name != "", "name: is missing")
	demand(p.Source != "", "source: is missing; say where the scheme is documented, or who has confirmed it")
	demand(slices.Contains(confidences, p.Confidence), "confidence: %q is none of %s", p.Confidence, strings.Join(confidences, ", "))
	if p.Vectors != "" {
		found, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(p.Vectors)))
		demand(err == nil && len(found) > 0, "vectors: there is nothing in %s", p.Vectors)
	} else if own := "testdata/vectors/" + slug; isDirectory(filepath.Join(root, filepath.FromSlash(own))) {
		demand(false, "vectors: is missing; there is %s", own)
	}
	_, err := time.ParseDuration(p.RetriesFor)
	demand(p.RetriesFor == "" || err == nil, "retriesFor: %q is no duration", p.RetriesFor)
	_, err = time.ParseDuration(p.WaitsFor)
	demand(p.WaitsFor == "" || err == nil, "waitsFor: %q is no duration", p.WaitsFor)
	if p.Like != "" {
		family, known := files[p.Like]
		demand(known, "like: there is no catalogue/%s.yaml", p.Like)
		demand(family.Like == "", "like: %s is itself like %s; name that", p.Like, family.Like)
		r.Options = lay(p.Options, firstScheme(family.Options))
	}
	options, wrong := config.Decode(r.Options)
	for _, problem := range wrong {
		demand(false, "options.%s", problem)
	}
	r.options = options
	demand(options.Provider == "", "options.provider: is the name of the file")
	demand(schemes(options) == 1, "options: must describe one of signature, token, jwt, messageSignature")
	if p.Ranges != nil {
		_, wrong := config.Decode(map[string]any{"denylist": map[string]any{"lists": p.Ranges}})
		for _, problem := range wrong {
			demand(false, "%s", strings.Replace(problem, "denylist.lists[0]", "ranges", 1))
		}
		demand(p.Ranges["url"] != nil, "ranges.url: is missing")
	}
	return r, errors.Join(problems...)
}

// schemes counts the ways in which options describe that a sender is verified.
func schemes(o config.Options) int {
	count := 0
	for _, given := range []bool{o.Signature != nil, o.Token != nil, o.JWT != nil, o.MessageSignature != nil} {
		if given {
			count++
		}
	}
	return count
}

// lay returns a section on top of another, as the gate lays a user's on a provider's:
// sections within it are laid on each other, and everything else is replaced.
func lay(upper, lower map[string]any) map[string]any {
	both := maps.Clone(lower)
	if both == nil {
		both = map[string]any{}
	}
	for key, value := range upper {
		above, ok := value.(map[string]any)
		below, ok2 := both[key].(map[string]any)
		if ok && ok2 {
			value = lay(above, below)
		}
		both[key] = value
	}
	return both
}

// firstScheme returns options without the further schemes of the signature.
func firstScheme(options map[string]any) map[string]any {
	options = lay(nil, options)
	if signature, ok := options["signature"].(map[string]any); ok {
		signature = maps.Clone(signature)
		delete(signature, "alternatives")
		options["signature"] = signature
	}
	return options
}

const rowsHead = `// Code generated by 'make catalogue' from catalogue/. DO NOT EDIT.

// Package providers has the rows of the catalogue by their slugs, each as the text of a
// JSON object: options, which are laid under a user's, ranges, and habits. Numbers and booleans are
// strings, as in a label. It must not know what an option means.
package providers

import "encoding/json"

// Rows are read from one text, because that is one node of what the interpreter builds at a
// start, however long it is.
var Rows = read(` + "`{\n"

const rowsTail = "}`)" + `

func read(text string) map[string]json.RawMessage {
	rows := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		panic(err) // whoever generates this file has read it
	}
	return rows
}
`

// rowsFile returns internal/providers/rows.go.
func rowsFile(rows []row) (string, error) {
	source := &bytes.Buffer{}
	source.WriteString(rowsHead)
	for i, r := range rows {
		whole := map[string]any{"options": texts(r.Options)}
		if r.Ranges != nil {
			whole["ranges"] = texts(r.Ranges)
		}
		habits := map[string]any{}
		if r.RetriesFor != "" {
			habits["retriesFor"] = r.RetriesFor
		}
		if r.Alike {
			habits["alike"] = "true"
		}
		if r.WaitsFor != "" {
			habits["waitsFor"] = r.WaitsFor
		}
		if r.ReadsAnswer {
			habits["readsAnswer"] = "true"
		}
		if r.Bare {
			habits["bare"] = "true"
		}
		if len(habits) > 0 {
			whole["habits"] = habits
		}
		text := &bytes.Buffer{}
		encoder := json.NewEncoder(text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(whole); err != nil {
			return "", err
		}
		if i > 0 {
			source.WriteString(",\n")
		}
		fmt.Fprintf(source, "%q: %s", r.slug, strings.ReplaceAll(strings.TrimSpace(text.String()), "`", `\u0060`))
	}
	source.WriteString("\n" + rowsTail)
	formatted, err := format.Source(source.Bytes())
	return string(formatted), err
}

// texts returns a value with texts in the place of numbers and booleans.
func texts(value any) any {
	switch value := value.(type) {
	case map[string]any:
		section := map[string]any{}
		for key, v := range value {
			section[key] = texts(v)
		}
		return section
	case []any:
		list := []any{}
		for _, v := range value {
			list = append(list, texts(v))
		}
		return list
	}
	return fmt.Sprint(value)
}
