package jwk

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
)

// ParseText reads public keys as people have them: a JWK or a JWK set, and else what Parse
// reads. It says what is wrong in words that follow the text's name. What it skips of a
// set, the second result has.
func ParseText(text string) ([]Key, []string, string) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		k, problem := Parse(text)
		if problem != "" {
			return nil, nil, problem
		}
		return []Key{k}, nil, ""
	}
	set, problem := ParseSet([]byte(text))
	switch {
	case problem != "":
		return nil, nil, problem
	case set.Private > 0:
		return nil, nil, isPrivate
	case len(set.Shared) > 0:
		return nil, nil, "has a shared key (kty oct), which is a secret; it belongs into secrets, and the public keys here"
	case len(set.Keys) == 0 && len(set.Skipped) > 0:
		return nil, nil, "has no key that can be used: key " + set.Skipped[0]
	case len(set.Keys) == 0:
		return nil, nil, "has no keys"
	}
	return set.Keys, set.Skipped, ""
}

const isPrivate = "is a private key; give the public one, and keep this where nobody sees it"

// Parse reads one public key as providers publish them: PEM (a key or a certificate), or
// DER or the bare 32 bytes of Ed25519, in hexadecimal or in base64, the latter also after
// `whpk_`, as Standard Webhooks has it.
func Parse(text string) (Key, string) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-----BEGIN") {
		return parsePEM(text)
	}
	der, err := hex.DecodeString(text)
	if err != nil {
		der, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(text, "whpk_"), "="))
	}
	if err != nil {
		return Key{}, "is neither PEM nor hexadecimal nor base64"
	}
	if len(der) == ed25519.PublicKeySize {
		return FromPublic(ed25519.PublicKey(der))
	}
	return parseDER(der)
}

func parsePEM(text string) (Key, string) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || strings.TrimSpace(string(rest)) != "" {
		return Key{}, "is not one block of PEM"
	}
	if strings.Contains(block.Type, "PRIVATE") {
		return Key{}, isPrivate
	}
	if block.Type != "CERTIFICATE" {
		return parseDER(block.Bytes)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return Key{}, "is not a certificate that can be read"
	}
	k, problem := FromPublic(certificate.PublicKey)
	k.Certificate = certificate
	return k, problem
}

// parseDER reads a SubjectPublicKeyInfo, or the older form of RSA keys.
func parseDER(der []byte) (Key, string) {
	public, err := x509.ParsePKIXPublicKey(der)
	if err == nil {
		return FromPublic(public)
	}
	old, err := x509.ParsePKCS1PublicKey(der)
	if err == nil {
		return FromPublic(old)
	}
	return Key{}, fmt.Sprintf("holds no public key: %d bytes that are neither Ed25519's 32 nor DER", len(der))
}
