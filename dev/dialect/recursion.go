package main

import (
	"go/ast"
	"go/types"
)

// recursiveType refuses struct types that contain values of their own type, be
// it through pointers, lists or other types. Code that stands above the type, or
// in a file that sorts before it, gets a stand-in for such a field's type, and
// panics where it assigns the field.
func recursiveType(p *pass) {
	for c := range p.root.Preorder((*ast.TypeSpec)(nil)) {
		spec := c.Node().(*ast.TypeSpec)
		object, ok := p.TypesInfo.Defs[spec.Name].(*types.TypeName)
		if !ok {
			continue
		}
		named, ok := object.Type().(*types.Named)
		if !ok {
			continue
		}
		if _, ok := named.Underlying().(*types.Struct); ok && holds(named.Underlying(), named, map[types.Type]bool{}) {
			p.report(spec.Name.Pos(), spec.Name.Name)
		}
	}
}

// holds reports whether values of type t hold values of the wanted type.
func holds(t types.Type, wanted *types.Named, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		return t == wanted || holds(t.Underlying(), wanted, seen)
	case *types.Pointer:
		return holds(t.Elem(), wanted, seen)
	case *types.Slice:
		return holds(t.Elem(), wanted, seen)
	case *types.Array:
		return holds(t.Elem(), wanted, seen)
	case *types.Chan:
		return holds(t.Elem(), wanted, seen)
	case *types.Map:
		return holds(t.Key(), wanted, seen) || holds(t.Elem(), wanted, seen)
	case *types.Struct:
		for i := range t.NumFields() {
			if holds(t.Field(i).Type(), wanted, seen) {
				return true
			}
		}
	}
	return false
}
