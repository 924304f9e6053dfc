package main

import (
	"go/ast"
	"go/types"
	"reflect"
	"strconv"
)

// jsonUnexported refuses unexported and embedded fields in structs that
// encoding/json sees. Yaegi builds the struct's run-time type with all
// fields exported, a secret field becomes "Xsecret" in the output and can be
// set from the input; an embedded struct becomes a field like any other.
func jsonUnexported(p *pass) {
	seen := make(map[*types.Struct]bool)
	for c := range p.root.Preorder((*ast.StructType)(nil)) {
		n := c.Node().(*ast.StructType)
		if t, ok := p.TypesInfo.TypeOf(n).(*types.Struct); ok && tagged(n) {
			p.encodedStruct(t, n, seen)
		}
	}
	for c := range p.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if arg := p.encoded(call); arg != nil {
			p.encodedType(p.TypesInfo.TypeOf(arg), arg, seen)
		}
	}
}

// tagged reports whether a field of the struct type has a json tag.
func tagged(n *ast.StructType) bool {
	for _, f := range n.Fields.List {
		if f.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if _, ok := reflect.StructTag(tag).Lookup("json"); err == nil && ok {
			return true
		}
	}
	return false
}

// encoded returns the argument of call that encoding/json encodes or decodes
// into, or nil.
func (p *pass) encoded(call *ast.CallExpr) ast.Expr {
	f := p.callee(call)
	if f == nil || f.Pkg() == nil || f.Pkg().Path() != "encoding/json" {
		return nil
	}
	switch f.Name() {
	case "Marshal", "MarshalIndent", "Encode", "Decode":
		return call.Args[0]
	case "Unmarshal":
		return call.Args[1]
	}
	return nil
}

// encodedType looks for structs in t. Types of compiled packages are what
// they seem. at is what to point at for a struct declared elsewhere.
func (p *pass) encodedType(t types.Type, at ast.Node, seen map[*types.Struct]bool) {
	if named, ok := types.Unalias(t).(*types.Named); ok && !p.interpreted(named.Obj().Pkg()) {
		return
	}
	switch t := t.Underlying().(type) {
	case *types.Pointer:
		p.encodedType(t.Elem(), at, seen)
	case *types.Slice:
		p.encodedType(t.Elem(), at, seen)
	case *types.Array:
		p.encodedType(t.Elem(), at, seen)
	case *types.Map:
		p.encodedType(t.Elem(), at, seen)
	case *types.Struct:
		p.encodedStruct(t, at, seen)
	}
}

// encodedStruct reports the bad fields of t and looks into the good ones.
func (p *pass) encodedStruct(t *types.Struct, at ast.Node, seen map[*types.Struct]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	for i := 0; i < t.NumFields(); i++ {
		f := t.Field(i)
		pos := f.Pos()
		if f.Pkg() != p.Pkg {
			pos = at.Pos()
		}
		switch {
		case f.Embedded():
			p.report(pos, "embedded field "+f.Name())
		case !f.Exported():
			p.report(pos, "unexported field "+f.Name())
		default:
			p.encodedType(f.Type(), at, seen)
		}
	}
}
