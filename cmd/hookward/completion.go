package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/hookward/hookward/explain"
)

const completionHelp = `Prints what a shell needs to complete hookward's commands, options and providers; where
none of these can stand, it completes names of files.

The exit status is 0, or 2 if the shell is not one of bash, zsh and fish.

  bash: add to ~/.bashrc    source <(hookward completion bash)
  zsh:  add to ~/.zshrc     source <(hookward completion zsh)     after compinit
  fish: once                hookward completion fish > ~/.config/fish/completions/hookward.fish
`

// shells are those that completion knows, and what writes their scripts.
var shells = []struct {
	name  string
	write func(w io.Writer, words []completed) error
}{
	{"bash", writeBash}, {"zsh", writeZsh}, {"fish", writeFish},
}

func completionCommand() command {
	c := command{name: "completion", arguments: "SHELL", summary: "print the completion script of bash, zsh or fish", text: completionHelp}
	c.define = func(_ *flag.FlagSet) func(arguments []string, s streams) int {
		return func(arguments []string, s streams) int {
			if len(arguments) != 1 {
				return c.fail(s, "name one shell: "+strings.Join(shellNames(), ", "))
			}
			for _, shell := range shells {
				if shell.name != arguments[0] {
					continue
				}
				if err := shell.write(s.stdout, completions(commands())); err != nil {
					return c.fail(s, err.Error())
				}
				return exitGood
			}
			return c.fail(s, fmt.Sprintf("%q is not a shell that is known; allowed: %s", arguments[0], strings.Join(shellNames(), ", ")))
		}
	}
	return c
}

func shellNames() []string {
	names := []string{}
	for _, shell := range shells {
		names = append(names, shell.name)
	}
	return names
}

// completed is a command as a shell completes it.
type completed struct {
	name, summary string
	flags         []completedFlag
	arguments     []string // what may stand where no option does; nil: names of files
}

// completedFlag is an option of a command.
type completedFlag struct {
	name, summary string
	value         bool     // it takes one
	values        []string // what that may be; nil: names of files
}

// completions takes from the commands what a shell completes.
func completions(all []command) []completed {
	words := []completed{}
	names := []string{}
	for _, c := range all {
		names = append(names, c.name)
	}
	for _, c := range all {
		flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
		c.define(flags)
		one := completed{name: c.name, summary: c.summary}
		switch c.name {
		case "providers":
			one.arguments = explain.Providers()
		case "completion":
			one.arguments = shellNames()
		case "deliveries":
			one.arguments = deliveriesActions
		case "version":
			one.arguments = []string{} // it takes none
		}
		flags.VisitAll(func(f *flag.Flag) {
			_, usage := flag.UnquoteUsage(f)
			usage, _, _ = strings.Cut(strings.ReplaceAll(usage, "\n", " "), ";")
			noValue, ok := f.Value.(interface{ IsBoolFlag() bool })
			one.flags = append(one.flags, completedFlag{name: f.Name, summary: usage, value: !ok || !noValue.IsBoolFlag(), values: valuesOf(f.Name)})
		})
		one.flags = append(one.flags, completedFlag{name: "help", summary: "say how the command is used"})
		words = append(words, one)
	}
	return append(words, completed{name: "help", summary: "say how a command is used", arguments: names})
}

// valuesOf returns what an option's value may be, where that is one of few words. An
// option has one meaning in all commands.
func valuesOf(name string) []string {
	switch name {
	case "provider":
		return explain.Providers()
	case "format":
		return checkFormatNames()
	case "state":
		return []string{"dead", "waiting"}
	case "tamper":
		return []string{"body", "none", "signature"}
	case "method", "X":
		return []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
	}
	return nil
}
