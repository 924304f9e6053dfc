package hookward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/textproto"

	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/sns"
	"github.com/hookward/hookward/internal/verdict"
)

// answerMethod answers a request of a method that carries no delivery, if it is a
// handshake; else it is refused. Its body stays unread.
func answerMethod(p *policy.Policy, x *exchange) string {
	reason := answerAny(p.Unsigned, x)
	if reason == "" {
		return verdict.MethodNotAllowed
	}
	return reason
}

// answerUnsigned answers a request that is a handshake of those that nobody signs.
func answerUnsigned(p *policy.Policy, x *exchange) string {
	return answerAny(p.Unsigned, x)
}

// answerSigned looks at what a verified request says: at the delivery's id and event,
// and whether it is a handshake. It returns verified where it is to be forwarded.
func answerSigned(p *policy.Policy, x *exchange) string {
	noteDelivery(p, x)
	reason := ""
	if p.Confirm {
		reason = sns.Confirm(&x.Message, x.proof.Scheme.Senders)
		if reason == verdict.HandshakeAnswered {
			x.answer = &handshakes.Answer{Status: http.StatusOK}
		}
	} else if p.Signed != nil {
		reason = answerAny(p.Signed, x)
	}
	if reason == "" {
		return verdict.Verified
	}
	return reason
}

// answerAny answers a request that is one of some handshakes. It returns
// HandshakeAnswered, HandshakeRefused, or nothing.
func answerAny(list []*handshakes.Handshake, x *exchange) string {
	noForm := len(x.contentType) != 1 || x.contentType[0] == "application/json" // as nearly all
	for _, h := range list {
		if h.Form && noForm || h.Method != x.method {
			continue
		}
		if bytes.Contains(x.Body, h.Hint) && handshakes.Matches(h, &x.Message) {
			return answerHandshake(h, x)
		}
	}
	return ""
}

// answerHandshake prepares the answer. A challenge comes from a stranger, where
// the request is not signed, so only a word of known letters is sent back.
func answerHandshake(h *handshakes.Handshake, x *exchange) string {
	if h.TokenAt.Kind != "" {
		sum := sha256.Sum256([]byte(message.TextAt(&h.TokenAt, &x.Message)))
		if !hmac.Equal(sum[:], h.Token) {
			return verdict.HandshakeRefused
		}
	}
	values := map[string]string{}
	for name, value := range h.Fixed {
		values[name] = value
	}
	if h.Challenge.Kind != "" {
		text := message.TextAt(&h.Challenge, &x.Message)
		if text == "" || !h.Pattern.MatchString(text) {
			return verdict.HandshakeRefused
		}
		values["challenge"] = text
	}
	if h.Digest.Family != "" {
		mac := signature.ComputeMAC(&h.Digest, h.Key, [][]byte{[]byte(handshakes.Fill(h.DigestOf, values))})
		values["hex"] = hex.EncodeToString(mac)
		values["base64"] = base64.StdEncoding.EncodeToString(mac)
	}
	a := &handshakes.Answer{Status: h.Status, ContentType: h.ContentType, Body: handshakes.Fill(h.Answer, values)}
	for i := range h.Headers {
		a.Headers = append(a.Headers, [2]string{textproto.CanonicalMIMEHeaderKey(h.Headers[i].Name), handshakes.Fill(h.Headers[i].Value, values)})
	}
	x.answer = a
	return verdict.HandshakeAnswered
}

// noteDelivery notes the delivery's id and the event's type of a verified
// request, wherever they stand. Those in headers are known already, unless
// another form than the first has verified.
func noteDelivery(p *policy.Policy, x *exchange) {
	m := &x.Message
	m.Item = nil
	i := p.Identity
	if x.proof.Scheme != nil {
		i = &x.proof.Scheme.Identity
	}
	s := i.Summary
	if s != nil {
		id, event := message.Summarise(s, m.Body)
		if s.ID != nil {
			x.deliveryID = id
		}
		if s.Event != nil {
			x.eventType = event
		}
	}
	if s == nil || s.ID == nil || s.Event == nil {
		noteElsewhere(i, x)
	}
}

// noteElsewhere notes what the summary of a JSON document does not have.
func noteElsewhere(i *message.Identity, x *exchange) {
	s := i.Summary
	if i.ID.Kind != "" && (s == nil || s.ID == nil) {
		x.deliveryID = message.TextAt(&i.ID, &x.Message)
	}
	if i.Event.Kind != "" && (s == nil || s.Event == nil) {
		x.eventType = message.TextAt(&i.Event, &x.Message)
	}
}
