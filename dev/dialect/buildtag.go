package main

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"strings"
)

// buildTag refuses build constraints. A file that the compiler ignores for one is loaded
// all the same, so these files are read here, too.
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

// constraintLine is a line that the compiler or Yaegi takes for a build constraint.
type constraintLine struct {
	pos  token.Pos
	text string
	name string // what the rule calls it
}

// constraints returns the build constraints of f. They count only above the package
// clause. Yaegi finds its own in any comment there, also between /* and */.
func constraints(f *ast.File) []constraintLine {
	var lines []constraintLine
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Pos() >= f.Package {
				continue
			}
			if constraint.IsGoBuild(c.Text) {
				lines = append(lines, constraintLine{c.Pos(), c.Text, "//go:build"})
				continue
			}
			for _, name := range []string{"+build", "yaegi:tags"} {
				if opensLine(c, name) {
					lines = append(lines, constraintLine{c.Pos(), c.Text, name})
				}
			}
		}
	}
	return lines
}

// opensLine reports whether a line of the comment's text begins with word.
func opensLine(c *ast.Comment, word string) bool {
	text := (&ast.CommentGroup{List: []*ast.Comment{c}}).Text()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), word+" ") {
			return true
		}
	}
	return false
}

// buildLines reports the build constraints of f.
func (p *pass) buildLines(f *ast.File) {
	for _, line := range constraints(f) {
		p.report(line.pos, line.name)
	}
}
