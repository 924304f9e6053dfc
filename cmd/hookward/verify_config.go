package main

import (
	"flag"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
)

// verifyConfig returns the configuration as it stands under the plugin's key, what is
// to be known of it, and what is wrong.
func verifyConfig(o *verifyOptions, s streams) (map[string]any, []string, string) {
	raw := map[string]any{}
	notes := []string{}
	gate := &checkup.Gate{}
	if len(o.config) > 0 {
		problem := ""
		gate, notes, problem = o.findGate(s)
		if problem != "" {
			return nil, nil, "--config: " + oneLine(problem)
		}
		raw = gate.Options
		o.hide = gate.Hide
	}
	err := o.into(raw)
	if err != nil {
		return nil, nil, err.Error()
	}
	if len(raw) == 0 && len(o.config) == 0 {
		return nil, nil, "there is no configuration; give --provider and --secret, or --config"
	}
	option := resolvedOption(gate, raw)
	if option != "" {
		return nil, nil, "--config: " + option + ": is resolved by Traefik, out of a secret of Kubernetes; give it here with --secret env:NAME, or with --set"
	}
	return raw, notes, ""
}

// gateOptions are the options that say which gate's configuration is meant.
type gateOptions struct {
	config             texts
	middleware, plugin string
}

func (o *gateOptions) define(flags *flag.FlagSet) {
	flags.Var(&o.config, "config", "read the configuration from a `FILE`, or a directory, as check does;\n- is stdin; several times")
	flags.StringVar(&o.middleware, "middleware", "", "the `NAME` of the middleware in --config, with @file or the like, or\nwithout (default the one that is there)")
	flags.StringVar(&o.plugin, "plugin", "", pluginUsage)
}

// findGate returns the gate that is meant, of those in the files.
func (o *gateOptions) findGate(s streams) (*checkup.Gate, []string, string) {
	gates, findings := checkup.Gates(o.config, s.stdin, checkup.Options{Plugin: o.plugin, Environment: true})
	mistakes := []string{}
	for _, f := range findings {
		if f.Severity == finding.Error || f.Rule == "template-not-rendered" {
			mistakes = append(mistakes, sentence(f))
		}
	}
	meant := map[string][]*checkup.Gate{}
	all := map[string]int{}
	for i := range gates {
		g := &gates[i]
		all[g.Key]++
		if o.middleware == "" || g.IsNamed(o.middleware) {
			meant[g.Key] = append(meant[g.Key], g)
		}
	}
	keys := sortedNames(meant)
	switch {
	case len(gates) == 0 && len(mistakes) > 0:
		return nil, nil, strings.Join(mistakes, "; ")
	case len(gates) == 0:
		return nil, nil, noSections + "; 'hookward check FILE' says why"
	case len(keys) == 0:
		text := "there is no middleware " + strconv.Quote(o.middleware) + " of this plugin; there are: " + strings.Join(sortedNames(all), ", ")
		return nil, nil, strings.Join(append([]string{text}, mistakes...), "; ")
	case len(keys) > 1:
		return nil, nil, "there are several middlewares; say with --middleware which one is meant: " + strings.Join(keys, ", ")
	}
	gate := meant[keys[0]][0]
	if gate.Refused != nil {
		return nil, nil, sentence(*gate.Refused)
	}
	notes := []string{}
	for _, other := range meant[gate.Key][1:] {
		switch {
		case reflect.DeepEqual(other.Options, gate.Options):
		case inventory.Provider(gate.Key) == "file":
			notes = append(notes, gate.Key+" is defined in "+other.File+" as well; of several definitions Traefik takes the first")
		default:
			return nil, nil, gate.Key + " is defined in " + gate.File + " and, with other options, in " + other.File + "; Traefik takes none of them"
		}
	}
	notes = append(notes, mistakes...)
	for i := range notes {
		notes[i] = oneLine(notes[i])
	}
	return gate, notes, ""
}

// sentence says what a finding says, without how grave it is.
func sentence(f finding.Finding) string {
	path := ""
	if f.Path != "" {
		path = f.Path + ": "
	}
	return fmt.Sprintf("%s: %s%s", placeOf(f), path, f.Message)
}

// resolvedOption returns the path of an option that Traefik has something else for than
// what is written. Sections have none that a request is judged by.
func resolvedOption(gate *checkup.Gate, raw map[string]any) string {
	for _, name := range sortedNames(raw) {
		switch v := raw[name].(type) {
		case string:
			if gate.IsResolved(v) {
				return name
			}
		case []any:
			for i, item := range v {
				text, ok := item.(string)
				if ok && gate.IsResolved(text) {
					return fmt.Sprintf("%s[%d]", name, i)
				}
			}
		}
	}
	return ""
}
