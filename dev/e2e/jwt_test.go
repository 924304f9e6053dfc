package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/hooktest"
)

const jwtSecret = "0123456789abcdef0123456789abcdef"

// jwtKeys are those of the gates with public keys.
type jwtKeys struct {
	modulus *rsa.PrivateKey
	point   *ecdsa.PrivateKey
}

func newJWTKeys(t *testing.T) *jwtKeys {
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	point, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &jwtKeys{modulus, point}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func publicPEM(key any) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func jsonText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	b, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// rs256 and es256 sign what hooktest.HS256 signs with a shared secret.
func (k *jwtKeys) rs256(header, claims any) string {
	input := b64([]byte(jsonText(header))) + "." + b64([]byte(jsonText(claims)))
	sum := sha256.Sum256([]byte(input))
	made, err := rsa.SignPKCS1v15(rand.Reader, k.modulus, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + b64(made)
}

func (k *jwtKeys) es256(header, claims any) string {
	input := b64([]byte(jsonText(header))) + "." + b64([]byte(jsonText(claims)))
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k.point, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// jwtGates are gates of each shape.
func jwtGates(k *jwtKeys) []gate {
	gates := []gate{}
	for name, options := range map[string]map[string]any{
		"hs":     {"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "hooks", "issuers": "https://a.example", "scopes": "write"}},
		"rs":     {"publicKeys": publicPEM(&k.modulus.PublicKey), "jwt": map[string]any{"algorithms": "RS256", "audiences": "hooks", "issuers": "https://a.example"}},
		"both":   {"secrets": jwtSecret, "publicKeys": publicPEM(&k.modulus.PublicKey), "jwt": map[string]any{"algorithms": []string{"RS256", "HS256"}, "audiences": "hooks", "issuers": "https://a.example"}},
		"lone":   {"secrets": jwtSecret, "jwt": map[string]any{"algorithms": []string{"RS256", "HS256"}, "audiences": "hooks", "issuers": "https://a.example"}},
		"es":     {"publicKeys": `{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","x":"` + b64(k.point.X.FillBytes(make([]byte, 32))) + `","y":"` + b64(k.point.Y.FillBytes(make([]byte, 32))) + `"}]}`, "jwt": map[string]any{"algorithms": []string{"ES256"}, "audiences": "hooks", "issuers": "https://a.example"}},
		"hash":   {"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "maxAge": "10m", "bodyHash": map[string]any{"claim": "h", "absentIfEmpty": true}, "idField": "jwt:jti"}, "replay": map[string]any{"by": "delivery"}},
		"jwt":    {"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "scheme": "JWT", "url": map[string]any{"form": "qsh"}}},
		"body":   {"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "body": true, "types": "secevent+jwt", "audiences": "hooks", "refusal": "secevent"}},
		"detach": {"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "header": "X-Jws", "detached": true}},
		"raw":    {"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "header": "X-Jws", "detached": true, "unencodedPayload": true}},
	} {
		gates = append(gates, gate{name: name, options: jsonText(options)})
	}
	return gates
}

// goodClaims are those that the gates take, with more, or less where a value is nil.
func goodClaims(more map[string]any) map[string]any {
	claims := map[string]any{"iss": "https://a.example", "aud": "hooks", "sub": "robot", "scope": "read write", "iat": time.Now().Unix(), "exp": time.Now().Unix() + 300}
	for name, value := range more {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// jwtTrap is a request that must be refused, for a reason; or pass, for "verified".
type jwtTrap struct {
	name, gate, token, body, reason string
}

// jwtTraps are the traps of tokens, by the numbers that the project gives them.
func jwtTraps(k *jwtKeys) []jwtTrap {
	const hs, rs = `{"alg":"HS256","typ":"JWT"}`, `{"alg":"RS256"}`
	sign := func(header, claims any) string { return hooktest.HS256(jwtSecret, header, claims) }
	der, _ := x509.MarshalPKIXPublicKey(&k.modulus.PublicKey)
	now := time.Now().Unix()
	h := func(body string) string { sum := sha256.Sum256([]byte(body)); return hex.EncodeToString(sum[:]) }
	good := sign(hs, goodClaims(nil))
	parts := strings.Split(good, ".")
	event := map[string]any{"jti": "1", "exp": nil, "events": map[string]any{"urn:e": map[string]any{}}}
	traps := []jwtTrap{
		{"good", "hs", "Bearer " + good, "{}", "verified"},
		{"good RS256", "rs", "Bearer " + k.rs256(rs, goodClaims(nil)), "{}", "verified"},
		{"good ES256", "es", "Bearer " + k.es256(`{"alg":"ES256","kid":"k1"}`, goodClaims(nil)), "{}", "verified"},
		{"J01 none", "hs", "Bearer " + b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", "{}", "algorithm_refused"},
		{"J01 nOnE", "hs", "Bearer " + sign(`{"alg":"nOnE"}`, goodClaims(nil)), "{}", "algorithm_refused"},
		{"J01 absent", "hs", "Bearer " + sign(`{"typ":"JWT"}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J01 a number", "hs", "Bearer " + sign(`{"alg":256}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J02 PEM as a secret", "both", "Bearer " + hooktest.HS256(publicPEM(&k.modulus.PublicKey), hs, goodClaims(nil)), "{}", "signature_mismatch"},
		{"J02 DER as a secret", "both", "Bearer " + hooktest.HS256(string(der), hs, goodClaims(nil)), "{}", "signature_mismatch"},
		{"J02 HS256 at RS256", "rs", "Bearer " + hooktest.HS256(publicPEM(&k.modulus.PublicKey), hs, goodClaims(nil)), "{}", "algorithm_refused"},
		{"J04 RS256 at ES256", "es", "Bearer " + k.rs256(`{"alg":"RS256","kid":"k1"}`, goodClaims(nil)), "{}", "algorithm_refused"},
		{"RS256 without a public key", "lone", "Bearer " + k.rs256(rs, goodClaims(nil)), "{}", "key_unknown"},
		{"HS256 beside it", "lone", "Bearer " + good, "{}", "verified"},
		{"J05 its own keys", "rs", "Bearer " + k.rs256(`{"alg":"RS256","jku":"http://127.0.0.1:1/","jwk":{"kty":"oct","k":"AA"},"x5c":["AA"],"x5u":"http://127.0.0.1:1/"}`, goodClaims(nil)), "{}", "verified"},
		{"J06 unknown kid", "es", "Bearer " + k.es256(`{"alg":"ES256","kid":"../k1' OR 1=1"}`, goodClaims(nil)), "{}", "key_unknown"},
		{"J06 kid a list", "es", "Bearer " + k.es256(`{"alg":"ES256","kid":["k1"]}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J06 kid twice", "es", "Bearer " + k.es256(`{"alg":"ES256","kid":"k1","kid":"k1"}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J09 exp twice", "hs", "Bearer " + sign(hs, strings.Replace(jsonText(goodClaims(nil)), "{", `{"exp":1,`, 1)), "{}", "token_malformed"},
		{"J09 EXP", "hs", "Bearer " + sign(hs, strings.Replace(jsonText(goodClaims(nil)), "{", `{"EXP":1,`, 1)), "{}", "token_malformed"},
		{"J10 a text", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"exp": "9999999999"})), "{}", "token_malformed"},
		{"J10 2^63", "hs", "Bearer " + sign(hs, strings.Replace(jsonText(goodClaims(map[string]any{"exp": nil})), "{", `{"exp":9223372036854775808,`, 1)), "{}", "token_malformed"},
		{"J11 a slash", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"aud": "hooks/"})), "{}", "audience_mismatch"},
		{"J11 a number in it", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"aud": []any{"hooks", 1}})), "{}", "audience_mismatch"},
		{"J11 a list", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"aud": []any{"a", "hooks"}})), "{}", "verified"},
		{"J12 case", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"iss": "https://A.example"})), "{}", "issuer_mismatch"},
		{"J13 crit", "hs", "Bearer " + sign(`{"alg":"HS256","crit":["exp"]}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J13 b64 without crit", "raw", sign(`{"alg":"HS256","b64":false}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J14 attached", "detach", good, "{}", "token_malformed"},
		{"J14 detached", "hs", "Bearer " + parts[0] + ".." + parts[2], "{}", "token_malformed"},
		{"J16 empty", "hash", "Bearer " + sign(hs, goodClaims(map[string]any{"jti": "e"})), "", "verified"},
		{"J16 not empty", "hash", "Bearer " + sign(hs, goodClaims(map[string]any{"jti": "f"})), "{}", "body_mismatch"},
		{"J17 one byte", "hash", "Bearer " + sign(hs, goodClaims(map[string]any{"jti": "g", "h": h("{}")})), "{ }", "body_mismatch"},
		{"J19 two spaces", "hs", "Bearer  " + good, "{}", "token_malformed"},
		{"J19 small letters", "hs", "bearer " + good, "{}", "verified"},
		{"J19 a comma", "hs", "Bearer " + good + ",", "{}", "token_malformed"},
		{"J20 five parts", "hs", "Bearer " + good + ".a.b", "{}", "token_malformed"},
		{"J20 a token in it", "hs", "Bearer " + sign(`{"alg":"HS256","cty":"JWT"}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J20 dots", "body", "", strings.Repeat(".", 1<<19), "token_malformed"},
		{"J27 an ID token", "body", "", good, "type_mismatch"},
		{"J27 an event as a bearer", "hs", "Bearer " + sign(`{"alg":"HS256","typ":"secevent+jwt"}`, goodClaims(event)), "{}", "type_mismatch"},
		{"J27 no events", "body", "", sign(`{"alg":"HS256","typ":"secevent+jwt"}`, goodClaims(map[string]any{"jti": "1"})), "claim_mismatch"},
		{"an event", "body", "", sign(`{"alg":"HS256","typ":"secevent+jwt"}`, goodClaims(event)), "verified"},
		{"J28 another path", "jwt", "JWT " + sign(hs, goodClaims(map[string]any{"qsh": h("POST&/other&")})), "{}", "url_mismatch"},
		{"J28 context-qsh", "jwt", "JWT " + sign(hs, goodClaims(map[string]any{"qsh": "context-qsh"})), "{}", "url_mismatch"},
		{"J30 over", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"iat": now - 900, "exp": now - 120})), "{}", "token_expired"},
		{"J30 ahead", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"iat": now + 600, "exp": now + 700})), "{}", "token_not_yet_valid"},
		{"J32 cnf", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"cnf": map[string]any{"jkt": "a"}})), "{}", "claim_mismatch"},
		{"J33 padding", "hs", "Bearer " + good + "=", "{}", "token_malformed"},
		{"J33 plus", "hs", "Bearer " + good[:len(good)-1] + "+", "{}", "token_malformed"},
		{"J34 a mark", "hs", "Bearer " + sign("\ufeff"+hs, goodClaims(nil)), "{}", "token_malformed"},
		{"J34 text behind", "hs", "Bearer " + sign(hs+"x", goodClaims(nil)), "{}", "token_malformed"},
		{"J35 Bearer at JWT", "jwt", "Bearer " + good, "{}", "token_malformed"},
		{"scope", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"scope": "read"})), "{}", "scope_missing"},
		{"too long", "hs", "Bearer " + sign(hs, goodClaims(map[string]any{"exp": now + 1e7})), "{}", "token_lifetime_too_long"},
		{"none there", "hs", "", "{}", "token_missing"},
	}
	return traps
}

// TestJWT holds the real Traefik against every trap.
func TestJWT(t *testing.T) {
	k := newJWTKeys(t)
	s := start(t, nil, jwtGates(k), gateway.Settings{})
	for _, c := range jwtTraps(k) {
		t.Run(c.name, func(t *testing.T) {
			lines := []string{}
			header := "Authorization"
			if c.gate == "detach" || c.gate == "raw" {
				header = "X-Jws"
			}
			if c.token != "" {
				lines = append(lines, header+": "+c.token)
			}
			a := s.post(t, c.gate, c.body, lines...)
			if c.reason == "verified" {
				arrived, r := s.passed(t, a)
				unchanged(t, arrived, c.body)
				if c.gate != "body" && c.gate != "hash" && arrived.Header.Get("Authorization") != "" || r.TokenAlgorithm == "" || r.TokenIssuer != "https://a.example" || r.TokenSubject != "robot" {
					t.Errorf("the backend got %v, and the record says %+v", arrived.Header, r)
				}
				return
			}
			checkJWTRefusal(t, s, a, &c)
		})
	}
	s.notPrinted(t, b64([]byte(jsonText(goodClaims(nil))))[:40])
}

// checkJWTRefusal checks what a caller is told of a trap, and what is recorded.
func checkJWTRefusal(t *testing.T, s *site, a *answer, c *jwtTrap) {
	t.Helper()
	if c.gate == "body" {
		r := s.record(t, a.path)
		if a.StatusCode != http.StatusBadRequest || !strings.HasPrefix(string(a.body), `{"err":"`) || r.Reason != c.reason || len(s.backend.at(a.path)) != 0 {
			t.Errorf("%d %q, record %s, want 400 and %s", a.StatusCode, a.body, r.Reason, c.reason)
		}
		return
	}
	status := http.StatusUnauthorized
	if c.reason == "scope_missing" {
		status = http.StatusForbidden
	}
	s.refused(t, a, status, c.reason)
	if c.gate == "hs" && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("WWW-Authenticate is %q", a.Header.Get("WWW-Authenticate"))
	}
}

// A token passes once where it says which delivery it is of: J31, and J18.
func TestJWTOnce(t *testing.T) {
	k := newJWTKeys(t)
	s := start(t, nil, jwtGates(k), gateway.Settings{})
	sum := sha256.Sum256([]byte("{}"))
	token := hooktest.HS256(jwtSecret, `{"alg":"HS256"}`, goodClaims(map[string]any{"jti": "1", "h": hex.EncodeToString(sum[:])}))
	s.passed(t, s.post(t, "hash", "{}", "Authorization: Bearer "+token))
	a := s.post(t, "hash", "{}", "Authorization: Bearer "+token)
	if r := s.record(t, a.path); a.StatusCode != http.StatusOK || !r.Duplicate || len(s.backend.at(a.path)) != 0 {
		t.Errorf("the second one: %d, %+v", a.StatusCode, r)
	}
	s.refused(t, s.post(t, "hs", "{}", "Authorization: Bearer "+token, "Authorization: Bearer "+token), http.StatusUnauthorized, "token_duplicated")
	r := s.request("hs", "{}")
	r.URL.RawQuery = "access_token=" + hooktest.HS256(jwtSecret, `{"alg":"HS256"}`, goodClaims(nil))
	s.refused(t, exchange(t, s.client, r), http.StatusUnauthorized, "token_missing")
}
