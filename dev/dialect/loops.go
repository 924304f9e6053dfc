package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// loopClosure refuses func literals that outlive the turn of a loop they
// are made in but not its variables. There are two ways to that end:
//
//   - A variable of the loop's header is one variable for all turns, as in
//     Go before 1.22.
//   - A literal handed straight to compiled code is not bound to the turn at
//     all, so that even the variables of the body are those of the last one.
//     In a variable of its own the literal is bound, and can be handed on.
func loopClosure(p *pass) {
	for c := range p.root.Preorder((*ast.FuncLit)(nil)) {
		lit := c.Node().(*ast.FuncLit)
		if id := p.captured(lit, p.inHeader(c)); id != nil {
			p.report(id.Pos(), "func literal captures loop variable "+id.Name)
			continue
		}
		if l := loop(c); l != nil && p.toCompiled(outer(c)) {
			if id := p.capturedIn(lit, l); id != nil {
				p.report(id.Pos(), "func literal for compiled code captures "+id.Name)
			}
		}
	}
}

// inHeader returns a test for variables that are declared by the header of
// a loop whose body has the func literal at c, without another literal in
// between: that one is reported instead.
func (p *pass) inHeader(c inspector.Cursor) func(*types.Var) bool {
	vars := make(map[types.Object]bool)
	for c = c.Parent(); c.Node() != nil; c = c.Parent() {
		switch n := c.Node().(type) {
		case *ast.FuncLit, *ast.FuncDecl:
			return func(v *types.Var) bool { return vars[v] }
		case *ast.RangeStmt:
			p.define(vars, n.Tok, n.Key, n.Value)
		case *ast.ForStmt:
			if init, ok := n.Init.(*ast.AssignStmt); ok {
				p.define(vars, init.Tok, init.Lhs...)
			}
		}
	}
	return func(v *types.Var) bool { return vars[v] }
}

// define adds to vars what the left-hand side lhs declares.
func (p *pass) define(vars map[types.Object]bool, tok token.Token, lhs ...ast.Expr) {
	if tok != token.DEFINE {
		return
	}
	for _, e := range lhs {
		if id, ok := e.(*ast.Ident); ok {
			vars[p.TypesInfo.Defs[id]] = true
		}
	}
}

// immediate are packages whose functions are done with a func literal when
// they return. The generic ones are interpreted anyway.
var immediate = map[string]bool{"sort": true, "strings": true, "bytes": true, "slices": true, "maps": true}

// toCompiled reports whether the func literal at c is an argument of a
// compiled function, or converted to or put into a value of a compiled type.
func (p *pass) toCompiled(c inspector.Cursor) bool {
	kind, _ := c.ParentEdge()
	switch kind {
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		if p.TypesInfo.Types[call.Fun].IsType() {
			return p.compiledType(p.TypesInfo.TypeOf(call.Fun))
		}
		f := p.callee(call)
		return f != nil && f.Pkg() != nil && !p.interpreted(f.Pkg()) && !immediate[f.Pkg().Path()]
	case edge.KeyValueExpr_Value:
		return p.toCompiled(c.Parent())
	case edge.CompositeLit_Elts:
		return p.compiledType(p.TypesInfo.TypeOf(c.Parent().Node().(*ast.CompositeLit)))
	}
	return false
}

// compiledType reports whether t is a named type of the standard library.
func (p *pass) compiledType(t types.Type) bool {
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem() // the elided &T of a composite literal's element
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && !p.interpreted(named.Obj().Pkg())
}

// forInit refuses for i := f(); ; {}. With a condition or a post statement
// the init statement runs once, as it should.
func forInit(p *pass) {
	for c := range p.root.Preorder((*ast.ForStmt)(nil)) {
		if n := c.Node().(*ast.ForStmt); n.Init != nil && n.Cond == nil && n.Post == nil {
			p.report(n.Init.Pos(), "for with init alone")
		}
	}
}
