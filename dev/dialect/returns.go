package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// elseReturn refuses, in a function without results, an else that is a bare return
// and nothing else, where the condition is a call, and the same as the default of
// a switch without a tag. The interpreter then goes the way of a condition that
// holds, whatever the call says.
func elseReturn(p *pass) {
	for c := range p.root.Preorder((*ast.IfStmt)(nil), (*ast.SwitchStmt)(nil)) {
		if !isWithoutResults(c) {
			continue
		}
		switch n := c.Node().(type) {
		case *ast.IfStmt:
			otherwise, ok := n.Else.(*ast.BlockStmt)
			if ok && isBareReturn(otherwise.List) && p.isCall(n.Cond) {
				p.report(otherwise.Pos(), "else { return } after the condition "+types.ExprString(n.Cond))
			}
		case *ast.SwitchStmt:
			clauses := n.Body.List
			if n.Tag != nil || len(clauses) < 2 {
				continue
			}
			last := clauses[len(clauses)-1].(*ast.CaseClause)
			before := clauses[len(clauses)-2].(*ast.CaseClause)
			if last.List == nil && isBareReturn(last.Body) && len(before.List) == 1 && p.isCall(before.List[0]) {
				p.report(last.Pos(), "default: return after the condition "+types.ExprString(before.List[0]))
			}
		}
	}
}

// isWithoutResults says whether the function that a node is in returns nothing.
func isWithoutResults(c inspector.Cursor) bool {
	for f := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		kind := (*ast.FuncType)(nil)
		switch n := f.Node().(type) {
		case *ast.FuncDecl:
			kind = n.Type
		case *ast.FuncLit:
			kind = n.Type
		}
		return kind.Results.NumFields() == 0
	}
	return false
}

func isBareReturn(list []ast.Stmt) bool {
	if len(list) != 1 {
		return false
	}
	r, ok := list[0].(*ast.ReturnStmt)
	return ok && len(r.Results) == 0
}
