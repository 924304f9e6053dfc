package hookward

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// Beside whatever else is verified, a delivery without the certificate is refused.
func TestClientCertificateBesideEachKind(t *testing.T) {
	capture(t)
	kinds := map[string]int{}
	for _, v := range hooktest.ReadVectors(t) {
		if v.Expect != verdict.Verified {
			continue
		}
		asking := map[string]any{"clientCertificate": map[string]any{"fingerprints": "sha256:" + strings.Repeat("ab", 32)}}
		for name, value := range v.Options {
			asking[name] = value
		}
		p := policy.Compile(asking).Policy
		if p == nil || p.CertificateAlone {
			t.Errorf("%s: %v", v.Name, policy.Compile(asking).Problems)
			continue
		}
		kinds[kindOf(p)]++
		v.Options = asking
		x := decide(newTestGate("vector", v.Options, v.Now), hooktest.RequestOf(v), v.Now)
		if x.reason != verdict.ClientCertificateMissing || x.forward {
			t.Errorf("VULNERABLE: %s, without a certificate: %s", v.Name, x.reason)
		}
	}
	for _, kind := range []string{"signature", "token", "jwt", "messageSignature"} {
		if kinds[kind] == 0 {
			t.Errorf("no vector of %s: %v", kind, kinds)
		}
	}
}

func kindOf(p *policy.Policy) string {
	switch {
	case p.Token != nil:
		return "token"
	case p.JWT != nil:
		return "jwt"
	case p.MessageSignature != nil:
		return "messageSignature"
	}
	return "signature"
}
