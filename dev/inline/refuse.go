package main

import (
	"go/ast"
	"go/token"
	"go/types"
)

// lends is said of what would outlive the turn: the next one has the same variable.
const lends = "has the address of a variable of its own, which is one for all turns of the loop"

func (b *body) refuse(at ast.Node, text string) {
	if b.err == nil {
		b.err = b.problem(at, b.function.Name.Name+" "+text)
	}
}

// isVariable says whether an expression is a variable of a function, or a part of one.
func (b *body) isVariable(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := b.info.ObjectOf(e).(*types.Var)
		return ok && v.Parent() != v.Pkg().Scope()
	case *ast.SelectorExpr:
		_, isStruct := b.typeOf(e.X).(*types.Struct)
		return isStruct && b.isVariable(e.X)
	case *ast.IndexExpr:
		_, isArray := b.typeOf(e.X).(*types.Array)
		return isArray && b.isVariable(e.X)
	}
	return false
}

// typeOf returns what the type of a name, or of a field, is made of; nil for all others.
func (b *body) typeOf(e ast.Expr) types.Type {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if field, is := ast.Unparen(e).(*ast.SelectorExpr); is {
		id, ok = field.Sel, true
	}
	if !ok || b.info.ObjectOf(id) == nil || b.info.ObjectOf(id).Type() == nil {
		return nil
	}
	return b.info.ObjectOf(id).Type().Underlying()
}

// assigns says whether a function changes a parameter, or lets others do it.
func (p *program) assigns(f *ast.FuncDecl, parameter types.Object) bool {
	found := false
	is := func(e ast.Expr) {
		if id, ok := ast.Unparen(e).(*ast.Ident); ok && p.info.Uses[id] == parameter {
			found = true
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				is(left)
			}
		case *ast.IncDecStmt:
			is(n.X)
		case *ast.RangeStmt:
			is(n.Key)
			is(n.Value)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				is(n.X)
			}
		}
		return true
	})
	return found
}
