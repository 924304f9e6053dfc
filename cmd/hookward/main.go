// Command hookward is for the operator: it builds Traefik with hookward compiled in, checks
// configurations, signs and sends deliveries, explains refusals, describes the providers,
// and checks audit logs.
//
//	go install ./cmd/hookward
//	hookward help
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/hookward/hookward/internal/inspect"
)

// What a command's exit status says.
const (
	exitGood   = 0
	exitBroken = 1 // what was looked at is not as it should be
	exitUsage  = 2 // it could not be looked at
)

// streams are where a command reads and writes.
type streams struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// commands returns what the program can do, in the order in which help lists it.
func commands() []command {
	return []command{buildCommand(), checkCommand(), sendCommand(), verifyCommand(), providersCommand(), auditCommand(), deliveriesCommand(), completionCommand(), versionCommand()}
}

// run does what the arguments say, and returns the exit status.
func run(arguments []string, s streams) int {
	if len(arguments) == 0 {
		help(s.stderr)
		return exitUsage
	}
	name, rest := arguments[0], arguments[1:]
	if isHelp(name) || name == "help" {
		if name != "help" || len(rest) == 0 {
			help(s.stdout)
			return exitGood
		}
		name, rest = rest[0], []string{"--help"}
	}
	if name == "--version" || name == "-version" {
		name = "version"
	}
	names := []string{"help"}
	for _, c := range commands() {
		if c.name == name {
			return c.run(rest, s)
		}
		names = append(names, c.name)
	}
	fmt.Fprintf(s.stderr, "hookward: there is no command %q%s\n\n", name, inspect.DidYouMean(name, names))
	help(s.stderr)
	return exitUsage
}

func help(w io.Writer) {
	fmt.Fprint(w, "usage: hookward COMMAND ...\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-11s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n'hookward help COMMAND' says how each is used.\n")
}
