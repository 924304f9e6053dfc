// Command dialect refuses Go that compiles and passes its tests but goes wrong
// when Yaegi interprets it inside Traefik. It checks the module of the working
// directory, so build it here and run it in the plugin's own module:
//
//	go build -C dev -o .cache/dialect ./dialect && dev/.cache/dialect -test=false ./...
//
// Traefik does not compile a plugin, it interprets it with Yaegi v0.16.1.
// Some constructs pass the compiler and every compiled test and then give
// another result there, most of them without any error: a signature check
// with a named result accepts a request because the one before it was good.
// The analyzer refuses these constructs. There is no comment that silences
// it; each rule names the way to write the same thing safely.
//
// # What the rules do not see
//
// Rules look at syntax and types, not at data flow. A loop made of goto, the
// value of an assertion in a loop that is used although its ok is false, a
// concrete value converted to an interface outside a loop and changed
// afterwards, and a value changed through a second pointer are not found.
// The interpreted test run is there for the rest.
//
// Package main is skipped: no plugin is one. Test files are skipped: Traefik never
// loads them.
package main

import "golang.org/x/tools/go/analysis/singlechecker"

func main() { singlechecker.Main(analyzer) }
