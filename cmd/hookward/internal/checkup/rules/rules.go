// Package rules finds what is wrong with the hookward middlewares of a set of
// configurations, and with the routers that use them. What an option may be is for the
// plugin's own code to say.
package rules

import (
	"fmt"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/inventory"
	"github.com/hookward/hookward/internal/inspect"
)

// Options say how a set is to be looked at.
type Options struct {
	Plugin      string // the plugin's name in Traefik; empty: as a static configuration says, or hookward
	Environment bool   // references are resolved here
}

// gate is a middleware with a section of the plugin.
type gate struct {
	*inventory.Middleware
	alias      string
	section    *document.Node
	inspection inspect.Inspection
}

type check struct {
	set         *inventory.Set
	options     Options
	aliases     []string
	gates       []*gate // in the order in which they are written
	gateOf      map[*inventory.Middleware]*gate
	middlewares map[string]*inventory.Middleware // by key; the first counts
	findings    []finding.Finding
	known       map[string]*document.Node              // entry points, by name; nil until they are asked for
	named       []string                               // by routers; the same
	refused     map[*inventory.Source]*finding.Finding // why Traefik takes nothing of a source, by its fields
}

// Run returns what is to be said of a set, and how many sections of the plugin it has.
func Run(set *inventory.Set, options Options) ([]finding.Finding, int) {
	c := &check{set: set, options: options, gateOf: map[*inventory.Middleware]*gate{}, middlewares: map[string]*inventory.Middleware{}}
	c.aliases = c.findAliases()
	for _, m := range set.Middlewares {
		c.checkPlugin(m)
		c.checkNumbers(m)
		c.checkTwice(m)
	}
	c.checkStructure()
	c.checkSameSecrets()
	c.checkReferences()
	c.checkNamespaces()
	c.checkServices()
	c.checkEntryPoints()
	c.checkRules()
	c.checkUnused()
	c.checkChains()
	c.checkEndpoints()
	c.checkRoutes()
	c.checkStatics()
	c.checkStores()
	return finding.Sort(append(c.findings, set.Findings...)), len(c.gates)
}

// say notes a finding about a node of a file.
func (c *check) say(file string, n *document.Node, severity, rule, path, format string, arguments ...any) {
	message := format
	if len(arguments) > 0 {
		message = fmt.Sprintf(format, arguments...)
	}
	c.findings = append(c.findings, finding.At(file, n, severity, rule, path, message))
}

// checkTwice warns of a second definition of a gate: which one counts depends on the
// provider, and on the order of files.
func (c *check) checkTwice(m *inventory.Middleware) {
	first, twice := c.middlewares[m.Key]
	if !twice {
		c.middlewares[m.Key] = m
		return
	}
	if c.gateOf[m] == nil && c.gateOf[first] == nil || m.Node == first.Node {
		return
	}
	effect := "takes the first"
	if inventory.Provider(m.Key) != "file" {
		effect = "takes none of them where they differ, and drops the routers that use them"
	}
	c.say(m.File, m.Node, finding.Warning, "defined-twice", m.Title(), "is defined in %s as well: of several definitions Traefik %s", place(first), effect)
}

func place(m *inventory.Middleware) string {
	return fmt.Sprintf("%s:%d", m.File, m.Node.Line)
}
