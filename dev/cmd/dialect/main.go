// Command dialect reports Go code that compiles and passes its tests but
// goes wrong when Yaegi interprets it inside Traefik. See package dialect
// for the rules.
//
// It checks the module of the working directory, so build it here and run
// it in the plugin's own module:
//
//	go build -C dev -o /tmp/dialect ./cmd/dialect && /tmp/dialect -test=false ./...
package main

import (
	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/hookward/hookward/dev/dialect"
)

func main() { singlechecker.Main(dialect.Analyzer) }
