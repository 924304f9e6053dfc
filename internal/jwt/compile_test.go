package jwt

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/verdict"
)

// Configurations that protect from too little, or say two things, are mistakes, and each
// names its option.
func TestMistakes(t *testing.T) {
	rsaPEM := publicPEM(privateKeys["RS256"])
	for want, raw := range map[string]map[string]any{
		"jwt.algorithms: is required":                                  {"secrets": testSecret, "jwt": map[string]any{"audiences": "a"}},
		"jwt.algorithms[0]: \"none\" is not known":                     {"secrets": testSecret, "jwt": map[string]any{"audiences": "a", "algorithms": "none"}},
		"jwt.algorithms[1]: \"hs256\" is not known":                    {"secrets": testSecret, "jwt": map[string]any{"audiences": "a", "algorithms": "HS256,hs256"}},
		"secrets: is required":                                         {"jwt": map[string]any{"audiences": "a", "algorithms": "HS256"}},
		"publicKeys: is required":                                      {"jwt": map[string]any{"audiences": "a", "algorithms": "RS256"}},
		"jwt.algorithms: has ES256, which none of publicKeys verifies": {"publicKeys": rsaPEM, "jwt": map[string]any{"audiences": "a", "algorithms": "RS256,ES256"}},
		"jwt.audiences: is required":                                   {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256"}},
		"jwt.requiredClaims: must have exp":                            {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "requiredClaims": "iat"}},
		"jwt.header: contradicts":                                      {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "header": "X", "field": "json:a"}},
		"jwt.scheme: has no effect":                                    {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "scheme": "JWT", "field": "json:a"}},
		"jwt.scheme: \"Basic\" is not":                                 {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "scheme": "Basic"}},
		"jwt.field: is not a location in the body":                     {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "field": "header:A"}},
		"jwt.unencodedPayload: belongs":                                {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "unencodedPayload": "true"}},
		"jwt.detached: contradicts":                                    {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "detached": "true", "body": "true"}},
		"jwt.audiences: has no effect with detached":                   {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "detached": "true", "audiences": "a"}},
		"tolerance: has no effect":                                     {"secrets": testSecret, "tolerance": "1m", "jwt": map[string]any{"algorithms": "HS256", "detached": "true"}},
		"jwt.idField: names a claim":                                   {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "detached": "true", "idField": "jwt:jti"}},
		"jwt.idField: names no claim":                                  {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "idField": "jwt:"}},
		"jwt.refusal: \"json\" is not known":                           {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "refusal": "json"}},
		"jwt.secretEncoding: \"base32\" is not known":                  {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "secretEncoding": "base32"}},
		"jwt.secretEncoding: has no effect":                            {"publicKeys": rsaPEM, "jwt": map[string]any{"algorithms": "RS256", "audiences": "a", "secretEncoding": "hex"}},
		"jwt.scopes[0]: is one word":                                   {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "scopes": "a b"}},
		"jwt.claims[0]: \"email\" is not NAME=VALUE":                   {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "claims": "email"}},
		"jwt.claims[0]: is about aud":                                  {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "claims": "aud=a"}},
		"jwt.maxAge: is required with jwt.ageClaim":                    {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "ageClaim": "ts"}},
		"jwt.bodyHash.claim: is required":                              {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "bodyHash": "true"}},
		"jwt.bodyHash.encoding: \"base32\" is not known":               {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "bodyHash": map[string]any{"claim": "a", "encoding": "base32"}}},
		"jwt.bodyHash.algorithm: \"md5\" is not known":                 {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "bodyHash": map[string]any{"claim": "a", "algorithm": "md5"}}},
		"jwt.bodyHash: contradicts":                                    {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "body": "true", "bodyHash": map[string]any{"claim": "a"}}},
		"jwt.url.claim: is required":                                   {"secrets": testSecret, "publicURL": "https://a.example/in", "jwt": map[string]any{"algorithms": "HS256", "url": map[string]any{"form": "url"}}},
		"jwt.url.form: \"path\" is not known":                          {"secrets": testSecret, "publicURL": "https://a.example/in", "jwt": map[string]any{"algorithms": "HS256", "url": map[string]any{"claim": "a", "form": "path"}}},
		"publicURL: is required":                                       {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "url": map[string]any{"claim": "a"}}},
		"publicURL: is not a URL":                                      {"secrets": testSecret, "publicURL": "a", "jwt": map[string]any{"algorithms": "HS256", "url": map[string]any{"claim": "a"}}},
		"senders: has no effect":                                       {"secrets": testSecret, "senders": "a", "jwt": map[string]any{"algorithms": "HS256", "audiences": "a"}},
		"senders: is required":                                         {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "senderField": "jwt:sub"}},
		"jwt.senderField: must be a claim":                             {"secrets": testSecret, "senders": "a", "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "senderField": "json:sub"}},
		"jwt.forwardToken: \"true\" is not known":                      {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "forwardToken": "true"}},
		"jwt.forwardToken: can't be never":                             {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "body": "true", "forwardToken": "never"}},
		"jwt.forwardClaims[0]: \"sub\" is not NAME=CLAIM":              {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "forwardClaims": "sub"}},
		"jwt.forwardClaims[0]: \"x-hookward-event\" is a header that":  {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "forwardClaims": "x-hookward-event=sub"}},
		"publicKeys[0]: has a shared key (kty oct), which is a secret": {"publicKeys": `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}`, "jwt": map[string]any{"algorithms": "RS256", "audiences": "a"}},
	} {
		_, n := compile(t, raw)
		said := config.Sentences(n.Problems)
		if len(said) == 0 || !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("%v: %q, want %q", raw["jwt"], said, want)
		}
	}
}

// What RFC 8725 warns of, and works all the same.
func TestWarnings(t *testing.T) {
	rsaPEM := publicPEM(privateKeys["RS256"])
	for want, raw := range map[string]map[string]any{
		"jwt.issuers: is not given":                           {"publicKeys": rsaPEM, "jwt": map[string]any{"algorithms": "RS256", "audiences": "a"}},
		"secrets[0]: is shorter than the 64 bytes":            {"secrets": "a secret of more than 32 characters", "jwt": map[string]any{"algorithms": "HS512", "audiences": "a"}},
		"secrets[0]: is shorter than the 32 bytes":            {"secrets": "a secret of 25 characters", "jwt": map[string]any{"algorithms": "HS256", "audiences": "a"}},
		"jwt.algorithms: has algorithms with a shared secret": {"secrets": testSecret, "publicKeys": rsaPEM, "jwt": map[string]any{"algorithms": "HS256,RS256", "audiences": "a", "issuers": "a"}},
		"jwt.algorithms: has algorithms that there is no key": {"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256,RS256", "audiences": "a"}},
	} {
		_, n := compile(t, raw)
		if said := strings.Join(config.Sentences(n.Warnings), "\n"); len(n.Problems) > 0 || !strings.Contains(said, want) {
			t.Errorf("%v: %q %q, want %q", raw["jwt"], config.Sentences(n.Problems), said, want)
		}
	}
	_, n := compile(t, bearer(nil))
	if said := config.Sentences(n.Warnings); len(said) != 1 || !strings.HasPrefix(said[0], "secrets[0]: is written in clear") {
		t.Errorf("a good configuration: %q", said)
	}
}

// A token names an algorithm that the options allow and that there is no key for.
func TestAlgorithmWithoutKey(t *testing.T) {
	v, n := compile(t, bearer(map[string]any{"algorithms": "HS256, RS256"}))
	if len(n.Problems) > 0 || len(n.Warnings) == 0 {
		t.Fatalf("%v, %v", n.Problems, n.Warnings)
	}
	for reason, token := range map[string]string{
		verdict.KeyUnknown: hs256(map[string]any{"alg": "RS256"}, usual(nil)),
		verdict.Verified:   hs256(plainHeader, usual(nil)),
	} {
		if got := reasonOf(v, token); got != reason {
			t.Errorf("%s, not %s", got, reason)
		}
	}
}
