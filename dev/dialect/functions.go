package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
)

// namedResult refuses result names. The slot of a named result is the
// caller's variable itself, so a bare return hands back what the call
// before it left there.
func namedResult(p *pass) {
	for c := range p.root.Preorder((*ast.FuncType)(nil)) {
		t := c.Node().(*ast.FuncType)
		kind, _ := c.ParentEdge()
		switch kind {
		case edge.FuncDecl_Type, edge.FuncLit_Type:
		default:
			continue // a type without a body: the names are documentation
		}
		if t.Results != nil && len(t.Results.List[0].Names) > 0 {
			p.report(t.Results.Pos(), "result "+t.Results.List[0].Names[0].Name)
		}
	}
}

// unnamedParameter refuses methods and function literals whose parameters have
// types only. Reached through a compiled interface, such as io.Writer, the call
// of a method finds the arguments one place off; in a literal, the argument takes
// the place of the first variable of the body.
func unnamedParameter(p *pass) {
	for c := range p.root.Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		var params *ast.FieldList
		switch f := c.Node().(type) {
		case *ast.FuncDecl:
			if f.Recv == nil {
				continue
			}
			params = f.Type.Params
		case *ast.FuncLit:
			params = f.Type.Params
		}
		for _, param := range params.List {
			if len(param.Names) == 0 {
				p.report(param.Pos(), "parameter "+types.ExprString(param.Type))
			}
		}
	}
}

// methodExpression refuses T.Method and (*T).Method.
func methodExpression(p *pass) {
	for c := range p.root.Preorder((*ast.SelectorExpr)(nil)) {
		sel := c.Node().(*ast.SelectorExpr)
		if s := p.TypesInfo.Selections[sel]; s != nil && s.Kind() == types.MethodExpr {
			p.report(sel.Pos(), types.ExprString(sel))
		}
	}
}

// methodValue refuses x.Method without a call where x may be another value
// by the time of the call. A copy t := t in a loop does not help.
func methodValue(p *pass) {
	for c := range p.root.Preorder((*ast.SelectorExpr)(nil)) {
		sel := c.Node().(*ast.SelectorExpr)
		if s := p.TypesInfo.Selections[sel]; s == nil || s.Kind() != types.MethodVal {
			continue
		}
		if kind, _ := outer(c).ParentEdge(); kind == edge.CallExpr_Fun {
			continue
		}
		if loop(c) != nil || p.assignedAfter(c, sel.X) {
			p.report(sel.Pos(), "method value "+types.ExprString(sel))
		}
	}
}
