package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"strconv"

	"github.com/traefik/yaegi/stdlib"
	"github.com/traefik/yaegi/stdlib/generic"

	"golang.org/x/tools/go/ast/inspector"
)

// missingSymbol refuses what Yaegi does not have: packages and symbols of
// the standard library, builtins, and ranging over ints and functions. The
// symbols are not a list of ours but Yaegi's own table.
func missingSymbol(p *pass) {
	for c := range p.root.Preorder((*ast.ImportSpec)(nil), (*ast.Ident)(nil), (*ast.RangeStmt)(nil)) {
		switch n := c.Node().(type) {
		case *ast.ImportSpec:
			if imp, err := strconv.Unquote(n.Path.Value); err == nil && standard(imp) && table[imp] == nil {
				p.report(n.Pos(), "package "+imp)
			}
		case *ast.Ident:
			p.symbol(c, n)
		case *ast.RangeStmt:
			switch t := p.TypesInfo.TypeOf(n.X).Underlying().(type) {
			case *types.Basic:
				if t.Info()&types.IsInteger != 0 {
					p.report(n.X.Pos(), "range over an integer")
				}
			case *types.Signature:
				p.report(n.X.Pos(), "range over a function")
			}
		}
	}
}

// symbol reports the use of a builtin or symbol that is missing, or of a
// generic function in a way that Yaegi cannot load.
func (p *pass) symbol(c inspector.Cursor, id *ast.Ident) {
	obj := p.TypesInfo.Uses[id]
	if obj == nil {
		return
	}
	if _, ok := obj.(*types.Builtin); ok {
		switch obj.Name() {
		case "min", "max", "clear":
			p.report(id.Pos(), "builtin "+obj.Name())
		}
		return
	}
	pkg := obj.Pkg()
	if pkg == nil || p.interpreted(pkg) || obj.Parent() != pkg.Scope() || table[pkg.Path()] == nil {
		return // not of the standard library, not package-level, or reported as an import
	}
	full := pkg.Path() + "." + obj.Name()
	switch {
	case !table[pkg.Path()][obj.Name()] || generics[full] == broken:
		p.report(id.Pos(), full)
	case generics[full] == explicit && !p.instantiated(c):
		p.report(id.Pos(), full+" without all its type arguments")
	}
}

// instantiated reports whether the generic function which the identifier at
// c names stands with all its type arguments.
func (p *pass) instantiated(c inspector.Cursor) bool {
	want := p.TypesInfo.Uses[c.Node().(*ast.Ident)].(*types.Func).Signature().TypeParams().Len()
	if _, ok := c.Parent().Node().(*ast.SelectorExpr); ok {
		c = c.Parent()
	}
	switch n := c.Parent().Node().(type) {
	case *ast.IndexExpr:
		return want == 1 && n.X == c.Node()
	case *ast.IndexListExpr:
		return want == len(n.Indices) && n.X == c.Node()
	}
	return false
}

// table has the symbols of each package of the standard library that
// interpreted code can use.
var table = symbols()

func symbols() map[string]map[string]bool {
	all := make(map[string]map[string]bool)
	add := func(pkg, name string) {
		if all[pkg] == nil {
			all[pkg] = make(map[string]bool)
		}
		all[pkg][name] = true
	}
	for key, exports := range stdlib.Symbols { // "math/rand/v2/rand", path and name
		for name := range exports {
			add(path.Dir(key), name)
		}
	}
	// What is generic cannot be in a table of reflect.Value. Yaegi loads the
	// source of three packages instead.
	for _, src := range generic.Sources {
		f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
		if err != nil {
			panic("yaegi/stdlib/generic: " + err.Error())
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				add(f.Name.Name, d.Name.Name)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if t, ok := spec.(*ast.TypeSpec); ok {
						add(f.Name.Name, t.Name.Name)
					}
				}
			}
		}
	}
	return all
}
