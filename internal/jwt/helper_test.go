package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
)

// present is when these tests are.
var present = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const testSecret = "0123456789abcdef0123456789abcdef"

// compile compiles a configuration, and returns what is said of it.
func compile(t *testing.T, raw map[string]any) (*Verifier, *config.Notes) {
	t.Helper()
	options, problems := config.Decode(raw)
	if len(problems) > 0 {
		t.Fatalf("%v: %s", raw, problems)
	}
	n := &config.Notes{}
	v := Compile(n, &secrets.Resolver{}, options)
	return v, n
}

// mustCompile is compile for a configuration that has no mistake.
func mustCompile(t *testing.T, raw map[string]any) *Verifier {
	t.Helper()
	v, n := compile(t, raw)
	if len(n.Problems) > 0 {
		t.Fatalf("%v: %s", raw, config.Sentences(n.Problems))
	}
	return v
}

// bearer is a configuration of shape A with a shared secret.
func bearer(more map[string]any) map[string]any {
	section := map[string]any{"algorithms": "HS256", "audiences": "https://hooks.example.com"}
	for name, value := range more {
		section[name] = value
	}
	return map[string]any{"secrets": testSecret, "jwt": section}
}

// usual are claims that the configuration bearer accepts.
func usual(more map[string]any) map[string]any {
	claims := map[string]any{"aud": "https://hooks.example.com", "iat": present.Unix(), "exp": present.Add(5 * time.Minute).Unix()}
	for name, value := range more {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	return claims
}

// textOfJSON writes a value, or takes a text as it is.
func textOfJSON(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	b, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// hs256 makes a token with a shared secret. Header and claims are values or JSON texts.
func hs256(header, claims any) string {
	return signHMAC(crypto.SHA256, testSecret, rawURL.EncodeToString([]byte(textOfJSON(header)))+"."+rawURL.EncodeToString([]byte(textOfJSON(claims))))
}

func signHMAC(hash crypto.Hash, secret, input string) string {
	mac := hmac.New(hash.New, []byte(secret))
	mac.Write([]byte(input))
	return input + "." + rawURL.EncodeToString(mac.Sum(nil))
}

var plainHeader = map[string]any{"alg": "HS256", "typ": "JWT"}

// post is a request with a header, or none.
func post(body, name, value string) *message.Message {
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	if name != "" {
		r.Header[name] = []string{value}
	}
	return &message.Message{Request: r, Body: []byte(body)}
}

// reasonOf is what becomes of a request with a bearer token.
func reasonOf(v *Verifier, token string) string {
	return Verify(v, post("{}", "Authorization", "Bearer "+token), nil, present).Reason
}

// privateKeys has a key of each family, by a JWS algorithm.
var privateKeys = makeKeys()

func makeKeys() map[string]crypto.Signer {
	keys := map[string]crypto.Signer{}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		keys[name] = modulus
	}
	for _, name := range []string{"ES256", "ES384", "ES512"} {
		curve := elliptic.P256()
		if name == "ES384" {
			curve = elliptic.P384()
		} else if name == "ES512" {
			curve = elliptic.P521()
		}
		point, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		keys[name] = point
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	keys["EdDSA"] = edwards
	return keys
}

// publicPEM writes the public half of a key.
func publicPEM(key crypto.Signer) string {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// hashOf is the hash of a JWS algorithm.
func hashOf(name string) crypto.Hash {
	switch name[2:] {
	case "384":
		return crypto.SHA384
	case "512":
		return crypto.SHA512
	}
	return crypto.SHA256
}

// signedBy makes a token with a private key, by a rule of RFC 7518 that is written here
// once more.
func signedBy(key crypto.Signer, name string, input string) string {
	how := crypto.SignerOpts(crypto.Hash(0))
	sum := []byte(input)
	if name != "EdDSA" {
		h := hashOf(name).New()
		h.Write(sum)
		sum = h.Sum(nil)
		how = hashOf(name)
	}
	if name[0] == 'P' {
		how = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hashOf(name)}
	}
	point, isPoint := key.(*ecdsa.PrivateKey)
	if isPoint {
		r, s, err := ecdsa.Sign(rand.Reader, point, sum)
		if err != nil {
			panic(err)
		}
		size := (point.Curve.Params().BitSize + 7) / 8
		return input + "." + rawURL.EncodeToString(append(fill(r, size), fill(s, size)...))
	}
	b, err := key.Sign(rand.Reader, sum, how)
	if err != nil {
		panic(err)
	}
	return input + "." + rawURL.EncodeToString(b)
}

func fill(n *big.Int, size int) []byte { return n.FillBytes(make([]byte, size)) }

// inputOf is what is signed of a header and claims.
func inputOf(header, claims any) string {
	return rawURL.EncodeToString([]byte(textOfJSON(header))) + "." + rawURL.EncodeToString([]byte(textOfJSON(claims)))
}

// verdictOf shows a proof.
func verdictOf(p signature.Proof) string {
	return fmt.Sprintf("%s, secret %d, key %d", p.Reason, p.Secret, p.PublicKey)
}
