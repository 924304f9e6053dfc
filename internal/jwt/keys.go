package jwt

import (
	"time"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// prove says whether a token's signature is of one of the keys, and notes which: verified,
// or the reason to refuse. The key sets are those of the verifier's sources.
func prove(v *Verifier, t *token, m *message.Message, sets []*keyset.Set, now time.Time, found *signature.Proof) string {
	if jwk.FamilyOf(t.algorithm) == jwk.HMAC {
		input := signingInput(v, t, m)
		for i, k := range v.shared {
			if jwk.Verify(k, t.algorithm, input, t.signature) {
				found.Secret = i + 1
				return verdict.Verified
			}
		}
		return verdict.SignatureMismatch
	}
	return provePublic(v, t, m, sets, now, found)
}

// provePublic is prove for a signature by a public key.
func provePublic(v *Verifier, t *token, m *message.Message, sets []*keyset.Set, now time.Time, found *signature.Proof) string {
	if v.certificates != nil {
		return proveByChain(v, t, m, now)
	}
	if t.named && t.keyID == "" {
		return verdict.KeyUnknown
	}
	chosen, reason := choose(v, t, sets, now)
	if reason != "" {
		return reason
	}
	key := matchingKey(chosen, t, signingInput(v, t, m), now)
	if key == nil {
		return verdict.SignatureMismatch
	}
	found.PublicKey = positionOf(v.public, key)
	return verdict.Verified
}

// choose returns the keys that may have made a token. The second result is "" or the
// reason to refuse.
func choose(v *Verifier, t *token, sets []*keyset.Set, now time.Time) ([]*jwk.Key, string) {
	if len(v.Sources) == 0 {
		chosen, found := keyset.Choose(v.table, t.keyID, t.algorithm)
		return chosen, reasonOfKeys[found]
	}
	if len(sets) == 0 {
		return nil, verdict.KeyUnavailable // who explains a request fetches nothing
	}
	set := setOfIssuer(sets, t)
	if set == nil {
		return nil, verdict.IssuerMismatch
	}
	chosen, found := keyset.Find(set, t.keyID, t.algorithm, now)
	return chosen, reasonOfKeys[found]
}

// reasonOfKeys is the reason to refuse by what keyset says, or "".
var reasonOfKeys = map[int]string{
	keyset.Ready:       "",
	keyset.Misfit:      verdict.AlgorithmRefused,
	keyset.Unknown:     verdict.KeyUnknown,
	keyset.Unavailable: verdict.KeyUnavailable,
}

// setOfIssuer returns the keys that a token is to be verified with: where each issuer has
// its own, those of the one that the token names, which is read for that before anything is
// verified; a token of another issuer would not verify by them.
func setOfIssuer(sets []*keyset.Set, t *token) *keyset.Set {
	if len(sets) == 1 && sets[0].Issuer == "" {
		return sets[0]
	}
	issuer, isText := objectIn(t.encoded)["iss"].(string)
	if !isText || issuer == "" {
		return nil
	}
	for _, set := range sets {
		if set.Issuer == issuer {
			return set
		}
	}
	return nil
}

// proveByChain is prove for a token that has its certificates with it.
func proveByChain(v *Verifier, t *token, m *message.Message, now time.Time) string {
	keys, reason := keyOfChain(v, t, now)
	if reason != "" {
		return reason
	}
	if !jwk.Allows(keys[0], t.algorithm) {
		return verdict.AlgorithmRefused
	}
	if matchingKey(keys, t, signingInput(v, t, m), now) == nil {
		return verdict.SignatureMismatch
	}
	return verdict.Verified
}

// matchingKey returns the key that a signature is of, or nil.
func matchingKey(keys []*jwk.Key, t *token, input []byte, now time.Time) *jwk.Key {
	for _, k := range keys {
		c := k.Certificate
		if c != nil && (now.Before(c.NotBefore) || now.After(c.NotAfter)) {
			continue
		}
		if jwk.Verify(k, t.algorithm, input, t.signature) {
			return k
		}
	}
	return nil
}

// positionOf returns the position of a key, from 1, or 0 where it is none of them.
func positionOf(keys []*jwk.Key, key *jwk.Key) int {
	for i, k := range keys {
		if k == key {
			return i + 1
		}
	}
	return 0
}
