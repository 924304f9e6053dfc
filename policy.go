package hookward

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// policy is a compiled configuration. Nothing changes it once a gate holds it.
type policy struct {
	provider     string // for X-Hookward-Provider and the record
	scheme       *scheme
	keys         [][]byte // newest first, never empty
	methods      map[string]bool
	allow        string // the Allow header of a 405
	maxBodyBytes int64
	bodyTimeout  time.Duration
	observeOnly  bool
	names        map[string]bool // of the headers that the scheme reads
	spoofs       map[string]bool // names that a backend may take for one of them
}

// compilation is what compile makes of a configuration: a policy, or problems.
type compilation struct {
	policy   *policy
	problems []string
	degraded []string // what is wrong, but has a substitute in force
	warnings []string
	files    []fileState // that the policy, or a problem, depends on
}

const (
	defaultTolerance    = 5 * time.Minute
	defaultMaxBodyBytes = 1 << 20
	defaultBodyTimeout  = 10 * time.Second
	maxMaxBodyBytes     = 1 << 30
	maxSecrets          = 16
	customProvider      = "custom" // the name of a scheme that is not in the catalogue
)

// knownMethods may stand in the option methods. CONNECT and TRACE carry no
// webhook.
var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// compile turns a configuration as it was written into a policy. It names all
// mistakes of reading the options at once, then all of what they say.
func compile(raw map[string]any) *compilation {
	c := &compilation{}
	if len(raw) == 0 {
		c.problems = []string{"there is no configuration; the least is: provider and secrets"}
		return c
	}
	options, problems := Decode(raw)
	if len(problems) > 0 {
		c.problems = problems
		return c
	}
	p := &policy{
		provider:     options.Provider,
		methods:      map[string]bool{},
		maxBodyBytes: options.MaxBodyBytes,
		bodyTimeout:  options.BodyTimeout,
		observeOnly:  options.ObserveOnly,
	}
	if p.provider == "" {
		p.provider = customProvider
	}
	if p.maxBodyBytes == 0 {
		p.maxBodyBytes = defaultMaxBodyBytes
	}
	if p.maxBodyBytes > maxMaxBodyBytes {
		c.problems = append(c.problems, fmt.Sprintf("maxBodyBytes: must be at most %d; bodies are held in memory", maxMaxBodyBytes))
	}
	if p.bodyTimeout == 0 {
		p.bodyTimeout = defaultBodyTimeout
	}
	if p.observeOnly {
		c.warnings = append(c.warnings, "observeOnly: this gate PROTECTS NOTHING; what the checks refuse is recorded and forwarded")
	}
	compileMethods(c, p, options.Methods)
	compileScheme(c, p, options)
	compileSecrets(c, p, options)
	if len(c.problems) == 0 {
		p.names = schemeNames(p.scheme)
		p.spoofs = spoofs(p.names)
		c.policy = p
	}
	return c
}

func compileMethods(c *compilation, p *policy, methods []string) {
	if len(methods) == 0 {
		methods = []string{http.MethodPost}
	}
	for i, m := range methods {
		if !contains(knownMethods, m) {
			c.problems = append(c.problems, fmt.Sprintf("methods[%d]: %s is not a method that may pass; allowed: %s",
				i, quote(m), strings.Join(knownMethods, ", ")))
		}
		p.methods[m] = true
	}
	p.allow = strings.Join(methods, ", ")
}

func compileSecrets(c *compilation, p *policy, options Options) {
	if len(options.Secrets) == 0 {
		c.problems = append(c.problems, "secrets: is required; write env:NAME or file:/path")
		return
	}
	if len(options.Secrets) > maxSecrets {
		c.problems = append(c.problems, fmt.Sprintf("secrets: at most %d are tried for a request", maxSecrets))
		return
	}
	encoding := "utf8"
	if options.Signature != nil && options.Signature.SecretEncoding != "" {
		encoding = options.Signature.SecretEncoding
	}
	for i, ref := range options.Secrets {
		s := resolveSecret(ref, encoding)
		c.files = append(c.files, s.files...)
		path := fmt.Sprintf("secrets[%d]: ", i)
		if s.problem != "" {
			c.problems = append(c.problems, path+s.problem)
			continue
		}
		if s.degraded != "" {
			c.degraded = append(c.degraded, path+s.degraded)
		}
		for _, w := range s.warnings {
			c.warnings = append(c.warnings, path+w)
		}
		p.keys = append(p.keys, s.key)
	}
}

func contains(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}
