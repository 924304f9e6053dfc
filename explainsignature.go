//go:build gc
// +build gc

package hookward

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// seenSignature tells of the form that the reason is of: where its signature stands,
// what was read there, and what of the request is signed.
func (j *judgement) seenSignature() []string {
	if j.policy.uncompresses && uncompress(&message{request: j.request, body: j.body}, j.policy.maxBodyBytes) != "" {
		return []string{"the body is not one member of gzip, and nothing else, of at most " + bytesText(j.policy.maxBodyBytes) + " when uncompressed, under Content-Encoding: gzip"}
	}
	seen := j.trace.meant
	s := seen.scheme
	if s == nil {
		return nil
	}
	lines := []string{}
	o := j.optionsOf(s)
	if len(j.policy.schemes) > 1 {
		lines = append(lines, fmt.Sprintf("of %s that this gate takes, the one that came furthest:", plural(len(j.policy.schemes), "form")))
	}
	lines = append(lines, "read from "+signaturePlace(s, o)+", as "+quote(orDefault(o.Format, "{hex}")))
	m := j.message()
	m.item = seen.item
	if s.items != nil {
		lines = append(lines, "of each item of "+o.Items+" in the JSON body; here the one that decides")
		if seen.item == nil {
			return append(lines, "there is no such item, or there are too many")
		}
	}
	if len(seen.candidates) == 0 {
		return append(lines, j.seenUnread(s, m)...)
	}
	lines = append(lines, plural(len(seen.candidates), "signature")+" read")
	if j.Reason == timestampMissing {
		line := "no timestamp"
		if s.timestamp.kind != "" {
			line += ": " + placeName(&s.timestamp) + " is not there, or empty, or there several times"
		}
		lines = append(lines, line)
		if s.timestamp.kind == "header" {
			lines = append(lines, nearHeaders(s.timestamp.name, m.request.Header)...)
		}
		return lines
	}
	if s.pinned {
		lines = append(lines, seenURL(s, m.request)...)
	}
	if j.Reason == urlMismatch {
		return lines
	}
	texts := seen.signed
	if j.Reason == keyUnavailable {
		texts, _ = signedTexts(s, m, &seen.candidates[0]) // the gate stops before
	}
	lines = append(lines, j.seenTexts(s, m, texts)...)
	if s.sender.kind != "" && len(s.senders) > 0 {
		sender := textAt(&s.sender, m)
		line := "the sender is " + shown(sender) + " (" + placeName(&s.sender) + ")"
		if !s.senders[sender] {
			line += ", which is not in senders"
		}
		lines = append(lines, line)
	}
	return append(lines, j.seenKeys(s, o)...)
}

// optionsOf returns the options that a form was compiled from.
func (j *judgement) optionsOf(s *scheme) SignatureOptions {
	forms := formsOf(j.options)
	for i, other := range j.policy.schemes {
		if other == s && i < len(forms) {
			return forms[i]
		}
	}
	return *j.options.Signature
}

// signaturePlace says where a form has its signature.
func signaturePlace(s *scheme, o SignatureOptions) string {
	if len(o.Header) == 0 {
		return placeName(&s.field)
	}
	return "header " + strings.Join(o.Header, ", or ")
}

// seenUnread says why no signature could be read.
func (j *judgement) seenUnread(s *scheme, m *message) []string {
	switch j.Reason {
	case signatureDuplicated:
		return []string{"it is there several times"}
	case signatureMissing:
		lines := []string{"it is not there, or empty"}
		for i, name := range s.headers {
			if i == 0 {
				lines = append(lines, nearHeaders(name, m.request.Header)...)
			}
		}
		return lines
	}
	lines := []string{}
	for _, name := range s.headers {
		for _, line := range m.request.Header[name] {
			lines = append(lines, whereMalformed(&s.format, s.algorithm.size, line))
		}
	}
	if len(s.headers) == 0 {
		lines = append(lines, whereMalformed(&s.format, s.algorithm.size, textAt(&s.field, m)))
	}
	return lines
}

// seenURL compares the path and the query of the request with those of publicURL.
func seenURL(s *scheme, r *http.Request) []string {
	lines := []string{}
	if !isPinnedPath(s.pinnedPath, r.URL.EscapedPath()) {
		lines = append(lines, "the path is "+shown(r.URL.EscapedPath())+", and that of publicURL "+shown(s.pinnedPath))
	}
	if s.digestField == "" && r.URL.RawQuery != s.pinnedQuery {
		lines = append(lines, "the query is "+shown(r.URL.RawQuery)+", and that of publicURL "+shown(s.pinnedQuery))
	}
	if s.digestField != "" && len(lines) == 0 {
		lines = append(lines, "the query has to have "+s.digestField+", with the body's SHA-256")
	}
	return lines
}

// seenTexts says what is signed, part by part.
func (j *judgement) seenTexts(s *scheme, m *message, texts [][]byte) []string {
	if len(texts) < len(s.signs) {
		return j.seenMissing(s, m, texts)
	}
	lines := []string{"what was signed must be, in this order:"}
	for i := range s.signs {
		q := &s.signs[i]
		name := placeholderOf(q)
		switch {
		case q.kind == "check" || q.kind == "absent":
			continue
		case q.kind == "literal" && texts[i] == nil, q.group != 0 && texts[i] == nil:
			lines = append(lines, "  (left out)")
			continue
		case q.kind == "literal":
			lines = append(lines, "  "+shown(withoutPassword(texts[i])))
			continue
		case q.kind == "secret":
			lines = append(lines, "  {secret}")
			continue
		case isBody(q.kind) || len(texts[i]) > 200:
			sum := sha256.Sum256(texts[i])
			lines = append(lines, fmt.Sprintf("  %s = %s, SHA-256 %s", name, bytesText(int64(len(texts[i]))), hex.EncodeToString(sum[:])))
			continue
		case q.kind == "digest" && q.want == "raw":
			name = "{sha256raw:body}"
			lines = append(lines, "  "+name+" = the body's SHA-256")
			continue
		case q.kind == "digest":
			name = "{sha256" + q.want + ":body}"
		case q.kind == "names":
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
func (j *judgement) seenMissing(s *scheme, m *message, texts [][]byte) []string {
	if texts == nil {
		return []string{"a value that is signed is missing, or can't be told from its neighbour"}
	}
	q := &s.signs[len(texts)]
	at := &q.place
	if q.kind == "id" {
		at = &s.id
	}
	name := placeholderOf(q)
	if at.name != "" {
		name = placeName(at)
	}
	switch {
	case q.kind == "check":
		return []string{name + " is not as the scheme demands: " + orDefault(q.want, "the body's SHA-256")}
	case q.kind == "absent":
		return []string{name + " is there, and must not be"}
	case j.Reason == signedFieldMissing && at.kind == "header":
		return append([]string{name + " is signed, and not there, or empty, or there several times"}, nearHeaders(at.name, m.request.Header)...)
	case j.Reason == signedFieldMissing:
		return []string{name + " is signed, and not there, or empty, or there several times"}
	}
	return []string{"it can't be told where " + name + " ends, or there are several that a backend may take for it"}
}

// seenKeys says how the signature was compared, and with which key it agrees.
func (j *judgement) seenKeys(s *scheme, o SignatureOptions) []string {
	name := orDefault(o.Algorithm, "hmac-sha256")
	if isPublic(&s.algorithm) {
		switch {
		case j.Undecided != "":
			return []string{name + ", by the key of a certificate"}
		case j.PublicKey > 0:
			return []string{fmt.Sprintf("%s: public key %d of %d has signed that", name, j.PublicKey, len(s.publicKeys))}
		case j.Matched:
			return []string{name + ": a public key has signed that"}
		}
		return []string{name + ": " + plural(len(s.publicKeys), "public key") + ", of which none has signed that"}
	}
	encoding := orDefault(o.SecretEncoding, "utf8")
	switch {
	case j.Secret > 0:
		return []string{fmt.Sprintf("%s, secrets read as %s: secret %d of %d has signed that", name, encoding, j.Secret, len(s.keys))}
	case j.Matched:
		return []string{name + ", secrets read as " + encoding + ": a secret has signed that"}
	}
	return []string{name + ", secrets read as " + encoding + ": " + plural(len(s.keys), "secret") + ", of which none has signed that"}
}
