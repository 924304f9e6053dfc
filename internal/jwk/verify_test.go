package jwk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"testing"
)

// The examples of RFC 7515, A.1 to A.3, and of RFC 8037, A.4.
func TestRFCExamples(t *testing.T) {
	const claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	for _, c := range []struct{ name, key, message, signature string }{
		{"HS256", `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
		{"RS256", `{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}`, "eyJhbGciOiJSUzI1NiJ9." + claims, "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
		{"ES256", "{" + rfcP256 + "}", "eyJhbGciOiJFUzI1NiJ9." + claims, "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
		{"EdDSA", "{" + rfcEdwards + "}", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
	} {
		keys, problem := parseShared(c.key)
		if problem != "" {
			keys, _, problem = ParseText(c.key)
		}
		if problem != "" {
			t.Fatalf("%s: %s", c.name, problem)
		}
		signature, err := base64.RawURLEncoding.DecodeString(c.signature)
		if err != nil {
			t.Fatal(err)
		}
		checkVerify(t, &keys[0], c.name, []byte(c.message), signature)
	}
}

// checkVerify has a good signature verify, and nothing that is made of it.
func checkVerify(t *testing.T, k *Key, name string, message, signature []byte) {
	t.Helper()
	if !Verify(k, name, message, signature) {
		t.Errorf("%s does not verify", name)
		return
	}
	for _, other := range append([]string{"none", "", "RS1"}, Algorithms...) {
		if other != name && Verify(k, other, message, signature) {
			t.Errorf("VULNERABLE: %s verifies as %s", name, other)
		}
	}
	for _, bad := range [][]byte{nil, {}, signature[:len(signature)-1], append([]byte{0}, signature...), append(append([]byte{}, signature...), 0), make([]byte, len(signature))} {
		if Verify(k, name, message, bad) {
			t.Errorf("VULNERABLE: %s verifies %x", name, bad)
		}
	}
	for _, at := range []int{0, len(signature) / 2, len(signature) - 1} {
		signature[at] ^= 1
		if Verify(k, name, message, signature) {
			t.Errorf("VULNERABLE: %s verifies with byte %d changed", name, at)
		}
		signature[at] ^= 1
	}
	if Verify(k, name, append(message, 0), signature) || Verify(k, name, nil, signature) {
		t.Errorf("VULNERABLE: %s verifies another message", name)
	}
}

// The algorithms of which the RFC has no example here, as Go signs them.
func TestVerify(t *testing.T) {
	message := []byte("header.payload")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k, problem := FromPublic(&private.PublicKey)
	if problem != "" {
		t.Fatal(problem)
	}
	for _, name := range []string{"RS256", "RS384", "RS512"} {
		signature, err := rsa.SignPKCS1v15(rand.Reader, private, algorithms[name].hash, hashed(name, message))
		if err != nil {
			t.Fatal(err)
		}
		checkVerify(t, &k, name, message, signature)
	}
	k.Algorithm = "RS512"
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, hashed("RS256", message))
	if err != nil || Verify(&k, "RS256", message, signature) {
		t.Errorf("VULNERABLE: a key for RS512 verifies RS256: %v", err)
	}
	k.Algorithm = ""
	for _, name := range []string{"PS256", "PS384", "PS512"} {
		sign := func(salt int, hash crypto.Hash) []byte {
			signature, err := rsa.SignPSS(rand.Reader, private, hash, hashed(name, message), &rsa.PSSOptions{SaltLength: salt})
			if err != nil {
				t.Fatal(err)
			}
			return signature
		}
		checkVerify(t, &k, name, message, sign(rsa.PSSSaltLengthEqualsHash, algorithms[name].hash))
		for _, salt := range []int{0, 20, 128} {
			if salt != algorithms[name].hash.Size() && Verify(&k, name, message, sign(salt, algorithms[name].hash)) {
				t.Errorf("%s verifies with a salt of %d bytes", name, salt)
			}
		}
	}
}

func hashed(name string, message []byte) []byte {
	h := algorithms[name].newHash()
	h.Write(message)
	return h.Sum(nil)
}

func TestVerifyECDSA(t *testing.T) {
	message := []byte("header.payload")
	for name, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		k, problem := FromPublic(&private.PublicKey)
		if problem != "" {
			t.Fatal(problem)
		}
		r, s, err := ecdsa.Sign(rand.Reader, private, hashed(name, message))
		if err != nil {
			t.Fatal(err)
		}
		size := (curve.Params().BitSize + 7) / 8
		join := func(r, s *big.Int) []byte {
			return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
		}
		checkVerify(t, &k, name, message, join(r, s))
		long := append(append(r.FillBytes(make([]byte, size)), 0), s.FillBytes(make([]byte, size))...)
		if Verify(&k, name, message, long) {
			t.Errorf("VULNERABLE: %s verifies a signature that is too long", name)
		}
		order, zero, one := curve.Params().N, big.NewInt(0), big.NewInt(1)
		for _, pair := range [][2]*big.Int{{zero, s}, {r, zero}, {order, s}, {r, order}, {zero, zero}, {one, one}, {s, r}, {order, order}} {
			if Verify(&k, name, message, join(pair[0], pair[1])) {
				t.Errorf("VULNERABLE: %s verifies r and s of %v", name, pair)
			}
		}
		der, err := ecdsa.SignASN1(rand.Reader, private, hashed(name, message))
		if err != nil || Verify(&k, name, message, der) {
			t.Errorf("%s verifies DER: %v", name, err)
		}
	}
}

// Keys that are none, made by hand, verify nothing and end nothing.
func TestVerifyWithNoKey(t *testing.T) {
	if _, problem := FromPublic(ed25519.PublicKey(make([]byte, 31))); problem == "" {
		t.Error("31 bytes are a key")
	}
	for _, public := range []any{nil, "key", ed25519.PrivateKey(make([]byte, 64)), &ecdsa.PublicKey{Curve: elliptic.P224(), X: big.NewInt(1), Y: big.NewInt(1)}} {
		if k, problem := FromPublic(public); problem == "" {
			t.Errorf("%v is a key: %+v", public, k)
		}
	}
	for _, name := range append([]string{"none"}, Algorithms...) {
		if Verify(&Key{}, name, []byte("x"), []byte("x")) {
			t.Errorf("VULNERABLE: nothing verifies %s", name)
		}
	}
}
