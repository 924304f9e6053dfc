package main

import (
	"flag"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/inspect"
)

// What package flag says of an option. It writes all of them with one dash.
var (
	undefinedOption = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	optionAlone     = regexp.MustCompile(`^flag needs an argument: -(.*)$`)
	badValue        = regexp.MustCompile(`^invalid (?:boolean )?value ("(?s:.*)") for (?:flag )?-([A-Za-z-]+): `)
)

// optionMistake says what is wrong with an option as the command's other errors do: the
// option as it is written, and what is allowed.
func optionMistake(err error, flags *flag.FlagSet) string {
	text := err.Error()
	if m := undefinedOption.FindStringSubmatch(text); m != nil {
		names := []string{"--help"}
		flags.VisitAll(func(f *flag.Flag) { names = append(names, dashed(f.Name)) })
		wrong := oneLine(dashed(m[1]))
		if len(m[1]) == 1 {
			return "there is no option " + wrong // any other letter would be as near
		}
		return "there is no option " + wrong + inspect.DidYouMean(wrong, names)
	}
	if m := optionAlone.FindStringSubmatch(text); m != nil {
		return dashed(m[1]) + ": needs " + valueOf(flags, m[1])
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		return dashed(m[2]) + ": " + m[1] + " is not " + valueOf(flags, m[2])
	}
	text, _, _ = strings.Cut(text, "=") // the value is nobody's to see
	return oneLine(strings.Replace(text, "bad flag syntax: ", "not an option: ", 1))
}

// valueOf says what the value of an option has to be.
func valueOf(flags *flag.FlagSet, name string) string {
	f := flags.Lookup(name)
	if f == nil {
		return "a value"
	}
	noValue, ok := f.Value.(interface{ IsBoolFlag() bool })
	if ok && noValue.IsBoolFlag() {
		return "true or false, which need not be said"
	}
	word, _ := flag.UnquoteUsage(f)
	switch word {
	case "DURATION":
		return "a DURATION, such as 90s or 10m"
	case "NUMBER":
		return "a whole NUMBER"
	}
	return "a value: " + word
}
