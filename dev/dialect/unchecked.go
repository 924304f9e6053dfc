package main

import (
	"go/ast"
	"go/types"
)

// uncheckedInLoop refuses v, _ := x.(T) and v, _ := m[k] in loops. Where the
// type or the key is another, the interpreter leaves the variable as it was,
// and turns share their variables: a failed assertion gives the value of the
// turn before. The plain read v := m[k] is right.
func uncheckedInLoop(p *pass) {
	for c := range p.root.Preorder((*ast.AssignStmt)(nil)) {
		assign := c.Node().(*ast.AssignStmt)
		if len(assign.Lhs) != 2 || len(assign.Rhs) != 1 || loop(c) == nil {
			continue
		}
		ok, isName := assign.Lhs[1].(*ast.Ident)
		value, named := assign.Lhs[0].(*ast.Ident)
		if !isName || ok.Name != "_" || named && value.Name == "_" {
			continue
		}
		switch e := ast.Unparen(assign.Rhs[0]).(type) {
		case *ast.TypeAssertExpr:
			p.report(assign.Pos(), "unchecked assertion to "+types.ExprString(e.Type))
		case *ast.IndexExpr:
			p.report(assign.Pos(), "unchecked read of "+types.ExprString(e))
		}
	}
}
