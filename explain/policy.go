package explain

import (
	"strings"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/inspect"
	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// elsewhere are the sections that say nothing of a request by itself, but have
// references to secrets of Traefik's environment, or open files and connections.
var elsewhere = []string{"audit", "delivery", "redis", "stateDirectory"}

// aboutRequests returns a configuration without the sections that are elsewhere.
func aboutRequests(raw map[string]any) map[string]any {
	kept := map[string]any{}
	for name, value := range raw {
		if !containsFold(elsewhere, name) {
			kept[name] = value
		}
	}
	return kept
}

// problemsElsewhere returns the mistakes that only compiling all of a configuration
// finds, such as those in the sections that are elsewhere. Their references are not
// looked up: they are Traefik's, and say nothing of a request.
func problemsElsewhere(raw map[string]any) []string {
	if len(aboutRequests(raw)) == len(raw) {
		return nil
	}
	whole := inspect.InspectWith(raw, func(path, text string) bool {
		section, _, _ := strings.Cut(path, ".")
		return containsFold(elsewhere, section) && looksUp(text)
	}, 0)
	problems := []string{}
	for _, r := range whole.Problems {
		problems = append(problems, config.Sentence(config.Problem{Path: r.Path, Kind: r.Kind, Text: r.Text}))
	}
	return problems
}

// looksUp says whether a text is a reference that there may be something behind.
func looksUp(text string) bool {
	name, isVariable := strings.CutPrefix(text, "env:")
	return isVariable && secrets.EnvironmentName.MatchString(name) || strings.HasPrefix(text, "file:/")
}

func containsFold(list []string, text string) bool {
	for _, item := range list {
		if strings.EqualFold(item, text) {
			return true
		}
	}
	return false
}

// restrictPolicy leaves of the policy what one request can be judged by, and notes
// the rest.
func (j *judgement) restrictPolicy(raw map[string]any) {
	p := *j.compiled.Policy
	note := func(text string) { j.NotJudged = append(j.NotJudged, text) }
	schemes := make([]*signature.Scheme, len(p.Schemes))
	for i, s := range p.Schemes {
		offline := *s
		offline.Offline = true
		schemes[i] = &offline
	}
	p.Schemes = schemes

	j.restrictAddresses(&p)
	if p.Certificate != nil {
		note("clientCertificate: whether the client has shown a certificate that is accepted; a captured request has none")
	}
	if p.Ban != nil {
		note("ban: clients that have failed before")
	}
	if p.Limit != nil {
		note("rateLimit: how often the client has called")
	}
	if p.Replay != nil {
		note("replay: whether the delivery has passed before")
	}
	for name := range raw {
		switch {
		case strings.EqualFold(name, "redis"):
			note("redis: limits, bans and replay memory of other Traefiks")
		case strings.EqualFold(name, "audit") && j.auditRequired(raw):
			note("audit.required: whether the record can be written down")
		}
	}
	if p.Confirm {
		note("confirmSubscriptions: a verified subscription request would be confirmed by visiting Amazon, and not forwarded")
	}
	if p.ObserveOnly {
		note("observeOnly: the gate records this decision, and forwards the request whatever it is")
	}
	p.Certificate = nil
	p.Ban = nil
	p.Limit = nil
	p.Replay = nil
	p.Shared = nil
	p.Confirm = false
	p.ObserveOnly = false
	p.Audit = audit.Plain
	p.Fast = nil // it decides the same, and sees less
	p.Trace = &j.trace
	j.policy = &p
}

func (j *judgement) auditRequired(raw map[string]any) bool {
	options, _ := config.Decode(raw)
	return options.Audit != nil && options.Audit.Required
}

// restrictAddresses leaves the lists that stand in the configuration, where it is
// known who calls.
func (j *judgement) restrictAddresses(p *policy.Policy) {
	if p.Addresses == nil {
		return
	}
	a := *p.Addresses
	p.Addresses = nil
	if j.request.RemoteAddr == "" {
		if a.Allow != nil || a.Deny != nil {
			j.NotJudged = append(j.NotJudged, "allowlist, denylist: who the client is; its address is not known here")
		}
		return
	}
	if a.Deny != nil && len(a.Deny.Sources) > 0 {
		j.NotJudged = append(j.NotJudged, "denylist: the lists that stand elsewhere")
	}
	if a.Allow != nil && len(a.Allow.Sources) > 0 {
		if !j.isListed(&a) {
			j.NotJudged = append(j.NotJudged, "allowlist: the lists that stand elsewhere; the client is not in sourceRange")
			a.Allow = nil
		}
	}
	if a.Strategy != nil || a.Allow != nil || a.Deny != nil {
		p.Addresses = &a
	}
}

// isListed says whether the client, if it can be told, is in the addresses that
// stand in the configuration itself.
func (j *judgement) isListed(a *policy.Addresses) bool {
	whole, client := clientip.Of(a.Strategy, j.request)
	if !client.IsValid() {
		return true // it is refused for that
	}
	return ipset.Contains(a.Allow.Own, ipset.Key(whole)) || ipset.Contains(a.Allow.Own, ipset.Key(client))
}

// Providers returns the slugs of the catalogue, sorted: the values of the option
// provider.
func Providers() []string {
	return config.ProviderSlugs()
}

// Signatures returns the schemes in which a configuration takes signatures, whole, and
// without their alternatives: what it says itself, laid upon the provider's row. It
// returns none for a token, or for a configuration that has a mistake.
func Signatures(configuration *hookward.Config) []config.SignatureOptions {
	options, problems := config.Decode(configuration.Raw)
	if len(problems) > 0 || options.Signature == nil || options.Token != nil {
		return nil
	}
	return signaturesOf(options)
}

func signaturesOf(options config.Options) []config.SignatureOptions {
	usable := []config.SignatureOptions{}
	for _, o := range signature.AllSchemes(*options.Signature) {
		a := signature.Algorithms[words.OrDefault(o.Algorithm, "hmac-sha256")]
		hasKeys := len(options.Secrets) > 0
		if signature.IsPublic(&a) {
			hasKeys = len(options.PublicKeys) > 0 || o.CertificateField != ""
		}
		if hasKeys { // as in compileKeys
			o.Alternatives = nil
			usable = append(usable, o)
		}
	}
	return usable
}
