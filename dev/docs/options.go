package main

import (
	"fmt"
	"regexp"
	"strings"
)

// listItem is where an item of a list begins in a comment, as gofmt writes it.
var listItem = regexp.MustCompile(`(?m)^ +- `)

// blocks returns the paragraphs of a comment and the items of its lists, a line each.
func blocks(text string) []string {
	found := []string{}
	for _, block := range strings.Split(listItem.ReplaceAllString(text, "\n- "), "\n\n") {
		if line := strings.Join(strings.Fields(block), " "); line != "" {
			found = append(found, line)
		}
	}
	return found
}

// optionPage returns a list of all options with links to them, and then each under a
// heading of its own, which is its anchor.
func optionPage(sections map[string][]option) string {
	index := ""
	for _, o := range sections["Options"] {
		index += fmt.Sprintf("- [`%s`](#%s)", o.name, anchor(o.name))
		for i, path := range pathsBelow(sections, o, o.name) {
			separator := ", "
			if i == 0 {
				separator = ": "
			}
			index += fmt.Sprintf("%s[`%s`](#%s)", separator, strings.TrimLeft(strings.TrimPrefix(path, o.name), "[]."), anchor(path))
		}
		index += "\n"
	}
	return index + "\n" + optionTexts(sections, "Options", "##", "")
}

// pathsBelow returns the options of an option that is a section.
func pathsBelow(sections map[string][]option, o option, path string) []string {
	paths := []string{}
	if !expands(o) {
		return paths
	}
	if o.list {
		path += "[]"
	}
	for _, child := range sections[o.section] {
		paths = append(append(paths, path+"."+child.name), pathsBelow(sections, child, path+"."+child.name)...)
	}
	return paths
}

// expands says whether the options of a section stand below it. Those of others stand
// elsewhere on the page.
func expands(o option) bool {
	return o.section != "" && o.section != "AlternativeOptions" && !strings.HasPrefix(o.meaning, "As in ")
}

// optionTexts returns what there is to be said of each option of a section.
func optionTexts(sections map[string][]option, section, level, path string) string {
	text := ""
	for _, o := range sections[section] {
		name := path + o.name
		text += fmt.Sprintf("%s `%s`\n\n%s\n\n", level, name, o.meaning)
		facts := []string{}
		if o.fallback != "" {
			facts = append(facts, "*Default:* "+o.fallback+".")
		}
		if o.required != "" {
			facts = append(facts, "*Required*"+strings.TrimPrefix(o.required, "yes")+".")
		}
		if len(facts) > 0 {
			text += strings.Join(facts, " ") + "\n\n"
		}
		if !expands(o) {
			continue
		}
		if o.list {
			name += "[]"
		}
		text += optionTexts(sections, o.section, "###", name+".")
	}
	return text
}

// anchor returns the name that GitHub gives to an option's heading.
func anchor(path string) string {
	return strings.ToLower(strings.NewReplacer(".", "", "[]", "").Replace(path))
}
