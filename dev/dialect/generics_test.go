package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/traefik/yaegi/stdlib/generic"
)

// calls has one use of each generic function: an expression with F for the
// function, its type arguments, and what it should give.
var calls = map[string]struct{ expr, types, want string }{
	"cmp.Compare": {`F(0, 3)`, "int", "-1"},
	"cmp.Less":    {`F(0, 3)`, "int", "true"},
	"cmp.Or":      {`F(0, 3)`, "int", "3"},

	"maps.Clone":      {`func() bool { c := F(m); delete(c, "x"); return len(m) == 1 }()`, "map[string]int, string, int", "true"},
	"maps.Copy":       {`func() int { n := map[string]int{}; F(n, m); return len(n) }()`, "map[string]int, map[string]int, string, int", "1"},
	"maps.DeleteFunc": {`func() int { F(m, func(string, int) bool { return true }); return len(m) }()`, "map[string]int, string, int", "0"},
	"maps.Equal":      {`F(m, m)`, "map[string]int, map[string]int, string, int", "true"},
	"maps.EqualFunc":  {`F(m, m, func(a, b int) bool { return a == b })`, "map[string]int, map[string]int, string, int, int", "true"},

	"slices.Clip":         {`cap(F(s[:1]))`, "[]int, int", "1"},
	"slices.Clone":        {`func() int { c := F(s); c[0] = 9; return s[0] }()`, "[]int, int", "1"},
	"slices.Compact":      {`F(s)`, "[]int, int", "[1 2 3]"},
	"slices.CompactFunc":  {`F(s, func(a, b int) bool { return a == b })`, "[]int, int", "[1 2 3]"},
	"slices.Compare":      {`F(s, s)`, "[]int, int", "0"},
	"slices.CompareFunc":  {`F(s, s, func(a, b int) int { return a - b })`, "[]int, []int, int, int", "0"},
	"slices.Concat":       {`F(s, s[:1])`, "[]int, int", "[1 2 2 3 1]"},
	"slices.Contains":     {`F(s, 2)`, "[]int, int", "true"},
	"slices.ContainsFunc": {`F(s, func(a int) bool { return a == 3 })`, "[]int, int", "true"},
	"slices.Delete":       {`F(s, 0, 1)`, "[]int, int", "[2 2 3]"},
	"slices.DeleteFunc":   {`F(s, func(a int) bool { return a == 2 })`, "[]int, int", "[1 3]"},
	"slices.Equal":        {`F(s, s)`, "[]int, int", "true"},
	"slices.EqualFunc":    {`F(s, s, func(a, b int) bool { return a == b })`, "[]int, []int, int, int", "true"},
	"slices.Grow":         {`cap(F(s, 9)) >= 13`, "[]int, int", "true"},
	"slices.Index":        {`F(s, 3)`, "[]int, int", "3"},
	"slices.IndexFunc":    {`F(s, func(a int) bool { return a == 3 })`, "[]int, int", "3"},
	"slices.Insert":       {`F(s, 1, 7)`, "[]int, int", "[1 7 2 2 3]"},
	"slices.Replace":      {`F(s, 0, 1, 7, 8)`, "[]int, int", "[7 8 2 2 3]"},
	"slices.Reverse":      {`func() int { F(s); return s[0] }()`, "[]int, int", "3"},
}

// TestGenerics runs each generic function without and with its type
// arguments, and compares what works with the table.
func TestGenerics(t *testing.T) {
	for name, call := range calls {
		works := func(function string) bool {
			pkg, _, _ := strings.Cut(name, ".")
			src := fmt.Sprintf(`
package p

import (
	"fmt"
	%q
)

func Text() string {
	s, m := []int{1, 2, 2, 3}, map[string]int{"x": 1}
	_, _ = s, m
	return fmt.Sprint(%s)
}`, pkg, strings.ReplaceAll(call.expr, "F(", function+"("))
			return eval(src, "p.Text()") == call.want
		}
		got := broken
		if works(name + "[" + call.types + "]") {
			got = explicit
			if works(name) {
				got = inferred
			}
		}
		if want := generics[name]; got != want {
			t.Errorf("%s: support is %d, the table says %d", name, got, want)
		}
	}
}

// TestGenericsComplete checks that both tables have exactly the functions
// that Yaegi has the source of.
func TestGenericsComplete(t *testing.T) {
	n := 0
	for _, src := range generic.Sources {
		f, err := parser.ParseFile(token.NewFileSet(), "", src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || !fd.Name.IsExported() {
				continue
			}
			n++
			name := f.Name.Name + "." + fd.Name.Name
			if generics[name] == 0 || calls[name].expr == "" {
				t.Errorf("%s is not in both tables", name)
			}
		}
	}
	if n != len(generics) || n != len(calls) {
		t.Errorf("Yaegi has %d functions, the tables %d and %d", n, len(generics), len(calls))
	}
}
