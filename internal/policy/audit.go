package policy

import (
	"fmt"
	"net/http"
	"regexp"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/redact"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

const (
	defaultMaxPayload = 16 << 10
	maxMaxPayload     = 1 << 20
	maxAuditHeaders   = 8
)

// proofLocations are where a request has its signature or token, and where a handshake has
// its token and its challenge.
type proofLocations struct {
	headers    map[string]bool // canonical
	proofs     []message.Location
	challenges []message.Location
}

// locationsOfProofs returns where what proves a request stands.
func locationsOfProofs(verifies *Policy) proofLocations {
	p := proofLocations{headers: map[string]bool{}}
	if verifies.JWT != nil {
		p.proofs = append(p.proofs, verifies.JWT.Locations...)
		if verifies.JWT.Body {
			p.proofs = append(p.proofs, message.Location{Kind: "body"})
		}
	}
	if verifies.MessageSignature != nil {
		p.headers["Signature"] = true
		p.headers["Authorization"] = true
	}
	for _, s := range verifies.Schemes {
		for _, name := range s.Headers {
			p.headers[name] = true
		}
		p.proofs = append(p.proofs, s.Field)
	}
	if verifies.Token != nil {
		p.proofs = append(p.proofs, verifies.Token.Locations...)
	}
	for _, h := range verifies.Handshakes {
		p.challenges = append(p.challenges, h.TokenAt, h.Challenge)
	}
	signature.AddHeaders(p.headers, p.proofs)
	signature.AddHeaders(p.headers, p.challenges)
	return p
}

// compileAudit compiles the option audit, once it is known what is verified, and
// where that stands.
func compileAudit(n *config.Notes, resolver *secrets.Resolver, options config.Options, at proofLocations) *audit.Settings {
	o := config.AuditOptions{}
	if options.Audit != nil {
		o = *options.Audit
	}
	wrong := func(option, kind, text string) { config.AddProblem(n, "audit."+option, kind, text) }
	a := &audit.Settings{
		Payload:        words.OrDefault(o.Payload, audit.PayloadHash),
		MaxPayload:     int(config.NumberOr(o.MaxPayloadBytes, defaultMaxPayload)),
		RefusedPayload: o.RefusedPayload,
		Required:       o.Required,
		Directory:      options.StateDirectory,
	}
	keepsPayload := a.Payload == audit.PayloadRedacted || a.Payload == audit.PayloadFull
	switch {
	case !keepsPayload && a.Payload != audit.PayloadHash && a.Payload != audit.PayloadNone:
		wrong("payload", config.KindInvalid, config.NotKnown(o.Payload, audit.Payloads))
	case o.MaxPayloadBytes > maxMaxPayload:
		wrong("maxPayloadBytes", config.KindInvalid, fmt.Sprintf("must be at most %d", maxMaxPayload))
	case len(o.Redact) > 0 && a.Payload == audit.PayloadFull:
		wrong("redact", config.KindNoEffect, "has no effect unless payload is redacted")
	case len(o.RedactPatterns) > 0 && a.Payload == audit.PayloadFull:
		wrong("redactPatterns", config.KindNoEffect, "has no effect unless payload is redacted")
	case o.Required && options.StateDirectory == "":
		wrong("required", config.KindRequired, "needs stateDirectory, where is written what is about to be forwarded")
	}
	if !keepsPayload {
		for _, name := range given(&o, []string{"maxPayloadBytes", "refusedPayload", "redact", "redactPatterns"}) {
			config.AddWarning(n, "audit."+name, config.KindNoEffect, "has no effect, because no payload is kept; payload: redacted keeps it")
		}
	}
	a.Rules = compileRedaction(n, a, o, at)
	a.Headers = compileAuditHeaders(n, o.Headers, at.headers)
	a.Sample = compileSample(o.Sample)
	if o.Required && a.Sample != nil {
		wrong("sample", config.KindContradiction, "contradicts required")
	}
	a.Specs = compileOutputs(n, resolver, o.Outputs, a.Directory)
	a.Secrets = secrets.Forms(resolver)
	a.Revealed = audit.NewRevealed(a.Secrets)
	return a
}

// compileRedaction compiles what is left out of payloads and queries: what the
// options say, and what proves a request, or opens a door otherwise.
func compileRedaction(n *config.Notes, a *audit.Settings, o config.AuditOptions, at proofLocations) *redact.Rules {
	if a.Payload == audit.PayloadFull {
		checkFullPayload(n, a, at)
	}
	paths := append([]string{}, o.Redact...)
	fields := []string{}
	for _, p := range append(at.proofs, at.challenges...) {
		switch p.Kind {
		case "query", "form", "multipart":
			fields = append(fields, p.Name)
		case "json":
			path := pathOf(p)
			if path == "" && a.Payload == audit.PayloadRedacted {
				config.AddProblem(n, "audit.payload", config.KindInvalid, "can't be redacted, because what stands at json:"+p.Name+" can't be left out; hash has nothing of it")
			} else if path != "" {
				paths = append(paths, path)
			}
		}
	}
	rules, problems := redact.Compile(paths, o.RedactPatterns, fields)
	config.AddAll(n, "audit", problems)
	return rules
}

// checkFullPayload refuses to record a body whole that has what proves a request.
func checkFullPayload(n *config.Notes, a *audit.Settings, at proofLocations) {
	for _, p := range at.proofs {
		if p.Kind == "body" {
			config.AddProblem(n, "audit.payload", config.KindInvalid, "can't be full, because the body is a token, which whoever has it can use; hash has nothing of it")
		}
		if message.InBody(&p) {
			config.AddProblem(n, "audit.payload", config.KindInvalid, "can't be full, because the body has a signature or a token in it ("+p.Kind+":"+p.Name+"); redacted leaves it out")
		}
	}
	for _, p := range at.challenges {
		if a.RefusedPayload && message.InBody(&p) {
			config.AddProblem(n, "audit.refusedPayload", config.KindInvalid, "can't stand beside payload: full, because handshakes have a token or a challenge in the body ("+p.Kind+":"+p.Name+")")
		}
	}
}

// hasLetter is what a name has that can stand in a path of the option redact.
var hasLetter = regexp.MustCompile(`[A-Za-z0-9]`)

// pathOf returns a JSON location as a path of the option redact: at any depth, because
// in a batch each item has it. A name that can't be said stands for any; a location
// without a name has no path.
func pathOf(at message.Location) string {
	path := "**"
	for _, step := range at.Path {
		switch {
		case step.Name == "":
		case hasLetter.MatchString(step.Name):
			path += "." + step.Name
		default:
			path += ".*"
		}
	}
	if path == "**" {
		return ""
	}
	return path
}

// compileAuditHeaders compiles which headers are recorded: none of those that prove
// something.
func compileAuditHeaders(n *config.Notes, names []string, proofs map[string]bool) []string {
	config.CheckCount(n, "audit.headers", len(names), maxAuditHeaders)
	headers := []string(nil)
	for i, name := range names {
		canonical := http.CanonicalHeaderKey(name)
		path := fmt.Sprintf("audit.headers[%d]", i)
		switch {
		case !header.IsName(name):
			config.AddProblem(n, path, config.KindInvalid, words.Quote(name)+" is not the name of a header")
		case proofs[canonical] || redact.SensitiveName(name):
			config.AddProblem(n, path, config.KindInvalid, words.Quote(name)+" carries a signature, a token or the like, which is not recorded")
		}
		headers = append(headers, canonical)
	}
	return headers
}

func compileSample(o *config.SampleOptions) map[string]int64 {
	if o == nil {
		return nil
	}
	sample := map[string]int64{}
	for kind, n := range map[string]int64{"pass": o.Pass, "refuse": o.Refuse, "duplicate": o.Duplicate, "handshake": o.Handshake} {
		if n > 1 {
			sample[kind] = n
		}
	}
	if len(sample) == 0 {
		return nil
	}
	return sample
}
