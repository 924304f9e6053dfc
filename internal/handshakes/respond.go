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

// Respond answers a request that is one of some  It returns HandshakeAnswered and
// the answer, HandshakeRefused, or nothing.
func Respond(list []*Handshake, method string, contentType []string, m *message.Message) (*Answer, string) {
	noForm := len(contentType) != 1 || contentType[0] == "application/json" // as nearly all
	for _, h := range list {
		if h.Form && noForm || h.Method != method {
			continue
		}
		if bytes.Contains(m.Body, h.Hint) && Matches(h, m) {
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
	for name, value := range h.Fixed {
		values[name] = value
	}
	if h.Challenge.Kind != "" {
		text := message.TextAt(&h.Challenge, m)
		if text == "" || !h.Pattern.MatchString(text) {
			return nil, verdict.HandshakeRefused
		}
		values["challenge"] = text
	}
	if h.Digest.Family != "" {
		mac := signature.ComputeMAC(&h.Digest, h.Key, [][]byte{[]byte(Fill(h.DigestOf, values))})
		values["hex"] = hex.EncodeToString(mac)
		values["base64"] = base64.StdEncoding.EncodeToString(mac)
	}
	a := &Answer{Status: h.Status, ContentType: h.ContentType, Body: Fill(h.Answer, values)}
	for i := range h.Headers {
		a.Headers = append(a.Headers, [2]string{textproto.CanonicalMIMEHeaderKey(h.Headers[i].Name), Fill(h.Headers[i].Value, values)})
	}
	return a, verdict.HandshakeAnswered
}
