package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
)

// readPrivateKey returns the private key that a reference leads to: one block of PEM
// (PKCS #8, or the older forms of RSA and EC keys), or the seed of an Ed25519 key,
// RFC 8032, 5.1.5, in hexadecimal or base64. Its error has nothing of the key.
func readPrivateKey(reference string) (crypto.Signer, error) {
	text, err := readKey(reference)
	if err != nil {
		return nil, err
	}
	return parsePrivateKey(strings.TrimSpace(string(text)))
}

func parsePrivateKey(text string) (crypto.Signer, error) {
	if !strings.HasPrefix(text, "-----BEGIN") {
		seed, err := hex.DecodeString(text)
		if err != nil {
			seed, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		}
		if err != nil || len(seed) != ed25519.SeedSize {
			return nil, errors.New("is neither PEM nor the 32 bytes of an Ed25519 key in hexadecimal or base64")
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	// openssl writes the parameters of a curve in a block before the key.
	rest := []byte(text)
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			return nil, errors.New("has no block of PEM with a private key")
		}
		rest = after
		if block.Type == "EC PARAMETERS" {
			continue
		}
		if strings.TrimSpace(string(rest)) != "" {
			return nil, errors.New("has more than one block of PEM")
		}
		return parseBlock(block)
	}
}

func parseBlock(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("is encrypted; give it without a passphrase")
		}
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, errors.New("is encrypted; give it without a passphrase")
		}
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("is encrypted; give it without a passphrase")
	default:
		return nil, errors.New("is no private key; allowed: PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY")
	}
	if err != nil {
		return nil, errors.New("is not a private key that can be read")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("is no key that signs; allowed: Ed25519, ECDSA, RSA")
	}
	return signer, nil
}
