package jwt

import (
	"time"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// maxTried bounds the keys that are tried for a token which names none.
const maxTried = 8

// prove says whether a token's signature is of one of the keys, and notes which: verified,
// or the reason to refuse.
func prove(v *Verifier, t *token, m *message.Message, now time.Time, found *signature.Proof) string {
	if jwk.FamilyOf(t.algorithm) == jwk.HMAC {
		found.Secret = matchingKey(v.shared, allOf(v.shared), t, signingInput(v, t, m), now)
		if found.Secret == 0 {
			return verdict.SignatureMismatch
		}
		return verdict.Verified
	}
	if v.certificates != nil {
		return proveByChain(v, t, m, now)
	}
	keys := v.public
	chosen, reason := choose(keys, t)
	if reason != "" {
		return reason
	}
	found.PublicKey = matchingKey(keys, chosen, t, signingInput(v, t, m), now)
	if found.PublicKey == 0 {
		return verdict.SignatureMismatch
	}
	return verdict.Verified
}

// proveByChain is prove for a token that has its certificates with it.
func proveByChain(v *Verifier, t *token, m *message.Message, now time.Time) string {
	keys, reason := keyOfChain(v, t, now)
	if reason != "" {
		return reason
	}
	if !jwk.Allows(&keys[0], t.algorithm) {
		return verdict.AlgorithmRefused
	}
	if matchingKey(keys, allOf(keys), t, signingInput(v, t, m), now) == 0 {
		return verdict.SignatureMismatch
	}
	return verdict.Verified
}

// matchingKey returns the position, from 1, of the key that a signature is of, or 0.
func matchingKey(keys []jwk.Key, chosen []int, t *token, input []byte, now time.Time) int {
	for _, i := range chosen {
		k := &keys[i]
		c := k.Certificate
		if c != nil && (now.Before(c.NotBefore) || now.After(c.NotAfter)) {
			continue
		}
		if jwk.Verify(k, t.algorithm, input, t.signature) {
			return i + 1
		}
	}
	return 0
}

// allOf returns the positions of all keys.
func allOf(keys []jwk.Key) []int {
	all := make([]int, len(keys))
	for i := range all {
		all[i] = i
	}
	return all
}

// choose returns the positions of the keys that may have signed a token: those of the id
// that it names, or, where keys have none, all of them. The second result is "" or the
// reason to refuse.
func choose(keys []jwk.Key, t *token) ([]int, string) {
	named := []int{}
	nameless := []int{}
	for i := range keys {
		if !t.named || keys[i].ID == t.keyID && t.keyID != "" {
			named = append(named, i)
		} else if keys[i].ID == "" {
			nameless = append(nameless, i)
		}
	}
	if len(named) == 0 {
		named = nameless
	}
	if len(named) == 0 {
		return nil, verdict.KeyUnknown
	}
	fit := []int{}
	for _, i := range named {
		if jwk.Allows(&keys[i], t.algorithm) && len(fit) < maxTried {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return nil, verdict.AlgorithmRefused
	}
	return fit, ""
}
