package explain

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// Which claim of a token fails is said, with what the sender meant, and never the token.
func TestExplainJWT(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	now := hooktest.TestTime.Unix()
	options := func(more map[string]any) map[string]any {
		section := map[string]any{"algorithms": "HS256", "audiences": "hooks", "issuers": "https://a.example"}
		for name, value := range more {
			section[name] = value
		}
		return map[string]any{"secrets": secret, "publicURL": "https://hooks.example.com/in", "jwt": section, "ban": "false"}
	}
	url := map[string]any{"claim": "url"}
	token := func(header string, more map[string]any) string {
		claims := map[string]any{"iss": "https://a.example", "aud": "hooks", "iat": now, "exp": now + 60, "url": "https://hooks.example.com/in"}
		for name, value := range more {
			claims[name] = value
		}
		return hooktest.HS256(secret, header, claims)
	}
	const header = `{"alg":"HS256","typ":"JWT","kid":"k1"}`
	for name, c := range map[string]struct {
		section map[string]any
		token   string
		reason  string
		seen    string
	}{
		"good":       {nil, token(header, map[string]any{"email": "a@b"}), verdict.Verified, `other claims: "email", "url"`},
		"its header": {nil, token(header, nil), verdict.Verified, `its header: alg "HS256", kid "k1", typ "JWT"`},
		"its times":  {nil, token(header, nil), verdict.Verified, `its times: iat 2026-03-01T12:00:00Z, exp 2026-03-01T12:01:00Z`},
		"issuer":     {nil, token(header, map[string]any{"iss": "https://a.example/"}), verdict.IssuerMismatch, `iss is "https://a.example/"; jwt.issuers has https://a.example`},
		"audience":   {nil, token(header, map[string]any{"aud": []string{"x"}}), verdict.AudienceMismatch, `aud is "[x]"; jwt.audiences has hooks`},
		"over":       {nil, token(header, map[string]any{"iat": now - 900, "exp": now - 600}), verdict.TokenExpired, `it was over 10m0s before`},
		"early":      {nil, token(header, map[string]any{"nbf": now + 600}), verdict.TokenNotYetValid, `it is not good yet`},
		"too long":   {nil, token(header, map[string]any{"exp": now + 1e6}), verdict.TokenLifetimeTooLong, `jwt.maxLifetime`},
		"type":       {nil, token(`{"alg":"HS256","typ":"at+jwt"}`, nil), verdict.TypeMismatch, `typ is "at+jwt", which is taken only where`},
		"algorithm":  {nil, token(`{"alg":"none"}`, nil), verdict.AlgorithmRefused, `it is made by "none"; jwt.algorithms has HS256`},
		"claim":      {map[string]any{"claims": []any{"email=a@b"}}, token(header, map[string]any{"email": "c@d"}), verdict.ClaimMismatch, `"email" is "c@d"; jwt.claims has a@b`},
		"required":   {map[string]any{"requiredClaims": "exp,jti"}, token(header, nil), verdict.ClaimMismatch, `it has no "jti"`},
		"bound":      {nil, token(header, map[string]any{"cnf": map[string]any{}}), verdict.ClaimMismatch, `cnf is "map[]": a token with one`},
		"body":       {map[string]any{"bodyHash": map[string]any{"claim": "h"}}, token(header, map[string]any{"h": "ab"}), verdict.BodyMismatch, `h is "ab"; the body's digest is 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a`},
		"address":    {map[string]any{"url": url}, token(header, map[string]any{"url": "x"}), verdict.URLMismatch, `url is "x"; by publicURL and the request, it should be "https://hooks.example.com/in"`},
		"scope":      {map[string]any{"scopes": "a,b"}, token(header, map[string]any{"scope": "a"}), verdict.ScopeMissing, `scope is "a", scp is not there; jwt.scopes has a, b`},
		"forged":     {nil, token(header, nil) + "AAAA", verdict.SignatureMismatch, `it claims, which nothing has verified: iss "https://a.example"`},
		"of no key":  {nil, token(header, nil) + "AAAA", verdict.SignatureMismatch, `the signature is of none of 1 key`},
		"two parts":  {nil, "a.b", verdict.TokenMalformed, `it has not three parts`},
		"padding":    {nil, token(header, nil) + "=", verdict.TokenMalformed, `its signature is not base64url`},
		"no claims":  {nil, hooktest.HS256(secret, header, `[]`), verdict.TokenMalformed, `its payload is not one JSON object`},
		"twice":      {nil, hooktest.HS256(secret, `{"alg":"HS256","alg":"HS256"}`, `{}`), verdict.TokenMalformed, `its header has a name twice`},
		"crit":       {nil, hooktest.HS256(secret, `{"alg":"HS256","crit":["x"]}`, `{}`), verdict.TokenMalformed, `its header has crit`},
	} {
		raw := options(c.section)
		if c.section["url"] == nil {
			delete(raw, "publicURL")
		}
		r := hooktest.NewRequest(http.MethodPost, "/in", "{}", "Authorization: Bearer "+c.token)
		e, text := explained(t, raw, r, "{}", hooktest.TestTime)
		seen, _ := json.Marshal(e.Checks)
		if e.Reason != c.reason || !strings.Contains(strings.ReplaceAll(string(seen), `\"`, `"`), c.seen) {
			t.Errorf("%s: %s\nwant %s and %s", name, text, c.reason, c.seen)
		}
		if parts := strings.Split(c.token, "."); len(parts) > 2 && len(parts[2]) > 8 && (strings.Contains(text, parts[1]) || strings.Contains(text, parts[2])) {
			t.Errorf("%s: the token is shown: %s", name, text)
		}
		checkOrder(t, name, e)
	}
	e, _ := explained(t, options(nil), hooktest.NewPost("{}", "Authorization: JWT x"), "{}", hooktest.TestTime)
	if len(e.Problems) == 0 { // publicURL has no effect
		t.Error("an option without effect is no problem")
	}
}
