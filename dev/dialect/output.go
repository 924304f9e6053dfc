package main

import (
	"go/ast"
	"go/types"
	"strings"
)

// printing refuses what ends up in Traefik's own log, at a level that
// Traefik chooses. Text for os.Stdout and os.Stderr arrives as it is.
func printing(p *pass) {
	for c := range p.root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		switch obj := p.TypesInfo.Uses[id].(type) {
		case *types.Builtin:
			if obj.Name() == "print" || obj.Name() == "println" {
				p.report(id.Pos(), obj.Name())
			}
		case *types.Func:
			if obj.Pkg() != nil && obj.Signature().Recv() == nil && logs(obj.Pkg().Path(), obj.Name()) {
				p.report(id.Pos(), obj.Pkg().Name()+"."+obj.Name())
			}
		}
	}
}

// logs reports whether the package-level function prints, or belongs to the
// default logger.
func logs(pkg, name string) bool {
	switch pkg {
	case "fmt":
		return strings.HasPrefix(name, "Print")
	case "log":
		return name != "New"
	case "log/slog":
		for _, prefix := range []string{"Debug", "Info", "Warn", "Error", "Log", "With", "Default", "SetDefault"} {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}
