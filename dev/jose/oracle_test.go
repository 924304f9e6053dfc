package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	josev4 "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	cryptorand "crypto/rand"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// present is when the tokens are judged.
var present = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// party is a key with the gate that has its public half.
type party struct {
	algorithm josev4.SignatureAlgorithm
	private   any
	public    any
	gate      *policy.Policy
}

func parties(t *testing.T) []*party {
	modulus, err := rsa.GenerateKey(cryptorand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := []*party{}
	for _, curve := range []struct {
		algorithm josev4.SignatureAlgorithm
		curve     elliptic.Curve
	}{{josev4.ES256, elliptic.P256()}, {josev4.ES384, elliptic.P384()}, {josev4.ES512, elliptic.P521()}} {
		key, err := ecdsa.GenerateKey(curve.curve, cryptorand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &party{algorithm: curve.algorithm, private: key, public: &key.PublicKey})
	}
	for _, algorithm := range []josev4.SignatureAlgorithm{josev4.RS256, josev4.RS512, josev4.PS256, josev4.PS384} {
		all = append(all, &party{algorithm: algorithm, private: modulus, public: &modulus.PublicKey})
	}
	secret := []byte(strings.Repeat("0123456789abcdef", 4))
	for _, algorithm := range []josev4.SignatureAlgorithm{josev4.HS256, josev4.HS384, josev4.HS512} {
		all = append(all, &party{algorithm: algorithm, private: secret, public: secret})
	}
	all = append(all, &party{algorithm: josev4.EdDSA, private: edwards, public: edwards.Public()})
	for _, p := range all {
		raw := map[string]any{"jwt": map[string]any{"algorithms": string(p.algorithm), "issuers": "https://a.example", "audiences": "hooks", "claims": []any{"n=7"}}}
		if text, shared := p.public.([]byte); shared {
			raw["secrets"] = string(text)
		} else {
			set, err := json.Marshal(josev4.JSONWebKey{Key: p.public, Algorithm: string(p.algorithm), Use: "sig"})
			if err != nil {
				t.Fatal(err)
			}
			raw["publicKeys"] = string(set)
		}
		c := policy.Compile(raw)
		if c.Policy == nil {
			t.Fatalf("%s: %v", p.algorithm, c.Problems)
		}
		p.gate = c.Policy
	}
	return all
}

// accepts says whether the gate takes a token.
func accepts(p *party, token string) bool {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header["Authorization"] = []string{"Bearer " + token}
	return policy.Prove(p.gate, &message.Message{Request: r}, nil, present).Reason == verdict.Verified
}

// approves says whether go-jose takes it, with the same demands.
func approves(p *party, token string) bool {
	parsed, err := jwt.ParseSigned(token, []josev4.SignatureAlgorithm{p.algorithm})
	if err != nil {
		return false
	}
	claims := jwt.Claims{}
	own := struct {
		N any `json:"n"`
	}{}
	if parsed.Claims(p.public, &claims, &own) != nil || fmt.Sprint(own.N) != "7" || claims.Expiry == nil {
		return false
	}
	return claims.ValidateWithLeeway(jwt.Expected{Issuer: "https://a.example", AnyAudience: jwt.Audience{"hooks"}, Time: present}, time.Minute) == nil
}

// sign makes a token.
func sign(t *testing.T, p *party, header map[josev4.HeaderKey]any, claims string) string {
	signer, err := josev4.NewSigner(josev4.SigningKey{Algorithm: p.algorithm, Key: p.private}, &josev4.SignerOptions{ExtraHeaders: header})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// claimsAt random: most of them good.
func claimsAt(g *rand.Rand) string {
	pick := func(texts ...string) string { return texts[g.Intn(len(texts))] }
	now := present.Unix()
	return fmt.Sprintf(`{"iss":%s,"aud":%s,"exp":%s,"iat":%s,"n":%s%s}`,
		pick(`"https://a.example"`, `"https://a.example"`, `"https://a.example"`, `"https://b.example"`, `null`),
		pick(`"hooks"`, `["hooks"]`, `["x","hooks"]`, `"hook"`, `[]`, `"hooks"`),
		pick(fmt.Sprint(now+300), fmt.Sprint(now-30), fmt.Sprint(now-300), fmt.Sprintf("%d.5", now+5), `"x"`, fmt.Sprint(now+60)),
		pick(fmt.Sprint(now), fmt.Sprint(now-10), fmt.Sprint(now+30), fmt.Sprint(now+300), fmt.Sprint(now)),
		pick("7", "7", "7", `"7"`, "8"),
		pick("", "", fmt.Sprintf(`,"nbf":%d`, now), fmt.Sprintf(`,"nbf":%d`, now+300), `,"a":{"b":[1,{"c":"ü"}]}`, `,"iss":"https://a.example"`))
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ \n\x00\xff"

// mutate changes a token in one of the ways of those who try.
func mutate(g *rand.Rand, token, other string) string {
	at := g.Intn(len(token))
	parts, others := strings.Split(token, "."), strings.Split(other, ".")
	switch g.Intn(16) {
	case 1:
		return token[:at] + string(alphabet[g.Intn(len(alphabet))]) + token[at+1:]
	case 2:
		return token[:at] + token[at+1:]
	case 3:
		return token[:at] + string(alphabet[g.Intn(len(alphabet))]) + token[at:]
	case 4:
		i := g.Intn(3)
		parts[i] = others[i]
	case 5:
		parts[0] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
		parts[2] = ""
	case 6:
		header, _ := base64.RawURLEncoding.DecodeString(parts[0])
		parts[0] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(header), "{", "{ ", 1)))
	case 7:
		parts = append(parts, "")
	case 8:
		signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
		parts[2] = base64.RawURLEncoding.EncodeToString(append(signature, 0))
	default:
		return token
	}
	return strings.Join(parts, ".")
}

// Whatever the gate accepts, go-jose accepts; and a token that is as it should be, both do.
func TestOracle(t *testing.T) {
	const rounds = 400 // for each algorithm
	seed := time.Now().UnixNano()
	g := rand.New(rand.NewSource(seed))
	t.Logf("seed %d", seed)
	accepted, refused := 0, 0
	for _, p := range parties(t) {
		good := sign(t, p, nil, `{"iss":"https://a.example","aud":"hooks","exp":1772366700,"iat":1772366400,"n":7}`)
		if !accepts(p, good) || !approves(p, good) {
			t.Fatalf("%s: a good token: the gate says %v, go-jose %v", p.algorithm, accepts(p, good), approves(p, good))
		}
		for range rounds {
			header := map[josev4.HeaderKey]any{}
			if g.Intn(4) == 0 {
				header["kid"] = []any{"k1", "", 7, nil}[g.Intn(4)]
			}
			if g.Intn(4) == 0 {
				header["typ"] = []any{"JWT", "at+jwt", "jwt"}[g.Intn(3)]
			}
			token := mutate(g, sign(t, p, header, claimsAt(g)), good)
			if !accepts(p, token) {
				refused++
				continue
			}
			accepted++
			if !approves(p, token) {
				t.Errorf("VULNERABLE: %s: the gate accepts %q, and go-jose does not", p.algorithm, token)
			}
		}
	}
	if accepted < 20 || refused < 20 {
		t.Errorf("%d accepted, %d refused: the tokens are too much alike", accepted, refused)
	}
	t.Logf("%d accepted, %d refused", accepted, refused)
}
