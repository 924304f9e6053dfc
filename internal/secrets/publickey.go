package secrets

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"

	"github.com/hookward/hookward/internal/jwk"
)

// PublicKey is one key of the option publicKeys where it verifies a signature's scheme;
// one of its fields is set.
type PublicKey struct {
	Edwards     ed25519.PublicKey
	Ecdsa       *ecdsa.PublicKey
	Rsa         *rsa.PublicKey
	Certificate *x509.Certificate // where the key came from, if from one
}

// ParsePublicKey reads a key as jwk.Parse does. Of ECDSA it takes P-256 alone: no
// algorithm of a scheme has another curve.
func ParsePublicKey(text string) (PublicKey, string) {
	k, problem := jwk.Parse(text)
	if problem != "" {
		return PublicKey{}, problem
	}
	if k.Ecdsa != nil && k.Family != jwk.P256 {
		return PublicKey{}, "is not on the curve P-256"
	}
	return PublicKey{Edwards: k.Edwards, Ecdsa: k.Ecdsa, Rsa: k.Rsa, Certificate: k.Certificate}, ""
}
