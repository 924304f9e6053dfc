package messagesignature

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

// pemOf writes a public key as people have it.
func pemOf(t *testing.T, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// signed returns the usual request with a signature of one's own.
func signed(input string, signature []byte) func() *http.Request {
	return func() *http.Request {
		r := requestWith(input, "")
		r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(signature) + ":"}
		return r
	}
}

// S10, S11: ECDSA is r and s at their full length.
func TestCurves(t *testing.T) {
	input := strings.Replace(usual, `"k"`, `"k";alg="ecdsa-p256-sha256"`, 1)
	base := baseOf(input, usualLines...)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{PublicKeys: []string{pemOf(t, &key.PublicKey)}})
	sum := sha256.Sum256([]byte(base))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	der, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	order := key.Params().N
	both := func(r, s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	good := both(r, s)
	other := both(r, new(big.Int).Sub(order, s))
	for name, c := range map[string]struct {
		signature []byte
		want      string
	}{
		"good": {good, verdict.Verified}, "n - s": {other, verdict.Verified}, "DER": {der, verdict.SignatureMismatch},
		"63": {good[:63], verdict.SignatureMismatch}, "65": {append(append([]byte{}, good...), 0), verdict.SignatureMismatch},
		"r zero": {both(new(big.Int), s), verdict.SignatureMismatch}, "s zero": {both(r, new(big.Int)), verdict.SignatureMismatch},
		"r is n": {both(order, s), verdict.SignatureMismatch}, "s is n": {both(r, order), verdict.SignatureMismatch},
		"all zero": {make([]byte, 64), verdict.SignatureMismatch}, "nothing": {nil, verdict.SignatureMismatch},
	} {
		expect(t, name, v, signed(input, c.signature)(), c.want)
	}
	if one, two := verify(v, signed(input, good)()), verify(v, signed(input, other)()); one.Once == "" || one.Once != two.Once {
		t.Error("a signature that was changed by whoever saw it counts as another delivery")
	}

	large, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	input = strings.Replace(usual, `"k"`, `"k";alg="ecdsa-p384-sha384"`, 1)
	long := sha512.Sum384([]byte(baseOf(input, usualLines...)))
	r, s, err = ecdsa.Sign(rand.Reader, large, long[:])
	if err != nil {
		t.Fatal(err)
	}
	v = compiled(t, config.MessageSignatureOptions{}, config.Options{PublicKeys: []string{pemOf(t, &key.PublicKey), pemOf(t, &large.PublicKey)}})
	expect(t, "P-384", v, signed(input, append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...))(), verdict.Verified)
	if found := verify(v, signed(input, append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...))()); found.PublicKey != 2 {
		t.Errorf("public key %d", found.PublicKey)
	}
	expect(t, "P-384 of the other length", v, signed(input, append(r.FillBytes(make([]byte, 64)), s.FillBytes(make([]byte, 64))...))(), verdict.SignatureMismatch)
}

// S09: a public key is never a secret, nor the other way round.
func TestSharedKeys(t *testing.T) {
	secret := strings.Repeat("a secret ", 4)
	for alg, want := range map[string]string{"": verdict.Verified, `;alg="hmac-sha256"`: verdict.Verified, `;alg="ed25519"`: verdict.AlgorithmRefused, `;alg="HMAC-SHA256"`: verdict.AlgorithmRefused} {
		input := usual + alg
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(baseOf(input, usualLines...)))
		v := compiled(t, config.MessageSignatureOptions{}, config.Options{Secrets: []string{secret}})
		expect(t, "secret"+alg, v, signed(input, mac.Sum(nil))(), want)
		mac = hmac.New(sha256.New, private.Public().(ed25519.PublicKey))
		mac.Write([]byte(baseOf(input, usualLines...)))
		v = compiled(t, config.MessageSignatureOptions{}, config.Options{})
		if found := verify(v, signed(input, mac.Sum(nil))()); found.Reason == verdict.Verified {
			t.Error("the public key counts as a secret")
		}
	}
	// Both kinds at once: each verifies what is its own.
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{Secrets: []string{secret}, PublicKeys: []string{publicKey}})
	expect(t, "public beside secret", v, requestWith(usual, baseOf(usual, usualLines...)), verdict.Verified)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(baseOf(usual, usualLines...)))
	found := verify(v, signed(usual, mac.Sum(nil))())
	if found.Secret != 1 || found.PublicKey != 0 || found.Algorithm != "hmac-sha256" {
		t.Errorf("%+v", found)
	}
}

// S22: which key of a set, and what it must say of itself.
func TestNamedKeys(t *testing.T) {
	x := base64.RawURLEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	other := base64.RawURLEncoding.EncodeToString(ed25519.NewKeyFromSeed([]byte(strings.Repeat("o", 32))).Public().(ed25519.PublicKey))
	jwk := func(members string) string { return `{"kty":"OKP","crv":"Ed25519",` + members + `}` }
	good := requestWith(usual, baseOf(usual, usualLines...))
	members := []string{"adcp_use=webhook-signing", "adcp_use=request-signing"}
	for key, want := range map[string]string{
		jwk(`"x":"` + x + `","kid":"k","adcp_use":"webhook-signing"`):     verdict.Verified,
		jwk(`"x":"` + x + `","kid":"k","adcp_use":"request-signing"`):     verdict.Verified,
		jwk(`"x":"` + x + `","kid":"k","adcp_use":"other"`):               verdict.KeyRefused,
		jwk(`"x":"` + x + `","kid":"k"`):                                  verdict.KeyRefused,
		jwk(`"x":"` + x + `","kid":"K","adcp_use":"webhook-signing"`):     verdict.KeyUnknown,
		jwk(`"x":"` + other + `","kid":"k","adcp_use":"webhook-signing"`): verdict.SignatureMismatch,
		jwk(`"x":"` + x + `","adcp_use":"webhook-signing"`):               verdict.Verified,
		`{"keys":[` + jwk(`"x":"`+other+`","kid":"o","adcp_use":"webhook-signing"`) + `,` + jwk(`"x":"`+x+`","kid":"k","key_ops":["sign"],"adcp_use":"webhook-signing"`) + `]}`:   verdict.KeyUnknown,
		`{"keys":[` + jwk(`"x":"`+other+`","kid":"o","adcp_use":"webhook-signing"`) + `,` + jwk(`"x":"`+x+`","kid":"k","use":"enc","adcp_use":"webhook-signing"`) + `]}`:          verdict.KeyUnknown,
		`{"keys":[` + jwk(`"x":"`+other+`","kid":"o","adcp_use":"webhook-signing"`) + `,` + jwk(`"x":"`+x+`","kid":"k","key_ops":["verify"],"adcp_use":"webhook-signing"`) + `]}`: verdict.Verified,
		publicKey: verdict.Verified, // the operator's own word
	} {
		v := compiled(t, config.MessageSignatureOptions{KeyMembers: members}, config.Options{PublicKeys: []string{key}})
		expect(t, key, v, good, want)
	}
	// A signature that names none is verified by any.
	input := `("@method" "@target-uri" "content-digest");created=1772366400`
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{PublicKeys: []string{jwk(`"x":"` + other + `","kid":"a"`), jwk(`"x":"` + x + `","kid":"b"`)}})
	expect(t, "no keyid", v, requestWith(input, baseOf(input, usualLines...)), verdict.Verified)
}

// nothingResolved is a resolver that has seen nothing yet.
func nothingResolved() *secrets.Resolver {
	return &secrets.Resolver{}
}

// The keys that a sender publishes: a set in a file, and one that can't be had.
func TestPublishedKeys(t *testing.T) {
	x := base64.RawURLEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	key := `{"kty":"OKP","crv":"Ed25519","x":"` + x + `","kid":"k","adcp_use":"webhook-signing"}`
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, []byte(`{"keys":[`+key+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tell := func(level, message string, now time.Time) {}
	for name, c := range map[string]struct {
		jwks    config.JWKSOptions
		members []string
		input   string
		want    string
	}{
		"the key":           {config.JWKSOptions{File: path}, nil, usual, verdict.Verified},
		"its algorithm":     {config.JWKSOptions{File: path}, nil, usual + `;alg="ed25519"`, verdict.Verified},
		"another algorithm": {config.JWKSOptions{File: path}, nil, usual + `;alg="ecdsa-p256-sha256"`, verdict.AlgorithmRefused},
		"never a secret":    {config.JWKSOptions{File: path}, nil, usual + `;alg="hmac-sha256"`, verdict.AlgorithmRefused},
		"no keyid":          {config.JWKSOptions{File: path}, nil, strings.Replace(usual, `;keyid="k"`, "", 1), verdict.Verified},
		"unknown":           {config.JWKSOptions{File: path}, nil, strings.Replace(usual, `"k"`, `"other"`, 1), verdict.KeyUnknown},
		"its purpose":       {config.JWKSOptions{File: path}, []string{"adcp_use=webhook-signing"}, usual, verdict.Verified},
		"another purpose":   {config.JWKSOptions{File: path}, []string{"adcp_use=request-signing"}, usual, verdict.KeyRefused},
		"no set":            {config.JWKSOptions{URL: "https://127.0.0.1:1/keys"}, nil, usual, verdict.KeyUnavailable},
	} {
		v := compiled(t, config.MessageSignatureOptions{JWKS: &c.jwks, KeyMembers: c.members}, config.Options{PublicKeys: []string{}})
		set := keyset.Use(ctx, v.Sources[0], tell, hooktest.TestTime)
		m := &message.Message{Request: requestWith(c.input, baseOf(c.input, usualLines...)), Body: []byte(body)}
		if found := Verify(v, m, []*keyset.Set{set}, hooktest.TestTime); found.Reason != c.want {
			t.Errorf("%s: %s, want %s", name, found.Reason, c.want)
		}
		if found := Verify(v, m, nil, hooktest.TestTime); name != "never a secret" && found.Reason != verdict.KeyUnavailable {
			t.Errorf("%s, without its set: %s", name, found.Reason)
		}
		// What is cheaper comes first: nobody makes the gate fetch with another body.
		m.Body = []byte("other")
		if found := Verify(v, m, []*keyset.Set{set}, hooktest.TestTime); name != "never a secret" && found.Reason != verdict.DigestMismatch {
			t.Errorf("%s, of another body: %s", name, found.Reason)
		}
	}
}
