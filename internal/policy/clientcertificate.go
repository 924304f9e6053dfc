package policy

import (
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// checkEffectsAlone names options that a client certificate alone has no use for.
func checkEffectsAlone(n *config.Notes, options config.Options) {
	for _, name := range given(&options, []string{"secrets", "publicKeys", "senders", "publicURL", "tolerance"}) {
		config.AddProblem(n, name, config.KindNoEffect, "has no effect, because the client's certificate is all that is verified")
	}
}

// proveCertificate says whether the client has shown a certificate that is accepted: the
// check before the body has left it here.
func proveCertificate(m *message.Message) signature.Proof {
	if m.Certificate == nil {
		return signature.Proof{Reason: verdict.ClientCertificateMissing}
	}
	return signature.Proof{Reason: verdict.Verified}
}
