package hookward

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
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
	outputs        []*output // of the specs; set when a gate takes the policy over
	secrets        []string  // what must be in no record, in each of its forms
	forms          [][]byte  // the same
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
		wrong("payload: " + quote(o.Payload) + " is not known; allowed: none, hash, redacted, full")
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
	paths, fields, inBody := proofPlaces(p)
	if a.payload == payloadFull && inBody != "" {
		wrong("payload: can't be full, because the body has a signature or a token in it (" + inBody + "); redacted leaves it out")
	}
	rules, problems := redact.Compile(append(append([]string{}, o.Redact...), paths...), o.RedactPatterns, fields)
	for _, problem := range problems {
		wrong(problem)
	}
	a.rules = rules
	compileAuditHeaders(a, p, o.Headers, wrong)
	compileSample(a, o.Sample)
	if o.Required && a.sample != nil {
		wrong("sample: contradicts required")
	}
	compileOutputs(c, a, o.Outputs)
	a.secrets = secretForms(c, p)
	for _, form := range a.secrets {
		a.forms = append(a.forms, []byte(form))
	}
	return a
}

// proofPlaces returns where a request has what proves it, or opens a door
// otherwise: paths in JSON, and names of fields in forms and queries. The last
// result is the place of one of them that is in the body, if there is any.
func proofPlaces(p *policy) ([]string, []string, string) {
	places := []place{}
	for _, s := range p.schemes {
		places = append(places, s.field)
	}
	if p.token != nil {
		places = append(places, p.token.places...)
	}
	paths, fields, inBody := []string{}, []string{}, ""
	for _, at := range places {
		if at.kind == "form" || at.kind == "json" {
			inBody = at.kind + ":" + at.name
		}
	}
	for _, h := range p.handshakes {
		places = append(places, h.tokenAt, h.challenge)
	}
	for _, at := range places {
		switch at.kind {
		case "query", "form":
			fields = append(fields, at.name)
		case "json":
			names := []string{}
			for _, step := range at.path {
				if step.Name != "" {
					names = append(names, step.Name)
				}
			}
			// At any depth, because in a batch each item has it.
			paths = append(paths, "**."+strings.Join(names, "."))
		}
	}
	return paths, fields, inBody
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
// text. Records are made so that they don't; this is for what nobody has thought
// of, such as a sender that puts its token into the path.
func secretForms(c *compilation, p *policy) []string {
	forms := []string{}
	add := func(form string) {
		if len(form) >= shortestSecret && !contains(forms, form) {
			forms = append(forms, form)
		}
	}
	all := [][]byte{}
	for encoding, keys := range c.keys {
		if encoding != publicKeyEncoding {
			all = append(all, keys...)
		}
	}
	for _, h := range p.handshakes {
		all = append(all, []byte(h.fixed["verifyToken"]))
	}
	for _, key := range all {
		add(string(key))
		add(url.QueryEscape(string(key)))
		add(url.PathEscape(string(key)))
		add(hex.EncodeToString(key))
		add(strings.ToUpper(hex.EncodeToString(key)))
		// Without what padding would change.
		add(base64.RawStdEncoding.EncodeToString(key))
		add(base64.RawURLEncoding.EncodeToString(key))
	}
	return forms
}
