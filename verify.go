package hookward

import (
	"crypto/hmac"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/jsonpath"
)

// maxTexts bounds how often a body is signed for one request, times the number
// of keys: schemes exist whose signatures have a timestamp each.
const maxTexts = 4

// maxItems bounds the items of a batch, each of which is verified for itself.
const maxItems = 100

// verify says whether one of the policy's keys vouches for the request:
// verified, or the reason to refuse. It notes on the decision which key it was.
func verify(p *policy, d *decision, now time.Time) string {
	if p.token != nil {
		return verifyToken(p.token, d)
	}
	return verifySchemes(p, d, now)
}

// verifySchemes goes the long way through all forms.
func verifySchemes(p *policy, d *decision, now time.Time) string {
	if p.alone {
		return addressAllowed // the lists have said so
	}
	best := ""
	for _, s := range p.schemes {
		reason := verifyScheme(p, s, d, now)
		if reason == verified {
			return verified
		}
		// The form that came furthest is the one that was meant.
		if best == "" || depths[reason] > depths[best] {
			best = reason
		}
	}
	if d.twins {
		return bodyMalformed // whatever other forms miss, this one was signed
	}
	return best
}

// verifyScheme verifies a request in one form.
func verifyScheme(p *policy, s *scheme, d *decision, now time.Time) string {
	if s.exact && documentOf(&d.message) == nil || s.extendable && !utf8.Valid(d.body) {
		return bodyMalformed
	}
	d.item = nil
	d.signed = nil
	if s.items == nil {
		return verifyForm(p, s, d, now)
	}
	items := jsonpath.Values(documentOf(&d.message), s.items, maxValues)
	if len(items) == 0 || len(items) > maxItems {
		return signatureMissing
	}
	for _, item := range items {
		d.item = item
		if item == nil {
			return signatureMissing
		}
		reason := verifyForm(p, s, d, now)
		if reason != verified {
			return reason
		}
	}
	return verified
}

// verifyForm verifies the request, or the item of it that the decision holds.
func verifyForm(p *policy, s *scheme, d *decision, now time.Time) string {
	candidates, reason := collectCandidates(s, &d.message)
	if reason != candidatesRead {
		return reason
	}
	if s.formless && mayBeForm(&d.message) {
		return signedFieldMissing
	}
	if s.timestamped && !setTimestamps(s, candidates, &d.message) {
		return timestampMissing
	}
	if s.pinned && !hasPinnedURL(s, &d.message) {
		return urlMismatch
	}
	keys := s.publicKeys
	if s.certificate.kind != "" && len(keys) == 0 {
		keys, reason = certificateKeys(s, &d.message, now)
		if reason != keysReady {
			return reason
		}
	}
	texts := 0
	var signed [][]byte
	var macs [][]byte // what each key makes of the text
	for i := range candidates {
		q := &candidates[i]
		if i == 0 || q.timestamp != candidates[i-1].timestamp || q.headers != candidates[i-1].headers {
			texts++
			if texts > maxTexts {
				return signatureMalformed
			}
			signed, reason = signedTexts(s, &d.message, q)
			if reason != textsReady {
				return reason
			}
			macs = computeMACs(s, signed)
		}
		key := matchingKey(s, keys, macs, q.mac, now)
		if key > 0 {
			return accept(p, s, d, q, signed, key, now)
		}
	}
	return signatureMismatch
}

// computeMACs returns what each key makes of what the sender must have signed,
// or for public keys the one thing that all of them verify.
func computeMACs(s *scheme, signed [][]byte) [][]byte {
	if isPublic(&s.algorithm) {
		return [][]byte{signedMessage(&s.algorithm, signed)}
	}
	macs := make([][]byte, len(s.keys))
	for k := range s.keys {
		if s.algorithm.family == "hash" {
			putSecret(s, signed, s.keys[k])
		}
		macs[k] = computeMAC(&s.algorithm, s.keys[k], signed)
	}
	return macs
}

// putSecret writes a key where a plain hash has it.
func putSecret(s *scheme, signed [][]byte, key []byte) {
	for i := range s.signs {
		if s.signs[i].kind == "secret" {
			signed[i] = key
		}
	}
}

// matchingKey returns the position, from 1, of the key that a signature is of.
func matchingKey(s *scheme, keys []publicKey, macs [][]byte, signature []byte, now time.Time) int {
	if isPublic(&s.algorithm) {
		return matchingPublicKey(s, keys, macs[0], signature, now)
	}
	for k := range macs {
		// hmac.Equal takes the same time wherever two codes of equal length
		// differ; decodeMAC has seen to the length.
		if hmac.Equal(macs[k], signature) {
			return k + 1
		}
	}
	return 0
}

func matchingPublicKey(s *scheme, keys []publicKey, message, signature []byte, now time.Time) int {
	for k := range keys {
		c := keys[k].certificate
		if c != nil && (now.Before(c.NotBefore) || now.After(c.NotAfter)) {
			continue
		}
		if verifiesWith(&s.algorithm, &keys[k], message, signature) {
			return k + 1
		}
	}
	return 0
}

// accept has the last word on a request whose signature is right.
func accept(p *policy, s *scheme, d *decision, q *candidate, signed [][]byte, key int, now time.Time) string {
	for _, h := range p.oracles {
		if couldBeChallenge(h, signed) {
			// The answer to a handshake is a signature of such a text as well.
			return signedTextAmbiguous
		}
	}
	// The last of the checks that cost time for each byte: strangers don't get here.
	if s.exact && twinsIn(&d.message, p.signedNames) {
		return bodyMalformed
	}
	if s.exact && d.replaced && surrogate.Match(d.body) {
		return signedTextAmbiguous
	}
	if s.sender.kind != "" && len(s.senders) > 0 && !s.senders[textAt(&s.sender, &d.message)] {
		return senderUnknown
	}
	if s.timestamped {
		// The record has it also where it is the reason to refuse.
		at, reason := checkTimestamp(q.timestamp, s.timestampUnit, s.tolerance, now)
		d.timestamp = at
		if reason != verified {
			return reason
		}
	}
	if isPublic(&s.algorithm) {
		d.publicKey = key
	} else {
		d.secret = key
	}
	d.scheme = s
	if p.replay != nil {
		noteSigned(s, d, signed)
	}
	return verified
}

// surrogate is the escape of one half of a character, which JSON has in pairs.
var surrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

// setTimestamps gives each signature the timestamp of the scheme's own place, if
// there is one, and says whether all have a timestamp then.
func setTimestamps(s *scheme, candidates []candidate, m *message) bool {
	if s.timestamp.kind != "" {
		text := textAt(&s.timestamp, m)
		for i := range candidates {
			candidates[i].timestamp = text
		}
	}
	for i := range candidates {
		if candidates[i].timestamp == "" {
			return false
		}
	}
	return true
}
