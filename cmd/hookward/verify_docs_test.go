package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	docFile    = regexp.MustCompile("(?s)\n`([a-z.]+)`:\n\n```[a-z]+\n(.*?)```\n")
	docConsole = regexp.MustCompile("(?s)\n```console\n(.*?)```\n")
)

// TestVerifyDocumentation runs the commands of docs/verify.md on the files that it
// shows, and holds what they print against what it says. UPDATE_DOCS=1 writes that
// down.
func TestVerifyDocumentation(t *testing.T) {
	path, err := filepath.Abs(filepath.Join("..", "..", "docs", "verify.md"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	directory := t.TempDir()
	for _, file := range docFile.FindAllStringSubmatch(text, -1) {
		err = os.WriteFile(filepath.Join(directory, file[1]), []byte(file[2]), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	inDirectory(t, directory)
	ran := 0
	for _, block := range docConsole.FindAllStringSubmatch(text, -1) {
		lines := strings.SplitAfter(block[1], "\n")
		command := 0
		for command < len(lines) && strings.HasPrefix(lines[command], "$ ") {
			command++
		}
		words := strings.Fields(strings.TrimPrefix(lines[command-1], "$ "))
		if words[0] != "hookward" || words[1] != "verify" {
			continue
		}
		for _, line := range lines[:command-1] {
			name, value, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "$ export "), "\n"), "=")
			if !ok {
				t.Fatalf("%q is no export", line)
			}
			t.Setenv(name, strings.Trim(value, "'"))
		}
		status, stdout, stderr := hookward(words[1:]...)
		if status != exitBroken || stderr != "" {
			t.Errorf("%s: %d, %s", words, status, stderr)
		}
		ran++
		want := strings.Join(lines[command:], "")
		if os.Getenv("UPDATE_DOCS") != "" {
			text = strings.Replace(text, block[0], strings.Replace(block[0], want+"```", stdout+"```", 1), 1)
		} else if stdout != want {
			t.Errorf("%s prints\n%s\nand the documentation says\n%s", words, stdout, want)
		}
	}
	if ran != 2 {
		t.Errorf("%d examples", ran)
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err = os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
