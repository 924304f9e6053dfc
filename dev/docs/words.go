package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"unicode"
)

var (
	glossaryRow = regexp.MustCompile(`(?m)^\| [^|]+ \| [^|]* \| ([^|]*) \|$`)
	oldWord     = regexp.MustCompile("`([A-Za-z]+)`")
)

// checkWords refuses the words that the glossary in CONTRIBUTING.md has in code type in its
// last column: in names of Go, where they may be a part of a longer one, and on pages.
func checkWords(root string) error {
	contributing, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		return err
	}
	refused := oldWords(string(contributing))
	if len(refused) == 0 {
		return fmt.Errorf("the glossary in CONTRIBUTING.md has no old words")
	}
	found := []string{}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == ".git" || name == ".cache" || name == "node_modules" || name == "testdata") {
			return fs.SkipDir
		}
		ext := filepath.Ext(name)
		if entry.IsDir() || ext != ".go" && ext != ".md" && ext != ".svg" || name == "CONTRIBUTING.md" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		names := strings.FieldsFunc(string(content), func(r rune) bool { return !unicode.IsLetter(r) })
		if ext == ".go" {
			names = namesIn(content)
		}
		for _, old := range refused {
			for _, one := range names {
				if strings.Contains(spelled(one), spelled(old)) {
					found = append(found, fmt.Sprintf("%s: %s, which the glossary in CONTRIBUTING.md calls otherwise", strings.TrimPrefix(path, root+"/"), one))
					break
				}
			}
		}
		return nil
	})
	if err == nil && len(found) > 0 {
		sort.Strings(found)
		err = fmt.Errorf("%s", strings.Join(found, "\n"))
	}
	return err
}

// oldWords returns the words in code type in the last column of the glossary.
func oldWords(contributing string) []string {
	_, glossary, _ := strings.Cut(contributing, "\n## Words\n")
	glossary, _, _ = strings.Cut(glossary, "\n## ")
	words := []string{}
	for _, row := range glossaryRow.FindAllStringSubmatch(glossary, -1) {
		for _, word := range oldWord.FindAllStringSubmatch(row[1], -1) {
			words = append(words, word[1])
		}
	}
	return words
}

// namesIn returns the names in a file of Go; comments and texts are no names.
func namesIn(source []byte) []string {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(source)), source, nil, 0)
	names := []string{}
	for {
		_, kind, text := s.Scan()
		if kind == token.EOF {
			return names
		}
		if kind == token.IDENT {
			names = append(names, text)
		}
	}
}

// spelled returns a name in small letters with a bar around each of its words.
func spelled(name string) string {
	text := strings.Builder{}
	for _, r := range name {
		if unicode.IsUpper(r) {
			text.WriteByte('|')
		}
		text.WriteRune(unicode.ToLower(r))
	}
	return "|" + strings.Trim(text.String(), "|") + "|"
}
