package hookward

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

func TestParsePublicKey(t *testing.T) {
	edwards, err := hex.DecodeString(hooktest.TestEdwardsKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(edwards))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := base64.StdEncoding.DecodeString(hooktest.TestCurveKey)
	if err != nil {
		t.Fatal(err)
	}
	code := base64.StdEncoding.EncodeToString
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, text := range map[string]string{
		"ed25519 hex": hooktest.TestEdwardsKey, "ed25519 upper": strings.ToUpper(hooktest.TestEdwardsKey), "ed25519 base64": code(edwards),
		"ed25519 whpk": "whpk_" + code(edwards), "ed25519 unpadded": strings.TrimRight(code(edwards), "="), "ed25519 der": code(der),
		"ed25519 pem": block("PUBLIC KEY", der), "ecdsa der": hooktest.TestCurveKey, "ecdsa pem": block("PUBLIC KEY", curve),
		"ecdsa hex": hex.EncodeToString(curve), "rsa der": hooktest.TestRSAKey,
	} {
		key, problem := secrets.ParsePublicKey(text + "\n")
		kind := strings.Fields(name)[0]
		if problem != "" || (key.Edwards != nil) != (kind == "ed25519") || (key.Ecdsa != nil) != (kind == "ecdsa") || (key.Rsa != nil) != (kind == "rsa") {
			t.Errorf("%s: %q %+v", name, problem, key)
		}
	}

	short := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}
	shortDER, err := x509.MarshalPKIXPublicKey(short)
	if err != nil {
		t.Fatal(err)
	}
	even := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 4}
	large := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 16383), E: 65537}
	x, y := elliptic.P384().ScalarBaseMult([]byte{1})
	other, err := x509.MarshalPKIXPublicKey(&ecdsa.PublicKey{Curve: elliptic.P384(), X: x, Y: y})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"31 bytes": code(edwards[:31]), "33 bytes": code(append([]byte{1}, edwards...)), "nothing": "whpk_", "words": "not a key",
		"zero": strings.Repeat("0", 64), "one": "01" + strings.Repeat("0", 62), "order 8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"1024 bits": code(shortDER), "1024 bits, old": block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(short)),
		"even exponent": block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(even)), "16384 bits": block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(large)),
		"P-384": code(other), "private": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "two blocks": block("PUBLIC KEY", der) + block("PUBLIC KEY", der),
		"no block": "-----BEGIN PUBLIC KEY-----", "no certificate": block("CERTIFICATE", der),
	} {
		c := policy.Compile(map[string]any{"publicKeys": text, "signature": map[string]any{"header": "X-Sig", "algorithm": "ed25519", "format": "{base64}"}})
		if c.Policy != nil || len(c.Problems) != 1 || !strings.HasPrefix(config.Sentence(c.Problems[0]), "publicKeys[0]: ") {
			t.Errorf("VULNERABLE: %s: %q", name, c.Problems)
		}
	}
}

// A key of one kind is no key for another algorithm.
func TestKeysFitTheirAlgorithm(t *testing.T) {
	for _, algorithm := range []string{"ed25519", "ecdsa-sha256", "rsa-sha256", "rsa-pss-sha256", "rsa-sha1", "ecdsa-sha1"} {
		fitting := 0
		for _, key := range []string{hooktest.TestEdwardsKey, hooktest.TestCurveKey, hooktest.TestRSAKey} {
			c := policy.Compile(map[string]any{"publicKeys": key, "signature": map[string]any{"header": "X-Sig", "algorithm": algorithm, "format": "{base64}"}})
			if c.Policy != nil {
				fitting++
			} else if !strings.Contains(strings.Join(config.Sentences(c.Problems), " "), "is not a key for "+algorithm) {
				t.Errorf("%s: %q", algorithm, c.Problems)
			}
		}
		if fitting != 1 {
			t.Errorf("%s takes %d kinds of keys", algorithm, fitting)
		}
	}
	for what, raw := range map[string]map[string]any{
		"publicKeys: has no effect": {"provider": "github", "secrets": "0123456789abcdef", "publicKeys": hooktest.TestEdwardsKey},
		"secrets: has no effect":    {"provider": "discord", "secrets": "0123456789abcdef", "publicKeys": hooktest.TestEdwardsKey},
		"publicKeys: is required":   {"provider": "discord"},
		"secrets: is required":      {"provider": "standard-webhooks"},
	} {
		if c := policy.Compile(raw); c.Policy != nil || !strings.HasPrefix(strings.Join(config.Sentences(c.Problems), " "), what) {
			t.Errorf("%s: %q", what, c.Problems)
		}
	}
}

// RFC 8032, 7.1: test 3 signs two bytes; and what must not verify.
func TestEd25519(t *testing.T) {
	public, err := hex.DecodeString("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
	if err != nil {
		t.Fatal(err)
	}
	const signature = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
	options := map[string]any{"publicKeys": hex.EncodeToString(public), "signature": map[string]any{"header": "X-Sig", "algorithm": "ed25519"}}
	g := newTestGate(t.Name(), options, hooktest.TestTime)
	capture(t)
	for _, c := range []struct{ body, signature, want string }{
		{"\xaf\x82", signature, verdict.Verified},
		{"\xaf\x83", signature, verdict.SignatureMismatch},
		{"\xaf\x82", strings.Repeat("0", 128), verdict.SignatureMismatch},
		{"\xaf\x82", signature[:126], verdict.SignatureMalformed},
		{"\xaf\x82", signature + "00", verdict.SignatureMalformed},
		{"\xaf\x82", signature[:64] + strings.Repeat("f", 64), verdict.SignatureMismatch}, // S is not below the order
	} {
		if x := decide(g, hooktest.NewPost(c.body, "X-Sig: "+c.signature), hooktest.TestTime); x.reason != c.want || (c.want == verdict.Verified) != (x.proof.PublicKey == 1) {
			t.Errorf("%x signed %.20s...: %s, want %s", c.body, c.signature, x.reason, c.want)
		}
	}
}

// Signatures of other lengths, encodings and forms than the key's.
func TestPublicKeySignaturesMalformed(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	for _, algorithm := range []string{"ecdsa-sha256", "rsa-sha256", "rsa-pss-sha256"} {
		key := hooktest.TestRSAKey
		if strings.HasPrefix(algorithm, "ecdsa") {
			key = hooktest.TestCurveKey
		}
		g := newTestGate(t.Name(), map[string]any{"publicKeys": key, "signature": map[string]any{"header": "X-Sig", "algorithm": algorithm, "format": "{base64}"}}, hooktest.TestTime)
		capture(t)
		for _, signature := range []string{"", "=", "AA==", "A", "AB==", "\nAA==", base64.StdEncoding.EncodeToString(sum[:]), strings.Repeat("AAAA", 64), strings.Repeat("AAAA", 2000)} {
			if x := decide(g, hooktest.NewPost("x", "X-Sig: "+signature), hooktest.TestTime); x.reason == verdict.Verified || x.reason == verdict.InternalError {
				t.Errorf("VULNERABLE: %s takes %.20q: %s", algorithm, signature, x.reason)
			}
		}
	}
}
