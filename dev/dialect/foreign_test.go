package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

const theirs = `package theirs

var (
	Table map[string]int
	List  []int
	Count = 1
	Ready = len(Table) > 0
	Item  struct{ Ready bool }
)

func Size() int            { return len(Table) + len(List) }
func Set(t map[string]int) { Table = t }
`

// What a package assigns to another's variable is lost, or does not load, and as a condition
// it always holds: see the rules foreign-variable and foreign-condition. Each case gives 2
// compiled.
func TestForeignVariable(t *testing.T) {
	for name, c := range map[string]struct{ code, want string }{
		"a literal":          {`theirs.Table = map[string]int{"a": 1, "b": 2}; return theirs.Size()`, "0"},
		"append":             {`theirs.List = append(theirs.List, 1, 2); return theirs.Size()`, "0"},
		"a constant's":       {`theirs.Count = 2; return theirs.Count`, "does not load"},
		"a condition":        {`if theirs.Ready { return 1 }; return 2`, "1"},
		"a turned condition": {`if !theirs.Ready { return 2 }; return 1`, "2"},
		"a field":            {`if theirs.Item.Ready { return 1 }; return 2`, "2"},
		"their own function": {`theirs.Set(map[string]int{"a": 1, "b": 2}); return theirs.Size()`, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			goPath := t.TempDir()
			directory := filepath.Join(goPath, "src", "example.com", "theirs")
			if err := os.MkdirAll(directory, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(directory, "theirs.go"), []byte(theirs), 0o644); err != nil {
				t.Fatal(err)
			}
			in := interp.New(interp.Options{GoPath: goPath})
			if err := in.Use(stdlib.Symbols); err != nil {
				t.Fatal(err)
			}
			got := "does not load"
			if _, err := in.Eval("package ours\n\nimport \"example.com/theirs\"\n\nfunc Run() int { " + c.code + " }"); err == nil {
				value, err := in.Eval("ours.Run()")
				if err != nil {
					t.Fatal(err)
				}
				got = fmt.Sprint(value)
			}
			if got != c.want {
				t.Errorf("gives %s, want %s: is the rule still needed?", got, c.want)
			}
		})
	}
}
