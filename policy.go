package hookward

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// policy is a compiled configuration. Nothing changes it once a gate holds it.
// A request has to verify in one of its schemes, or with its token.
type policy struct {
	verifier
	provider     string    // for X-Hookward-Provider and the record
	fast         *fastPath // of the first scheme; nil where it has none
	token        *token
	alone        bool // pass by the address alone: there are no schemes and no token
	addresses    *addresses
	limit        *rateLimit
	ban          *ban
	replay       *replay
	audit        *audit
	shared       *sharedMemory // nil: this Traefik's alone
	identity     *identity     // where a delivery says what it is, unless another form than the first verifies it
	idHeader     string        // where the delivery's id stands, if that is a header; canonical
	eventHeader  string        // where the event's type stands
	asksVerified bool          // a verified request is looked at once more; see answerSigned
	verification string        // a digest of what decides what verifies
	passes       string        // the reason that passes: verified, or addressAllowed
	handshakes   []*handshake
	unsigned     []*handshake // those of them that nobody signs
	signed       []*handshake // the others
	confirm      bool         // visit the URL of an SNS subscription
	methods      map[string]bool
	greets       map[string]bool // methods of handshakes that carry no delivery
	allow        string          // the Allow header of a 405
	maxBodyBytes int64
	bodyTimeout  time.Duration
	observeOnly  bool
	uncompresses bool            // the schemes sign what a body was before it was compressed
	bare         bool            // refusals have no body
	names        map[string]bool // of the headers that the scheme reads
	spoofs       map[string]bool // names that a backend may take for one of them
}

// compilation is what compile makes of a configuration: a policy, or problems.
type compilation struct {
	policy   *policy
	problems []problem
	degraded []problem // what is wrong, but has a substitute in force
	warnings []problem
	files    []plainfile.State // that the policy, or a problem, depends on
	secrets  *resolver
}

const (
	defaultMaxBodyBytes = 1 << 20
	defaultBodyTimeout  = 10 * time.Second
	maxMaxBodyBytes     = 1 << 30
	customProvider      = "custom"    // the name of a scheme that is not in the catalogue
	noProvider          = "allowlist" // that of a gate which looks at the address alone
)

// knownMethods may stand in the option methods. CONNECT and TRACE carry no
// webhook.
var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// compile turns a configuration as it was written into a policy. It names all
// mistakes of reading the options at once, then all of what they say. A panic is one
// more mistake.
func compile(raw map[string]any) *compilation {
	return compileWith(&resolver{}, raw)
}

// compileWith is compile with secrets from a resolver.
func compileWith(secrets *resolver, raw map[string]any) *compilation {
	n := &notes{}
	var p *policy
	func() {
		defer func() {
			if panicked := recover(); panicked != nil {
				addProblem(n, "", kindPanic, "reading the configuration panicked: "+fmt.Sprint(panicked))
			}
		}()
		p = compilePolicy(n, secrets, raw)
	}()
	return &compilation{policy: p, problems: n.problems, degraded: n.degraded, warnings: n.warnings, files: secrets.files, secrets: secrets}
}

// compilePolicy returns the policy, or nil where there are problems. It starts nothing,
// and reads nothing but the files that secrets come from.
func compilePolicy(n *notes, secrets *resolver, raw map[string]any) *policy {
	if len(raw) == 0 {
		addProblem(n, "", kindRequired, "there is no configuration; the least is: provider and secrets")
		return nil
	}
	options, row := decodeOnRow(n, raw)
	if len(n.problems) > 0 {
		return nil
	}
	options.PublicURL = resolvePublicURL(secrets, n, options.PublicURL)
	p := newPolicy(n, options)
	p.bare = row.Habits.Bare
	p.methods = compileMethods(n, options.Methods)
	p.addresses = compileAddresses(n, options, row.Ranges)
	p.limit = compileRateLimit(n, options.RateLimit)
	p.ban = compileBan(n, options.Ban)
	v := compileVerification(n, secrets, options, row.Options, p.methods)
	useVerifier(p, v, options)
	if p.alone {
		p.ban = nil // there is nothing to fail
	}
	p.replay = compileReplay(n, options.Replay, options.StateDirectory)
	if len(n.problems) == 0 && p.replay != nil {
		fitReplay(n, p.replay, p.schemes)
	}
	checkHabits(n, p, &row)
	if len(n.problems) == 0 && options.Redis != nil {
		p.shared = compileRedis(n, secrets, *options.Redis)
		checkShared(n, p)
	}
	p.audit = compileAudit(n, secrets, options, placesOfProofs(p.schemes, p.token, p.handshakes))
	checkStateDirectory(n, p, options.StateDirectory)
	n.problems = withoutRepeats(n.problems)
	n.warnings = withoutRepeats(n.warnings)
	if len(n.problems) > 0 {
		return nil
	}
	completePolicy(p, options)
	return p
}

// newPolicy has what the simple options say.
func newPolicy(n *notes, options Options) *policy {
	p := &policy{
		provider:     options.Provider,
		maxBodyBytes: options.MaxBodyBytes,
		passes:       verified,
		bodyTimeout:  options.BodyTimeout,
		observeOnly:  options.ObserveOnly,
	}
	if p.provider == "" {
		p.provider = customProvider
	}
	if options.Allowlist != nil && options.Allowlist.Alone {
		p.provider = noProvider
		p.passes = addressAllowed
		p.alone = true
	}
	if p.maxBodyBytes == 0 {
		p.maxBodyBytes = defaultMaxBodyBytes
	}
	if p.maxBodyBytes > maxMaxBodyBytes {
		addProblem(n, "maxBodyBytes", kindInvalid, fmt.Sprintf("must be at most %d; bodies are held in memory", maxMaxBodyBytes))
	}
	if p.bodyTimeout == 0 {
		p.bodyTimeout = defaultBodyTimeout
	}
	if p.observeOnly {
		addWarning(n, "observeOnly", kindInvalid, "this gate PROTECTS NOTHING; what the checks refuse is recorded and forwarded")
	}
	return p
}

// checkShared says where redis contradicts what it is for.
func checkShared(n *notes, p *policy) {
	if p.limit != nil && p.limit.period/time.Duration(p.limit.average) < minSharedInterval {
		addProblem(n, "rateLimit.average", kindInvalid, "must be at most 100000 a second where redis counts")
	}
	if p.limit == nil && p.ban == nil && p.replay == nil {
		addWarning(n, "redis", kindNoEffect, "has no effect without rateLimit, replay or ban")
		p.shared = nil
	}
}

// checkStateDirectory checks the option stateDirectory.
func checkStateDirectory(n *notes, p *policy, directory string) {
	if directory == "" {
		return
	}
	if directory[:1] != "/" {
		addProblem(n, "stateDirectory", kindInvalid, "must be an absolute path")
	}
	if p.replay != nil || p.audit.required || len(n.problems) > 0 {
		return
	}
	for _, s := range p.audit.specs {
		if s.queue.FileName != "" {
			return
		}
	}
	if !hasFetchedList(p.addresses) {
		addWarning(n, "stateDirectory", kindNoEffect, "has no effect, because nothing needs it: replay, a list with a url, audit.required, and an output across a network would")
	}
}

// completePolicy adds what follows from all of the options together.
func completePolicy(p *policy, options Options) {
	p.signedNames = signedNames(p.schemes)
	p.verification = verificationOf(p.schemes, p.token, options)
	for _, s := range p.schemes {
		s.names = schemeNames(s)
		s.summary = compileSummary(&s.id, &s.event)
	}
	separateForms(p.schemes)
	p.fast = compileFastPath(&p.verifier)
	if p.token != nil {
		p.token.summary = compileSummary(&p.token.id, &p.token.event)
	}
	first := identityOf(p)
	p.identity = first
	notesMore := len(p.schemes) > 1 || !inHeader(&first.id) || !inHeader(&first.event)
	p.asksVerified = notesMore || len(p.handshakes) > 0 || p.confirm
	if first.id.kind == "header" {
		p.idHeader = first.id.name
	}
	if first.event.kind == "header" {
		p.eventHeader = first.event.name
	}
	if len(p.schemes) > 0 && options.Signature.Uncompressed {
		p.uncompresses = true
		p.fast = nil
	}
	p.names = verifiedNames(p.schemes, p.token)
	if p.uncompresses {
		p.names["Content-Encoding"] = true
	}
	p.spoofs = spoofs(p.names)
}

// orPost returns the methods of deliveries.
func orPost(methods []string) []string {
	if len(methods) == 0 {
		return []string{http.MethodPost}
	}
	return methods
}

func compileMethods(n *notes, written []string) map[string]bool {
	methods := map[string]bool{}
	for i, m := range orPost(written) {
		if !contains(knownMethods, m) {
			addProblem(n, fmt.Sprintf("methods[%d]", i), kindInvalid, quote(m)+" is not a method that may pass; allowed: "+strings.Join(knownMethods, ", "))
		}
		methods[m] = true
	}
	return methods
}
