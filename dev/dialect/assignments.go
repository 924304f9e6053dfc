package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// parallelAssignment refuses a, b = f(), x. The interpreter compiles a call on
// the right so that it stores its own result, and then takes the statement for
// done. Definitions (:=) and a call with several results are right. It also
// refuses a, b = nil, x, which panics for want of a type.
func parallelAssignment(p *pass) {
	for c := range p.root.Preorder((*ast.AssignStmt)(nil)) {
		assign := c.Node().(*ast.AssignStmt)
		if assign.Tok != token.ASSIGN || len(assign.Rhs) < 2 {
			continue
		}
		calls, nils := 0, 0
		for _, e := range assign.Rhs {
			if p.isCall(e) {
				calls++
			}
			if p.TypesInfo.Types[e].IsNil() {
				nils++
			}
		}
		if calls > 0 && calls < len(assign.Rhs) || nils > 0 {
			p.report(assign.Pos(), "parallel assignment to "+types.ExprString(assign.Lhs[0])+", ...")
		}
	}
}

// besideLiteral refuses a, b := x, T{...} in all its forms: beside a composite
// literal, the interpreter forgets all values but literals, and their variables
// have, or get, the zero value.
func besideLiteral(p *pass) {
	for c := range p.root.Preorder((*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil)) {
		var values []ast.Expr
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			values = n.Rhs
		case *ast.ValueSpec:
			values = n.Values
		}
		literals := 0
		for _, e := range values {
			if _, ok := ast.Unparen(e).(*ast.CompositeLit); ok {
				literals++
			}
		}
		if literals > 0 && literals < len(values) {
			p.report(c.Node().Pos(), "a value beside a composite literal in one statement")
		}
	}
}

// isCall reports whether e calls a function; a conversion does not.
func (p *pass) isCall(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && !p.TypesInfo.Types[call.Fun].IsType()
}
