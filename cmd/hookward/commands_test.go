package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What people read of the commands is the same everywhere: help, docs/command.md and
// README.md have all of them, in one order.
func TestCommandsAreDocumented(t *testing.T) {
	names := []string{}
	for _, c := range commands() {
		names = append(names, c.name)
	}
	want := strings.Join(names, " ")
	_, help, _ := hookward("help")
	for _, c := range []struct {
		file    string
		pattern string
	}{
		{"", `(?m)^  ([a-z]+) +[a-z]`},
		{filepath.Join("docs", "command.md"), `(?m)^## hookward ([a-z]+)$`},
		{"README.md", `(?m)^\$ hookward ([a-z]+) `},
	} {
		text := help
		if c.file != "" {
			b, err := os.ReadFile(filepath.Join("..", "..", c.file))
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		found := []string{}
		for _, match := range regexp.MustCompile(c.pattern).FindAllStringSubmatch(text, -1) {
			found = append(found, match[1])
		}
		if c.file == "README.md" {
			found = append(found, "version") // which is no task of its own
		}
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%s has %s, want %s", c.file, got, want)
		}
	}
}

// An option that several commands have is written, and completed, in the same way.
func TestOptionsAgree(t *testing.T) {
	metavariable := map[string]string{}
	for _, c := range commands() {
		flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
		c.define(flags)
		flags.VisitAll(func(f *flag.Flag) {
			name, usage := flag.UnquoteUsage(f)
			if known, ok := metavariable[f.Name]; ok && known != name {
				t.Errorf("%s --%s %s, elsewhere %s", c.name, f.Name, name, known)
			}
			metavariable[f.Name] = name
			if name == "value" || usage == "" {
				t.Errorf("%s --%s: does not say what its value is", c.name, f.Name)
			}
			for _, line := range strings.Split(usage, "\n") {
				if len(line) > 80 {
					t.Errorf("%s --%s: a line is too long for a terminal: %s", c.name, f.Name, line)
				}
			}
		})
	}
}

// Each help has examples, says what the exit status means, and has no more than fits.
func TestHelp(t *testing.T) {
	for _, c := range commands() {
		status, help, stderr := hookward("help", c.name)
		if status != exitGood || stderr != "" || !strings.HasPrefix(help, "usage: hookward "+c.name) || strings.Contains(help, " \n") || strings.Contains(help, "Options:\n\n") {
			t.Errorf("%d %s%s", status, help, stderr)
		}
		if !regexp.MustCompile(`hookward ` + c.name + ` \S`).MatchString(c.text) {
			t.Errorf("%s: no example", c.name)
		}
		if !strings.Contains(c.text, "\nThe exit status is ") {
			t.Errorf("%s: what does its exit status say?", c.name)
		}
		if strings.HasSuffix(help, "Options:\n") {
			t.Errorf("%s: has no options, and lists them", c.name)
		}
	}
}
