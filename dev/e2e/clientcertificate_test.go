package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// issue makes a certificate by an authority, or by itself.
func issue(t *testing.T, by *tls.Certificate, template x509.Certificate) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(serial.Add(1))
	template.BasicConstraintsValid = true
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := &template, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func clientTemplate(name string) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
}

func writePEM(t *testing.T, certificate *tls.Certificate) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Leaf.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// clientOf has a connection of its own, with a certificate or without.
func clientOf(certificate *tls.Certificate) *http.Client {
	settings := &tls.Config{InsecureSkipVerify: true}
	if certificate != nil {
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	return &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{TLSClientConfig: settings, DisableCompression: true, ForceAttemptHTTP2: true}}
}

// S28: Traefik asks for a certificate, and verifies none: whatever a client shows arrives
// at the gate.
func TestClientCertificates(t *testing.T) {
	root := issue(t, nil, x509.Certificate{Subject: pkix.Name{CommonName: "Partners"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	other := issue(t, nil, x509.Certificate{Subject: pkix.Name{CommonName: "Partners"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	good := issue(t, root, clientTemplate("hooks.partner.example"))
	sum := sha256.Sum256(good.Leaf.Raw)
	ca := writePEM(t, root)
	s := start(t, nil, []gate{
		{name: "ca", options: fmt.Sprintf(`{clientCertificate: {ca: [%q]}}`, ca)},
		{name: "named", options: fmt.Sprintf(`{clientCertificate: {ca: [%q], sans: ["dns:old.partner.example", "dns:hooks.partner.example"]}}`, ca)},
		{name: "pinned", options: fmt.Sprintf(`{clientCertificate: {fingerprints: [%q]}}`, hex.EncodeToString(sum[:]))},
		{name: "verified", options: `{clientCertificate: {}}`},
		{name: "both", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], clientCertificate: {ca: [%q]}}`, ca)},
		{name: "header", options: fmt.Sprintf(`{clientCertificate: {ca: [%q], header: X-Forwarded-Tls-Client-Cert, trustedIPs: [127.0.0.2]}}`, ca)},
	}, gateway.Settings{EntryPoint: "forwardedHeaders: {trustedIPs: [127.0.0.0/8]}"})
	clientAuth := func(kind string) {
		if err := s.Configure("tls.yml", fmt.Sprintf("tls: {options: {default: {clientAuth: {caFiles: [%q], clientAuthType: %s}}}}\n", ca, kind)); err != nil {
			t.Fatal(err)
		}
	}
	clientAuth("RequestClientCert")
	send := func(client *http.Client, gate string, lines ...string) *answer {
		r := s.request(gate, hello, lines...)
		r.URL.Scheme, r.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
		return exchange(t, client, r)
	}
	eventually(t, "Traefik asks for certificates", func() bool {
		return send(clientOf(good), "ca").StatusCode == http.StatusOK
	})
	a := send(clientOf(good), "ca")
	arrived, _ := s.passed(t, a)
	unchanged(t, arrived, hello)
	if r := s.records(t, a.path); r[0].ClientSubject != "CN=hooks.partner.example" || r[0].ClientCertificate != hex.EncodeToString(sum[:]) {
		t.Errorf("the record is %+v", r[0])
	}
	s.passed(t, send(clientOf(good), "named"))
	s.passed(t, send(clientOf(good), "pinned"))
	s.passed(t, send(clientOf(good), "both", helloSignature))
	s.refused(t, send(clientOf(good), "both"), http.StatusUnauthorized, "signature_missing")
	s.refused(t, send(clientOf(nil), "both", helloSignature), http.StatusUnauthorized, "client_certificate_missing")
	// Asked for, but verified by nobody.
	s.refused(t, send(clientOf(good), "verified"), http.StatusUnauthorized, "client_certificate_refused")
	// The plain entry point has none.
	s.refused(t, s.post(t, "ca", hello), http.StatusUnauthorized, "client_certificate_missing")

	bad := map[string]*tls.Certificate{
		"of itself":           issue(t, nil, clientTemplate("hooks.partner.example")),
		"another authority's": issue(t, other, clientTemplate("hooks.partner.example")),
		"expired":             issue(t, root, x509.Certificate{Subject: pkix.Name{CommonName: "hooks.partner.example"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}),
		"for servers":         issue(t, root, x509.Certificate{Subject: pkix.Name{CommonName: "hooks.partner.example"}, DNSNames: []string{"hooks.partner.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}),
	}
	for name, certificate := range bad {
		t.Run(name, func(t *testing.T) {
			for _, gate := range []string{"ca", "named", "pinned", "verified"} {
				s.refused(t, send(clientOf(certificate), gate), http.StatusUnauthorized, "client_certificate_refused")
			}
		})
	}
	s.refused(t, send(clientOf(issue(t, root, clientTemplate("evil.partner.example"))), "named"), http.StatusUnauthorized, "client_certificate_refused")

	// The header of a proxy, which Traefik itself lets through from all of 127.0.0.0/8.
	forwarded := func(certificate *tls.Certificate) string {
		return "X-Forwarded-Tls-Client-Cert: " + base64.StdEncoding.EncodeToString(certificate.Leaf.Raw)
	}
	proxy := clientFrom(t, "127.0.0.2", false)
	s.passed(t, exchange(t, proxy, s.request("header", hello, forwarded(good))))
	s.refused(t, exchange(t, proxy, s.request("header", hello)), http.StatusUnauthorized, "client_certificate_missing")
	s.refused(t, exchange(t, proxy, s.request("header", hello, forwarded(good), forwarded(good))), http.StatusUnauthorized, "client_certificate_refused")
	for _, certificate := range bad {
		s.refused(t, exchange(t, proxy, s.request("header", hello, forwarded(certificate))), http.StatusUnauthorized, "client_certificate_refused")
	}
	s.refused(t, exchange(t, clientFrom(t, "127.0.0.3", false), s.request("header", hello, forwarded(good))), http.StatusUnauthorized, "client_certificate_missing")

	// Once Traefik verifies, so does the gate that believes it.
	clientAuth("VerifyClientCertIfGiven")
	eventually(t, "Traefik verifies certificates", func() bool {
		return send(clientOf(good), "verified").StatusCode == http.StatusOK
	})
	s.refused(t, send(clientOf(nil), "verified"), http.StatusUnauthorized, "client_certificate_missing")
}
