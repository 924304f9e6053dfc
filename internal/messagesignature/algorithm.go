package messagesignature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// algorithms are those of the registry of RFC 9421, 6.2.2.
var algorithms = []string{"rsa-pss-sha512", "rsa-v1_5-sha256", "hmac-sha256", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "ed25519"}

// cavageAlgorithms are those of the older drafts. draft-cavage-12 has but hs2019, which leaves
// the choice to what is known of the key: PS512 is tried for no other name.
var cavageAlgorithms = []string{"rsa-sha256", "rsa-sha512", "hmac-sha256", "hmac-sha384", "hmac-sha512", "ecdsa-sha256", "ed25519", "rsa-pss-sha512"}

// jwsNames are what JWS calls the algorithms of both.
var jwsNames = map[string]string{
	"rsa-pss-sha512": "PS512", "rsa-v1_5-sha256": "RS256", "rsa-sha256": "RS256", "rsa-sha512": "RS512",
	"hmac-sha256": "HS256", "hmac-sha384": "HS384", "hmac-sha512": "HS512",
	"ecdsa-p256-sha256": "ES256", "ecdsa-p384-sha384": "ES384", "ecdsa-sha256": "ES256", "ed25519": "EdDSA",
}

// anyAlgorithm is the name of draft-cavage that names none.
const anyAlgorithm = "hs2019"

// algorithmsOf returns the algorithms that a signature may be of: the one that it names, if
// that is allowed, or all that are.
func algorithmsOf(v *Verifier, c *candidate) []string {
	name := c.texts["alg"]
	if name == "" || v.Cavage && name == anyAlgorithm {
		return v.Algorithms
	}
	if v.Cavage && name == "rsa-pss-sha512" || !words.Contains(v.Algorithms, name) {
		return nil
	}
	return []string{name}
}

// allows says whether a key may be used for an algorithm.
func allows(k *jwk.Key, name string) bool {
	return jwk.Allows(k, jwsNames[name])
}

// verifies says whether a signature is a key's.
func verifies(k *jwk.Key, name, base string, signature []byte) bool {
	if name == "ecdsa-sha256" || name == "rsa-pss-sha512" {
		return verifiesOtherwise(k, name, base, signature)
	}
	return jwk.Verify(k, jwsNames[name], []byte(base), signature)
}

// verifiesOtherwise is verifies for what JWS has in another way, or not at all.
func verifiesOtherwise(k *jwk.Key, name, base string, signature []byte) bool {
	if name == "ecdsa-sha256" {
		// The drafts say nothing, and their signers write DER.
		sum := sha256.Sum256([]byte(base))
		return ecdsa.VerifyASN1(k.Ecdsa, sum[:], signature)
	}
	// The RFC has a salt of 64 bytes, and http-message-signatures for Node.js the longest
	// that fits. Either is the key's.
	sum := sha512.Sum512([]byte(base))
	return rsa.VerifyPSS(k.Rsa, crypto.SHA512, sum[:], signature, nil) == nil
}

// numberedKey is a key with its position in the option that it comes from, from 1.
type numberedKey struct {
	key    *jwk.Key
	secret int
	public int
}

// keysFor returns the keys that a signature may be of: those of its name, and those that
// have none. The second result says why there are none.
func keysFor(v *Verifier, id string, algorithms []string, sets []*keyset.Set, now time.Time) ([]numberedKey, string) {
	if len(v.KeyIDs) > 0 && !words.Contains(v.KeyIDs, id) {
		return nil, verdict.KeyUnknown
	}
	keys := []numberedKey{}
	unfit := false
	for i := range v.Keys {
		k := &v.Keys[i]
		if k.ID != "" && id != "" && k.ID != id {
			continue
		}
		if !hasMembers(v, k) {
			unfit = true
			continue
		}
		n := numberedKey{key: k}
		if i < v.secrets {
			n.secret = i + 1
		} else {
			n.public = i - v.secrets + 1
		}
		keys = append(keys, n)
	}
	if len(v.Sources) > 0 {
		return publishedKeys(v, id, algorithms, keys, sets, now)
	}
	return orReason(keys, unfit)
}

// publishedKeys adds the keys that the sender publishes. One that is unknown may be a new
// one, for which the set is fetched again: so what is cheaper was looked at before.
func publishedKeys(v *Verifier, id string, algorithms []string, keys []numberedKey, sets []*keyset.Set, now time.Time) ([]numberedKey, string) {
	if len(sets) == 0 {
		return nil, verdict.KeyUnavailable // who explains a request fetches nothing
	}
	unfit := false
	misfit := false
	for _, name := range algorithms {
		if strings.HasPrefix(name, "hmac") {
			continue
		}
		found, state := keyset.Find(sets[0], id, jwsNames[name], now)
		if state == keyset.Unavailable && len(keys) == 0 {
			return nil, verdict.KeyUnavailable
		}
		for _, k := range found {
			if hasMembers(v, k) {
				keys = append(keys, numberedKey{key: k})
			} else {
				unfit = true
			}
		}
		misfit = misfit || state == keyset.Misfit
		if state != keyset.Misfit && state != keyset.Ready {
			break // nor is it there for another algorithm
		}
	}
	if misfit && len(keys) == 0 && !unfit {
		return nil, verdict.AlgorithmRefused
	}
	return orReason(keys, unfit)
}

// orReason returns keys, or why there are none.
func orReason(keys []numberedKey, unfit bool) ([]numberedKey, string) {
	switch {
	case len(keys) > 0:
		return keys, ""
	case unfit:
		return nil, verdict.KeyRefused
	}
	return nil, verdict.KeyUnknown
}

// hasMembers says whether a JWK says of itself what is demanded. For a key that is none the
// operator vouches.
func hasMembers(v *Verifier, k *jwk.Key) bool {
	if k.Members == nil {
		return true
	}
	for name, texts := range v.keyMembers {
		if !words.Contains(texts, k.Members[name]) {
			return false
		}
	}
	return true
}
