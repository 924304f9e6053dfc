package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// checkEffectsAlone names options that a client certificate alone has no use for.
func checkEffectsAlone(n *config.Notes, options config.Options) {
	for _, o := range []struct {
		option string
		given  bool
	}{
		{"secrets", len(options.Secrets) > 0}, {"publicKeys", len(options.PublicKeys) > 0}, {"senders", len(options.Senders) > 0},
		{"publicURL", options.PublicURL != ""}, {"tolerance", options.Tolerance != 0},
	} {
		if o.given {
			config.AddProblem(n, o.option, config.KindNoEffect, "has no effect, because the client's certificate is all that is verified")
		}
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

// completeCertificate makes what is verified depend on the certificates, too.
func completeCertificate(p *Policy, options config.Options) {
	h := sha256.New()
	text, _ := json.Marshal([]any{p.VerificationDigest, options.ClientCertificate})
	h.Write(text)
	p.VerificationDigest = hex.EncodeToString(h.Sum(nil))
}
