package hookward

import (
	"regexp"
	"strings"
	"testing"
)

// catalogue has every row by its slug.
var catalogue = readCatalogue()

func readCatalogue() map[string]provider {
	rows := map[string]provider{}
	for _, slug := range providerSlugs() {
		rows[slug] = readRow(slug)
	}
	return rows
}

// rowSettings is what an operator has to say beside the provider.
func rowSettings(slug string, o Options) map[string]any {
	raw := map[string]any{"provider": slug}
	keys := map[string]string{"ed25519": testEdwardsKey, "ecdsa-sha256": testCurveKey, "ecdsa-sha1": testCurveKey, "rsa-sha256": testRSAKey, "rsa-sha1": testRSAKey}
	if o.Signature == nil || keys[o.Signature.Algorithm] == "" {
		secret := "0123456789abcdef0123456789abcdef"
		if o.Token != nil && o.Token.Basic {
			secret = "hooks:" + secret
		}
		raw["secrets"] = secret
	} else {
		raw["publicKeys"] = keys[o.Signature.Algorithm]
	}
	if o.Token != nil && *o.Token == (TokenOptions{}) || slug == "azure-event-grid" || slug == "bigcommerce" {
		raw["token"] = map[string]any{"header": "X-Chosen"}
	}
	if o.Signature != nil {
		if strings.Contains(o.Signature.Signs, "{decodedURL}") || strings.Contains(o.Signature.Signs, "{url}") {
			raw["publicURL"] = "https://hooks.example.com/in"
		}
		if o.Signature.SenderField != "" || strings.Contains(o.Signature.Format, "{sender}") {
			raw["senders"] = "arn:aws:sns:us-east-1:123456789012:topic"
		}
	}
	for _, h := range o.Handshakes {
		if h.VerifyTokenField != "" || strings.Contains(h.DigestOf, "{verifyToken}") {
			raw["verifyToken"] = "a word for the provider to repeat"
			if h.DigestOf != "" {
				raw["publicURL"] = "https://hooks.example.com/in"
			}
		}
	}
	return raw
}

// Every row compiles, with what its provider's operator has to say.
func TestCatalogueCompiles(t *testing.T) {
	for slug, row := range catalogue {
		raw := rowSettings(slug, row.Options)
		if row.Ranges != nil {
			raw["allowlist"] = map[string]any{"providerRanges": "true"}
		}
		c := compile(raw)
		if c.policy == nil {
			t.Errorf("%s: %v: %q", slug, raw, c.problems)
			continue
		}
		for _, w := range c.warnings {
			if w.kind != kindInClear && (w.kind != kindLostRetries || row.Habits.RetriesFor == 0) {
				t.Errorf("%s: warns by itself: %s", slug, sentence(w))
			}
		}
		if len(c.policy.handshakes) != len(row.Options.Handshakes) {
			t.Errorf("%s: has %d handshakes of %d", slug, len(c.policy.handshakes), len(row.Options.Handshakes))
		}
		if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(slug) {
			t.Errorf("%q is not a slug", slug)
		}
	}
	if len(catalogue) < 144 {
		t.Errorf("only %d rows", len(catalogue))
	}
}

func TestMisspeltProviders(t *testing.T) {
	for slug, want := range map[string]string{
		"strpe": "stripe", "Stripe": "stripe", "standard-webhook": "standard-webhooks", "bitbucket": "bitbucket-cloud or bitbucket-server?", "hubspot_v1": "hubspot-v1?", "git-lab": "gitlab",
	} {
		c := compile(map[string]any{"provider": slug, "secrets": "0123456789abcdef"})
		if c.policy != nil || !strings.Contains(strings.Join(sentences(c.problems), " "), "did you mean "+want) {
			t.Errorf("%s: %.200q", slug, c.problems)
		}
	}
}
