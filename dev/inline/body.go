package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"sort"
	"strings"
)

// body is the text of one function while it is being changed.
type body struct {
	*program
	function *ast.FuncDecl
	loop     bool   // it keeps its variables and returns
	result   string // the variable for its result
	label    string // of its end
	jumps    bool   // something jumps there
	names    map[types.Object]string
	edits    []edit
	err      error
}

// edit is a piece of the source, and what stands in its place.
type edit struct {
	from, to token.Pos
	text     string
}

func (b *body) replace(from, to token.Pos, text string) {
	b.edits = append(b.edits, edit{from, to, text})
}

// text returns the source between two places, with the edits made.
func (b *body) text(from, to token.Pos) string {
	sort.SliceStable(b.edits, func(i, j int) bool { return b.edits[i].from < b.edits[j].from })
	name := b.fset.Position(b.function.Pos()).Filename
	if short, err := filepath.Rel(b.directory, name); err == nil {
		b.sources[filepath.ToSlash(short)] = true
	}
	source := b.files[name]
	offset := func(at token.Pos) int { return b.fset.Position(at).Offset }
	out := strings.Builder{}
	at := from
	for _, e := range b.edits {
		if e.from < at || e.to > to {
			continue // within a piece that is replaced as a whole, or beyond
		}
		out.Write(source[offset(at):offset(e.from)])
		out.WriteString(e.text)
		at = e.to
	}
	out.Write(source[offset(at):offset(to)])
	return out.String()
}

// visit notes all edits of a function, or of its body.
func (b *body) visit(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		if b.err != nil {
			return false
		}
		switch n := n.(type) {
		case *ast.Ident:
			b.visitIdent(n)
		case *ast.AssignStmt:
			b.visitAssign(n)
		case *ast.ExprStmt:
			if call, f := b.hotCall(n.X); f != nil {
				b.inline(n, call, f, "")
			}
		}
		if !b.loop {
			b.visitHot(n)
		}
		return true
	})
}

// visitHot does what a body needs that stands in another function than its own.
func (b *body) visitHot(n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncLit, *ast.DeferStmt, *ast.GoStmt, *ast.SelectStmt, *ast.LabeledStmt, *ast.TypeSwitchStmt:
		b.refuse(n, "has a function literal, defer, go, select, a label or a type switch, and can't be inlined")
	case *ast.RangeStmt:
		if n.Tok == token.DEFINE {
			b.replace(n.TokPos, n.TokPos+2, "=")
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND && b.isVariable(n.X) {
			b.refuse(n, lends)
		}
	case *ast.SliceExpr:
		if _, array := b.typeOf(n.X).(*types.Array); array && b.isVariable(n.X) {
			b.refuse(n, lends)
		}
	case *ast.DeclStmt:
		b.visitDeclaration(n)
	case *ast.ReturnStmt:
		b.visitReturn(n)
	}
}

// visitIdent gives variables their names before the loop, and notes packages.
func (b *body) visitIdent(id *ast.Ident) {
	object := b.info.ObjectOf(id)
	if name, ok := object.(*types.PkgName); ok {
		b.imports[name.Imported().Path()] = true
	}
	home := b.info.Defs[b.function.Name].Pkg()
	if home != b.types && id.Name != "_" && object != nil && object.Pkg() == home && b.visitForeign(id, object) {
		return
	}
	variable, ok := object.(*types.Var)
	field := ok && variable.IsField()
	if function, method := object.(*types.Func); method && function.Signature().Recv() != nil {
		field = true
	}
	if !b.loop && !field && b.own[id.Name] && (object.Pos() < b.function.Pos() || object.Pos() > b.function.End()) {
		b.refuse(id, "means another "+id.Name+" than the loop has")
	}
	if b.loop || !ok || field || id.Name == "_" || variable.Parent() == variable.Pkg().Scope() {
		return
	}
	name := b.names[variable]
	if name == "" {
		name = b.move(b.function, variable)
	}
	b.replace(id.Pos(), id.End(), name)
}

// visitForeign gives what belongs to another package than the loop's its whole name, and says
// whether it is no variable of a function's.
func (b *body) visitForeign(id *ast.Ident, object types.Object) bool {
	whole := object.Parent() == object.Pkg().Scope()
	constant, ok := object.(*types.Const)
	switch {
	case ok && whole:
		b.replace(id.Pos(), id.End(), constant.Val().ExactString())
	case !object.Exported() && (whole || object.Parent() == nil):
		b.refuse(id, "needs "+id.Name+", which is not exported")
	case whole:
		b.replace(id.Pos(), id.End(), b.qualify(object.Pkg())+"."+id.Name)
	default:
		return false
	}
	return true
}

func (b *body) visitAssign(n *ast.AssignStmt) {
	if len(n.Rhs) == 1 {
		if call, f := b.hotCall(n.Rhs[0]); f != nil && len(n.Lhs) == 1 {
			if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
				b.refuse(n, "adds to what it has, or the like, what a function returns that is written out")
			}
			b.inline(n, call, f, b.changed(n.Lhs[0]))
			return
		}
	}
	if b.loop {
		return
	}
	if len(n.Lhs) > 1 && len(n.Rhs) > 1 {
		b.refuse(n, "assigns to several variables at once, which Yaegi gets wrong with =")
	}
	if _, call := ast.Unparen(n.Rhs[0]).(*ast.CallExpr); len(n.Lhs) > len(n.Rhs) && !call {
		if id, ok := n.Lhs[0].(*ast.Ident); !ok || id.Name != "_" {
			b.refuse(n, "asks whether something is there, and uses it: in a loop, Yaegi leaves what was there the turn before")
		}
	}
	if n.Tok == token.DEFINE {
		b.replace(n.TokPos, n.TokPos+2, "=")
	}
}

// visitDeclaration makes var x T an assignment of its zero value.
func (b *body) visitDeclaration(n *ast.DeclStmt) {
	d := n.Decl.(*ast.GenDecl)
	if d.Tok != token.VAR || len(d.Specs) != 1 {
		b.refuse(n, "declares more than one variable")
		return
	}
	spec := d.Specs[0].(*ast.ValueSpec)
	if len(spec.Names) != 1 {
		b.refuse(n, "declares more than one variable")
		return
	}
	value := b.zero(b.info.Defs[spec.Names[0]].Type())
	if len(spec.Values) == 1 {
		value = b.changed(spec.Values[0])
	}
	b.replace(n.Pos(), n.End(), b.move(b.function, b.info.Defs[spec.Names[0]])+" = "+value)
}

func (b *body) zero(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return `""`
		case u.Info()&types.IsBoolean != 0:
			return "false"
		}
		return "0"
	case *types.Struct, *types.Array:
		return types.TypeString(t, b.qualify) + "{}"
	}
	return "nil"
}

// visitReturn puts the result where it belongs, and jumps to the end.
func (b *body) visitReturn(n *ast.ReturnStmt) {
	if len(n.Results) > 1 {
		b.refuse(n, "has more than one result")
		return
	}
	text := ""
	if len(n.Results) == 1 && b.result != "" {
		if call, f := b.hotCall(n.Results[0]); f != nil {
			text = b.expanded(call, f, b.result) + "\n"
		} else {
			text = b.result + " = " + b.changed(n.Results[0]) + "\n"
		}
	} else if len(n.Results) == 1 {
		b.refuse(n, "has a result that nobody takes")
	}
	statements := b.function.Body.List
	if n != statements[len(statements)-1] {
		b.jumps = true
		text += "goto " + b.label
	}
	b.replace(n.Pos(), n.End(), text)
}

// hotCall returns the hot function that an expression calls, if it is such a call.
func (b *body) hotCall(e ast.Expr) (*ast.CallExpr, *ast.FuncDecl) {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return nil, nil
	}
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return call, b.hot[b.info.Uses[f]]
	case *ast.SelectorExpr:
		return call, b.hot[b.info.Uses[f.Sel]]
	}
	return nil, nil
}

// inline puts a function's body in the place of a statement that calls it.
func (b *body) inline(statement ast.Stmt, call *ast.CallExpr, f *ast.FuncDecl, result string) {
	b.replace(statement.Pos(), statement.End(), b.expanded(call, f, result))
}

func (b *body) expanded(call *ast.CallExpr, f *ast.FuncDecl, result string) string {
	arguments := []string{}
	for _, argument := range call.Args {
		arguments = append(arguments, b.changed(argument))
	}
	text, err := b.expand(f, arguments, result)
	if err != nil && b.err == nil {
		b.err = err
	}
	return text
}

// changed returns the text of an expression, with the edits that belong to it.
func (b *body) changed(e ast.Expr) string {
	part := &body{program: b.program, function: b.function, loop: b.loop, names: b.names}
	part.visit(e)
	if part.err != nil && b.err == nil {
		b.err = part.err
	}
	return part.text(e.Pos(), e.End())
}
