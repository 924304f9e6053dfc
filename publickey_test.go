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
)

// Keys of our own, made once with openssl; nobody has their private halves any
// more, but for Ed25519's: it is that of RFC 8032, 7.1, test 1.
const (
	testEdwardsKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	testCurveKey   = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
	testRSAKey     = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAo/fVYgzf7eodvxgU5vse8IO3FtoYf8iObP1NGe5nnKXFACsKUC+zgoNMnY2XQHRjUgRQklntqTy15KcZj6UOxyAEXPsalrNV7J7XwVmBXyVt4kFWQdO4nR5GYdwmA4tLf9IbnBNRYHdDviKNj3okhC4VtNHhjMC3hhmZ3wKk0/lU8UnPUv/79WeFcflxHpBymZYBV6NQfzfsylM8SD1Rj5uwbxBRIiOJDvhCdzwUD92lyFJxHQJ8SvtmGt/y5NGOSyAuJKiwhTYGc+Ws7FemYpZB2qmO3nhFJ3ElnxdfwKciaOaKf0sYw03X+WyR5gYAI9b3YQmIWxoYJtkadGKaGwIDAQAB"
)

func TestParsePublicKey(t *testing.T) {
	edwards, err := hex.DecodeString(testEdwardsKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(edwards))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := base64.StdEncoding.DecodeString(testCurveKey)
	if err != nil {
		t.Fatal(err)
	}
	code := base64.StdEncoding.EncodeToString
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, text := range map[string]string{
		"ed25519 hex": testEdwardsKey, "ed25519 upper": strings.ToUpper(testEdwardsKey), "ed25519 base64": code(edwards),
		"ed25519 whpk": "whpk_" + code(edwards), "ed25519 unpadded": strings.TrimRight(code(edwards), "="), "ed25519 der": code(der),
		"ed25519 pem": block("PUBLIC KEY", der), "ecdsa der": testCurveKey, "ecdsa pem": block("PUBLIC KEY", curve),
		"ecdsa hex": hex.EncodeToString(curve), "rsa der": testRSAKey,
	} {
		key, problem := parsePublicKey(text + "\n")
		kind := strings.Fields(name)[0]
		if problem != "" || (key.edwards != nil) != (kind == "ed25519") || (key.ecdsa != nil) != (kind == "ecdsa") || (key.rsa != nil) != (kind == "rsa") {
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
		c := compile(map[string]any{"publicKeys": text, "signature": map[string]any{"header": "X-Sig", "algorithm": "ed25519", "format": "{base64}"}})
		if c.policy != nil || len(c.problems) != 1 || !strings.HasPrefix(sentence(c.problems[0]), "publicKeys[0]: ") {
			t.Errorf("VULNERABLE: %s: %q", name, c.problems)
		}
	}
}

// A key of one kind is no key for another algorithm.
func TestKeysFitTheirAlgorithm(t *testing.T) {
	for _, algorithm := range []string{"ed25519", "ecdsa-sha256", "rsa-sha256", "rsa-pss-sha256", "rsa-sha1", "ecdsa-sha1"} {
		fitting := 0
		for _, key := range []string{testEdwardsKey, testCurveKey, testRSAKey} {
			c := compile(map[string]any{"publicKeys": key, "signature": map[string]any{"header": "X-Sig", "algorithm": algorithm, "format": "{base64}"}})
			if c.policy != nil {
				fitting++
			} else if !strings.Contains(strings.Join(sentences(c.problems), " "), "is not a key for "+algorithm) {
				t.Errorf("%s: %q", algorithm, c.problems)
			}
		}
		if fitting != 1 {
			t.Errorf("%s takes %d kinds of keys", algorithm, fitting)
		}
	}
	for what, raw := range map[string]map[string]any{
		"publicKeys: has no effect": {"provider": "github", "secrets": "0123456789abcdef", "publicKeys": testEdwardsKey},
		"secrets: has no effect":    {"provider": "discord", "secrets": "0123456789abcdef", "publicKeys": testEdwardsKey},
		"publicKeys: is required":   {"provider": "discord"},
		"secrets: is required":      {"provider": "standard-webhooks"},
	} {
		if c := compile(raw); c.policy != nil || !strings.HasPrefix(strings.Join(sentences(c.problems), " "), what) {
			t.Errorf("%s: %q", what, c.problems)
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
	g := newTestGate(t.Name(), options, compile, testTime)
	capture(t)
	for _, c := range []struct{ body, signature, want string }{
		{"\xaf\x82", signature, verified},
		{"\xaf\x83", signature, signatureMismatch},
		{"\xaf\x82", strings.Repeat("0", 128), signatureMismatch},
		{"\xaf\x82", signature[:126], signatureMalformed},
		{"\xaf\x82", signature + "00", signatureMalformed},
		{"\xaf\x82", signature[:64] + strings.Repeat("f", 64), signatureMismatch}, // S is not below the order
	} {
		if d := decide(g, newPost(c.body, "X-Sig: "+c.signature), testTime); d.reason != c.want || (c.want == verified) != (d.proof.publicKey == 1) {
			t.Errorf("%x signed %.20s...: %s, want %s", c.body, c.signature, d.reason, c.want)
		}
	}
}

// Signatures of other lengths, encodings and forms than the key's.
func TestPublicKeySignaturesMalformed(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	for _, algorithm := range []string{"ecdsa-sha256", "rsa-sha256", "rsa-pss-sha256"} {
		key := testRSAKey
		if strings.HasPrefix(algorithm, "ecdsa") {
			key = testCurveKey
		}
		g := newTestGate(t.Name(), map[string]any{"publicKeys": key, "signature": map[string]any{"header": "X-Sig", "algorithm": algorithm, "format": "{base64}"}}, compile, testTime)
		capture(t)
		for _, signature := range []string{"", "=", "AA==", "A", "AB==", "\nAA==", base64.StdEncoding.EncodeToString(sum[:]), strings.Repeat("AAAA", 64), strings.Repeat("AAAA", 2000)} {
			if d := decide(g, newPost("x", "X-Sig: "+signature), testTime); d.reason == verified || d.reason == internalError {
				t.Errorf("VULNERABLE: %s takes %.20q: %s", algorithm, signature, d.reason)
			}
		}
	}
}
