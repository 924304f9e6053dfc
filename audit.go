package hookward

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/redact"
)

// audit is the compiled option audit: what is recorded of a request, and where.
type audit struct {
	payload        string // hash, none, redacted or full
	maxPayload     int
	refusedPayload bool
	rules          *redact.Rules
	headers        []string // canonical
	sample         map[string]int64
	required       bool
	directory      string
	specs          []outputSpec
	outputs        []*output         // of the specs; set when a gate takes the policy over
	secrets        []string          // what must be in no record, in each of its forms, in lower case
	revealed       *strings.Replacer // takes them out: one search for all
}

const (
	defaultMaxPayload = 16 << 10
	maxMaxPayload     = 1 << 20
	maxAuditHeaders   = 8
)

// What the option payload can be.
const (
	payloadNone     = "none"
	payloadHash     = "hash"
	payloadRedacted = "redacted"
	payloadFull     = "full"
)

var payloads = []string{payloadNone, payloadHash, payloadRedacted, payloadFull}

// compileAudit compiles the option audit, once it is known what is verified, and
// where that stands.
func compileAudit(c *compilation, p *policy, options Options) *audit {
	o := AuditOptions{}
	if options.Audit != nil {
		o = *options.Audit
	}
	wrong := func(text string) { c.problems = append(c.problems, "audit."+text) }
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
		wrong("payload: " + notKnown(o.Payload, payloads))
	case o.MaxPayloadBytes > maxMaxPayload:
		wrong(fmt.Sprintf("maxPayloadBytes: must be at most %d", maxMaxPayload))
	case o.MaxPayloadBytes > 0 && !keepsPayload:
		wrong("maxPayloadBytes: has no effect unless payload is redacted or full")
	case o.RefusedPayload && !keepsPayload:
		wrong("refusedPayload: has no effect unless payload is redacted or full")
	case len(o.Redact) > 0 && a.payload != payloadRedacted:
		wrong("redact: has no effect unless payload is redacted")
	case len(o.RedactPatterns) > 0 && a.payload != payloadRedacted:
		wrong("redactPatterns: has no effect unless payload is redacted")
	case o.Required && options.StateDirectory == "":
		wrong("required: needs stateDirectory, where is written what is about to be forwarded")
	}
	compileRedaction(a, p, o, wrong)
	compileAuditHeaders(a, p, o.Headers, wrong)
	compileSample(a, o.Sample)
	if o.Required && a.sample != nil {
		wrong("sample: contradicts required")
	}
	compileOutputs(c, a, o.Outputs)
	a.secrets = secretForms(c)
	pairs := []string{}
	for _, form := range a.secrets {
		pairs = append(pairs, form, "")
	}
	a.revealed = strings.NewReplacer(pairs...)
	return a
}

// compileRedaction compiles what is left out of payloads and queries: what the
// options say, and what proves a request, or opens a door otherwise.
func compileRedaction(a *audit, p *policy, o AuditOptions, wrong func(string)) {
	proofs, challenges := proofPlaces(p)
	if a.payload == payloadFull {
		for _, at := range proofs {
			if at.kind == "form" || at.kind == "json" {
				wrong("payload: can't be full, because the body has a signature or a token in it (" + at.kind + ":" + at.name + "); redacted leaves it out")
			}
		}
		for _, at := range challenges {
			if a.refusedPayload && (at.kind == "form" || at.kind == "json") {
				wrong("refusedPayload: can't stand beside payload: full, because handshakes have a token or a challenge in the body (" + at.kind + ":" + at.name + ")")
			}
		}
	}
	paths := append([]string{}, o.Redact...)
	fields := []string{}
	for _, at := range append(proofs, challenges...) {
		switch at.kind {
		case "query", "form":
			fields = append(fields, at.name)
		case "json":
			path := pathOf(at)
			if path == "" && a.payload == payloadRedacted {
				wrong("payload: can't be redacted, because what stands at json:" + at.name + " can't be left out; hash has nothing of it")
			} else if path != "" {
				paths = append(paths, path)
			}
		}
	}
	rules, problems := redact.Compile(paths, o.RedactPatterns, fields)
	for _, problem := range problems {
		wrong(problem)
	}
	a.rules = rules
}

// proofPlaces returns where a request has its signature or token, and where a
// handshake has its token and its challenge.
func proofPlaces(p *policy) ([]place, []place) {
	proofs, challenges := []place{}, []place{}
	for _, s := range p.schemes {
		proofs = append(proofs, s.field)
	}
	if p.token != nil {
		proofs = append(proofs, p.token.places...)
	}
	for _, h := range p.handshakes {
		challenges = append(challenges, h.tokenAt, h.challenge)
	}
	return proofs, challenges
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

func compileAuditHeaders(a *audit, p *policy, names []string, wrong func(string)) {
	if len(names) > maxAuditHeaders {
		wrong(fmt.Sprintf("headers: are more than %d", maxAuditHeaders))
	}
	proofs := map[string]bool{}
	for _, s := range p.schemes {
		for _, name := range s.headers {
			proofs[name] = true
		}
		addHeaders(proofs, []place{s.field})
	}
	if p.token != nil {
		addHeaders(proofs, p.token.places)
	}
	for _, h := range p.handshakes {
		addHeaders(proofs, []place{h.tokenAt, h.challenge})
	}
	for i, name := range names {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !isHeaderName(name):
			wrong(fmt.Sprintf("headers[%d]: %s is not the name of a header", i, quote(name)))
		case proofs[canonical] || redact.SensitiveName(name):
			wrong(fmt.Sprintf("headers[%d]: %s carries a signature, a token or the like, which is not recorded", i, quote(name)))
		}
		a.headers = append(a.headers, canonical)
	}
}

func compileSample(a *audit, o *SampleOptions) {
	if o == nil {
		return
	}
	a.sample = map[string]int64{}
	for kind, n := range map[string]int64{"pass": o.Pass, "refuse": o.Refuse, "duplicate": o.Duplicate, "handshake": o.Handshake} {
		if n > 1 {
			a.sample[kind] = n
		}
	}
	if len(a.sample) == 0 {
		a.sample = nil
	}
}

// shortestSecret is the length from which on a text is no secret by chance.
const shortestSecret = 8

// secretForms returns what the options have in secret, as it might turn up in a
// text in lower case. Records are made so that it doesn't; this is for what nobody
// has thought of, such as a sender that puts its token into the path.
func secretForms(c *compilation) []string {
	all := [][]byte{}
	for _, text := range c.secretTexts {
		all = append(all, []byte(text))
	}
	for encoding, keys := range c.keys {
		if encoding != publicKeyEncoding {
			all = append(all, keys...)
		}
	}
	forms := []string{}
	for _, key := range all {
		for _, form := range []string{
			string(key), url.QueryEscape(string(key)), url.PathEscape(string(key)), hex.EncodeToString(key),
			// Without what padding would change.
			base64.RawStdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key),
		} {
			form = strings.ToLower(form)
			if len(form) >= shortestSecret && !contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}
