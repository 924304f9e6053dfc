package main

import "go/ast"

// sharedSelect refuses every select. The interpreter builds its cases in a slice that
// belongs to the statement: of eight goroutines in one select, each on a channel
// of its own, some receive what was sent to another. With a single goroutine a
// select is right but for the receives that the rule's message names; which
// goroutines reach a statement can't be seen from its text.
func sharedSelect(p *pass) {
	for c := range p.root.Preorder((*ast.SelectStmt)(nil)) {
		p.report(c.Node().Pos(), "select")
	}
}
