// Package signature knows how a signature is read, what text it is made over, and
// whether one of the keys made it. It must not know what becomes of a request that has
// a good one.
package signature

import (
	"crypto/hmac"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

// maxTexts bounds how often a body is signed for one request, times the number
// of keys: schemes exist whose signatures have a timestamp each.
const maxTexts = 4

// MaxItems bounds the items of a batch, each of which is verified for itself.
const MaxItems = 100

// Verifier is what the engine knows of a policy.
type Verifier struct {
	Schemes     []*Scheme
	SignedNames message.NameSet  // of JSON documents of which single values are signed
	Trace       *Trace           // for those who ask why; nil in Traefik
	Challenges  []*regexp.Regexp // what strangers may have signed with the deliveries' key: a handshake's answer
}

// Verify verifies a message by all schemes. It returns the proof of the one that
// verified, or else of the one that came furthest, which was meant.
func Verify(v *Verifier, m *message.Message, now time.Time) Proof {
	best := Proof{}
	furthest := 0
	for _, s := range v.Schemes {
		found := verifyScheme(v, s, m, now)
		depth := howFar(m, found.Reason)
		if best.Reason == "" || found.Reason == verdict.Verified || depth > furthest {
			best = found
			furthest = depth
			if v.Trace != nil {
				v.Trace.meant = len(v.Trace.attempts) - 1
			}
		}
		if found.Reason == verdict.Verified {
			return found
		}
	}
	if m.DuplicateNames {
		best.Reason = verdict.BodyMalformed // whatever other schemes miss, this one was signed
	}
	return best
}

// verifyScheme verifies a message by one scheme.
func verifyScheme(v *Verifier, s *Scheme, m *message.Message, now time.Time) Proof {
	m.Item = nil
	m.NotMeant = false
	if v.Trace != nil {
		v.Trace.attempts = append(v.Trace.attempts, attempt{Scheme: s})
	}
	if s.SignsValues && message.DocumentOf(m) == nil || s.extendable && !utf8.Valid(m.Body) {
		return Proof{Reason: verdict.BodyMalformed}
	}
	if s.Items != nil {
		return verifyItems(v, s, m, now)
	}
	return verifyOne(v, s, m, now)
}

// verifyItems verifies each item of a batch for itself. It returns the proof of the
// first that does not verify, or else of the last.
func verifyItems(v *Verifier, s *Scheme, m *message.Message, now time.Time) Proof {
	found := Proof{Reason: verdict.SignatureMissing}
	items := jsonpath.Values(message.DocumentOf(m), s.Items, message.MaxValues)
	if len(items) > MaxItems {
		return found
	}
	for _, item := range items {
		if item == nil {
			return Proof{Reason: verdict.SignatureMissing}
		}
		m.Item = item
		found = verifyOne(v, s, m, now)
		if found.Reason != verdict.Verified {
			return found
		}
	}
	return found
}

// verifyOne verifies the message, or the item of a batch that it holds.
func verifyOne(v *Verifier, s *Scheme, m *message.Message, now time.Time) Proof {
	refused := Proof{}
	candidates, reason := collectCandidates(s, m)
	if v.Trace != nil {
		v.Trace.attempts = append(v.Trace.attempts, attempt{Scheme: s, Item: m.Item, Candidates: candidates})
	}
	if reason != verdict.CandidatesRead {
		refused.Reason = reason
		return refused
	}
	if s.skipsForms && message.MayBeForm(m) {
		refused.Reason = verdict.SignedFieldMissing
		return refused
	}
	if s.Timestamped && !setTimestamps(s, candidates, m) {
		refused.Reason = verdict.TimestampMissing
		return refused
	}
	if s.Pinned && !hasPinnedURL(s, m) {
		refused.Reason = verdict.URLMismatch
		return refused
	}
	keys := s.PublicKeys
	if s.Certificate.Kind != "" && len(keys) == 0 {
		keys, reason = certificateKeys(s, m, now)
		if reason != verdict.KeysReady {
			refused.Reason = reason
			return refused
		}
	}
	texts := 0
	var signed [][]byte
	var macs [][]byte // what each key makes of the text
	for i := range candidates {
		q := &candidates[i]
		if i == 0 || q.Timestamp != candidates[i-1].Timestamp || q.Headers != candidates[i-1].Headers {
			texts++
			if texts > maxTexts {
				refused.Reason = verdict.SignatureMalformed
				return refused
			}
			signed, reason = SignedTexts(s, m, q)
			if v.Trace != nil && (i == 0 || reason != verdict.TextsReady) {
				v.Trace.attempts[len(v.Trace.attempts)-1].Signed = signed
			}
			if reason != verdict.TextsReady {
				refused.Reason = reason
				return refused
			}
			macs = computeMACs(s, signed)
		}
		key := matchingKey(s, keys, macs, q.mac, now)
		if key > 0 {
			return accept(v, s, m, q.Timestamp, signed, key, now)
		}
	}
	refused.Reason = verdict.SignatureMismatch
	return refused
}

// certificateKeys returns the key of the certificate that a message names. The second
// result is KeysReady or the reason to refuse.
func certificateKeys(s *Scheme, m *message.Message, now time.Time) ([]secrets.PublicKey, string) {
	topic := message.TextAt(&s.Sender, m)
	// Before anything is fetched: anybody can have a topic of their own.
	if !s.Senders[topic] {
		return nil, verdict.SenderUnknown
	}
	return s.certificates.Keys(topic, message.TextAt(&s.Certificate, m), s.Offline, now)
}

// computeMACs returns what each key makes of what the sender must have signed,
// or for public keys the one thing that all of them verify.
func computeMACs(s *Scheme, signed [][]byte) [][]byte {
	if IsPublic(&s.Algorithm) {
		return [][]byte{SignedMessage(&s.Algorithm, signed)}
	}
	macs := make([][]byte, len(s.Keys))
	for k := range s.Keys {
		if s.Algorithm.Family == "hash" {
			PutSecret(s, signed, s.Keys[k])
		}
		macs[k] = ComputeMAC(&s.Algorithm, s.Keys[k], signed)
	}
	return macs
}

// PutSecret writes a key where a plain hash has it.
func PutSecret(s *Scheme, signed [][]byte, key []byte) {
	for i := range s.Signs {
		if s.Signs[i].Kind == "secret" {
			signed[i] = key
		}
	}
}

// matchingKey returns the position, from 1, of the key that a signature is of.
func matchingKey(s *Scheme, keys []secrets.PublicKey, macs [][]byte, sent []byte, now time.Time) int {
	if IsPublic(&s.Algorithm) {
		return matchingPublicKey(s, keys, macs[0], sent, now)
	}
	for k := range macs {
		// hmac.Equal takes the same time wherever two codes of equal length
		// differ; DecodeMAC has seen to the length.
		if hmac.Equal(macs[k], sent) {
			return k + 1
		}
	}
	return 0
}

func matchingPublicKey(s *Scheme, keys []secrets.PublicKey, message, sent []byte, now time.Time) int {
	for k := range keys {
		c := keys[k].Certificate
		if c != nil && (now.Before(c.NotBefore) || now.After(c.NotAfter)) {
			continue
		}
		if verifiesWith(&s.Algorithm, &keys[k], message, sent) {
			return k + 1
		}
	}
	return 0
}

// accept has the last word on a message whose signature is right.
func accept(v *Verifier, s *Scheme, m *message.Message, timestamp string, signed [][]byte, key int, now time.Time) Proof {
	found := Proof{}
	for _, pattern := range v.Challenges {
		if couldBeChallenge(pattern, signed) {
			// The answer to a handshake is a signature of such a text as well.
			found.Reason = verdict.SignedTextAmbiguous
			return found
		}
	}
	// The last of the checks that cost time for each byte: strangers don't get here.
	if s.SignsValues && message.FindDuplicateNames(m, v.SignedNames) {
		found.Reason = verdict.BodyMalformed
		return found
	}
	if s.SignsValues && m.Replaced && surrogate.Match(m.Body) {
		found.Reason = verdict.SignedTextAmbiguous
		return found
	}
	if s.Sender.Kind != "" && len(s.Senders) > 0 && !s.Senders[message.TextAt(&s.Sender, m)] {
		found.Reason = verdict.SenderUnknown
		return found
	}
	found.Reason = verdict.Verified
	if s.Timestamped {
		at, reason := CheckTimestamp(timestamp, s.TimestampUnit, s.Tolerance, now)
		found.Timestamp = at
		found.Reason = reason
		if reason != verdict.Verified {
			return found
		}
	}
	if IsPublic(&s.Algorithm) {
		found.PublicKey = key
	} else {
		found.Secret = key
	}
	found.Scheme = s
	found.Signed = signed
	return found
}

// MaxChallenge bounds the challenge of a handshake, in bytes.
const MaxChallenge = 512

// couldBeChallenge says whether a signed text could be the challenge of a
// handshake that is answered with the deliveries' key.
func couldBeChallenge(pattern *regexp.Regexp, signed [][]byte) bool {
	text := ""
	for _, piece := range signed {
		if len(text)+len(piece) > MaxChallenge {
			return false
		}
		text += string(piece)
	}
	return pattern.MatchString(text)
}

// surrogate is the escape of one half of a character, which JSON has in pairs.
var surrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

// setTimestamps gives each signature the timestamp of the scheme's own location, if
// there is one, and says whether all have a timestamp then.
func setTimestamps(s *Scheme, candidates []Candidate, m *message.Message) bool {
	if s.Timestamp.Kind != "" {
		text := message.TextAt(&s.Timestamp, m)
		for i := range candidates {
			candidates[i].Timestamp = text
		}
	}
	for i := range candidates {
		if candidates[i].Timestamp == "" {
			return false
		}
	}
	return true
}
