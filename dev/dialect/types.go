package main

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// standard reports whether path belongs to the standard library, which is
// compiled into Traefik. Everything else is interpreted, vendored packages
// included.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// interpreted reports whether Yaegi runs the package from source. A nil
// package is the universe.
func (p *pass) interpreted(pkg *types.Package) bool {
	return pkg != nil && (pkg == p.Pkg || !standard(pkg.Path()))
}

// ownNamed returns the named type behind t or *t if an interpreted package
// declares it, and nil otherwise.
func (p *pass) ownNamed(t types.Type) *types.Named {
	t = types.Unalias(t)
	if ptr, ok := t.(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok || !p.interpreted(named.Obj().Pkg()) {
		return nil
	}
	return named
}

// callee returns the function or method that call names statically, or nil.
func (p *pass) callee(call *ast.CallExpr) *types.Func {
	f, _ := typeutil.Callee(p.TypesInfo, call).(*types.Func)
	return f
}

// calls reports whether call is a call of the package-level function
// pkg.name with one of the given names.
func (p *pass) calls(call *ast.CallExpr, pkg string, names ...string) bool {
	f := p.callee(call)
	if f == nil || f.Pkg() == nil || f.Pkg().Path() != pkg || f.Signature().Recv() != nil {
		return false
	}
	for _, name := range names {
		if f.Name() == name {
			return true
		}
	}
	return false
}

// builtin returns the name of the builtin function that e denotes, or "".
func (p *pass) builtin(e ast.Expr) string {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return ""
	}
	b, ok := p.TypesInfo.Uses[id].(*types.Builtin)
	if !ok {
		return ""
	}
	return b.Name()
}

// isRecover reports whether n is a call of the builtin recover.
func (p *pass) isRecover(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	return ok && p.builtin(call.Fun) == "recover"
}

// constant reports whether e needs no evaluation at run time.
func (p *pass) constant(e ast.Expr) bool {
	tv := p.TypesInfo.Types[e]
	return tv.Value != nil || tv.IsNil()
}

// isError reports whether t has the method Error() string.
func isError(t types.Type) bool {
	return t != nil && types.Implements(t, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
}

// outer returns the cursor of the expression at c with all the parentheses
// around it.
func outer(c inspector.Cursor) inspector.Cursor {
	for {
		if _, ok := c.Parent().Node().(*ast.ParenExpr); !ok {
			return c
		}
		c = c.Parent()
	}
}

// body returns the body of the package's function f, or nil if f is of
// another package or has none.
func (p *pass) body(f *types.Func) *ast.BlockStmt {
	for c := range p.root.Preorder((*ast.FuncDecl)(nil)) {
		if d := c.Node().(*ast.FuncDecl); p.TypesInfo.Defs[d.Name] == f {
			return d.Body
		}
	}
	return nil
}
