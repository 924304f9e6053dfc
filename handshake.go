package hookward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/textproto"
)

// answerMethod answers a request of a method that carries no delivery, if it is a
// handshake; else it is refused. Its body stays unread.
func answerMethod(p *policy, d *decision) string {
	reason := answerAny(p.unsigned, d)
	if reason == "" {
		return methodNotAllowed
	}
	return reason
}

// answerUnsigned answers a request that is a handshake of those that nobody signs.
func answerUnsigned(p *policy, d *decision) string {
	return answerAny(p.unsigned, d)
}

// answerSigned looks at what a verified request says: at the delivery's id and event,
// and whether it is a handshake. It returns verified where it is to be forwarded.
func answerSigned(p *policy, d *decision) string {
	noteDelivery(p, d)
	reason := ""
	if p.confirm {
		reason = confirmSubscription(&d.message, d.proof.scheme.senders)
		if reason == handshakeAnswered {
			d.answer = &answer{status: http.StatusOK}
		}
	} else if p.signed != nil {
		reason = answerAny(p.signed, d)
	}
	if reason == "" {
		return verified
	}
	return reason
}

// answerAny answers a request that is one of some handshakes. It returns
// handshakeAnswered, handshakeRefused, or nothing.
func answerAny(handshakes []*handshake, d *decision) string {
	for _, h := range handshakes {
		if h.method == d.method && bytes.Contains(d.body, h.hint) && isHandshake(h, &d.message) {
			return answerHandshake(h, d)
		}
	}
	return ""
}

// answerHandshake prepares the answer. A challenge comes from a stranger, where
// the request is not signed, so only a word of known letters is sent back.
func answerHandshake(h *handshake, d *decision) string {
	if h.tokenAt.kind != "" {
		sum := sha256.Sum256([]byte(textAt(&h.tokenAt, &d.message)))
		if !hmac.Equal(sum[:], h.token) {
			return handshakeRefused
		}
	}
	values := map[string]string{}
	for name, value := range h.fixed {
		values[name] = value
	}
	if h.challenge.kind != "" {
		text := textAt(&h.challenge, &d.message)
		if text == "" || !h.pattern.MatchString(text) {
			return handshakeRefused
		}
		values["challenge"] = text
	}
	if h.digest.family != "" {
		mac := computeMAC(&h.digest, h.key, [][]byte{[]byte(fill(h.digestOf, values))})
		values["hex"] = hex.EncodeToString(mac)
		values["base64"] = base64.StdEncoding.EncodeToString(mac)
	}
	a := &answer{status: h.status, contentType: h.contentType, body: fill(h.answer, values)}
	for i := range h.headers {
		a.headers = append(a.headers, [2]string{textproto.CanonicalMIMEHeaderKey(h.headers[i].name), fill(h.headers[i].value, values)})
	}
	d.answer = a
	return handshakeAnswered
}
