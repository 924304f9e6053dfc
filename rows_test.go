package hookward

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
)

// Every row compiles, with what its provider's operator has to say.
func TestCatalogueCompiles(t *testing.T) {
	for slug, row := range hooktest.Catalogue {
		raw := hooktest.RowSettings(slug, row.Options)
		if row.Ranges != nil {
			raw["allowlist"] = map[string]any{"providerRanges": "true"}
		}
		c := policy.Compile(raw)
		if c.Policy == nil {
			t.Errorf("%s: %v: %q", slug, raw, c.Problems)
			continue
		}
		for _, w := range c.Warnings {
			if w.Kind != config.KindInClear && (w.Kind != config.KindLostRetries || row.Habits.RetriesFor == 0) {
				t.Errorf("%s: warns by itself: %s", slug, config.Sentence(w))
			}
		}
		if len(c.Policy.Handshakes) != len(row.Options.Handshakes) {
			t.Errorf("%s: has %d handshakes of %d", slug, len(c.Policy.Handshakes), len(row.Options.Handshakes))
		}
		if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(slug) {
			t.Errorf("%q is not a slug", slug)
		}
	}
	if len(hooktest.Catalogue) < 144 {
		t.Errorf("only %d rows", len(hooktest.Catalogue))
	}
}

func TestMisspeltProviders(t *testing.T) {
	for slug, want := range map[string]string{
		"strpe": "stripe", "Stripe": "stripe", "standard-webhook": "standard-webhooks", "bitbucket": "bitbucket-cloud or bitbucket-server?", "hubspot_v1": "hubspot-v1?", "git-lab": "gitlab",
	} {
		c := policy.Compile(map[string]any{"provider": slug, "secrets": "0123456789abcdef"})
		if c.Policy != nil || !strings.Contains(strings.Join(config.Sentences(c.Problems), " "), "did you mean "+want) {
			t.Errorf("%s: %.200q", slug, c.Problems)
		}
	}
}

// What any row's sender signs with is no stock of signed deliveries on the console's page.
func TestSignaturesAreMasked(t *testing.T) {
	for slug, row := range hooktest.Catalogue {
		p := policy.Compile(hooktest.RowSettings(slug, row.Options)).Policy
		if p == nil {
			t.Errorf("%s does not compile", slug)
			continue
		}
		names := []string{"Authorization"}
		if row.Options.Signature != nil {
			names = append(names, row.Options.Signature.Header...)
		}
		if row.Options.Token != nil {
			names = append(names, row.Options.Token.Header)
		}
		for _, name := range names {
			if name == "" {
				continue
			}
			name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "{n}", "1"))
			for _, verified := range []map[string]bool{p.Names, nil} {
				if shown := audit.Headers(p.Audit, verified, name+": 0011223344\r\n"); len(shown) != 2 || shown[1] != "masked, 10 bytes" {
					t.Errorf("%s: %q", slug, shown)
				}
			}
		}
	}
}
