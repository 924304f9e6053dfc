//go:build gc
// +build gc

package hookward

import (
	"strings"

	"github.com/hookward/hookward/internal/ipset"
)

// elsewhere are the sections that say nothing of a request by itself, but have
// references to secrets of Traefik's environment, or open files and connections.
var elsewhere = []string{"audit", "redis", "stateDirectory"}

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
	whole := inspect(raw, func(path, text string) bool {
		section, _, _ := strings.Cut(path, ".")
		return containsFold(elsewhere, section) && looksUp(text)
	}, 0)
	problems := []string{}
	for _, r := range whole.Problems {
		problems = append(problems, sentence(problem{path: r.Path, kind: r.Kind, text: r.Text}))
	}
	return problems
}

// looksUp says whether a text is a reference that there may be something behind.
func looksUp(text string) bool {
	name, isVariable := strings.CutPrefix(text, "env:")
	return isVariable && environmentName.MatchString(name) || strings.HasPrefix(text, "file:/")
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
	p := *j.compiled.policy
	note := func(text string) { j.NotJudged = append(j.NotJudged, text) }
	schemes := make([]*scheme, len(p.schemes))
	for i, s := range p.schemes {
		offline := *s
		offline.offline = true
		schemes[i] = &offline
	}
	p.schemes = schemes

	j.restrictAddresses(&p)
	if p.ban != nil {
		note("ban: clients that have failed before")
	}
	if p.limit != nil {
		note("rateLimit: how often the client has called")
	}
	if p.replay != nil {
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
	if p.confirm {
		note("confirmSubscriptions: a verified subscription request would be confirmed by visiting Amazon, and not forwarded")
	}
	if p.observeOnly {
		note("observeOnly: the gate records this decision, and forwards the request whatever it is")
	}
	p.ban = nil
	p.limit = nil
	p.replay = nil
	p.shared = nil
	p.confirm = false
	p.observeOnly = false
	p.audit = plainAudit
	p.fast = nil // it decides the same, and sees less
	p.trace = &j.trace
	j.policy = &p
}

func (j *judgement) auditRequired(raw map[string]any) bool {
	options, _ := Decode(raw)
	return options.Audit != nil && options.Audit.Required
}

// restrictAddresses leaves the lists that stand in the configuration, where it is
// known who calls.
func (j *judgement) restrictAddresses(p *policy) {
	if p.addresses == nil {
		return
	}
	a := *p.addresses
	p.addresses = nil
	if j.request.RemoteAddr == "" {
		if a.allow != nil || a.deny != nil {
			j.NotJudged = append(j.NotJudged, "allowlist, denylist: who the client is; its address is not known here")
		}
		return
	}
	if a.deny != nil && len(a.deny.sources) > 0 {
		j.NotJudged = append(j.NotJudged, "denylist: the lists that stand elsewhere")
	}
	if a.allow != nil && len(a.allow.sources) > 0 {
		if !j.isListed(&a) {
			j.NotJudged = append(j.NotJudged, "allowlist: the lists that stand elsewhere; the client is not in sourceRange")
			a.allow = nil
		}
	}
	if a.strategy != nil || a.allow != nil || a.deny != nil {
		p.addresses = &a
	}
}

// isListed says whether the client, if it can be told, is in the addresses that
// stand in the configuration itself.
func (j *judgement) isListed(a *addresses) bool {
	whole, client := clientsOf(a.strategy, j.request)
	if !client.IsValid() {
		return true // it is refused for that
	}
	return ipset.Contains(a.allow.own, ipset.Key(whole)) || ipset.Contains(a.allow.own, ipset.Key(client))
}

// Providers returns the slugs of the catalogue, sorted: the values of the option
// provider.
func Providers() []string {
	return providerSlugs()
}

// Forms returns the forms in which a configuration takes signatures, whole, and
// without their alternatives: what it says itself, laid upon the provider's row. It
// returns none for a token, or for a configuration that has a mistake.
func Forms(config *Config) []SignatureOptions {
	options, problems := Decode(config.Raw)
	if len(problems) > 0 || options.Signature == nil || options.Token != nil {
		return nil
	}
	return formsOf(options)
}

func formsOf(options Options) []SignatureOptions {
	usable := []SignatureOptions{}
	for _, o := range allForms(*options.Signature) {
		a := algorithms[orDefault(o.Algorithm, "hmac-sha256")]
		hasKeys := len(options.Secrets) > 0
		if isPublic(&a) {
			hasKeys = len(options.PublicKeys) > 0 || o.CertificateField != ""
		}
		if hasKeys { // as in compileKeys
			o.Alternatives = nil
			usable = append(usable, o)
		}
	}
	return usable
}
