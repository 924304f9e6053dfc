package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// A token that is bound to a certificate (RFC 8705), behind a proxy that ends TLS: the proxy
// says which certificate its client has shown, and nobody else does. Traefik lets the header
// through from 127.0.0.2 and 127.0.0.3, the gate believes the first.
func TestForwardedCertificateBindsToken(t *testing.T) {
	root := issue(t, nil, x509.Certificate{Subject: pkix.Name{CommonName: "Partners"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	held, other := issue(t, root, clientTemplate("hooks.partner.example")), issue(t, root, clientTemplate("hooks.partner.example"))
	own := issue(t, nil, clientTemplate("hooks.partner.example"))
	signing, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	k := &jwtKeys{modulus: signing}
	oauth2 := fmt.Sprintf(`publicKeys: %q, oauth2: {issuers: "https://a.example", audiences: hooks, certificateBound: true}`, publicPEM(&signing.PublicKey))
	s := start(t, nil, []gate{
		{name: "forwarded", options: fmt.Sprintf(`{%s, clientCertificate: {ca: [%q], header: X-Forwarded-Tls-Client-Cert, trustedIPs: [127.0.0.2]}}`, oauth2, writePEM(t, root))},
		{name: "connection", options: "{" + oauth2 + "}"},
	}, gateway.Settings{EntryPoint: "forwardedHeaders: {trustedIPs: [127.0.0.2/31]}"})
	bound := func(certificate *tls.Certificate) string {
		claims := goodClaims(map[string]any{"client_id": "sender", "jti": "1"})
		if certificate != nil {
			sum := sha256.Sum256(certificate.Leaf.Raw)
			claims["cnf"] = map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}
		}
		return "Authorization: Bearer " + k.rs256(`{"alg":"RS256","typ":"at+jwt"}`, claims)
	}
	shows := func(certificates ...*tls.Certificate) string {
		text := ""
		for i, one := range certificates {
			if i > 0 {
				text += ","
			}
			text += base64.StdEncoding.EncodeToString(one.Leaf.Raw)
		}
		return "X-Forwarded-Tls-Client-Cert: " + text
	}
	proxy, liar, stranger := clientFrom(t, "127.0.0.2", false), clientFrom(t, "127.0.0.3", false), clientFrom(t, "127.0.0.4", false)
	token := bound(held)
	arrived, r := s.passed(t, exchange(t, proxy, s.request("forwarded", hello, token, shows(held))))
	unchanged(t, arrived, hello)
	if r.ClientSubject != "CN=hooks.partner.example" || r.TokenSubject != "robot" {
		t.Errorf("the record is %+v", r)
	}
	s.passed(t, exchange(t, proxy, s.request("forwarded", hello, token, shows(held, root))))

	// Traefik takes no X-Forwarded header away because Connection names it.
	s.passed(t, exchange(t, proxy, s.request("forwarded", hello, token, shows(held), "Connection: X-Forwarded-Tls-Client-Cert")))

	for _, c := range []struct {
		name   string
		client *http.Client
		reason string
		lines  []string
	}{
		{"another certificate of that authority", proxy, "claim_mismatch", []string{token, shows(other)}},
		{"the right one behind another", proxy, "claim_mismatch", []string{token, shows(other, held)}},
		{"bound to nothing", proxy, "claim_mismatch", []string{bound(nil), shows(held)}},
		{"bound to one of nobody's", proxy, "client_certificate_refused", []string{bound(own), shows(own)}},
		{"no header", proxy, "client_certificate_missing", []string{token}},
		{"an empty header", proxy, "client_certificate_missing", []string{token, "X-Forwarded-Tls-Client-Cert: "}},
		{"two headers", proxy, "client_certificate_refused", []string{token, shows(other), shows(held)}},
		{"twice the same", proxy, "client_certificate_refused", []string{token, shows(held), shows(held)}},
		{"the other spelling", proxy, "client_certificate_missing", []string{token, "X_Forwarded_Tls_Client_Cert: " + shows(held)[29:]}},
		{"the other header", proxy, "client_certificate_missing", []string{token, "X-Forwarded-Tls-Client-Cert-Info: Subject=\"CN=hooks.partner.example\""}},
		{"from whom Traefik believes, and the gate does not", liar, "client_certificate_missing", []string{token, shows(held)}},
		{"from a stranger", stranger, "client_certificate_missing", []string{token, shows(held)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.refused(t, exchange(t, c.client, s.request("forwarded", hello, c.lines...)), http.StatusUnauthorized, c.reason)
		})
	}
	// A gate that was told of no header reads none.
	s.refused(t, exchange(t, proxy, s.request("connection", hello, token, shows(held))), http.StatusUnauthorized, "claim_mismatch")
}
