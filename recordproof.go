package hookward

import (
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/clientcertificate"
	"github.com/hookward/hookward/internal/report"
)

// noteProof records what a token, a message signature or a client certificate says of
// itself.
func noteProof(r *audit.Record, x *exchange) {
	if x.proof.JWT != nil {
		audit.NoteToken(r, x.proof.JWT.Algorithm, x.proof.JWT.KeyID, x.proof.JWT.Issuer, x.proof.JWT.Subject)
	}
	if x.proof.Message != nil {
		noteSignature(r, x)
	}
	if x.Certificate != nil {
		noteCertificate(r, x)
	}
}

// noteSignature records what a message signature says of itself.
func noteSignature(r *audit.Record, x *exchange) {
	r.SignatureLabel = x.proof.Message.Label
	r.SignatureKeyID = x.proof.Message.KeyID
	r.SignatureAlgorithm = x.proof.Message.Algorithm
}

// noteCertificate records whose certificate the client has shown.
func noteCertificate(r *audit.Record, x *exchange) {
	r.ClientSubject = x.Certificate.Subject.String()
	r.ClientCertificate = clientcertificate.Fingerprint(x.Certificate)
	r.ClientCertificateEnds = x.Certificate.NotAfter.UTC().Format(report.TimeLayout)
}
