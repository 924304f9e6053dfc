package policy

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// What somebody may do in the console. A viewer sees deliveries without their payload, and an
// operator is a reader who may change what is stored.
const (
	Viewer   = "viewer"
	Reader   = "reader"
	Operator = "operator"
)

// Console is the compiled option console. The addresses are the policy's.
type Console struct {
	Path       string            // without a slash at its end
	Hosts      map[string]bool   // as a browser names them
	Roles      map[string]string // by the digest of a token
	UserHeader string            // of the middleware in front that authenticates; empty if there is none
	UserRole   string
	Payload    bool // whether a reader sees it
}

var (
	pathPattern = regexp.MustCompile(`^(/[A-Za-z0-9_-]+)+$`)
	hostPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(:[0-9]+)?$`)
	namePattern = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
)

// compileConsole returns the policy of a middleware that is no gate, and shows what the gates
// have decided; or nil where there are problems.
func compileConsole(n *config.Notes, resolver *secrets.Resolver, options config.Options) *Policy {
	excludeGate(n, options, "console")
	p := &Policy{Console: compilePage(n, resolver, options.Console), Passes: passesNothing}
	p.Audit = compileAudit(n, resolver, options, proofLocations{headers: map[string]bool{}})
	if options.Audit != nil {
		other := *options.Audit
		other.Outputs = nil
		if !reflect.ValueOf(other).IsZero() {
			config.AddProblem(n, "audit", config.KindNoEffect, "has no effect beside console but for its outputs: there are no requests to record")
		}
	}
	return endpointPolicy(n, p, options, "console")
}

// compilePage compiles the option console.
func compilePage(n *config.Notes, resolver *secrets.Resolver, o *config.ConsoleOptions) *Console {
	s := &Console{Path: words.OrDefault(o.Path, "/hookward"), Hosts: map[string]bool{}, Roles: map[string]string{}, Payload: o.Payload != "hash"}
	if !pathPattern.MatchString(s.Path) {
		config.AddProblem(n, "console.path", config.KindInvalid, "is a path such as /hookward: letters, digits, - and _ after each slash, and none at the end")
	}
	for i, host := range o.Hosts {
		s.Hosts[host] = true
		if !hostPattern.MatchString(host) {
			config.AddProblem(n, fmt.Sprintf("console.hosts[%d]", i), config.KindInvalid, "is a name as the browser sends it in Host: lower case, with the port where the address has one, such as console.example.com or localhost:8080")
		}
	}
	if len(o.Hosts) == 0 {
		config.AddProblem(n, "console.hosts", config.KindRequired, "is required: the names under which the page is called; all others are refused, so that no foreign page can speak to it")
	}
	addTokens(n, resolver, s, "console.viewers", o.Viewers, Viewer)
	addTokens(n, resolver, s, "console.readers", o.Readers, Reader)
	addTokens(n, resolver, s, "console.operators", o.Operators, Operator)
	compileUser(n, s, o)
	if o.Payload != "" && o.Payload != "recorded" && o.Payload != "hash" {
		config.AddProblem(n, "console.payload", config.KindInvalid, "is recorded or hash")
	}
	return s
}

// addTokens adds the tokens of a role.
func addTokens(n *config.Notes, resolver *secrets.Resolver, s *Console, path string, refs []string, role string) {
	for i, ref := range refs {
		here := fmt.Sprintf("%s[%d]", path, i)
		key := secrets.ResolveOption(resolver, n, here, ref, "utf8")
		if key == nil {
			continue // which has been said
		}
		checkToken(n, here, key)
		digest := ConsoleDigest(string(key))
		if s.Roles[digest] != "" {
			config.AddProblem(n, here, config.KindContradiction, "is there twice: one token has one role")
		}
		s.Roles[digest] = role
	}
}

// compileUser compiles who else may come in: those whom a middleware in front lets through.
func compileUser(n *config.Notes, s *Console, o *config.ConsoleOptions) {
	s.UserRole = words.OrDefault(o.UserRole, Viewer)
	if s.UserRole != Viewer && s.UserRole != Reader && s.UserRole != Operator {
		config.AddProblem(n, "console.userRole", config.KindInvalid, "is viewer, reader or operator")
	}
	if o.UserRole != "" && o.UserHeader == "" {
		config.AddProblem(n, "console.userRole", config.KindNoEffect, "has no effect without console.userHeader")
	}
	if o.UserHeader != "" {
		s.UserHeader = http.CanonicalHeaderKey(o.UserHeader)
		if !namePattern.MatchString(o.UserHeader) {
			config.AddProblem(n, "console.userHeader", config.KindInvalid, "is a header's name, of letters, digits and dashes")
		}
	}
	if len(o.Viewers)+len(o.Readers)+len(o.Operators) == 0 && o.UserHeader == "" {
		config.AddProblem(n, "console.readers", config.KindRequired, "is required, or viewers, operators or userHeader: a page that anybody may see is not served")
	}
}

// ConsoleDigest returns what stands for a token, or for a session: none of them is kept.
func ConsoleDigest(text string) string {
	return words.Digest(text)
}
