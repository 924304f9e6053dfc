package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// ownErrorType refuses types that implement error, by a method of their own
// or by an embedded error.
func ownErrorType(p *pass) {
	for c := range p.root.Preorder((*ast.TypeSpec)(nil)) {
		spec := c.Node().(*ast.TypeSpec)
		t := p.TypesInfo.Defs[spec.Name].Type()
		if !spec.Assign.IsValid() && !types.IsInterface(t) && isError(types.NewPointer(t)) {
			p.report(spec.Pos(), "error type "+spec.Name.Name)
		}
	}
}

// errorTypeSwitch refuses type switches on errors, and case error in any
// type switch.
func errorTypeSwitch(p *pass) {
	for c := range p.root.Preorder((*ast.TypeSwitchStmt)(nil)) {
		n := c.Node().(*ast.TypeSwitchStmt)
		if isError(p.TypesInfo.TypeOf(switched(n))) {
			p.report(n.Pos(), "type switch on an error")
			continue
		}
		for _, clause := range n.Body.List {
			for _, e := range clause.(*ast.CaseClause).List {
				if t := p.TypesInfo.TypeOf(e); types.IsInterface(t) && isError(t) {
					p.report(e.Pos(), "case "+types.ExprString(e))
				}
			}
		}
	}
}

// switched returns the x of switch x.(type) and of switch v := x.(type).
func switched(n *ast.TypeSwitchStmt) ast.Expr {
	var e ast.Expr
	switch a := n.Assign.(type) {
	case *ast.ExprStmt:
		e = a.X
	case *ast.AssignStmt:
		e = a.Rhs[0]
	}
	return ast.Unparen(e).(*ast.TypeAssertExpr).X
}

// errorsAs refuses errors.As with a target that is not of a compiled type.
// An interface without a name is interpreted, whoever writes it.
func errorsAs(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if !p.calls(call, "errors", "As") || len(call.Args) != 2 {
			continue
		}
		ptr, ok := types.Unalias(p.TypesInfo.TypeOf(call.Args[1])).(*types.Pointer)
		if !ok {
			continue // an interface that holds the pointer; vet asks for more
		}
		target := types.Unalias(ptr.Elem())
		_, unnamed := target.(*types.Interface)
		if unnamed || p.ownNamed(target) != nil {
			p.report(call.Args[1].Pos(), "target of type "+types.TypeString(target, types.RelativeTo(p.Pkg)))
		}
	}
}

// recoveredValue refuses to do anything with the result of recover but to
// compare it with nil and to format it. A panic value that was made by
// interpreted code comes back wrapped; fmt looks through the wrapper.
func recoveredValue(p *pass) {
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		if !p.isRecover(c.Node()) {
			continue
		}
		c = outer(c)
		if v := p.assigned(c); v != nil {
			p.checkUses(v)
			continue
		}
		if kind, _ := c.ParentEdge(); kind != edge.ExprStmt_X && kind != edge.DeferStmt_Call && !p.harmless(c) {
			p.report(c.Node().Pos(), "use of recover()")
		}
	}
}

// assigned returns the variable that receives the value at c, or nil.
func (p *pass) assigned(c inspector.Cursor) types.Object {
	var target ast.Expr
	switch n := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		target = n.Lhs[0]
	case *ast.ValueSpec:
		target = n.Names[0]
	}
	id, ok := target.(*ast.Ident)
	if !ok {
		return nil
	}
	return p.TypesInfo.ObjectOf(id)
}

// checkUses reports each use of the variable v that the rule does not allow.
func (p *pass) checkUses(v types.Object) {
	for c := range p.root.Preorder((*ast.Ident)(nil)) {
		if id := c.Node().(*ast.Ident); p.TypesInfo.Uses[id] == v {
			if kind, _ := c.ParentEdge(); kind != edge.AssignStmt_Lhs && !p.harmless(outer(c)) {
				p.report(id.Pos(), "use of the recovered value "+id.Name)
			}
		}
	}
}

// harmless reports whether the value at c is compared with nil, formatted,
// or thrown away.
func (p *pass) harmless(c inspector.Cursor) bool {
	switch n := c.Parent().Node().(type) {
	case *ast.BinaryExpr:
		return (n.Op == token.EQL || n.Op == token.NEQ) &&
			(p.TypesInfo.Types[n.X].IsNil() || p.TypesInfo.Types[n.Y].IsNil())
	case *ast.CallExpr:
		return p.formats(n)
	case *ast.AssignStmt:
		id, ok := n.Lhs[0].(*ast.Ident)
		return ok && id.Name == "_"
	}
	return false
}

// formats reports whether call makes text of its arguments. The verb %w
// keeps the value itself, and %T shows the wrapper.
func (p *pass) formats(call *ast.CallExpr) bool {
	if !p.calls(call, "fmt", "Sprint", "Sprintf", "Sprintln", "Fprint", "Fprintf", "Fprintln", "Errorf") {
		return false
	}
	for _, arg := range call.Args {
		v := p.TypesInfo.Types[arg].Value
		if v != nil && v.Kind() == constant.String && strings.Contains(constant.StringVal(v), "%w") {
			return false
		}
	}
	return true
}
