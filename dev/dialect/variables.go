package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// foreignVariable refuses assignments to variables of another interpreted package. What
// make, append or a composite literal makes never arrives there, and a variable that its
// package gives a constant can't be assigned at all.
func foreignVariable(p *pass) {
	for c := range p.root.Preorder((*ast.AssignStmt)(nil), (*ast.IncDecStmt)(nil)) {
		var targets []ast.Expr
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			targets = n.Lhs
		case *ast.IncDecStmt:
			targets = []ast.Expr{n.X}
		}
		for _, e := range targets {
			selector, ok := ast.Unparen(e).(*ast.SelectorExpr)
			if !ok {
				continue
			}
			v, ok := p.TypesInfo.Uses[selector.Sel].(*types.Var)
			if ok && !v.IsField() && v.Pkg() != p.Pkg && p.interpreted(v.Pkg()) {
				p.report(e.Pos(), types.ExprString(e))
			}
		}
	}
}

// foreignCondition refuses another interpreted package's variable as a whole condition.
// With an operator, ! among them, it is right.
func foreignCondition(p *pass) {
	for c := range p.root.Preorder((*ast.IfStmt)(nil), (*ast.ForStmt)(nil)) {
		var condition ast.Expr
		switch n := c.Node().(type) {
		case *ast.IfStmt:
			condition = n.Cond
		case *ast.ForStmt:
			condition = n.Cond
		}
		if condition == nil {
			continue
		}
		selector, ok := ast.Unparen(condition).(*ast.SelectorExpr)
		if !ok {
			continue
		}
		v, ok := p.TypesInfo.Uses[selector.Sel].(*types.Var)
		if ok && !v.IsField() && v.Pkg() != p.Pkg && p.interpreted(v.Pkg()) {
			p.report(condition.Pos(), types.ExprString(condition))
		}
	}
}

// returnReceive refuses a receive that is a result as it stands: it panics.
func returnReceive(p *pass) {
	for c := range p.root.Preorder((*ast.ReturnStmt)(nil)) {
		for _, e := range c.Node().(*ast.ReturnStmt).Results {
			receive, ok := ast.Unparen(e).(*ast.UnaryExpr)
			if ok && receive.Op == token.ARROW {
				p.report(e.Pos(), "return "+types.ExprString(e))
			}
		}
	}
}
