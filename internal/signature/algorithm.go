package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"sort"

	"github.com/hookward/hookward/internal/secrets"
)

// Algorithm is a way of signing. It comes from the configuration alone, never
// from a request.
type Algorithm struct {
	Family  string // hmac, hash, ed25519, ecdsa, rsa or rsa-pss
	NewHash func() hash.Hash
	Hash    crypto.Hash // of rsa and rsa-pss
	Size    int         // bytes of a signature; 0 where that is up to the key
}

// Algorithms are the values of the option signature.algorithm: HMAC of RFC 2104,
// plain hashes over a text with the secret in it, Ed25519 of RFC 8032, ECDSA of
// FIPS 186-5 in DER, RSA of RFC 8017.
//
// HMAC needs no collision resistance of its hash, so MD5 and SHA-1 are weak but
// not broken there. With RSA and ECDSA, SHA-1 is broken for whoever may choose
// what is signed; it is for the few providers that have nothing else.
var Algorithms = map[string]Algorithm{
	"hmac-md5":       {Family: "hmac", NewHash: md5.New, Size: md5.Size},
	"hmac-sha1":      {Family: "hmac", NewHash: sha1.New, Size: sha1.Size},
	"hmac-sha256":    {Family: "hmac", NewHash: sha256.New, Size: sha256.Size},
	"hmac-sha384":    {Family: "hmac", NewHash: sha512.New384, Size: sha512.Size384},
	"hmac-sha512":    {Family: "hmac", NewHash: sha512.New, Size: sha512.Size},
	"hash-md5":       {Family: "hash", NewHash: md5.New, Size: md5.Size},
	"hash-sha1":      {Family: "hash", NewHash: sha1.New, Size: sha1.Size},
	"hash-sha256":    {Family: "hash", NewHash: sha256.New, Size: sha256.Size},
	"hash-sha384":    {Family: "hash", NewHash: sha512.New384, Size: sha512.Size384},
	"hash-sha512":    {Family: "hash", NewHash: sha512.New, Size: sha512.Size},
	"ed25519":        {Family: "ed25519", Size: 64},
	"ecdsa-sha1":     {Family: "ecdsa", NewHash: sha1.New},
	"ecdsa-sha256":   {Family: "ecdsa", NewHash: sha256.New},
	"rsa-sha1":       {Family: "rsa", NewHash: sha1.New, Hash: crypto.SHA1},
	"rsa-sha256":     {Family: "rsa", NewHash: sha256.New, Hash: crypto.SHA256},
	"rsa-pss-sha256": {Family: "rsa-pss", NewHash: sha256.New, Hash: crypto.SHA256},
}

// sortedNames returns the names of algorithms in order.
func sortedNames(all map[string]Algorithm) []string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// IsPublic says whether the algorithm verifies with a public key.
func IsPublic(a *Algorithm) bool {
	return a.Family == "ed25519" || a.Family == "ecdsa" || a.Family == "rsa" || a.Family == "rsa-pss"
}

// ComputeMAC returns the code over the concatenated texts, or their plain hash.
func ComputeMAC(a *Algorithm, key []byte, texts [][]byte) []byte {
	var mac hash.Hash
	if a.Family == "hmac" {
		mac = hmac.New(a.NewHash, key)
	} else {
		mac = a.NewHash()
	}
	for _, text := range texts {
		mac.Write(text)
	}
	return mac.Sum(nil)
}

// fits says whether a key is of an algorithm's kind.
func fits(a *Algorithm, key *secrets.PublicKey) bool {
	switch a.Family {
	case "ed25519":
		return key.Edwards != nil
	case "ecdsa":
		return key.Ecdsa != nil
	default:
		return key.Rsa != nil
	}
}

// SignedMessage returns what public keys verify: the hash of the texts, or for
// Ed25519, which hashes by itself, the texts.
func SignedMessage(a *Algorithm, texts [][]byte) []byte {
	if a.Family != "ed25519" {
		return ComputeMAC(a, nil, texts)
	}
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	message := make([]byte, 0, size)
	for _, text := range texts {
		message = append(message, text...)
	}
	return message
}

// verifiesWith says whether a signature is a key's. Any error is a no.
func verifiesWith(a *Algorithm, key *secrets.PublicKey, message, signature []byte) bool {
	switch a.Family {
	case "ed25519":
		return ed25519.Verify(key.Edwards, message, signature)
	case "ecdsa":
		return ecdsa.VerifyASN1(key.Ecdsa, message, signature)
	case "rsa":
		return rsa.VerifyPKCS1v15(key.Rsa, a.Hash, message, signature) == nil
	case "rsa-pss":
		return rsa.VerifyPSS(key.Rsa, a.Hash, message, signature, nil) == nil
	}
	return false
}
