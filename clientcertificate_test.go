package hookward

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/clientcertificate"
	"github.com/hookward/hookward/internal/gates"
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

// What refuses a request before its certificate is looked at refuses it also with a right one.
func TestClientCertificateExcusesNothing(t *testing.T) {
	capture(t)
	startWorkers()
	shown := &x509.Certificate{Raw: []byte("a certificate"), NotBefore: hooktest.TestTime.Add(-time.Hour), NotAfter: hooktest.TestTime.Add(time.Hour)}
	asks := map[string]any{"fingerprints": "sha256:" + clientcertificate.Fingerprint(shown)}
	for want, options := range map[string]map[string]any{
		verdict.Verified:         {},
		verdict.MethodNotAllowed: {"methods": "PUT"},
		verdict.ClientDenied:     {"denylist": map[string]any{"sourceRange": "192.0.2.1"}},
		verdict.ClientNotAllowed: {"allowlist": map[string]any{"sourceRange": "192.0.2.2"}},
		verdict.SourceBanned:     {"ban": map[string]any{"failures": "1"}},
		verdict.RateLimited:      {"rateLimit": map[string]any{"average": "1", "period": "1h"}},
	} {
		options["clientCertificate"] = asks
		g := gates.Open(context.Background(), t.Name()+want, hooktest.GithubWith(options), hooktest.TestTime)
		for i, signature := range []string{"sha256=00", hooktest.DocsSignature} { // the first fails, and takes a token
			r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+signature)
			r.RemoteAddr = "192.0.2.1:1"
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{shown}}
			x := decide(g, r, hooktest.TestTime)
			if x.forward != (i == 1 && want == verdict.Verified) || i == 1 && x.reason != want {
				t.Errorf("VULNERABLE: %s, forwarded: %t, want %s", x.reason, x.forward, want)
			}
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
