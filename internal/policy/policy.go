// Package policy knows what all options of a configuration come to together: it
// compiles them, once. It must not know a request, nor hold anything that changes:
// that is the gate's.
package policy

import (
	"fmt"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/clientcertificate"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/messagesignature"
	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/tokens"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// identitiesOf returns where the id and the event of a delivery stand, for each way in which
// it may verify.
func identitiesOf(p *Policy) []*message.Identity {
	all := []*message.Identity{}
	for i := range p.Schemes {
		all = append(all, &p.Schemes[i].Identity)
	}
	if p.Token != nil {
		all = append(all, &p.Token.Identity)
	}
	if p.JWT != nil {
		all = append(all, &p.JWT.Identity)
	}
	if p.MessageSignature != nil {
		all = append(all, &p.MessageSignature.Identity)
	}
	return all
}

// Policy is a compiled configuration. Nothing changes it once a gate holds it.
// A request has to verify in one of its schemes, or with its token or its JWT.
type Policy struct {
	signature.Verifier
	Provider           string           // for X-Hookward-Provider and the record
	Fast               *signature.Usual // of the first scheme; nil where it has none
	Token              *tokens.Token
	JWT                *jwt.Verifier
	MessageSignature   *messagesignature.Verifier
	Certificate        *clientcertificate.Criterion // nil where no client certificate is asked for
	CertificateAlone   bool                         // and nothing else: there are no schemes and no token
	Authenticate       map[string]string            // the header WWW-Authenticate of a refusal, by its reason
	KeySources         []keyset.Source              // of keys that their owners replace; memory.State has the sets
	AddressOnly        bool                         // pass by the address alone: there are no schemes and no token
	Addresses          *Addresses
	Limit              *RateLimit
	Ban                *Ban
	Replay             *Replay
	Delivery           *Delivery
	Audit              *audit.Settings
	Shared             *Redis            // nil: this Traefik's alone
	Identity           *message.Identity // where a delivery says what it is, unless another scheme than the first verifies it
	IDHeader           string            // where the delivery's id stands, if that is a header; canonical
	EventHeader        string            // where the event's type stands
	AsksVerified       bool              // a verified request is looked at once more; see answerSigned
	VerificationDigest string            // a digest of what decides what verifies
	Passes             string            // the reason that passes: verified, or AddressAllowed
	Handshakes         []*handshakes.Handshake
	Unsigned           []*handshakes.Handshake // those of them that nobody signs
	Signed             []*handshakes.Handshake // the others
	Confirm            bool                    // visit the URL of an SNS subscription
	Methods            map[string]bool
	HandshakeMethods   map[string]bool // methods of handshakes that carry no delivery
	Allow              string          // the Allow header of a 405
	MaxBodyBytes       int64
	BodyTimeout        time.Duration
	ObserveOnly        bool
	StaleStatus        int             // of the answer to a delivery that is too old; 0: the reason's
	Uncompresses       bool            // the schemes sign what a body was before it was compressed
	Bare               bool            // refusals have no body
	Names              map[string]bool // of the headers that the scheme reads
	Spoofs             map[string]bool // names that a backend may take for one of them

	MaxBodyMemory int64 // for the bodies of all gates; 0 where nothing is said

	Metrics *Metrics // it is no gate, and answers with numbers; nil for all others
	Console *Console // it is no gate, and answers with a page; nil for all others
}

// Compilation is what Compile makes of a configuration: a policy, or problems.
type Compilation struct {
	Policy   *Policy
	Problems []config.Problem
	Degraded []config.Problem // what is wrong, but has a substitute in force
	Warnings []config.Problem
	Files    []plainfile.State // that the policy, or a problem, depends on
	Secrets  *secrets.Resolver
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

// Compile turns a configuration as it was written into a policy. It names all
// mistakes of reading the options at once, then all of what they say. A panic is one
// more mistake.
func Compile(raw map[string]any) *Compilation {
	return CompileWith(&secrets.Resolver{}, raw)
}

// CompileWith is Compile with secrets from a resolver.
func CompileWith(resolver *secrets.Resolver, raw map[string]any) *Compilation {
	n := &config.Notes{}
	var p *Policy
	func() {
		defer func() {
			if panicked := recover(); panicked != nil {
				config.AddProblem(n, "", config.KindPanic, "reading the configuration panicked: "+fmt.Sprint(panicked))
			}
		}()
		p = compilePolicy(n, resolver, raw)
	}()
	return &Compilation{Policy: p, Problems: n.Problems, Degraded: n.Degraded, Warnings: n.Warnings, Files: resolver.Files, Secrets: resolver}
}

// compilePolicy returns the policy, or nil where there are problems. It starts nothing,
// and reads nothing but the files that secrets come from.
func compilePolicy(n *config.Notes, resolver *secrets.Resolver, raw map[string]any) *Policy {
	if len(raw) == 0 {
		config.AddProblem(n, "", config.KindRequired, "there is no configuration; the least is: provider and secrets")
		return nil
	}
	options, row := config.DecodeOnRow(n, raw)
	if len(n.Problems) > 0 {
		return nil
	}
	if options.Metrics != nil {
		return compileMetrics(n, resolver, options)
	}
	if options.Console != nil {
		return compileConsole(n, resolver, options)
	}
	options.PublicURL = signature.ResolvePublicURL(resolver, n, options.PublicURL)
	p := newPolicy(n, options)
	p.Bare = row.Habits.Bare
	p.Methods = compileMethods(n, options.Methods)
	p.Addresses = compileAddresses(n, options, row.Ranges)
	p.Limit = compileRateLimit(n, options.RateLimit)
	p.Ban = compileBan(n, options.Ban)
	p.Certificate = clientcertificate.Compile(n, resolver, options.ClientCertificate)
	v := compileVerification(n, resolver, options, row.Options, p.Methods)
	useVerifier(p, v, options)
	if p.AddressOnly {
		p.Ban = nil // there is nothing to fail
	}
	p.Replay = compileReplay(n, options.Replay, options.StateDirectory)
	if len(n.Problems) == 0 && p.Replay != nil {
		fitReplay(n, p)
	}
	checkHabits(n, p, options, &row)
	if len(n.Problems) == 0 && options.Redis != nil {
		p.Shared = compileRedis(n, resolver, *options.Redis)
		checkShared(n, p, options.Delivery)
	}
	p.Delivery = compileDelivery(n, resolver, options, p, &row)
	p.Audit = compileAudit(n, resolver, options, locationsOfProofs(p))
	checkLetterFiles(n, p)
	checkStateDirectory(n, p, options.StateDirectory)
	n.Problems = config.WithoutRepeats(n.Problems)
	n.Warnings = config.WithoutRepeats(n.Warnings)
	if len(n.Problems) > 0 {
		return nil
	}
	completePolicy(p, options)
	return p
}

// newPolicy has what the simple options say.
func newPolicy(n *config.Notes, options config.Options) *Policy {
	p := &Policy{
		Provider:     words.OrDefault(options.Provider, customProvider),
		MaxBodyBytes: config.NumberOr(options.MaxBodyBytes, defaultMaxBodyBytes),
		Passes:       verdict.Verified,
		BodyTimeout:  config.DurationOr(options.BodyTimeout, defaultBodyTimeout),
		ObserveOnly:  options.ObserveOnly,

		MaxBodyMemory: options.MaxBodyMemoryBytes,
	}
	if options.Allowlist != nil && options.Allowlist.Alone {
		p.Provider = noProvider
		p.Passes = verdict.AddressAllowed
		p.AddressOnly = true
	}
	if p.MaxBodyBytes > maxMaxBodyBytes {
		config.AddProblem(n, "maxBodyBytes", config.KindInvalid, fmt.Sprintf("must be at most %d; bodies are held in memory", maxMaxBodyBytes))
	}
	if p.ObserveOnly {
		config.AddWarning(n, "observeOnly", config.KindInvalid, "this gate PROTECTS NOTHING; what the checks refuse is recorded and forwarded")
	}
	return p
}

// checkShared says where redis contradicts what it is for.
func checkShared(n *config.Notes, p *Policy, delivery *config.DeliveryOptions) {
	if p.Limit != nil && p.Limit.Period/time.Duration(p.Limit.Average) < minSharedInterval {
		config.AddProblem(n, "rateLimit.average", config.KindInvalid, "must be at most 100000 a second where redis counts")
	}
	stores := delivery != nil && delivery.Store != nil && delivery.Store.Type == "redis"
	if p.Limit == nil && p.Ban == nil && p.Replay == nil && !stores {
		config.AddWarning(n, "redis", config.KindNoEffect, "has no effect without rateLimit, replay, ban or delivery.store.type: redis")
		p.Shared = nil
	}
}

// completePolicy adds what follows from all of the options together.
func completePolicy(p *Policy, options config.Options) {
	p.SignedNames = signature.SignedNames(p.Schemes)
	p.VerificationDigest = verificationOf(p, options)
	for _, s := range p.Schemes {
		s.Names = signature.SchemeNames(s)
	}
	signature.SeparateForms(p.Schemes)
	p.Fast = signature.UsualOf(&p.Verifier)
	first := &message.Identity{} // where a gate finds id and event that looks at the address alone
	for i, identity := range identitiesOf(p) {
		identity.Summary = message.SummaryOf(&identity.ID, &identity.Event)
		if i == 0 {
			first = identity
		}
	}
	p.Identity = first
	notesMore := len(p.Schemes) > 1 || !message.InHeader(&first.ID) || !message.InHeader(&first.Event)
	p.AsksVerified = notesMore || len(p.Handshakes) > 0 || p.Confirm
	if first.ID.Kind == "header" {
		p.IDHeader = first.ID.Name
	}
	if first.Event.Kind == "header" {
		p.EventHeader = first.Event.Name
	}
	if len(p.Schemes) > 0 && options.Signature.Uncompressed {
		p.Uncompresses = true
		p.Fast = nil
	}
	p.Names = verifiedNames(p)
	if p.MessageSignature != nil {
		p.Authenticate = messagesignature.Challenges(options.MessageSignature.WWWAuthenticate)
	}
	if p.Uncompresses {
		p.Names["Content-Encoding"] = true
		for _, s := range p.Schemes {
			s.Names["Content-Encoding"] = true // else forward takes it for another scheme's
		}
	}
	p.Spoofs = header.Spoofs(p.Names)
	header.AddOverrides(p.Spoofs, p.Names)
	if p.JWT != nil {
		jwt.AddSpoofs(p.JWT, p.Spoofs)
	}
}
