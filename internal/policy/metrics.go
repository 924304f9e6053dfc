package policy

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/ship"
	"github.com/hookward/hookward/internal/words"
)

// Metrics is the compiled option metrics: where the numbers are, and who may have them.
// The addresses are the policy's.
type Metrics struct {
	Path   string
	Digest [sha256.Size]byte // of the token
	Token  bool              // it needs one
	Serves bool              // somebody may have them here

	Outputs []MetricsOutput
}

// MetricsOutput is where the numbers are sent.
type MetricsOutput struct {
	Name     string // for people
	Target   ship.Target
	Interval time.Duration
	Digest   string // of all options
}

const (
	maxMetricsOutputs      = 4
	defaultMetricsInterval = 15 * time.Second
	maxMetricsInterval     = time.Hour
)

const defaultMetricsPath = "/metrics"

// minToken is in bytes. It is short enough to be typed, and too long to be guessed:
// nobody is banned here for guessing.
const minToken = 16

// passesNothing is no reason that a check ends with: whoever takes such a policy for that of
// a gate finds that nothing passes.
const passesNothing = "nothing"

// ofEndpoint are the options that a middleware may have which is no gate.
var ofEndpoint = map[string][]string{
	"metrics": {"metrics", "allowlist", "denylist", "ipStrategy", "stateDirectory"},
	"console": {"console", "allowlist", "denylist", "ipStrategy", "stateDirectory", "audit"},
}

// compileMetrics returns the policy of a middleware that is no gate, or nil where there are
// problems.
func compileMetrics(n *config.Notes, resolver *secrets.Resolver, options config.Options) *Policy {
	o := *options.Metrics
	excludeGate(n, options, "metrics")
	m := &Metrics{Path: words.OrDefault(o.Path, defaultMetricsPath)}
	if m.Path[0] != '/' || strings.ContainsAny(m.Path, "?#%") {
		config.AddProblem(n, "metrics.path", config.KindInvalid, words.Quote(o.Path)+" is no path: it begins with a slash, and has no ?, # or %")
	}
	if o.Token != "" {
		key := secrets.ResolveOption(resolver, n, "metrics.token", o.Token, "utf8")
		checkToken(n, "metrics.token", key)
		m.Token = true
		m.Digest = sha256.Sum256(key)
	}
	m.Outputs = compileMetricsOutputs(n, resolver, o.Outputs)
	m.Serves = m.Token || options.Allowlist != nil || o.Insecure
	switch {
	case !m.Serves && len(m.Outputs) == 0:
		config.AddProblem(n, "metrics", config.KindRequired, "would be open to everybody; give token, or allowlist beside it, or say insecure: true if something in front decides who may; or give outputs, and nobody gets the numbers here")
	case o.Insecure && (m.Token || options.Allowlist != nil):
		config.AddProblem(n, "metrics.insecure", config.KindContradiction, "contradicts token and allowlist; leave it out")
	}
	if o.Insecure {
		config.AddWarning(n, "metrics.insecure", config.KindInvalid, "gives the names of all gates, and how often each refuses what, to whoever reaches this router")
	}
	p := &Policy{Metrics: m, Audit: &audit.Settings{}, Passes: passesNothing}
	return endpointPolicy(n, p, options, "metrics")
}

// checkToken looks at a token that lets somebody look, which nobody is to guess.
func checkToken(n *config.Notes, path string, key []byte) {
	if key != nil && len(key) < minToken {
		config.AddProblem(n, path, config.KindWeakSecret, "has less than 16 bytes, and could be guessed; openssl rand -hex 16 makes one")
	}
}

// endpointPolicy completes the policy of a middleware that is no gate, or returns nil where
// there are problems.
func endpointPolicy(n *config.Notes, p *Policy, options config.Options, section string) *Policy {
	if len(n.Problems) == 0 {
		p.Addresses = compileAddresses(n, options, nil)
	}
	if options.StateDirectory != "" && !hasFetchedList(p.Addresses) && !sends(p.Audit) && len(n.Problems) == 0 {
		config.AddWarning(n, "stateDirectory", config.KindNoEffect, "has no effect beside "+section+" without a list that has a url")
	}
	n.Problems = config.WithoutRepeats(n.Problems)
	n.Warnings = config.WithoutRepeats(n.Warnings)
	if len(n.Problems) > 0 {
		return nil
	}
	return p
}

// sends says whether records go across a network, so that they may have to wait on disk.
func sends(a *audit.Settings) bool {
	for i := range a.Specs {
		if a.Specs[i].Target.URL != "" {
			return true
		}
	}
	return false
}

// compileMetricsOutputs compiles where numbers are sent.
func compileMetricsOutputs(n *config.Notes, resolver *secrets.Resolver, outputs []*config.MetricsOutputOptions) []MetricsOutput {
	config.CheckCount(n, "metrics.outputs", len(outputs), maxMetricsOutputs)
	compiled := []MetricsOutput{}
	seen := map[string]bool{}
	for i, o := range outputs {
		path := fmt.Sprintf("metrics.outputs[%d]", i)
		if o.Type != "otlp" {
			config.AddProblem(n, path+".type", config.KindInvalid, "must be otlp")
			continue
		}
		s := audit.Spec{}
		own := &credentials{secrets: resolver}
		target := config.OutputOptions{}
		config.LayUpon(&target, o)
		compileTarget(n, own, &s, target, path)
		checkDistinct(n, path, seen, s.Key)
		c := MetricsOutput{Name: s.Name, Target: s.Target, Interval: config.DurationOr(o.Interval, defaultMetricsInterval)}
		if c.Interval < time.Second || c.Interval > maxMetricsInterval {
			config.AddProblem(n, path+".interval", config.KindInvalid, "must be between 1s and 1h")
		}
		plain := *o
		plain.TLS = nil
		c.Digest = digestOf(own, plain, o.TLS)
		compiled = append(compiled, c)
	}
	return compiled
}

// excludeGate refuses options of a gate: nothing passes a middleware that only answers.
func excludeGate(n *config.Notes, options config.Options, section string) {
	contradicts := func(name string) {
		config.AddProblem(n, section, config.KindContradiction, "contradicts "+name+"; a middleware with "+section+" verifies nothing and lets nothing pass: give it a name and a router of its own")
	}
	if options.Provider != "" {
		contradicts("provider")
		return // the rest may be the provider's
	}
	for _, name := range givenBeside(&options, ofEndpoint[section]) {
		contradicts(name)
	}
	if options.Allowlist != nil && options.Allowlist.Alone {
		config.AddProblem(n, "allowlist.alone", config.KindNoEffect, "has no effect beside "+section)
	}
	if options.Allowlist != nil && options.Allowlist.AllowAll {
		config.AddProblem(n, "allowlist.allowAll", config.KindContradiction, "contradicts "+section+", which must not be open to everybody")
	}
}
