package main

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestCompiledOnly holds compiledOnly against the interpreter: what it exempts from
// all rules is never loaded.
func TestCompiledOnly(t *testing.T) {
	for _, test := range []struct {
		name, header string
		exempt       bool
		loads        bool
	}{
		{"none", "", false, true},
		{"both", "//go:build gc\n// +build gc\n\n", true, false},
		{"both, and a comment", "// Words.\n\n//go:build gc\n// +build gc\n\n// More words, of +build.\n", true, false},
		{"go:build alone", "//go:build gc\n\n", false, true},
		{"+build alone", "// +build gc\n\n", false, false},
		{"another tag", "//go:build linux\n// +build linux\n\n", false, true},
		{"not", "//go:build !gc\n// +build !gc\n\n", false, true},
		{"or", "//go:build gc || linux\n// +build gc linux\n\n", false, true},
		{"different", "//go:build gc\n// +build linux\n\n", false, true},
		{"one more", "//go:build gc\n// +build gc\n// +build linux\n\n", false, false},
		{"twice", "//go:build gc\n// +build gc\n// +build gc\n\n", false, false},
		{"in a block", "//go:build gc\n\n/* +build gc */\n\n", false, false},
		{"without the space", "//go:build gc\n//+build gc\n\n", false, false},
		{"a tag of its own", "// yaegi:tags gc\n\n//go:build gc\n// +build gc\n\n", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := test.header + "package sample\n\nfunc Value() string { return \"loaded\" }\n"
			f, err := parser.ParseFile(token.NewFileSet(), "sample.go", src, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if got := compiledOnly(f); got != test.exempt {
				t.Errorf("exempt: %v, want %v", got, test.exempt)
			}
			result := eval(src, "sample.Value()")
			if loads := result == "loaded"; loads != test.loads {
				t.Errorf("Yaegi loads it: %v, want %v (%s)", loads, test.loads, result)
			}
			if strings.Contains(test.header, "build") && !test.exempt && len(constraints(f)) == 0 {
				t.Error("is neither exempt nor refused")
			}
		})
	}
}
