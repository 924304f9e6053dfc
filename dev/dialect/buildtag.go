package dialect

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
)

// buildTag refuses //go:build lines. A file that the compiler ignores for
// one is loaded all the same, so these files are read here, too.
func buildTag(p *pass) {
	for c := range p.root.Preorder((*ast.File)(nil)) {
		p.buildLines(c.Node().(*ast.File))
	}
	for _, name := range p.IgnoredFiles {
		if !loaded(name) {
			continue
		}
		src, err := p.ReadFile(name)
		if err != nil {
			continue
		}
		f, err := parser.ParseFile(p.Fset, name, src, parser.ParseComments|parser.PackageClauseOnly)
		if err == nil {
			p.buildLines(f)
		}
	}
}

// buildLines reports the //go:build lines of f. They count only above the
// package clause.
func (p *pass) buildLines(f *ast.File) {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() < f.Package && constraint.IsGoBuild(c.Text) {
				p.report(c.Pos(), "//go:build")
			}
		}
	}
}
