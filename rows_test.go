package hookward

import (
	"regexp"
	"strings"
	"testing"

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
