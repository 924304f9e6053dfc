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
	shortLimit   bool          // the limit counts client addresses, here, and tells nobody
	shortEnd     bool          // see decider: nothing has to be taken out, or written down, before a request is forwarded
	timestamped  bool          // a scheme signs a timestamp
	welcomes     bool          // a verified request is looked at once more; see welcome
	guarded      bool          // there is a strategy, a list, or a limit
	verification string        // a digest of what decides what verifies
	passes       string        // the reason that passes: verified, or addressAllowed
	handshakes   []*handshake
	asksUnsigned bool // whether one of them looks like a delivery, and is not signed
	confirm      bool // visit the URL of an SNS subscription
	methods      map[string]bool
	greets       map[string]bool // methods of handshakes that carry no delivery
	allow        string          // the Allow header of a 405
	maxBodyBytes int64
	bodyTimeout  time.Duration
	observeOnly  bool
	names        map[string]bool // of the headers that the scheme reads
	spoofs       map[string]bool // names that a backend may take for one of them
	without      []string        // why there are no more schemes
}

// compilation is what compile makes of a configuration: a policy, or problems.
type compilation struct {
	policy   *policy
	row      provider // of the catalogue: no warning is about what it says
	problems []string
	degraded []string // what is wrong, but has a substitute in force
	warnings []string
	files    []plainfile.State   // that the policy, or a problem, depends on
	keys     map[string][][]byte // the secrets, by encoding

	secretTexts []string // the secrets as they are written, and all others that the options have

	clientKeys string // what the section that is being compiled has references to

	// standIn, where it is set, may have something else in the place of a secret:
	// who inspects a configuration elsewhere does not have those that it names.
	standIn func(path, ref, encoding string) *secret
}

const (
	defaultMaxBodyBytes = 1 << 20
	defaultBodyTimeout  = 10 * time.Second
	maxMaxBodyBytes     = 1 << 30
	maxSecrets          = 16
	customProvider      = "custom"    // the name of a scheme that is not in the catalogue
	noProvider          = "allowlist" // that of a gate which looks at the address alone
)

// knownMethods may stand in the option methods. CONNECT and TRACE carry no
// webhook.
var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// compile turns a configuration as it was written into a policy. It names all
// mistakes of reading the options at once, then all of what they say.
func compile(raw map[string]any) *compilation {
	return compileInto(&compilation{}, raw)
}

// compileInto is compile with what c says of the surroundings. It starts nothing,
// and reads nothing but the files that secrets come from.
func compileInto(c *compilation, raw map[string]any) *compilation {
	if len(raw) == 0 {
		c.problems = []string{"there is no configuration; the least is: provider and secrets"}
		return c
	}
	options, row, problems := decodeOnRow(raw)
	c.row = row
	if len(problems) > 0 {
		c.problems = problems
		return c
	}
	p := newPolicy(c, options)
	compileMethods(c, p, options.Methods)
	compileAddresses(c, p, options)
	p.limit = compileRateLimit(c, options.RateLimit)
	p.ban = compileBan(c, options.Ban)
	compileVerification(c, p, options)
	if p.alone {
		p.ban = nil // there is nothing to fail
	}
	p.replay = compileReplay(c, options.Replay, options.StateDirectory)
	if len(c.problems) == 0 {
		fitReplay(c, p)
	}
	if len(c.problems) == 0 {
		p.shared = compileRedis(c, p, options.Redis)
	}
	p.audit = compileAudit(c, p, options)
	compileStateDirectory(c, p, options.StateDirectory)
	c.problems = withoutRepeats(c.problems)
	c.warnings = withoutRepeats(c.warnings)
	if len(c.problems) == 0 {
		completePolicy(p, options)
		c.policy = p
	}
	return c
}

// newPolicy has what the simple options say.
func newPolicy(c *compilation, options Options) *policy {
	p := &policy{
		provider:     options.Provider,
		methods:      map[string]bool{},
		greets:       map[string]bool{},
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
		c.problems = append(c.problems, fmt.Sprintf("maxBodyBytes: must be at most %d; bodies are held in memory", maxMaxBodyBytes))
	}
	if p.bodyTimeout == 0 {
		p.bodyTimeout = defaultBodyTimeout
	}
	if p.observeOnly {
		c.warnings = append(c.warnings, "observeOnly: this gate PROTECTS NOTHING; what the checks refuse is recorded and forwarded")
	}
	return p
}

// completePolicy adds what follows from all of the options together.
func completePolicy(p *policy, options Options) {
	p.signedNames = signedNames(p.schemes)
	p.guarded = p.addresses != nil || p.limit != nil
	if p.addresses == nil {
		p.addresses = &addresses{}
	}
	p.verification = verificationOf(p, options)
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
	p.welcomes = notesMore || len(p.handshakes) > 0 || p.confirm
	if first.id.kind == "header" {
		p.idHeader = first.id.name
	}
	if first.event.kind == "header" {
		p.eventHeader = first.event.name
	}
	l := p.limit
	p.shortLimit = l != nil && p.shared == nil && l.exempt == nil && l.header == "" && !l.host && l.told == ""
	for _, s := range p.schemes {
		p.timestamped = p.timestamped || s.timestamped
	}
	p.shortEnd = len(p.schemes) < 2 && !p.audit.required
	p.names = policyNames(p)
	p.spoofs = spoofs(p.names)
}

// compileVerification compiles what a request is verified by: a signature or a
// token. Of two it would never be clear whether one is enough.
func compileVerification(c *compilation, p *policy, options Options) {
	signature := options.Signature != nil && (options.Provider != "" || len(options.Signature.Header) > 0 || options.Signature.Field != "")
	wrong := func(text string) { c.problems = append(c.problems, text) }
	switch {
	case p.alone:
		return
	case signature && options.Token != nil:
		wrong("token: contradicts signature; a gate verifies one of the two")
	case signature:
		compileSignature(c, p, options)
	case options.Token != nil:
		compileToken(c, p, options)
	default:
		wrong("provider: is required, or signature.header for a scheme of your own, or token; docs/providers.md lists the providers")
		return
	}
	compileHandshakes(c, p, options)
	if len(p.schemes) == 0 && p.token == nil && len(p.without) > 0 {
		wrong(p.without[0])
	}
	if len(c.problems) > 0 {
		return
	}
	if len(options.Secrets) > 0 && p.token == nil && !usesSecrets(p.schemes) {
		wrong("secrets: has no effect, because the scheme has a public key")
	}
	if len(options.PublicKeys) > 0 && !usesPublicKeys(p.schemes) {
		wrong("publicKeys: has no effect, because the scheme has a shared secret")
	}
	if options.PublicURL != "" && !usesURL(p) {
		wrong("publicURL: has no effect, because the scheme does not sign the URL")
	}
	if options.ConfirmSubscriptions && (len(p.schemes) == 0 || p.schemes[0].certificate.kind == "") {
		wrong("confirmSubscriptions: has no effect, because it belongs to AWS SNS")
	}
	p.confirm = options.ConfirmSubscriptions
}

// usesURL says whether the policy has a use for the option publicURL.
func usesURL(p *policy) bool {
	for _, h := range p.handshakes {
		if digestsURL(h) {
			return true
		}
	}
	return verifiesURL(p.schemes)
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
