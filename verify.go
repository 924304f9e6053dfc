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

// verifier is what the engine knows of a policy.
type verifier struct {
	schemes     []*scheme
	signedNames nameSet          // of JSON documents of which single values are signed
	trace       *trace           // for those who ask why; nil in Traefik
	challenges  []*regexp.Regexp // what strangers may have signed with the deliveries' key: a handshake's answer
}

// verifySchemes verifies a message in all forms. It returns the proof of the one that
// verified, or else of the one that came furthest, which was meant.
func verifySchemes(v *verifier, m *message, now time.Time) proof {
	best := proof{}
	furthest := 0
	for _, s := range v.schemes {
		found := verifyScheme(v, s, m, now)
		depth := howFar(m, found.reason)
		if best.reason == "" || found.reason == verified || depth > furthest {
			best = found
			furthest = depth
			if v.trace != nil {
				v.trace.meant = v.trace.last
			}
		}
		if found.reason == verified {
			return found
		}
	}
	if m.twins {
		best.reason = bodyMalformed // whatever other forms miss, this one was signed
	}
	return best
}

// verifyScheme verifies a message in one form.
func verifyScheme(v *verifier, s *scheme, m *message, now time.Time) proof {
	m.item = nil
	m.notMeant = false
	if v.trace != nil {
		v.trace.last = attempt{scheme: s}
	}
	if s.exact && documentOf(m) == nil || s.extendable && !utf8.Valid(m.body) {
		return proof{reason: bodyMalformed}
	}
	if s.items != nil {
		return verifyItems(v, s, m, now)
	}
	return verifyForm(v, s, m, now)
}

// verifyItems verifies each item of a batch for itself. It returns the proof of the
// first that does not verify, or else of the last.
func verifyItems(v *verifier, s *scheme, m *message, now time.Time) proof {
	found := proof{reason: signatureMissing}
	items := jsonpath.Values(documentOf(m), s.items, maxValues)
	if len(items) > maxItems {
		return found
	}
	for _, item := range items {
		if item == nil {
			return proof{reason: signatureMissing}
		}
		m.item = item
		found = verifyForm(v, s, m, now)
		if found.reason != verified {
			return found
		}
	}
	return found
}

// verifyForm verifies the message, or the item of a batch that it holds.
func verifyForm(v *verifier, s *scheme, m *message, now time.Time) proof {
	refused := proof{}
	candidates, reason := collectCandidates(s, m)
	if v.trace != nil {
		v.trace.last = attempt{scheme: s, item: m.item, candidates: candidates}
	}
	if reason != candidatesRead {
		refused.reason = reason
		return refused
	}
	if s.formless && mayBeForm(m) {
		refused.reason = signedFieldMissing
		return refused
	}
	if s.timestamped && !setTimestamps(s, candidates, m) {
		refused.reason = timestampMissing
		return refused
	}
	if s.pinned && !hasPinnedURL(s, m) {
		refused.reason = urlMismatch
		return refused
	}
	keys := s.publicKeys
	if s.certificate.kind != "" && len(keys) == 0 {
		keys, reason = certificateKeys(s, m, now)
		if reason != keysReady {
			refused.reason = reason
			return refused
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
				refused.reason = signatureMalformed
				return refused
			}
			signed, reason = signedTexts(s, m, q)
			if v.trace != nil && (i == 0 || reason != textsReady) {
				v.trace.last.signed = signed
			}
			if reason != textsReady {
				refused.reason = reason
				return refused
			}
			macs = computeMACs(s, signed)
		}
		key := matchingKey(s, keys, macs, q.mac, now)
		if key > 0 {
			return accept(v, s, m, q.timestamp, signed, key, now)
		}
	}
	refused.reason = signatureMismatch
	return refused
}

// certificateKeys returns the key of the certificate that a message names. The second
// result is keysReady or the reason to refuse.
func certificateKeys(s *scheme, m *message, now time.Time) ([]publicKey, string) {
	topic := textAt(&s.sender, m)
	// Before anything is fetched: anybody can have a topic of their own.
	if !s.senders[topic] {
		return nil, senderUnknown
	}
	return snsKeys(topic, textAt(&s.certificate, m), s.offline, now)
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

// accept has the last word on a message whose signature is right.
func accept(v *verifier, s *scheme, m *message, timestamp string, signed [][]byte, key int, now time.Time) proof {
	found := proof{}
	for _, pattern := range v.challenges {
		if couldBeChallenge(pattern, signed) {
			// The answer to a handshake is a signature of such a text as well.
			found.reason = signedTextAmbiguous
			return found
		}
	}
	// The last of the checks that cost time for each byte: strangers don't get here.
	if s.exact && twinsIn(m, v.signedNames) {
		found.reason = bodyMalformed
		return found
	}
	if s.exact && m.replaced && surrogate.Match(m.body) {
		found.reason = signedTextAmbiguous
		return found
	}
	if s.sender.kind != "" && len(s.senders) > 0 && !s.senders[textAt(&s.sender, m)] {
		found.reason = senderUnknown
		return found
	}
	found.reason = verified
	if s.timestamped {
		at, reason := checkTimestamp(timestamp, s.timestampUnit, s.tolerance, now)
		found.timestamp = at
		found.reason = reason
		if reason != verified {
			return found
		}
	}
	if isPublic(&s.algorithm) {
		found.publicKey = key
	} else {
		found.secret = key
	}
	found.scheme = s
	found.signed = signed
	return found
}

// maxChallenge bounds the challenge of a handshake, in bytes: see challengePatterns.
const maxChallenge = 512

// couldBeChallenge says whether a signed text could be the challenge of a
// handshake that is answered with the deliveries' key.
func couldBeChallenge(pattern *regexp.Regexp, signed [][]byte) bool {
	text := ""
	for _, piece := range signed {
		if len(text)+len(piece) > maxChallenge {
			return false
		}
		text += string(piece)
	}
	return pattern.MatchString(text)
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
