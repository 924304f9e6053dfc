package hookward

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
)

// algorithm is a way of signing. It comes from the configuration alone, never
// from a request.
type algorithm struct {
	family  string // hmac, hash, ed25519, ecdsa, rsa or rsa-pss
	newHash func() hash.Hash
	hash    crypto.Hash // of rsa and rsa-pss
	size    int         // bytes of a signature; 0 where that is up to the key
}

// algorithms are the values of the option signature.algorithm: HMAC of RFC 2104,
// plain hashes over a text with the secret in it, Ed25519 of RFC 8032, ECDSA of
// FIPS 186-5 in DER, RSA of RFC 8017.
//
// HMAC needs no collision resistance of its hash, so MD5 and SHA-1 are weak but
// not broken there. With RSA and ECDSA, SHA-1 is broken for whoever may choose
// what is signed; it is for the few providers that have nothing else.
var algorithms = map[string]algorithm{
	"hmac-md5":       {family: "hmac", newHash: md5.New, size: md5.Size},
	"hmac-sha1":      {family: "hmac", newHash: sha1.New, size: sha1.Size},
	"hmac-sha256":    {family: "hmac", newHash: sha256.New, size: sha256.Size},
	"hmac-sha384":    {family: "hmac", newHash: sha512.New384, size: sha512.Size384},
	"hmac-sha512":    {family: "hmac", newHash: sha512.New, size: sha512.Size},
	"hash-md5":       {family: "hash", newHash: md5.New, size: md5.Size},
	"hash-sha1":      {family: "hash", newHash: sha1.New, size: sha1.Size},
	"hash-sha256":    {family: "hash", newHash: sha256.New, size: sha256.Size},
	"hash-sha384":    {family: "hash", newHash: sha512.New384, size: sha512.Size384},
	"hash-sha512":    {family: "hash", newHash: sha512.New, size: sha512.Size},
	"ed25519":        {family: "ed25519", size: 64},
	"ecdsa-sha1":     {family: "ecdsa", newHash: sha1.New},
	"ecdsa-sha256":   {family: "ecdsa", newHash: sha256.New},
	"rsa-sha1":       {family: "rsa", newHash: sha1.New, hash: crypto.SHA1},
	"rsa-sha256":     {family: "rsa", newHash: sha256.New, hash: crypto.SHA256},
	"rsa-pss-sha256": {family: "rsa-pss", newHash: sha256.New, hash: crypto.SHA256},
}

// sortedNames returns the names of algorithms in order.
func sortedNames(all map[string]algorithm) []string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// isPublic says whether the algorithm verifies with a public key.
func isPublic(a *algorithm) bool {
	return a.family == "ed25519" || a.family == "ecdsa" || a.family == "rsa" || a.family == "rsa-pss"
}

// computeMAC returns the code over the concatenated texts, or their plain hash.
func computeMAC(a *algorithm, key []byte, texts [][]byte) []byte {
	var mac hash.Hash
	if a.family == "hmac" {
		mac = hmac.New(a.newHash, key)
	} else {
		mac = a.newHash()
	}
	for _, text := range texts {
		mac.Write(text)
	}
	return mac.Sum(nil)
}

// fits says whether a key is of an algorithm's kind.
func fits(a *algorithm, key *publicKey) bool {
	switch a.family {
	case "ed25519":
		return key.edwards != nil
	case "ecdsa":
		return key.ecdsa != nil
	default:
		return key.rsa != nil
	}
}

// signedMessage returns what public keys verify: the hash of the texts, or for
// Ed25519, which hashes by itself, the texts.
func signedMessage(a *algorithm, texts [][]byte) []byte {
	if a.family != "ed25519" {
		return computeMAC(a, nil, texts)
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
func verifiesWith(a *algorithm, key *publicKey, message, signature []byte) bool {
	switch a.family {
	case "ed25519":
		return ed25519.Verify(key.edwards, message, signature)
	case "ecdsa":
		return ecdsa.VerifyASN1(key.ecdsa, message, signature)
	case "rsa":
		return rsa.VerifyPKCS1v15(key.rsa, a.hash, message, signature) == nil
	case "rsa-pss":
		return rsa.VerifyPSS(key.rsa, a.hash, message, signature, nil) == nil
	}
	return false
}
