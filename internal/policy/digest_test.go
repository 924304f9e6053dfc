package policy

import (
	"testing"

	"github.com/hookward/hookward/internal/config"
)

// What is remembered of senders holds for as long as the same verifies, and no longer.
func TestVerificationDigest(t *testing.T) {
	const (
		one = "0123456789abcdef0123456789abcdef"
		two = "fedcba9876543210fedcba9876543210"
	)
	jwt := map[string]any{"algorithms": "HS256", "audiences": "a", "requiredClaims": "exp"}
	certificate := map[string]any{"fingerprints": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "header": "X-Certificate", "trustedIPs": "10.0.0.0/8"}
	digests := map[string]string{}
	for name, raw := range map[string]map[string]any{
		"github":              {"provider": "github", "secrets": one},
		"another secret":      {"provider": "github", "secrets": two},
		"another header":      {"provider": "github", "secrets": one, "signature": map[string]any{"header": "X-Other"}},
		"token":               {"token": map[string]any{"header": "X-Token"}, "secrets": one},
		"another token":       {"token": map[string]any{"header": "X-Token"}, "secrets": two},
		"jwt":                 {"jwt": jwt, "secrets": one},
		"another key":         {"jwt": jwt, "secrets": two},
		"another claim":       {"jwt": map[string]any{"algorithms": "HS256", "audiences": "b", "requiredClaims": "exp"}, "secrets": one},
		"message":             {"messageSignature": map[string]any{"algorithms": "hmac-sha256"}, "secrets": one},
		"another message":     {"messageSignature": map[string]any{"algorithms": "hmac-sha256", "label": "a"}, "secrets": one},
		"another message key": {"messageSignature": map[string]any{"algorithms": "hmac-sha256"}, "secrets": two},
		"certificate":         {"clientCertificate": certificate},
		"certificate too":     {"provider": "github", "secrets": one, "clientCertificate": certificate},
	} {
		first, again := Compile(raw), Compile(raw)
		if first.Policy == nil {
			t.Fatalf("%s: %q", name, config.Sentences(first.Problems))
		}
		digest := first.Policy.VerificationDigest
		if digest != again.Policy.VerificationDigest {
			t.Errorf("%s: the same configuration has two digests", name)
		}
		if other := digests[digest]; other != "" {
			t.Errorf("%s has the digest of %s", name, other)
		}
		digests[digest] = name
	}
}
