// Command hookward is for the operator: it checks the audit logs that hookward's
// gates have written.
//
//	go install github.com/hookward/hookward/cmd/hookward@latest
//	hookward help
package main

import (
	"fmt"
	"io"
	"os"
)

// What a command's exit status says.
const (
	exitGood   = 0
	exitBroken = 1 // what was looked at is not as it should be
	exitUsage  = 2 // it could not be looked at
)

// command is one of the things that the program can do.
type command struct {
	name    string
	summary string
	run     func(arguments []string, stdout, stderr io.Writer) int
}

// commands returns them in the order in which help lists them.
func commands() []command {
	return []command{
		{"audit", "check an audit log: changed, missing and added lines", audit},
	}
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run does what the arguments say, and returns the exit status.
func run(arguments []string, stdout, stderr io.Writer) int {
	if len(arguments) == 0 {
		help(stderr)
		return exitUsage
	}
	name := arguments[0]
	if name == "help" || name == "-h" || name == "-help" || name == "--help" {
		if len(arguments) > 1 {
			return run([]string{arguments[1], "-h"}, stdout, stderr)
		}
		help(stdout)
		return exitGood
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(arguments[1:], stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "hookward: there is no command %q\n\n", name)
	help(stderr)
	return exitUsage
}

func help(w io.Writer) {
	fmt.Fprint(w, "usage: hookward COMMAND [OPTIONS] ...\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n'hookward help COMMAND' says more of one. The exit status is 0 if all is well,\n1 if it is not, and 2 if that could not be found out.\n")
}
