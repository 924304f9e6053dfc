package secrets

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/words"
)

// PublicKey is one key of the option publicKeys; one of its fields is set.
type PublicKey struct {
	Edwards     ed25519.PublicKey
	Ecdsa       *ecdsa.PublicKey
	Rsa         *rsa.PublicKey
	Certificate *x509.Certificate // where the key came from, if from one
}

const (
	// MinRSABits is what NIST SP 800-131A and every provider ask for.
	MinRSABits = 2048
	// maxRSABits bounds what one verification costs.
	maxRSABits = 8192
)

// smallOrder are the Ed25519 points, without their sign, for which signatures
// can be made without a private key (libsodium, ge25519_has_small_order).
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// ParsePublicKey reads a key as providers publish them: PEM (a key or a
// certificate), or DER or the bare 32 bytes of Ed25519, in hexadecimal or in
// base64, the latter also after `whpk_`, as Standard Webhooks has it.
func ParsePublicKey(text string) (PublicKey, string) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-----BEGIN") {
		block, rest := pem.Decode([]byte(text))
		if block == nil || strings.TrimSpace(string(rest)) != "" {
			return PublicKey{}, "is not one block of PEM"
		}
		if block.Type == "CERTIFICATE" {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return PublicKey{}, "is not a certificate that can be read"
			}
			key, problem := usableKey(certificate.PublicKey)
			key.Certificate = certificate
			return key, problem
		}
		if strings.Contains(block.Type, "PRIVATE") {
			return PublicKey{}, "is a private key; give the public one, and keep this where nobody sees it"
		}
		return parseDER(block.Bytes)
	}
	der, err := hex.DecodeString(text)
	if err != nil {
		der, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(text, "whpk_"), "="))
	}
	if err != nil {
		return PublicKey{}, "is neither PEM nor hexadecimal nor base64"
	}
	if len(der) == ed25519.PublicKeySize {
		return usableKey(ed25519.PublicKey(der))
	}
	return parseDER(der)
}

// parseDER reads a SubjectPublicKeyInfo, or the older form of RSA keys.
func parseDER(der []byte) (PublicKey, string) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err == nil {
		return usableKey(key)
	}
	old, err := x509.ParsePKCS1PublicKey(der)
	if err == nil {
		return usableKey(old)
	}
	return PublicKey{}, fmt.Sprintf("holds no public key: %d bytes that are neither Ed25519's 32 nor DER", len(der))
}

// usableKey refuses keys that protect from nothing.
func usableKey(key any) (PublicKey, string) {
	edwards, ok := key.(ed25519.PublicKey)
	if ok {
		bare := append([]byte{}, edwards...)
		bare[31] &= 0x7f
		if words.Contains(smallOrder, hex.EncodeToString(bare)) {
			return PublicKey{}, "is a point of small order, for which anybody can sign"
		}
		return PublicKey{Edwards: edwards}, ""
	}
	curve, ok := key.(*ecdsa.PublicKey)
	if ok {
		if curve.Curve.Params().Name != "P-256" {
			return PublicKey{}, "is not on the curve P-256"
		}
		return PublicKey{Ecdsa: curve}, ""
	}
	modulus, ok := key.(*rsa.PublicKey)
	if ok {
		bits := modulus.N.BitLen()
		if bits < MinRSABits || bits > maxRSABits {
			return PublicKey{}, fmt.Sprintf("is an RSA key of %d bits; allowed: %d to %d", bits, MinRSABits, maxRSABits)
		}
		if modulus.E < 3 || modulus.E%2 == 0 {
			return PublicKey{}, "is an RSA key with a useless exponent"
		}
		return PublicKey{Rsa: modulus}, ""
	}
	return PublicKey{}, "is no key of Ed25519, ECDSA or RSA"
}
