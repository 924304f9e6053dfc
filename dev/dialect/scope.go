package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Yaegi keeps the variables of a function in one frame and makes a new one
// for each call. What goes wrong in loops does so because the turns share a
// frame; a func literal has its own and ends the search for a loop.

// repeated tells which children of a loop statement run on every turn.
var repeated = map[edge.Kind]bool{
	edge.ForStmt_Cond:    true,
	edge.ForStmt_Post:    true,
	edge.ForStmt_Body:    true,
	edge.RangeStmt_Key:   true,
	edge.RangeStmt_Value: true,
	edge.RangeStmt_Body:  true,
}

// loop returns the outermost loop of the frame c is in, or nil. The
// outermost one, because the frame is shared by the turns of all of them.
func loop(c inspector.Cursor) ast.Node {
	var found ast.Node
	for ; c.Node() != nil; c = c.Parent() {
		kind, _ := c.ParentEdge()
		if kind == edge.FuncLit_Body || kind == edge.FuncDecl_Body {
			return found
		}
		if repeated[kind] {
			found = c.Parent().Node()
		}
	}
	return found
}

// frame returns the body of the innermost function around c.
func frame(c inspector.Cursor) *ast.BlockStmt {
	for f := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch f := f.Node().(type) {
		case *ast.FuncDecl:
			return f.Body
		case *ast.FuncLit:
			return f.Body
		}
	}
	return nil // a package-level initializer
}

// enclosingLit returns the innermost func literal around c, or nil.
func enclosingLit(c inspector.Cursor) ast.Node {
	for lit := range c.Enclosing((*ast.FuncLit)(nil)) {
		return lit.Node()
	}
	return nil
}

// contains reports whether pos lies in n.
func contains(n ast.Node, pos token.Pos) bool { return n.Pos() <= pos && pos < n.End() }

// captured returns the first identifier in lit that uses a variable for
// which match holds, or nil.
func (p *pass) captured(lit *ast.FuncLit, match func(*types.Var) bool) *ast.Ident {
	var found *ast.Ident
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && found == nil {
			if v, ok := p.TypesInfo.Uses[id].(*types.Var); ok && !v.IsField() && match(v) {
				found = id
			}
		}
		return found == nil
	})
	return found
}

// capturedIn returns the first identifier in lit for a variable that is
// declared in n but outside lit, or nil.
func (p *pass) capturedIn(lit *ast.FuncLit, n ast.Node) *ast.Ident {
	return p.captured(lit, func(v *types.Var) bool {
		return contains(n, v.Pos()) && !contains(lit, v.Pos())
	})
}

// assignedAfter reports whether the frame around c assigns to e, or to an
// expression that e is a part of, behind the statement at c.
func (p *pass) assignedAfter(c inspector.Cursor, e ast.Expr) bool {
	body := frame(c)
	if body == nil {
		return false
	}
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		var targets []ast.Expr
		switch n := n.(type) {
		case *ast.AssignStmt:
			targets = n.Lhs
		case *ast.IncDecStmt:
			targets = []ast.Expr{n.X}
		case *ast.RangeStmt:
			targets = []ast.Expr{n.Key, n.Value}
		}
		for _, t := range targets {
			if t != nil && t.Pos() > c.Node().End() && p.prefixOf(t, e) {
				found = true
			}
		}
		return !found
	})
	return found
}

// prefixOf reports whether e is the variable t or is reached through it, as
// x.f and x[i] are reached through x.
func (p *pass) prefixOf(t, e ast.Expr) bool {
	for ; e != nil; e = base(e) {
		if p.same(t, e) {
			return true
		}
	}
	return false
}

// same reports whether a and b are the same text about the same variable.
// A := that declares a new variable of the same name is not the same.
func (p *pass) same(a, b ast.Expr) bool {
	ra, rb := root(a), root(b)
	return ra != nil && rb != nil && p.TypesInfo.ObjectOf(ra) == p.TypesInfo.ObjectOf(rb) &&
		types.ExprString(ast.Unparen(a)) == types.ExprString(ast.Unparen(b))
}

// root returns the identifier that the chain of selectors, indexes and
// dereferences e starts with, or nil.
func root(e ast.Expr) *ast.Ident {
	for ; e != nil; e = base(e) {
		if id, ok := e.(*ast.Ident); ok {
			return id
		}
	}
	return nil
}

// base returns what e selects from, indexes or dereferences, or nil.
func base(e ast.Expr) ast.Expr {
	switch x := e.(type) {
	case *ast.ParenExpr:
		return x.X
	case *ast.SelectorExpr:
		return x.X
	case *ast.IndexExpr:
		return x.X
	case *ast.StarExpr:
		return x.X
	}
	return nil
}
