package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// command is one of the things that the program can do.
type command struct {
	name      string
	arguments string // what follows the options, as in "[FILE...]"
	summary   string // one line for the list of commands
	text      string // what it does, with examples
	// define declares the options, and returns what does the work with them. That
	// gets the arguments that are no options, and returns the exit status.
	define func(flags *flag.FlagSet) func(arguments []string, s streams) int
}

// run reads the options, which may stand before and behind the other arguments up to
// a "--", and does the work.
func (c command) run(arguments []string, s streams) int {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	work := c.define(flags)
	plain := []string{}
	for len(arguments) > 0 {
		err := flags.Parse(arguments)
		if err == flag.ErrHelp {
			c.help(flags, s.stdout) // who asks for help gets it on stdout
			return exitGood
		}
		if err != nil {
			return c.fail(s, optionMistake(err, flags)+" ('hookward help "+c.name+"' lists the options)")
		}
		read := len(arguments) - flags.NArg()
		ended := read > 0 && arguments[read-1] == "--"
		arguments = flags.Args()
		if ended {
			plain = append(plain, arguments...)
			break
		}
		if len(arguments) > 0 {
			plain = append(plain, arguments[0])
			arguments = arguments[1:]
		}
	}
	return work(plain, s)
}

// fail says why a command could not be carried out. A list keeps its lines; what
// strangers say has to be one line before it gets here.
func (c command) fail(s streams, text string) int {
	fmt.Fprintf(s.stderr, "hookward %s: %s\n", c.name, printable(text))
	return exitUsage
}

// help says how the command is used.
func (c command) help(flags *flag.FlagSet, w io.Writer) {
	options := strings.Builder{}
	flags.VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		if name != "" {
			name = " " + name
		}
		fmt.Fprintf(&options, "  %s%s\n        %s", dashed(f.Name), name, strings.ReplaceAll(usage, "\n", "\n        "))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" {
			fmt.Fprintf(&options, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(&options)
	})
	line, list := "usage: hookward "+c.name, ""
	if options.Len() > 0 {
		line += " [OPTIONS]"
		list = "\nOptions:\n" + options.String()
	}
	if c.arguments != "" {
		line += " " + c.arguments
	}
	fmt.Fprintf(w, "%s\n\n%s%s", line, c.text, list)
}

// dashed returns an option as it is written: one letter, which is curl's, has one dash.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

func isHelp(argument string) bool {
	return argument == "-h" || argument == "-help" || argument == "--help"
}
