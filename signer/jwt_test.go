package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/hooktest"
)

// Tokens of every shape are signed as the gate asks, by every algorithm, and forged ones
// are refused.
func TestSignJWT(t *testing.T) {
	keys := map[string]crypto.Signer{"HS": nil, "RS": hooktest.TestPrivateKeys()["rsa"], "PS": hooktest.TestPrivateKeys()["rsa"], "Ed": hooktest.TestPrivateKeys()["ed25519"], "ES256": hooktest.TestPrivateKeys()["ecdsa"]}
	for name, curve := range map[string]elliptic.Curve{"ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = key
	}
	for shape, section := range map[string]map[string]any{
		"bearer":     {"audiences": "hooks", "issuers": "https://a.example", "scopes": "a,b", "types": "at+jwt", "requiredClaims": "exp,jti,nbf"},
		"claims":     {"claims": []any{"email=a@b", "email_verified=true", "data.id=7", "https://a.example/r=x"}, "maxAge": "5m", "ageClaim": "signedAt"},
		"body hash":  {"bodyHash": map[string]any{"claim": "h", "encoding": "base64url"}, "idField": "jwt:jti", "eventField": "jwt:event"},
		"address":    {"url": map[string]any{"claim": "aud"}},
		"qsh":        {"url": map[string]any{"form": "qsh"}, "scheme": "JWT"},
		"query":      {"query": "jwt", "audiences": "a"},
		"field":      {"field": "json:a.token", "audiences": "a"},
		"list":       {"field": "json:tokens[]", "audiences": "a"},
		"body":       {"body": "true"},
		"event":      {"body": "true", "types": "secevent+jwt", "requiredClaims": "iat,jti"},
		"detached":   {"header": "X-Jws", "detached": "true"},
		"unencoded":  {"header": "X-Jws", "detached": "true", "unencodedPayload": "true"},
		"own header": {"header": "X-Token", "bodyHash": map[string]any{"claim": "h", "absentIfEmpty": "true"}},
	} {
		for _, algorithm := range []string{"HS256", "HS384", "HS512", "RS256", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"} {
			key := keys[algorithm[:2]]
			if algorithm[:2] == "ES" {
				key = keys[algorithm]
			}
			raw := map[string]any{"jwt": map[string]any{"algorithms": algorithm}}
			for option, value := range section {
				raw["jwt"].(map[string]any)[option] = value
			}
			if key == nil {
				raw["secrets"] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			}
			if shape == "address" {
				raw["publicURL"] = "https://hooks.example.com/in"
			}
			s, err := NewSigner(&hookward.Config{Raw: raw}, key)
			if err != nil {
				t.Fatalf("%s, %s: %v", shape, algorithm, err)
			}
			d := Delivery{URL: "https://hooks.example.com/in", Time: hooktest.TestTime}
			signed, err := s.Sign(d) // which holds it against the gate
			if err != nil {
				t.Errorf("%s, %s: %v", shape, algorithm, err)
				continue
			}
			if shape != "body" && shape != "event" && !strings.Contains(string(signed.Body), "{") {
				t.Errorf("%s: the body is %q", shape, signed.Body)
			}
			d.Forged = true
			forged, err := s.Sign(d)
			if err != nil {
				t.Errorf("%s, %s, forged: %v", shape, algorithm, err)
			}
			forged.Time = hooktest.TestTime
			if _, passes := s.remembered(forged); passes {
				t.Errorf("%s, %s: a forged one passes", shape, algorithm)
			}
		}
	}
}

// The claims of a body that is a token are the caller's own.
func TestSignJWTBody(t *testing.T) {
	s, err := NewSigner(&hookward.Config{Raw: map[string]any{"secrets": "0123456789abcdef0123456789abcdef", "jwt": map[string]any{"algorithms": "HS256", "body": "true", "idField": "jwt:jti"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(Delivery{URL: "https://a.example/", Body: []byte(`{"jti":"mine","x":[1, 2]}`), Time: time.Unix(1700000000, 0)})
	if err != nil || strings.Count(string(signed.Body), ".") != 2 || signed.Header.Get("Content-Type") != "application/jwt" {
		t.Errorf("%v, %q", err, signed.Body)
	}
	if _, err := s.Sign(Delivery{URL: "https://a.example/", Body: []byte(`[]`)}); err == nil || !strings.Contains(err.Error(), "must be a JSON object") {
		t.Errorf("a list: %v", err)
	}
	// A key of the caller's own takes the place of those that stand elsewhere.
	raw := map[string]any{"jwt": map[string]any{"algorithms": "ES256", "audiences": "a", "jwks": map[string]any{"url": "https://a.example/keys"}}}
	if _, err := NewSigner(&hookward.Config{Raw: raw}, hooktest.TestPrivateKeys()["ecdsa"]); err != nil {
		t.Error(err)
	}
	if _, err := NewSigner(&hookward.Config{Raw: raw}, nil); err == nil {
		t.Error("there is no key")
	}
	if _, err := NewSigner(&hookward.Config{Raw: raw}, hooktest.TestPrivateKeys()["rsa"]); err == nil {
		t.Error("a key of another family")
	}
}
