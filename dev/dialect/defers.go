package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// deferredArgument refuses defer and go statements that depend on something
// being evaluated now. Yaegi keeps the place of an operand, not its value:
// of the receiver and the called variable for both, and for defer of the
// arguments and even of the func literal. Only the operators and calls
// inside an argument are done at once, into a place that the next turn of a
// loop overwrites.
func deferredArgument(p *pass) {
	for c := range p.root.Preorder((*ast.DeferStmt)(nil), (*ast.GoStmt)(nil)) {
		switch n := c.Node().(type) {
		case *ast.DeferStmt:
			p.lateCallee(c, n.Call)
			for _, arg := range n.Call.Args {
				if p.late(c, arg) {
					p.report(arg.Pos(), "argument "+types.ExprString(arg))
				}
			}
			if lit, ok := ast.Unparen(n.Call.Fun).(*ast.FuncLit); ok {
				p.lateLiteral(c, lit)
			}
		case *ast.GoStmt:
			p.lateCallee(c, n.Call)
		}
	}
}

// late reports whether the operand e of the statement at c may have changed
// when the call runs: in a loop anything that is not a constant, elsewhere
// what is assigned to further down.
func (p *pass) late(c inspector.Cursor, e ast.Expr) bool {
	if p.constant(e) {
		return false
	}
	if loop(c) != nil {
		return true
	}
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false // sees later assignments in compiled Go, too
		}
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.AND {
			return false // the address stays the same
		}
		if x, ok := n.(ast.Expr); ok && root(x) != nil && p.assignedAfter(c, x) {
			found = true
		}
		return !found
	})
	return found
}

// lateCallee reports the receiver of a method call and a called variable.
// Functions and what starts at a package-level variable do not depend on
// the loop.
func (p *pass) lateCallee(c inspector.Cursor, call *ast.CallExpr) {
	e := ast.Unparen(call.Fun)
	what := "called variable "
	if sel, ok := e.(*ast.SelectorExpr); ok {
		if s := p.TypesInfo.Selections[sel]; s != nil && s.Kind() == types.MethodVal {
			e, what = sel.X, "receiver "
		}
	}
	if p.builtin(e) != "" {
		return
	}
	if id := root(e); id != nil {
		v, ok := p.TypesInfo.ObjectOf(id).(*types.Var)
		if !ok {
			return // a function, or a function of an imported package
		}
		if loop(c) != nil && v.Parent() == p.Pkg.Scope() && !p.assignedAfter(c, e) {
			return
		}
	}
	if _, ok := e.(*ast.FuncLit); !ok && p.late(c, e) { // see lateLiteral
		p.report(e.Pos(), what+types.ExprString(e))
	}
}

// lateLiteral reports a deferred func literal that uses a variable of the
// loop around it. The literal is made when the function returns, so a copy
// i := i does not help.
func (p *pass) lateLiteral(c inspector.Cursor, lit *ast.FuncLit) {
	l := loop(c)
	if l == nil {
		return
	}
	if id := p.capturedIn(lit, l); id != nil {
		p.report(id.Pos(), "captured variable "+id.Name)
	}
}

// forwardDefer refuses, inside a func literal, to defer a function or method
// of the package that Yaegi comes to only later: one that is declared below,
// in a file that sorts behind, or that is just being declared.
func forwardDefer(p *pass) {
	for c := range p.root.Preorder((*ast.DeferStmt)(nil)) {
		n := c.Node().(*ast.DeferStmt)
		f := p.callee(n.Call)
		if f == nil || f.Pkg() != p.Pkg {
			continue
		}
		lit := enclosingLit(c)
		body := p.body(f.Origin())
		if lit != nil && body != nil && !p.before(body.End(), lit.Pos()) {
			p.report(n.Pos(), "defer "+types.ExprString(n.Call.Fun)+" in a func literal")
		}
	}
}

// before reports whether a comes before b in the order of loading. Files are
// loaded by name.
func (p *pass) before(a, b token.Pos) bool {
	x, y := p.Fset.Position(a), p.Fset.Position(b)
	if x.Filename != y.Filename {
		return x.Filename < y.Filename
	}
	return x.Offset < y.Offset
}
