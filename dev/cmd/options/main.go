// Command options writes the README's option table from the comments of
// options.go. With -check it only says whether the table is up to date.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/hookward/hookward/dev/gateway"
)

const (
	begin = "<!-- The table is written by `make docs` from options.go. -->\n"
	end   = "<!-- End of the table. -->\n"
)

func main() {
	check := flag.Bool("check", false, "change nothing; fail if the table is not up to date")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "options:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	root, err := gateway.Root()
	if err != nil {
		return err
	}
	sections, err := parse(filepath.Join(root, "options.go"))
	if err != nil {
		return err
	}
	readme := filepath.Join(root, "README.md")
	old, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(old, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return errors.New("README.md lacks the lines between which the table stands")
	}
	updated := string(before) + begin + table(sections, "Options", "") + end + string(after)
	switch {
	case updated == string(old):
		return nil
	case check:
		return errors.New("the option table in README.md is not up to date; run make docs")
	}
	return os.WriteFile(readme, []byte(updated), 0o644)
}

// option is a field of a section: its name and its comment, cut into sentences
// that say what it is, its default, and whether it is required.
type option struct {
	name, meaning, fallback, required, section string
}

// parse returns the options of each section, by the name of its type.
func parse(path string) (map[string][]option, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	sections := map[string][]option{}
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
				o, err := parseField(field)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", spec.Name, err)
				}
				sections[spec.Name.Name] = append(sections[spec.Name.Name], o)
			}
		}
	}
	return sections, nil
}

func parseField(field *ast.Field) (option, error) {
	tag, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return option{}, err
	}
	o := option{name: reflect.StructTag(tag).Get("json")}
	if star, ok := field.Type.(*ast.StarExpr); ok {
		o.section = star.X.(*ast.Ident).Name
	}
	text := strings.Join(strings.Fields(field.Doc.Text()), " ")
	text, _ = strings.CutPrefix(text, field.Names[0].Name+" ")
	for _, verb := range []string{"is ", "are "} {
		text, _ = strings.CutPrefix(text, verb)
	}
	for _, sentence := range strings.SplitAfter(text, ". ") {
		sentence = strings.TrimSpace(sentence)
		if value, ok := strings.CutPrefix(sentence, "Default: "); ok {
			o.fallback = strings.TrimSuffix(value, ".")
		} else if value, ok := strings.CutPrefix(sentence, "Required"); ok {
			o.required = "yes" + strings.TrimSuffix(value, ".")
		} else {
			o.meaning = strings.TrimSpace(o.meaning + " " + sentence)
		}
	}
	if o.meaning == "" {
		return option{}, fmt.Errorf("%s has no comment", field.Names[0])
	}
	o.meaning = strings.ToUpper(o.meaning[:1]) + o.meaning[1:]
	return o, nil
}

func table(sections map[string][]option, section, path string) string {
	text := ""
	if path == "" {
		text = "| Option | Meaning | Default | Required |\n|---|---|---|---|\n"
	}
	for _, o := range sections[section] {
		name := path + o.name
		text += fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, strings.ReplaceAll(o.meaning, "|", "\\|"), o.fallback, o.required)
		if o.section != "" {
			text += table(sections, o.section, name+".")
		}
	}
	return text
}
