package explain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// seenSignature tells of the scheme that the reason is of: where its signature stands,
// what was read there, and what of the request is signed.
func (j *judgement) seenSignature() []string {
	if j.policy.Uncompresses && j.isNotGzip() {
		return []string{"the body is not one member of gzip, and nothing else, of at most " + bytesText(j.policy.MaxBodyBytes) + " when uncompressed, under Content-Encoding: gzip"}
	}
	seen := signature.Meant(&j.trace)
	s := seen.Scheme
	if s == nil && j.policy.Uncompresses {
		s = j.policy.Schemes[0] // the gate has stopped before it uncompressed the body
	}
	if s == nil {
		return nil
	}
	lines := []string{}
	o := j.optionsOf(s)
	if len(j.policy.Schemes) > 1 {
		lines = append(lines, fmt.Sprintf("of %s that this gate takes, the one that came furthest:", plural(len(j.policy.Schemes), "scheme")))
	}
	lines = append(lines, "read from "+signatureLocation(s, o)+", as "+words.Quote(words.OrDefault(o.Format, "{hex}")))
	m := j.message()
	m.Item = seen.Item
	if s.Items != nil {
		lines = append(lines, "of each item of "+o.Items+" in the JSON body; here the one that decides")
		if seen.Item == nil {
			return append(lines, "there is no such item, or there are too many")
		}
	}
	if len(seen.Candidates) == 0 {
		return append(lines, j.seenUnread(s, m)...)
	}
	lines = append(lines, plural(len(seen.Candidates), "signature")+" read")
	if j.Reason == verdict.TimestampMissing {
		line := "no timestamp"
		if s.Timestamp.Kind != "" {
			line += ": " + locationName(&s.Timestamp) + " is not there, or empty, or there several times"
		}
		lines = append(lines, line)
		if s.Timestamp.Kind == "header" {
			lines = append(lines, nearHeaders(s.Timestamp.Name, m.Request.Header)...)
		}
		return lines
	}
	if s.Pinned {
		lines = append(lines, seenURL(s, m.Request)...)
	}
	if j.Reason == verdict.URLMismatch {
		return lines
	}
	texts := seen.Signed
	if j.Reason == verdict.KeyUnavailable {
		texts, _ = signature.SignedTexts(s, m, &seen.Candidates[0]) // the gate stops before
	}
	lines = append(lines, j.seenTexts(s, m, texts)...)
	if s.Sender.Kind != "" && len(s.Senders) > 0 {
		sender := message.TextAt(&s.Sender, m)
		line := "the sender is " + shown(sender) + " (" + locationName(&s.Sender) + ")"
		if !s.Senders[sender] {
			line += ", which is not in senders"
		}
		lines = append(lines, line)
	}
	return append(lines, j.seenKeys(s, o)...)
}

// optionsOf returns the options that a scheme was compiled from.
func (j *judgement) optionsOf(s *signature.Scheme) config.SignatureOptions {
	signatures := signaturesOf(j.options)
	for i, other := range j.policy.Schemes {
		if other == s && i < len(signatures) {
			return signatures[i]
		}
	}
	return *j.options.Signature
}

// signatureLocation says where a scheme has its signature.
func signatureLocation(s *signature.Scheme, o config.SignatureOptions) string {
	if len(o.Header) == 0 {
		return locationName(&s.Field)
	}
	return "header " + strings.Join(o.Header, ", or ")
}

// seenUnread says why no signature could be read.
func (j *judgement) seenUnread(s *signature.Scheme, m *message.Message) []string {
	switch j.Reason {
	case verdict.SignatureDuplicated:
		return []string{"it is there several times"}
	case verdict.SignatureMissing:
		lines := []string{"it is not there, or empty"}
		for i, name := range s.Headers {
			if i == 0 {
				lines = append(lines, nearHeaders(name, m.Request.Header)...)
			}
		}
		return lines
	}
	lines := []string{}
	for _, name := range s.Headers {
		for _, line := range m.Request.Header[name] {
			lines = append(lines, whereMalformed(&s.Format, s.Algorithm.Size, line))
		}
	}
	if len(s.Headers) == 0 {
		lines = append(lines, whereMalformed(&s.Format, s.Algorithm.Size, message.TextAt(&s.Field, m)))
	}
	return lines
}

// seenURL compares the path and the query of the request with those of publicURL.
func seenURL(s *signature.Scheme, r *http.Request) []string {
	lines := []string{}
	if !signature.IsPinnedPath(s.PinnedPath, r.URL.EscapedPath()) {
		lines = append(lines, "the path is "+shown(r.URL.EscapedPath())+", and that of publicURL "+shown(s.PinnedPath))
	}
	if s.DigestField == "" && r.URL.RawQuery != s.PinnedQuery {
		lines = append(lines, "the query is "+shown(r.URL.RawQuery)+", and that of publicURL "+shown(s.PinnedQuery))
	}
	if s.DigestField != "" && len(lines) == 0 {
		lines = append(lines, "the query has to have "+s.DigestField+", with the body's SHA-256")
	}
	return lines
}

// seenTexts says what is signed, part by part.
func (j *judgement) seenTexts(s *signature.Scheme, m *message.Message, texts [][]byte) []string {
	if len(texts) < len(s.Signs) {
		return j.seenMissing(s, m, texts)
	}
	lines := []string{"what was signed must be, in this order:"}
	for i := range s.Signs {
		q := &s.Signs[i]
		name := signature.PlaceholderOf(q)
		switch {
		case q.Kind == "check" || q.Kind == "absent":
			continue
		case q.Kind == "literal" && texts[i] == nil, q.Group != 0 && texts[i] == nil:
			lines = append(lines, "  (left out)")
			continue
		case q.Kind == "literal":
			lines = append(lines, "  "+shown(withoutPassword(texts[i])))
			continue
		case q.Kind == "secret":
			lines = append(lines, "  {secret}")
			continue
		case signature.IsBody(q.Kind) || len(texts[i]) > 200:
			sum := sha256.Sum256(texts[i])
			lines = append(lines, fmt.Sprintf("  %s = %s, SHA-256 %s", name, bytesText(int64(len(texts[i]))), hex.EncodeToString(sum[:])))
			continue
		case q.Kind == "digest" && q.Want == "raw":
			name = "{sha256raw:body}"
			lines = append(lines, "  "+name+" = the body's SHA-256")
			continue
		case q.Kind == "digest":
			name = "{sha256" + q.Want + ":body}"
		case q.Kind == "names":
			name = "{headers}"
		}
		lines = append(lines, "  "+name+" = "+shown(withoutPassword(texts[i])))
	}
	return lines
}

// withoutPassword leaves out the credentials of publicURL, which may be too short to be
// found by hideSecrets.
func withoutPassword(text []byte) string {
	return userInURL.ReplaceAllString(string(text), "://***@")
}

var userInURL = regexp.MustCompile(`://[^/?#\s]*@`)

// seenMissing names the part that is missing, or can't be told from its neighbour: the
// one behind the texts that could be put together.
func (j *judgement) seenMissing(s *signature.Scheme, m *message.Message, texts [][]byte) []string {
	if texts == nil {
		return []string{"a value that is signed is missing, or can't be told from its neighbour"}
	}
	q := &s.Signs[len(texts)]
	at := &q.Location
	if q.Kind == "id" {
		at = &s.ID
	}
	name := signature.PlaceholderOf(q)
	if at.Name != "" {
		name = locationName(at)
	}
	switch {
	case q.Kind == "check":
		return []string{name + " is not as the scheme demands: " + words.OrDefault(q.Want, "the body's SHA-256")}
	case q.Kind == "absent":
		return []string{name + " is there, and must not be"}
	case j.Reason == verdict.SignedFieldMissing && at.Kind == "header":
		return append([]string{name + " is signed, and not there, or empty, or there several times"}, nearHeaders(at.Name, m.Request.Header)...)
	case j.Reason == verdict.SignedFieldMissing:
		return []string{name + " is signed, and not there, or empty, or there several times"}
	}
	return []string{"it can't be told where " + name + " ends, or there are several that a backend may take for it"}
}

// seenKeys says how the signature was compared, and with which key it agrees.
func (j *judgement) seenKeys(s *signature.Scheme, o config.SignatureOptions) []string {
	name := words.OrDefault(o.Algorithm, "hmac-sha256")
	if signature.IsPublic(&s.Algorithm) {
		switch {
		case j.Undecided != "":
			return []string{name + ", by the key of a certificate"}
		case j.PublicKey > 0:
			return []string{fmt.Sprintf("%s: public key %d of %d has signed that", name, j.PublicKey, len(s.PublicKeys))}
		case j.Matched:
			return []string{name + ": a public key has signed that"}
		}
		return []string{name + ": " + plural(len(s.PublicKeys), "public key") + ", of which none has signed that"}
	}
	encoding := words.OrDefault(o.SecretEncoding, "utf8")
	switch {
	case j.Secret > 0:
		return []string{fmt.Sprintf("%s, secrets read as %s: secret %d of %d has signed that", name, encoding, j.Secret, len(s.Keys))}
	case j.Matched:
		return []string{name + ", secrets read as " + encoding + ": a secret has signed that"}
	}
	return []string{name + ", secrets read as " + encoding + ": " + plural(len(s.Keys), "secret") + ", of which none has signed that"}
}

// isNotGzip says whether the body can't be uncompressed, although a signature is there.
func (j *judgement) isNotGzip() bool {
	m := &message.Message{Request: j.request, Body: j.body}
	reason := signature.Uncompress(j.policy.Schemes, m, j.policy.MaxBodyBytes, unlimited)
	return reason == verdict.BodyMalformed || reason == verdict.BodyTooLarge
}

// unlimited is the memory of who asks why.
func unlimited(_ int64) bool { return true }
