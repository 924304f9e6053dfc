package jwk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/big"
)

// algorithm is one of the JWS algorithms, RFC 7518 and RFC 8037.
type algorithm struct {
	family  string
	newHash func() hash.Hash
	hash    crypto.Hash
	pss     bool
}

// algorithms by the names that tokens and options have for them. There is no none.
var algorithms = map[string]*algorithm{
	"HS256": {family: HMAC, newHash: sha256.New},
	"HS384": {family: HMAC, newHash: sha512.New384},
	"HS512": {family: HMAC, newHash: sha512.New},
	"RS256": {family: RSA, newHash: sha256.New, hash: crypto.SHA256},
	"RS384": {family: RSA, newHash: sha512.New384, hash: crypto.SHA384},
	"RS512": {family: RSA, newHash: sha512.New, hash: crypto.SHA512},
	"PS256": {family: RSA, newHash: sha256.New, hash: crypto.SHA256, pss: true},
	"PS384": {family: RSA, newHash: sha512.New384, hash: crypto.SHA384, pss: true},
	"PS512": {family: RSA, newHash: sha512.New, hash: crypto.SHA512, pss: true},
	"ES256": {family: P256, newHash: sha256.New},
	"ES384": {family: P384, newHash: sha512.New384},
	"ES512": {family: P521, newHash: sha512.New},
	"EdDSA": {family: Ed25519},
}

// Algorithms are the names of the JWS algorithms that can be verified.
var Algorithms = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// FamilyOf returns the family of keys that an algorithm verifies with, or "" where there is
// no such algorithm.
func FamilyOf(name string) string {
	a := algorithms[name]
	if a == nil {
		return ""
	}
	return a.family
}

// Allows says whether a key may verify signatures of a JWS algorithm: one of its family,
// and, where the key names one, that one alone.
func Allows(k *Key, name string) bool {
	a := algorithms[name]
	return a != nil && a.family == k.Family && (k.Algorithm == "" || k.Algorithm == name)
}

// Verify says whether a signature by a JWS algorithm is a key's. The name is the
// configuration's, never the message's. ECDSA is r and s at their full length, one behind
// the other; the salt of PSS is as long as the hash. A key that does not allow the
// algorithm verifies nothing.
func Verify(k *Key, name string, message, signature []byte) bool {
	a := algorithms[name]
	switch {
	case !Allows(k, name):
		return false
	case a.family == HMAC:
		mac := hmac.New(a.newHash, k.Secret)
		mac.Write(message)
		return hmac.Equal(mac.Sum(nil), signature)
	case a.family == Ed25519:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.Edwards, message, signature)
	}
	return verifyHashed(k, a, message, signature)
}

// verifyHashed is Verify for RSA and ECDSA.
func verifyHashed(k *Key, a *algorithm, message, signature []byte) bool {
	h := a.newHash()
	h.Write(message)
	sum := h.Sum(nil)
	if a.family != RSA {
		return verifyPoint(k.Ecdsa, sum, signature)
	}
	if a.pss {
		return rsa.VerifyPSS(k.Rsa, a.hash, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return rsa.VerifyPKCS1v15(k.Rsa, a.hash, sum, signature) == nil
}

func verifyPoint(public *ecdsa.PublicKey, sum, signature []byte) bool {
	size := (public.Curve.Params().BitSize + 7) / 8
	if len(signature) != 2*size {
		return false
	}
	r := new(big.Int).SetBytes(signature[:size])
	s := new(big.Int).SetBytes(signature[size:])
	return ecdsa.Verify(public, sum, r, s)
}
