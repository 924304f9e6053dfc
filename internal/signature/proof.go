package signature

import (
	"crypto/sha256"
	"time"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// Proof is what was found out about who has signed a message. Unless its reason is
// verified, it proves nothing.
type Proof struct {
	Reason     string
	Scheme     *Scheme   // the scheme that verified
	Secret     int       // the position of the secret that matched, from 1
	PublicKey  int       // the position of the public key
	Timestamp  time.Time // as signed, also where it is the reason to refuse; zero where the scheme signs none
	Signed     [][]byte  // what was signed, a piece for each part of the scheme
	SignedHead string    // what was signed before the body, where the short way has verified
	JWT        *JWT      // what a token says; nil where there is none that can be read
	Message    *Message  // what a message signature says of itself; nil where there is none that can be read
}

// JWT is what a token says of itself. Issuer, subject and claims are there once its
// signature is verified.
type JWT struct {
	Header    map[string]any
	Claims    map[string]any
	KeyID     string
	Algorithm string
	Issuer    string
	Subject   string
}

// Message is what a message signature says of itself, verified or not.
type Message struct {
	Label     string
	KeyID     string
	Algorithm string // if it is one of those that there are
}

// DigestSigned returns a digest of what a proof is about, so that the same delivery has
// the same one, whichever key has signed it. Of a token the body is no part: it may have the
// signature in it, which anybody can write in another way (ECDSA).
func DigestSigned(found *Proof, body []byte) string {
	h := sha256.New()
	h.Write([]byte(found.SignedHead))
	isToken := found.JWT != nil && found.JWT.Claims != nil
	if found.Signed == nil && !isToken {
		h.Write(body)
	}
	for i, text := range found.Signed {
		// What is remembered may be on a disk, and does not depend on the key.
		if found.Scheme.Signs[i].Kind != "secret" {
			h.Write(text)
		}
	}
	return string(h.Sum(nil))
}

// howFar says how far the scheme came that was tried last. One whose own condition,
// {LOCATION==TEXT}, does not hold was not meant, and comes behind all others.
func howFar(m *message.Message, reason string) int {
	if m.NotMeant {
		return -1
	}
	return verdict.Depths[reason]
}
