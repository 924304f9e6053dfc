package handshakes

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/textproto"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// Respond answers a request that is one of some handshakes. It returns HandshakeAnswered and
// the answer, HandshakeRefused, or nothing.
func Respond(list []*Handshake, method string, contentType []string, m *message.Message) (*Answer, string) {
	noForm := len(contentType) != 1 || contentType[0] == "application/json" // as nearly all
	for _, h := range list {
		if h.form && noForm || h.Method != method {
			continue
		}
		if bytes.Contains(m.Body, h.hint) && Matches(h, m) {
			return answer(h, m)
		}
	}
	return nil, ""
}

// answer prepares the answer. A challenge comes from a stranger, where
// the request is not signed, so only a word of known letters is sent back.
func answer(h *Handshake, m *message.Message) (*Answer, string) {
	if h.TokenAt.Kind != "" {
		sum := sha256.Sum256([]byte(message.TextAt(&h.TokenAt, m)))
		if !hmac.Equal(sum[:], h.Token) {
			return nil, verdict.HandshakeRefused
		}
	}
	values := map[string]string{}
	for name, value := range h.fixed {
		values[name] = value
	}
	if h.Challenge.Kind != "" {
		text := message.TextAt(&h.Challenge, m)
		if text == "" || len(text) > signature.MaxChallenge || !h.pattern.MatchString(text) {
			return nil, verdict.HandshakeRefused
		}
		values["challenge"] = text
	}
	if h.digest.Family != "" {
		mac := signature.ComputeMAC(&h.digest, h.key, [][]byte{[]byte(fill(h.digestOf, values))})
		values["hex"] = hex.EncodeToString(mac)
		values["base64"] = base64.StdEncoding.EncodeToString(mac)
	}
	a := &Answer{Status: h.status, ContentType: h.contentType, Body: fill(h.answer, values)}
	for i := range h.headers {
		a.Headers = append(a.Headers, [2]string{textproto.CanonicalMIMEHeaderKey(h.headers[i].name), fill(h.headers[i].value, values)})
	}
	return a, verdict.HandshakeAnswered
}
