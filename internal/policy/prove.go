package policy

import (
	"time"

	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/messagesignature"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/tokens"
	"github.com/hookward/hookward/internal/verdict"
)

// Prove says whether one of the policy's keys vouches for a message, and which.
// The key sets are those of p.KeySources, in their order.
func Prove(p *Policy, m *message.Message, sets []*keyset.Set, now time.Time) signature.Proof {
	if p.AddressOnly {
		return signature.Proof{Reason: verdict.AddressAllowed} // the lists have said so
	}
	if p.CertificateAlone {
		return proveCertificate(m)
	}
	if p.Token != nil {
		key, reason := tokens.Verify(p.Token, m)
		return signature.Proof{Reason: reason, Secret: key}
	}
	if p.JWT != nil {
		return jwt.Verify(p.JWT, m, sets, now)
	}
	if p.MessageSignature != nil {
		return proveMessage(p.MessageSignature, m, sets, now)
	}
	return signature.Verify(&p.Verifier, m, now)
}

// proveMessage verifies a message signature. What replay knows the delivery by is in the
// place of what was signed.
func proveMessage(v *messagesignature.Verifier, m *message.Message, sets []*keyset.Set, now time.Time) signature.Proof {
	found := messagesignature.Verify(v, m, sets, now)
	proof := signature.Proof{Reason: found.Reason, Message: messagesignature.Named(&found)}
	if found.Step == messagesignature.StepTime {
		proof.Secret = found.Secret
		proof.PublicKey = found.PublicKey
		proof.Timestamp = found.Created
		proof.SignedHead = found.Once
		proof.Signed = [][]byte{}
	}
	return proof
}

// proveCertificate says whether the client has shown a certificate that is accepted: the
// check before the body has left it here.
func proveCertificate(m *message.Message) signature.Proof {
	if m.Certificate == nil {
		return signature.Proof{Reason: verdict.ClientCertificateMissing}
	}
	return signature.Proof{Reason: verdict.Verified}
}
