package main

import (
	"go/ast"
	"go/types"
)

// bareGoroutine refuses goroutines that do not begin with a recover. Traefik
// recovers from panics of ServeHTTP, nobody does for other goroutines.
func bareGoroutine(p *pass) {
	for c := range p.root.Preorder((*ast.GoStmt)(nil)) {
		n := c.Node().(*ast.GoStmt)
		if !p.guarded(p.bodyOf(n.Call)) {
			p.report(n.Pos(), "go "+name(n.Call.Fun))
		}
	}
}

// goroutineInLoop refuses func literals that a loop starts. The new goroutine
// reads the literal where the loop has it, which by then may be the next one, or
// none: that ends Traefik.
func goroutineInLoop(p *pass) {
	for c := range p.root.Preorder((*ast.GoStmt)(nil)) {
		n := c.Node().(*ast.GoStmt)
		if _, ok := ast.Unparen(n.Call.Fun).(*ast.FuncLit); ok && loop(c) != nil {
			p.report(n.Pos(), "go func in a loop")
		}
	}
}

func name(fun ast.Expr) string {
	if _, ok := ast.Unparen(fun).(*ast.FuncLit); ok {
		return "func"
	}
	return types.ExprString(fun)
}

// bodyOf returns the body that call runs if it is a func literal or a
// function or method of this package, and nil otherwise.
func (p *pass) bodyOf(call *ast.CallExpr) *ast.BlockStmt {
	if lit, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok {
		return lit.Body
	}
	if f := p.callee(call); f != nil {
		return p.body(f.Origin())
	}
	return nil
}

// guarded reports whether the first statement of body defers a call that
// recovers.
func (p *pass) guarded(body *ast.BlockStmt) bool {
	if body == nil || len(body.List) == 0 {
		return false
	}
	d, ok := body.List[0].(*ast.DeferStmt)
	return ok && p.recovers(p.bodyOf(d.Call))
}

// recovers reports whether body itself calls recover. In a function called
// by the deferred one recover would do nothing.
func (p *pass) recovers(body *ast.BlockStmt) bool {
	if body == nil {
		return false
	}
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt:
			return false
		}
		found = found || p.isRecover(n)
		return !found
	})
	return found
}
