package main

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// interfaceInLoop refuses to convert a value whose type has methods to an
// interface inside a loop. Yaegi puts a pointer to the variable's slot into
// the interface, and the slot is the same on every turn: a list of handlers
// has the last one in every place. Values without methods are copied, and
// the result of a function that returns the interface has a slot of its own.
//
// A return statement may convert: the loop is over.
func interfaceInLoop(p *pass) {
	for c := range p.root.Preorder(
		(*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.RangeStmt)(nil), (*ast.SendStmt)(nil),
		(*ast.CallExpr)(nil), (*ast.CompositeLit)(nil), (*ast.IndexExpr)(nil),
	) {
		l := loop(c)
		if r, ok := c.Node().(*ast.RangeStmt); ok {
			l = r // its key and value are assigned on every turn
		}
		if l == nil {
			continue
		}
		p.conversions(c, func(e ast.Expr, from, to types.Type) {
			if from == nil || to == nil || !isInterface(to) || isInterface(from) {
				return
			}
			if t := p.ownNamed(from); t != nil && hasMethods(t) {
				p.report(e.Pos(), t.Obj().Name()+" becomes "+types.TypeString(to, types.RelativeTo(p.Pkg)))
			}
		})
	}
}

// isInterface excludes type parameters, whose underlying type is one.
func isInterface(t types.Type) bool {
	_, param := types.Unalias(t).(*types.TypeParam)
	return !param && types.IsInterface(t)
}

func hasMethods(t types.Type) bool {
	return types.NewMethodSet(types.NewPointer(t)).Len() > 0
}

// conversions calls f for each value that the statement or expression at c
// gives to a place with a type: the value, its type, and the type it gets.
func (p *pass) conversions(c inspector.Cursor, f func(e ast.Expr, from, to types.Type)) {
	typeOf := p.TypesInfo.TypeOf
	give := func(e ast.Expr, to types.Type) { f(e, typeOf(e), to) }

	switch n := c.Node().(type) {
	case *ast.AssignStmt:
		p.assign(n.Lhs, n.Rhs, typeOf, f)
	case *ast.ValueSpec:
		names := make([]ast.Expr, len(n.Names))
		for i, name := range n.Names {
			names[i] = name
		}
		p.assign(names, n.Values, typeOf, f)
	case *ast.RangeStmt:
		p.rangeAssign(n, f)
	case *ast.SendStmt:
		if ch, ok := typeOf(n.Chan).Underlying().(*types.Chan); ok {
			give(n.Value, ch.Elem())
		}
	case *ast.IndexExpr:
		if m, ok := typeOf(n.X).Underlying().(*types.Map); ok {
			give(n.Index, m.Key())
		}
	case *ast.CallExpr:
		p.arguments(n, give)
	case *ast.CompositeLit:
		p.elements(n, give)
	}
}

// assign pairs the two sides of an assignment; the right side may be one
// call with several results.
func (p *pass) assign(lhs, rhs []ast.Expr, typeOf func(ast.Expr) types.Type, f func(e ast.Expr, from, to types.Type)) {
	if len(lhs) == len(rhs) {
		for i := range lhs {
			f(rhs[i], typeOf(rhs[i]), typeOf(lhs[i]))
		}
		return
	}
	if len(rhs) != 1 {
		return // a declaration without values
	}
	if results, ok := typeOf(rhs[0]).(*types.Tuple); ok && results.Len() == len(lhs) {
		for i := range lhs {
			f(rhs[0], results.At(i).Type(), typeOf(lhs[i]))
		}
	}
}

// rangeAssign covers for k, v = range x, where k or v may be an interface.
func (p *pass) rangeAssign(n *ast.RangeStmt, f func(e ast.Expr, from, to types.Type)) {
	var key, elem types.Type
	switch t := p.TypesInfo.TypeOf(n.X).Underlying().(type) {
	case *types.Slice:
		elem = t.Elem()
	case *types.Array:
		elem = t.Elem()
	case *types.Map:
		key, elem = t.Key(), t.Elem()
	case *types.Chan:
		key = t.Elem()
	}
	if n.Key != nil {
		f(n.Key, key, p.TypesInfo.TypeOf(n.Key))
	}
	if n.Value != nil {
		f(n.Value, elem, p.TypesInfo.TypeOf(n.Value))
	}
}

// arguments pairs the arguments of a call or conversion with the parameters.
func (p *pass) arguments(call *ast.CallExpr, give func(ast.Expr, types.Type)) {
	fun := p.TypesInfo.Types[call.Fun]
	if fun.IsType() {
		give(call.Args[0], fun.Type)
		return
	}
	// For a builtin, go/types records the signature of this very call: for
	// append it has a variadic parameter of the element's type.
	sig, ok := fun.Type.Underlying().(*types.Signature)
	if !ok || p.builtin(call.Fun) == "panic" {
		return // a panic leaves the loop
	}
	for i, arg := range call.Args {
		last := sig.Params().Len() - 1
		switch {
		case i < last || i == last && (!sig.Variadic() || call.Ellipsis.IsValid()):
			give(arg, sig.Params().At(i).Type())
		case sig.Variadic():
			if s, ok := sig.Params().At(last).Type().Underlying().(*types.Slice); ok {
				give(arg, s.Elem())
			}
		}
	}
}

// elements pairs the elements of a composite literal with their fields or
// the element type.
func (p *pass) elements(lit *ast.CompositeLit, give func(ast.Expr, types.Type)) {
	t := p.TypesInfo.TypeOf(lit).Underlying()
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem().Underlying() // &T elided inside another literal
	}
	for i, e := range lit.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		if keyed {
			e = kv.Value
		}
		switch t := t.(type) {
		case *types.Struct:
			if !keyed {
				give(e, t.Field(i).Type())
			} else if id, ok := kv.Key.(*ast.Ident); ok {
				give(e, p.TypesInfo.ObjectOf(id).Type())
			}
		case *types.Slice:
			give(e, t.Elem())
		case *types.Array:
			give(e, t.Elem())
		case *types.Map:
			give(kv.Key, t.Key())
			give(e, t.Elem())
		}
	}
}
