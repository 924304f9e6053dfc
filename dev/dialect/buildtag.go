package main

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"strings"
)

// The two lines that make a file one that only the compiler reads. Yaegi ignores
// the first and honours the second, the compiler does it the other way round, and
// both know "gc" as the name of the compiler alone.
const (
	goBuildLine   = "//go:build gc"
	plusBuildLine = "// +build gc"
)

// buildTag refuses build constraints, but for the two lines of compiledOnly. A file
// that the compiler ignores for one is loaded all the same, so these files are read
// here, too. It also refuses what a loaded file has from one that is not loaded.
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
		if err == nil && !compiledOnly(f) {
			p.buildLines(f)
		}
	}
	p.usesOfCompiled()
}

// compiledOnly reports whether Yaegi skips a file which the compiler reads: above the
// package clause stand goBuildLine and plusBuildLine, once each and to the letter,
// and no other constraint.
func compiledOnly(f *ast.File) bool {
	seen := map[string]int{}
	for _, line := range constraints(f) {
		seen[line.text]++
	}
	return len(seen) == 2 && seen[goBuildLine] == 1 && seen[plusBuildLine] == 1
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

// usesOfCompiled reports what files that Yaegi loads have from files that it skips.
func (p *pass) usesOfCompiled() {
	skipped := map[*token.File]bool{}
	for _, f := range p.Files {
		if compiledOnly(f) {
			skipped[p.Fset.File(f.FileStart)] = true
		}
	}
	if len(skipped) == 0 {
		return
	}
	for c := range p.root.Preorder((*ast.Ident)(nil)) {
		name := c.Node().(*ast.Ident)
		object := p.TypesInfo.Uses[name]
		if object != nil && object.Pos().IsValid() && skipped[p.Fset.File(object.Pos())] {
			p.report(name.Pos(), name.Name+" of a file that Yaegi skips")
		}
	}
}
