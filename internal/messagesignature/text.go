package messagesignature

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/sha512"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/jwk"
)

// SignsText says whether a request's signature, of a label, is one of a key's over a text:
// for those who ask what else was signed. It proves nothing about the request.
func SignsText(v *Verifier, r *http.Request, label, text string) bool {
	return anyKey(v, r, label, func(k *jwk.Key, name string, signature []byte) bool { return verifies(k, name, text, signature) })
}

// IsDER is SignsText for signatures of ECDSA that are not written as RFC 9421 has them.
func IsDER(v *Verifier, r *http.Request, label, text string) bool {
	return anyKey(v, r, label, func(k *jwk.Key, name string, signature []byte) bool {
		short := sha256.Sum256([]byte(text))
		long := sha512.Sum384([]byte(text))
		return k.Ecdsa != nil && (ecdsa.VerifyASN1(k.Ecdsa, short[:], signature) || ecdsa.VerifyASN1(k.Ecdsa, long[:], signature))
	})
}

// anyKey says whether something holds for a signature, and one of its keys and algorithms.
func anyKey(v *Verifier, r *http.Request, label string, holds func(k *jwk.Key, name string, signature []byte) bool) bool {
	candidates, _ := read(v, r)
	for i := range candidates {
		c := &candidates[i]
		algorithms := algorithmsOf(v, c)
		keys, _ := keysFor(v, c.texts["keyid"], algorithms, nil, time.Time{})
		for _, name := range algorithms {
			for n := range keys {
				if c.label == label && allows(keys[n].key, name) && holds(keys[n].key, name, c.signature) {
					return true
				}
			}
		}
	}
	return false
}
