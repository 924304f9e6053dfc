package hookward

import (
	"net/http"

	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
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
//
//inline:hot
func answerUnsigned(p *policy.Policy, x *exchange) string {
	return answerAny(p.Unsigned, x)
}

// answerSigned looks at what a verified request says: at the delivery's id and event,
// and whether it is a handshake. It returns verified where it is to be forwarded.
//
//inline:hot
func answerSigned(p *policy.Policy, x *exchange) string {
	noteDelivery(p, x)
	if p.Confirm || len(p.Signed) > 0 {
		return answerHandshake(p, x)
	}
	return verdict.Verified
}

// answerHandshake answers a verified request that is a handshake.
func answerHandshake(p *policy.Policy, x *exchange) string {
	reason := ""
	if p.Confirm {
		reason = sns.Confirm(&x.Message, x.proof.Scheme.Senders)
		if reason == verdict.HandshakeAnswered {
			x.answer = &handshakes.Answer{Status: http.StatusOK}
		}
	} else {
		reason = answerAny(p.Signed, x)
	}
	if reason == "" {
		return verdict.Verified
	}
	return reason
}

// answerAny answers a request that is one of some handshakes. It returns
// HandshakeAnswered, HandshakeRefused, or nothing.
//
//inline:hot
func answerAny(list []*handshakes.Handshake, x *exchange) string {
	answer, reason := handshakes.Respond(list, x.method, x.contentType, &x.Message)
	if answer != nil {
		x.answer = answer
	}
	return reason
}

// noteDelivery notes the delivery's id and the event's type of a verified
// request, wherever they stand. Those in headers are known already, unless
// another scheme than the first has verified.
//
//inline:hot
func noteDelivery(p *policy.Policy, x *exchange) {
	x.Item = nil
	i := p.Identity
	if x.proof.Scheme != nil {
		i = &x.proof.Scheme.Identity
	}
	x.deliveryID, x.eventType = message.Identify(i, &x.Message, x.deliveryID, x.eventType)
}
