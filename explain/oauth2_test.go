package explain

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// Of an access token is told what a token of the option jwt is told of, by the names of
// oauth2; nobody is asked about one.
func TestExplainOAuth2(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	code := base64.RawURLEncoding.EncodeToString
	token := func(header string, more map[string]any) string {
		now := hooktest.TestTime.Unix()
		claims := map[string]any{"iss": "https://a.example", "aud": "hooks", "sub": "s", "client_id": "s", "jti": "1", "iat": now, "exp": now + 60, "scope": "a"}
		for name, value := range more {
			claims[name] = value
		}
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		input := code([]byte(header)) + "." + code(text)
		return input + "." + code(ed25519.Sign(private, []byte(input)))
	}
	const header = `{"alg":"EdDSA","typ":"at+jwt"}`
	section := map[string]any{"issuers": "https://a.example", "audiences": "hooks", "algorithms": "EdDSA", "scopes": "a"}
	for name, c := range map[string]struct{ token, reason, seen string }{
		"good":      {token(header, nil), verdict.Verified, `scope "a"`},
		"scope":     {token(header, map[string]any{"scope": "b"}), verdict.ScopeMissing, `scope is "b", scp is not there; oauth2.scopes has a`},
		"audience":  {token(header, map[string]any{"aud": "x"}), verdict.AudienceMismatch, `aud is "x"; oauth2.audiences has hooks`},
		"type":      {token(`{"alg":"EdDSA","typ":"JWT"}`, nil), verdict.TypeMismatch, `typ is "JWT"; it must be at+jwt`},
		"algorithm": {token(`{"alg":"HS256","typ":"at+jwt"}`, nil), verdict.AlgorithmRefused, `it is made by "HS256"; oauth2.algorithms has EdDSA`},
		"bound":     {token(header, map[string]any{"cnf": map[string]any{"x5t#S256": "x"}}), verdict.ClaimMismatch, `oauth2.certificateBound`},
		"no JWT":    {"0123456789abcdef", verdict.TokenMalformed, `it has not three parts`},
	} {
		raw := map[string]any{"publicKeys": base64.StdEncoding.EncodeToString(public), "oauth2": section, "ban": "false"}
		e, text := explained(t, raw, hooktest.NewPost("{}", "Authorization: Bearer "+c.token), "{}", hooktest.TestTime)
		seen, _ := json.Marshal(e.Checks)
		if e.Reason != c.reason || !strings.Contains(strings.ReplaceAll(string(seen), `\"`, `"`), c.seen) {
			t.Errorf("%s: %s\nwant %s and %s", name, text, c.reason, c.seen)
		}
		checkOrder(t, name, e)
	}
	asks := map[string]any{"oauth2": map[string]any{"scopes": "a", "introspection": map[string]any{"url": "https://a.example/introspect", "clientID": "gate", "clientSecret": "0123456789abcdef0123456789abcdef"}}, "ban": "false"}
	e, text := explained(t, asks, hooktest.NewPost("{}", "Authorization: Bearer 0123456789abcdef"), "{}", hooktest.TestTime)
	if e.Reason != verdict.IntrospectionUnavailable || e.Passes || !strings.Contains(e.Undecided, "the authorization server would have to be asked") || strings.Contains(text, "0123456789abcdef") {
		t.Error(text)
	}
}
