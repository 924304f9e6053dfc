package hookward

import (
	"github.com/hookward/hookward/internal/clientcertificate"
	"github.com/hookward/hookward/internal/policy"
)

// checkCertificate looks at the client's certificate, before anything of the body is read.
func checkCertificate(p *policy.Policy, x *exchange) string {
	certificate, reason := clientcertificate.Verify(p.Certificate, x.Request, x.start)
	x.Certificate = certificate
	return reason
}
