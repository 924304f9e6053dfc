package hookward

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/redact"
)

const (
	defaultMaxPayload = 16 << 10
	maxMaxPayload     = 1 << 20
	maxAuditHeaders   = 8
)

// proofPlaces are where a request has its signature or token, and where a handshake has
// its token and its challenge.
type proofPlaces struct {
	headers    map[string]bool // canonical
	proofs     []place
	challenges []place
}

// placesOfProofs returns where what proves a request stands.
func placesOfProofs(schemes []*scheme, t *token, handshakes []*handshake) proofPlaces {
	p := proofPlaces{headers: map[string]bool{}}
	for _, s := range schemes {
		for _, name := range s.headers {
			p.headers[name] = true
		}
		p.proofs = append(p.proofs, s.field)
	}
	if t != nil {
		p.proofs = append(p.proofs, t.places...)
	}
	for _, h := range handshakes {
		p.challenges = append(p.challenges, h.tokenAt, h.challenge)
	}
	addHeaders(p.headers, p.proofs)
	addHeaders(p.headers, p.challenges)
	return p
}

// compileAudit compiles the option audit, once it is known what is verified, and
// where that stands.
func compileAudit(n *notes, secrets *resolver, options Options, at proofPlaces) *audit {
	o := AuditOptions{}
	if options.Audit != nil {
		o = *options.Audit
	}
	wrong := func(option, kind, text string) { addProblem(n, "audit."+option, kind, text) }
	a := &audit{payload: o.Payload, maxPayload: int(o.MaxPayloadBytes), refusedPayload: o.RefusedPayload, required: o.Required, directory: options.StateDirectory}
	if a.payload == "" {
		a.payload = payloadHash
	}
	if a.maxPayload == 0 {
		a.maxPayload = defaultMaxPayload
	}
	keepsPayload := a.payload == payloadRedacted || a.payload == payloadFull
	switch {
	case !keepsPayload && a.payload != payloadHash && a.payload != payloadNone:
		wrong("payload", kindInvalid, notKnown(o.Payload, payloads))
	case o.MaxPayloadBytes > maxMaxPayload:
		wrong("maxPayloadBytes", kindInvalid, fmt.Sprintf("must be at most %d", maxMaxPayload))
	case len(o.Redact) > 0 && a.payload == payloadFull:
		wrong("redact", kindNoEffect, "has no effect unless payload is redacted")
	case len(o.RedactPatterns) > 0 && a.payload == payloadFull:
		wrong("redactPatterns", kindNoEffect, "has no effect unless payload is redacted")
	case o.Required && options.StateDirectory == "":
		wrong("required", kindRequired, "needs stateDirectory, where is written what is about to be forwarded")
	}
	if !keepsPayload {
		warnOfPayload(n, o)
	}
	a.rules = compileRedaction(n, a, o, at)
	a.headers = compileAuditHeaders(n, o.Headers, at.headers)
	a.sample = compileSample(o.Sample)
	if o.Required && a.sample != nil {
		wrong("sample", kindContradiction, "contradicts required")
	}
	a.specs = compileOutputs(n, secrets, o.Outputs, a.directory)
	a.secrets = secretForms(secrets)
	pairs := []string{}
	for _, form := range a.secrets {
		pairs = append(pairs, form, "")
	}
	a.revealed = strings.NewReplacer(pairs...)
	return a
}

// warnOfPayload names options that are left over where no payload is kept.
func warnOfPayload(n *notes, o AuditOptions) {
	for _, option := range []struct {
		name  string
		given bool
	}{
		{"maxPayloadBytes", o.MaxPayloadBytes > 0}, {"refusedPayload", o.RefusedPayload},
		{"redact", len(o.Redact) > 0}, {"redactPatterns", len(o.RedactPatterns) > 0},
	} {
		if option.given {
			addWarning(n, "audit."+option.name, kindNoEffect, "has no effect, because no payload is kept; payload: redacted keeps it")
		}
	}
}

// compileRedaction compiles what is left out of payloads and queries: what the
// options say, and what proves a request, or opens a door otherwise.
func compileRedaction(n *notes, a *audit, o AuditOptions, at proofPlaces) *redact.Rules {
	if a.payload == payloadFull {
		checkFullPayload(n, a, at)
	}
	paths := append([]string{}, o.Redact...)
	fields := []string{}
	for _, p := range append(at.proofs, at.challenges...) {
		switch p.kind {
		case "query", "form":
			fields = append(fields, p.name)
		case "json":
			path := pathOf(p)
			if path == "" && a.payload == payloadRedacted {
				addProblem(n, "audit.payload", kindInvalid, "can't be redacted, because what stands at json:"+p.name+" can't be left out; hash has nothing of it")
			} else if path != "" {
				paths = append(paths, path)
			}
		}
	}
	rules, problems := redact.Compile(paths, o.RedactPatterns, fields)
	addAll(n, "audit", problems)
	return rules
}

// checkFullPayload refuses to record a body whole that has what proves a request.
func checkFullPayload(n *notes, a *audit, at proofPlaces) {
	for _, p := range at.proofs {
		if p.kind == "form" || p.kind == "json" {
			addProblem(n, "audit.payload", kindInvalid, "can't be full, because the body has a signature or a token in it ("+p.kind+":"+p.name+"); redacted leaves it out")
		}
	}
	for _, p := range at.challenges {
		if a.refusedPayload && (p.kind == "form" || p.kind == "json") {
			addProblem(n, "audit.refusedPayload", kindInvalid, "can't stand beside payload: full, because handshakes have a token or a challenge in the body ("+p.kind+":"+p.name+")")
		}
	}
}

// hasLetter is what a name has that can stand in a path of the option redact.
var hasLetter = regexp.MustCompile(`[A-Za-z0-9]`)

// pathOf returns a JSON place as a path of the option redact: at any depth, because
// in a batch each item has it. A name that can't be said stands for any; a place
// without a name has no path.
func pathOf(at place) string {
	path := "**"
	for _, step := range at.path {
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
func compileAuditHeaders(n *notes, names []string, proofs map[string]bool) []string {
	if len(names) > maxAuditHeaders {
		addProblem(n, "audit.headers", kindInvalid, fmt.Sprintf("are more than %d", maxAuditHeaders))
	}
	headers := []string(nil)
	for i, name := range names {
		canonical := http.CanonicalHeaderKey(name)
		path := fmt.Sprintf("audit.headers[%d]", i)
		switch {
		case !isHeaderName(name):
			addProblem(n, path, kindInvalid, quote(name)+" is not the name of a header")
		case proofs[canonical] || redact.SensitiveName(name):
			addProblem(n, path, kindInvalid, quote(name)+" carries a signature, a token or the like, which is not recorded")
		}
		headers = append(headers, canonical)
	}
	return headers
}

func compileSample(o *SampleOptions) map[string]int64 {
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
