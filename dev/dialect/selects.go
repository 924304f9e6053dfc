package dialect

import (
	"go/ast"
	"go/token"
	"go/types"
)

// selectOK refuses the two forms of a receive in a select that Yaegi has
// wrong: v, ok from a channel that is not simply a variable, and a result
// that goes to something that was there before, which is lost or panics with
// "reflect.Select: invalid Dir". Outside a select both work.
func selectOK(p *pass) {
	for c := range p.root.Preorder((*ast.CommClause)(nil)) {
		assign, ok := c.Node().(*ast.CommClause).Comm.(*ast.AssignStmt)
		if !ok {
			continue
		}
		recv, ok := ast.Unparen(assign.Rhs[0]).(*ast.UnaryExpr)
		if !ok || recv.Op != token.ARROW {
			continue
		}
		if len(assign.Lhs) == 2 && !isIdent(recv.X) {
			p.report(recv.Pos(), "v, ok := "+types.ExprString(recv))
		}
		if assign.Tok == token.ASSIGN {
			p.report(assign.Pos(), "receive into "+types.ExprString(assign.Lhs[0]))
		}
	}
}

func isIdent(e ast.Expr) bool {
	_, ok := ast.Unparen(e).(*ast.Ident)
	return ok
}
