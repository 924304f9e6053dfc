// Package jwk knows public keys and shared ones: how they are written (JWK, JWK set, PEM),
// which of them are fit for use, and what each may verify. It must not know where they
// come from, nor what is signed.
package jwk

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
)

// The families of keys. A key has one from the moment it is read, and verifies nothing of
// another, whatever a token says.
const (
	HMAC    = "HMAC"    // HS256, HS384, HS512
	RSA     = "RSA"     // RS256 to RS512, PS256 to PS512
	P256    = "P-256"   // ES256
	P384    = "P-384"   // ES384
	P521    = "P-521"   // ES512
	Ed25519 = "Ed25519" // EdDSA
)

// Key is one key. Of the last fields one is set, which its family says.
type Key struct {
	ID         string            // kid; empty where it has none
	Algorithm  string            // alg, the only one it verifies; empty for all of its family
	Family     string            // a constant of above
	Thumbprint string            // RFC 7638, SHA-256 in base64url; empty for a shared key
	Members    map[string]string // its other members of a JWK that are strings, such as adcp_use

	Certificate *x509.Certificate // where the key came from, if from one

	Secret  []byte
	Rsa     *rsa.PublicKey
	Ecdsa   *ecdsa.PublicKey
	Edwards ed25519.PublicKey
}

const (
	// MinRSABits is what NIST SP 800-131A and every provider ask for.
	MinRSABits = 2048
	// maxRSABits bounds what one verification costs.
	maxRSABits = 8192
	// maxExponent is what crypto/rsa takes.
	maxExponent = 1<<31 - 1
)

// smallOrder are the Ed25519 points, without their sign, for which signatures
// can be made without a private key (libsodium, ge25519_has_small_order).
var smallOrder = map[string]bool{
	"0000000000000000000000000000000000000000000000000000000000000000": true,
	"0100000000000000000000000000000000000000000000000000000000000000": true,
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05": true,
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a": true,
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": true,
}

// FromShared makes a key of a shared secret. Its length is the caller's business.
func FromShared(secret []byte) Key {
	return Key{Family: HMAC, Secret: secret}
}

// FromPublic makes a key of what crypto/x509 has parsed, or says why it protects from
// nothing.
func FromPublic(public any) (Key, string) {
	edwards, ok := public.(ed25519.PublicKey)
	if ok {
		return fromEdwards(edwards)
	}
	point, ok := public.(*ecdsa.PublicKey)
	if ok {
		return fromPoint(point)
	}
	modulus, ok := public.(*rsa.PublicKey)
	if ok {
		return fromModulus(modulus)
	}
	return Key{}, "is no key of Ed25519, ECDSA or RSA"
}

func fromEdwards(public ed25519.PublicKey) (Key, string) {
	if len(public) != ed25519.PublicKeySize {
		return Key{}, "is no key of Ed25519: it has not 32 bytes" // ed25519.Verify would panic
	}
	bare := append([]byte{}, public...)
	bare[31] &= 0x7f
	if smallOrder[hex.EncodeToString(bare)] {
		return Key{}, "is a point of small order, for which anybody can sign"
	}
	k := Key{Family: Ed25519, Edwards: public}
	k.Thumbprint = thumbprint(`{"crv":"Ed25519","kty":"OKP","x":"` + encode(public) + `"}`)
	return k, ""
}

func fromPoint(public *ecdsa.PublicKey) (Key, string) {
	name := public.Curve.Params().Name
	if name != P256 && name != P384 && name != P521 {
		return Key{}, "is not on the curve P-256, P-384 or P-521"
	}
	if _, err := public.ECDH(); err != nil { // which looks whether the point is on the curve
		return Key{}, "is no point of its curve"
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	x := encode(public.X.FillBytes(make([]byte, size)))
	y := encode(public.Y.FillBytes(make([]byte, size)))
	k := Key{Family: name, Ecdsa: public}
	k.Thumbprint = thumbprint(`{"crv":"` + name + `","kty":"EC","x":"` + x + `","y":"` + y + `"}`)
	return k, ""
}

func fromModulus(public *rsa.PublicKey) (Key, string) {
	bits := public.N.BitLen()
	switch {
	case bits < MinRSABits || bits > maxRSABits:
		return Key{}, fmt.Sprintf("is an RSA key of %d bits; allowed: %d to %d", bits, MinRSABits, maxRSABits)
	case public.E < 3 || public.E%2 == 0 || public.E > maxExponent:
		return Key{}, "is an RSA key with a useless exponent"
	case public.N.Bit(0) == 0:
		return Key{}, "is an RSA key with an even modulus"
	case isROCA(public.N):
		return Key{}, "is an RSA key whose private half can be computed (ROCA, CVE-2017-15361)"
	}
	k := Key{Family: RSA, Rsa: public}
	e := encode(big.NewInt(int64(public.E)).Bytes())
	k.Thumbprint = thumbprint(`{"e":"` + e + `","kty":"RSA","n":"` + encode(public.N.Bytes()) + `"}`)
	return k, ""
}

// rocaPrimes are those that tell the keys of a broken generator from all others: modulo
// each, such a modulus is a power of 65537 (Nemec et al., The Return of Coppersmith's
// Attack, 2017). Another key looks like that once in 2^28.
var rocaPrimes = []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}

// isROCA says whether a modulus was made by Infineon's RSALib.
func isROCA(n *big.Int) bool {
	for _, prime := range rocaPrimes {
		rest := new(big.Int).Mod(n, big.NewInt(prime)).Int64()
		power := int64(1)
		for power != rest {
			power = power * 65537 % prime
			if power == 1 {
				return false // all of its powers have been there
			}
		}
	}
	return true
}

func thumbprint(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return encode(sum[:])
}

func encode(b []byte) string {
	return base64.RawURLEncoding.EncodeToString(b)
}
