package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// caseList refuses lists of cases that the interpreter reads the first item of.
// In a switch without a tag it goes on to the next case when the first condition
// is false. In a switch with a tag it compares all items, but evaluates the first
// alone, and takes another that has to be evaluated for its type's zero value.
// Constants and variables are there already. Lists of types are no worse than
// single types.
func caseList(p *pass) {
	for c := range p.root.Preorder((*ast.SwitchStmt)(nil)) {
		n := c.Node().(*ast.SwitchStmt)
		for _, clause := range n.Body.List {
			list := clause.(*ast.CaseClause).List
			for i, e := range list {
				switch {
				case i == 0:
				case n.Tag == nil:
					p.report(e.Pos(), "condition "+types.ExprString(e)+" in a list")
				case !p.atHand(e):
					p.report(e.Pos(), "value "+types.ExprString(e)+" in a list")
				}
			}
		}
	}
}

// atHand reports whether the interpreter has the value of e without running
// code for it: e is a variable, or a constant that it computes when it loads.
func (p *pass) atHand(e ast.Expr) bool {
	e = ast.Unparen(e)
	if p.constant(e) {
		return p.folded(e)
	}
	if sel, ok := e.(*ast.SelectorExpr); ok {
		return p.TypesInfo.Selections[sel] == nil // another package's variable
	}
	_, ok := e.(*ast.Ident)
	return ok
}

// folded reports whether the interpreter computes the constant e when it loads.
// Comparisons, && and ||, and the builtins, it leaves for later.
func (p *pass) folded(e ast.Expr) bool {
	folded := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			folded = folded && p.TypesInfo.Types[n.Fun].IsType()
		case *ast.BinaryExpr:
			switch n.Op {
			case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ, token.LAND, token.LOR:
				folded = false
			}
		}
		return folded
	})
	return folded
}
