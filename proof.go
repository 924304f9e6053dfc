package hookward

import (
	"crypto/sha256"
	"time"
)

// proof is what was found out about who has signed a message. Unless its reason is
// verified, it proves nothing.
type proof struct {
	reason     string
	scheme     *scheme   // the form that verified
	secret     int       // the position of the secret that matched, from 1
	publicKey  int       // the position of the public key
	timestamp  time.Time // as signed, also where it is the reason to refuse; zero where the scheme signs none
	signed     [][]byte  // what was signed, a piece for each part of the scheme
	signedHead string    // what was signed before the body, where the short way has verified
}

// digestSigned returns a digest of what a proof is about, so that the same delivery has
// the same one, whichever key has signed it.
func digestSigned(found *proof, body []byte) string {
	h := sha256.New()
	h.Write([]byte(found.signedHead))
	if found.signed == nil {
		h.Write(body)
	}
	for i, text := range found.signed {
		// What is remembered may be on a disk, and does not depend on the key.
		if found.scheme.signs[i].kind != "secret" {
			h.Write(text)
		}
	}
	return string(h.Sum(nil))
}
