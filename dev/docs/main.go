// Command docs writes the options in docs/options.md from the comments of
// internal/config, the tables of the fields of records and of dead letters in docs/audit.md,
// docs/delivery.md and docs/console.md from those of internal/audit and
// internal/deadletter, the schema of the options, and what is made of the files in
// catalogue/: the rows that the gate reads, docs/providers.md, and what the command
// hookward knows of the providers; and the page in console/, packed for the gate. With
// -check it only says whether they are up to date. It refuses words that the glossary in
// CONTRIBUTING.md has replaced.
package main

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/hookward/hookward/dev/gateway"
)

const (
	begin       = "<!-- The options are written by `make docs` from internal/config. -->\n"
	beginLetter = "<!-- The table is written by `make docs` from internal/deadletter. -->\n"
	beginFields = "<!-- The table is written by `make docs` from internal/audit. -->\n"
	end         = "<!-- End of the table. -->\n"
	endOptions  = "<!-- End of the options. -->\n"
)

func main() {
	check := flag.Bool("check", false, "change nothing; fail if a document is not up to date")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	root, err := gateway.Root()
	if err != nil {
		return err
	}
	sections, err := optionSections(root)
	if err != nil {
		return err
	}
	options := filepath.Join(root, "docs", "options.md")
	text, err := between(options, begin, endOptions, optionPage(sections))
	if err != nil {
		return err
	}
	audit := filepath.Join(root, "docs", "audit.md")
	fields, err := withFields(audit, root, "audit/record.go", "Record")
	if err != nil {
		return err
	}
	delivery := filepath.Join(root, "docs", "delivery.md")
	transitions, err := withFields(delivery, root, "audit/delivery.go", "DeliveryRecord")
	if err != nil {
		return err
	}
	letters, err := fieldsOf(root, "deadletter/fields.go", "Letter")
	if err != nil {
		return err
	}
	transitions, err = inPlace(transitions, beginLetter, end, letters, delivery)
	if err != nil {
		return err
	}
	console := filepath.Join(root, "docs", "console.md")
	acts, err := withFields(console, root, "audit/console.go", "ConsoleRecord")
	if err != nil {
		return err
	}
	rows, err := readCatalogue(root)
	if err != nil {
		return err
	}
	data, err := providerData(rows)
	if err != nil {
		return err
	}
	source, err := rowsFile(rows)
	if err != nil {
		return err
	}
	schema, err := optionSchema(root, sections, rows)
	if err != nil {
		return err
	}
	page, err := consoleFile(root)
	if err != nil {
		return err
	}
	return errors.Join(
		checkWords(root),
		write(options, text, check),
		write(audit, fields, check),
		write(delivery, transitions, check),
		write(console, acts, check),
		write(filepath.Join(root, "docs", "providers.md"), providerPage(rows), check),
		write(filepath.Join(root, "cmd", "hookward", "providers.json"), data, check),
		write(filepath.Join(root, "docs", "options.schema.json"), schema, check),
		write(filepath.Join(root, "internal", "providers", "rows.go"), source, check),
		write(filepath.Join(root, "internal", "console", "page.go"), page, check),
	)
}

// write writes a document, or says that it is not up to date.
func write(path, text string, check bool) error {
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	switch {
	case text == string(old):
		return nil
	case check:
		return fmt.Errorf("%s is not up to date; run make docs", filepath.Base(path))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// optionSections returns the options of each section, by the name of its type.
func optionSections(root string) (map[string][]option, error) {
	files, err := filepath.Glob(filepath.Join(root, "internal", "config", "*.go"))
	if err != nil {
		return nil, err
	}
	sections := map[string][]option{}
	for _, file := range files {
		if err := parse(file, sections); err != nil {
			return nil, err
		}
	}
	for name := range sections {
		if !strings.HasSuffix(name, "Options") {
			delete(sections, name) // what no user writes
		}
	}
	return sections, nil
}

// withFields returns a page with the table of the fields of a kind of record, as it should be.
func withFields(page, root, file, kind string) (string, error) {
	text, err := fieldsOf(root, file, kind)
	if err != nil {
		return "", err
	}
	return between(page, beginFields, end, text)
}

// fieldsOf returns the table of the fields of a type in a file below internal.
func fieldsOf(root, file, kind string) (string, error) {
	sections := map[string][]option{}
	if err := parse(filepath.Join(root, "internal", filepath.FromSlash(file)), sections); err != nil {
		return "", err
	}
	text := "| Field | Meaning |\n|---|---|\n"
	for _, o := range sections[kind] {
		name, _, _ := strings.Cut(o.name, ",")
		text += fmt.Sprintf("| `%s` | %s |\n", name, strings.ReplaceAll(o.meaning, "|", "\\|"))
	}
	return text, nil
}

// between returns a page with a text in the place of the one between two lines.
func between(page, begin, end, text string) (string, error) {
	old, err := os.ReadFile(page)
	if err != nil {
		return "", err
	}
	return inPlace(string(old), begin, end, text, page)
}

func inPlace(old, begin, end, text, page string) (string, error) {
	before, rest, ok := strings.Cut(old, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("%s lacks the lines between which its table or its options stand", filepath.Base(page))
	}
	return before + begin + text + end + after, nil
}

// option is a field of a section: its name and its comment, cut into sentences
// that say what it is, its default, and whether it is required. The meaning is
// Markdown: paragraphs and lists.
type option struct {
	name, meaning, fallback, required, section string
	list                                       bool   // of sections
	kind                                       string // the type of its field
	hint                                       string // for the decoder
}

// parse adds the options of each section, by the name of its type.
func parse(path string, sections map[string][]option) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.TYPE {
			continue
		}
		for _, spec := range general.Specs {
			spec := spec.(*ast.TypeSpec)
			structure, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range structure.Fields.List {
				if field.Tag == nil {
					continue // it is none that is written
				}
				o, err := parseField(field)
				if err != nil {
					return fmt.Errorf("%s: %w", spec.Name, err)
				}
				sections[spec.Name.Name] = append(sections[spec.Name.Name], o)
			}
		}
	}
	return nil
}

func parseField(field *ast.Field) (option, error) {
	tag, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return option{}, err
	}
	o := option{name: reflect.StructTag(tag).Get("json"), kind: types.ExprString(field.Type), hint: reflect.StructTag(tag).Get("decode")}
	kind := field.Type
	if list, ok := kind.(*ast.ArrayType); ok {
		kind = list.Elt
		_, o.list = kind.(*ast.StarExpr)
	}
	if star, ok := kind.(*ast.StarExpr); ok {
		o.section = star.X.(*ast.Ident).Name
	}
	text, _ := strings.CutPrefix(field.Doc.Text(), field.Names[0].Name+" ")
	for _, verb := range []string{"is ", "are "} {
		text, _ = strings.CutPrefix(text, verb)
	}
	wasItem := false
	for _, block := range blocks(text) {
		isItem := strings.HasPrefix(block, "- ")
		meaning := ""
		for _, sentence := range strings.SplitAfter(block, ". ") {
			sentence = strings.TrimSpace(sentence)
			if value, ok := strings.CutPrefix(sentence, "Default: "); ok {
				o.fallback = strings.TrimSuffix(value, ".")
			} else if value, ok := strings.CutPrefix(sentence, "Required"); ok {
				o.required = "yes" + strings.TrimSuffix(value, ".")
			} else {
				meaning = strings.TrimSpace(meaning + " " + sentence)
			}
		}
		switch {
		case o.meaning == "" || meaning == "":
		case isItem && wasItem:
			o.meaning += "\n"
		default:
			o.meaning += "\n\n"
		}
		o.meaning += meaning
		wasItem = isItem
	}
	if o.meaning == "" {
		return option{}, fmt.Errorf("%s has no comment", field.Names[0])
	}
	o.meaning = strings.ToUpper(o.meaning[:1]) + o.meaning[1:]
	return o, nil
}
