package clientcertificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

var now = hooktest.TestTime

// signed is a certificate with its key.
type signed struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue makes a certificate; without an issuer it signs itself.
func issue(t *testing.T, by *signed, change func(c *x509.Certificate)) *signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		Subject:     pkix.Name{CommonName: "hooks.partner.example", Organization: []string{"Partner, Inc."}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"hooks.partner.example"}, EmailAddresses: []string{"hooks@partner.example"}, IPAddresses: []net.IP{net.ParseIP("192.0.2.1")},
		URIs:                  []*url.URL{{Scheme: "spiffe", Host: "partner.example", Path: "/hooks"}},
		BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signed{certificate, key}
}

func authority(c *x509.Certificate) {
	c.IsCA = true
	c.KeyUsage = x509.KeyUsageCertSign
	c.ExtKeyUsage = nil
	c.Subject = pkix.Name{CommonName: "An authority"}
}

func pemOf(s *signed) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw}))
}

func compiled(t *testing.T, o config.ClientCertificateOptions) *Criterion {
	t.Helper()
	n := &config.Notes{}
	c := Compile(n, &secrets.Resolver{}, &o)
	if len(n.Problems) > 0 {
		t.Fatal(config.Sentences(n.Problems))
	}
	return c
}

// connection is a request of a client that has shown certificates.
func connection(verified bool, chain ...*signed) *http.Request {
	state := &tls.ConnectionState{}
	for _, s := range chain {
		state.PeerCertificates = append(state.PeerCertificates, s.certificate)
	}
	if verified {
		state.VerifiedChains = [][]*x509.Certificate{state.PeerCertificates}
	}
	return &http.Request{TLS: state, RemoteAddr: "192.0.2.9:1234", Header: http.Header{}}
}

func expect(t *testing.T, name string, c *Criterion, r *http.Request, want string) {
	t.Helper()
	certificate, reason := Verify(c, r, now)
	if reason != want || (certificate != nil) != (want == "") {
		t.Errorf("%s: %q, want %q", name, reason, want)
	}
}

// S28: who has shown what.
func TestChains(t *testing.T) {
	root := issue(t, nil, authority)
	other := issue(t, nil, authority)
	between := issue(t, root, authority)
	good := issue(t, root, nil)
	c := compiled(t, config.ClientCertificateOptions{CA: []string{pemOf(root)}})
	for name, r := range map[string]*http.Request{
		"good":                 connection(false, good),
		"by way of another":    connection(false, issue(t, between, nil), between),
		"with its root":        connection(false, good, root),
		"with what is not its": connection(false, good, other),
		"verified and ours":    connection(true, good),
	} {
		expect(t, name, c, r, "")
	}
	deep := []*signed{issue(t, root, nil)}
	for range make([]int, 20) {
		deep = append(deep, between)
	}
	for name, r := range map[string]*http.Request{
		"made by itself":               connection(false, issue(t, nil, nil)),
		"of another authority":         connection(false, issue(t, other, nil)),
		"verified by Traefik's alone":  connection(true, issue(t, other, nil)),
		"without what is between":      connection(false, issue(t, between, nil)),
		"expired":                      connection(false, issue(t, root, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) })),
		"not yet":                      connection(false, issue(t, root, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Minute) })),
		"for servers":                  connection(false, issue(t, root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })),
		"signed by one that may not":   connection(false, issue(t, good, nil), good),
		"too many":                     connection(false, deep...),
		"that of the authority's name": connection(false, issue(t, nil, authority)),
	} {
		expect(t, name, c, r, verdict.ClientCertificateRefused)
	}
	expect(t, "none", c, connection(false), verdict.ClientCertificateMissing)
	expect(t, "no TLS", c, &http.Request{RemoteAddr: "192.0.2.9:1", Header: http.Header{"X-Forwarded-Tls-Client-Cert": {"x"}}}, verdict.ClientCertificateMissing)

	// Whom Traefik has verified, and nobody else.
	c = compiled(t, config.ClientCertificateOptions{})
	expect(t, "verified", c, connection(true, good), "")
	expect(t, "shown", c, connection(false, good), verdict.ClientCertificateRefused)
}

func TestNames(t *testing.T) {
	root := issue(t, nil, authority)
	leaf := issue(t, root, nil)
	withNUL := issue(t, root, func(c *x509.Certificate) { c.Subject.CommonName = "hooks.partner.example\x00.evil.example" })
	for name, o := range map[string]config.ClientCertificateOptions{
		"subject":      {Subjects: []string{"CN=hooks.partner.example"}},
		"two":          {Subjects: []string{`CN=hooks.partner.example, O=Partner\, Inc.`}},
		"another, one": {Subjects: []string{"CN=old.partner.example", "cn=hooks.partner.example"}},
		"dns":          {SANs: []string{"dns:HOOKS.partner.example"}},
		"uri":          {SANs: []string{"uri:spiffe://partner.example/hooks"}},
		"email":        {SANs: []string{"email:hooks@partner.example"}},
		"ip":           {SANs: []string{"ip:192.0.2.1"}},
		"all":          {SANs: []string{"dns:x.example", "ip:192.0.2.1"}, Subjects: []string{"CN=hooks.partner.example"}, Fingerprints: []string{"sha256:" + Fingerprint(leaf.certificate)}},
	} {
		o.CA = []string{pemOf(root)}
		expect(t, name, compiled(t, o), connection(false, leaf), "")
	}
	for name, o := range map[string]config.ClientCertificateOptions{
		"another subject": {Subjects: []string{"CN=partner.example"}},
		"one of two":      {Subjects: []string{"CN=hooks.partner.example,O=Other"}},
		"the other kind":  {Subjects: []string{"O=hooks.partner.example"}},
		"part of a dns":   {SANs: []string{"dns:partner.example"}},
		"a dns as email":  {SANs: []string{"email:@hooks.partner.example"}},
		"another uri":     {SANs: []string{"uri:spiffe://partner.example/hooks/more"}},
		"another hash":    {Fingerprints: []string{Fingerprint(root.certificate)}},
		"only one of two": {SANs: []string{"dns:hooks.partner.example"}, Subjects: []string{"CN=other"}},
	} {
		o.CA = []string{pemOf(root)}
		expect(t, name, compiled(t, o), connection(false, leaf), verdict.ClientCertificateRefused)
	}
	expect(t, "a name that ends early", compiled(t, config.ClientCertificateOptions{CA: []string{pemOf(root)}, Subjects: []string{"CN=hooks.partner.example"}}), connection(false, withNUL), verdict.ClientCertificateRefused)
}

// A certificate that is pinned needs no authority, but its time.
func TestFingerprints(t *testing.T) {
	own := issue(t, nil, nil)
	text := Fingerprint(own.certificate)
	pairs := []string{}
	for i := 0; i < len(text); i += 2 {
		pairs = append(pairs, strings.ToUpper(text[i:i+2]))
	}
	for _, written := range []string{text, "sha256:" + text, strings.Join(pairs, ":")} {
		c := compiled(t, config.ClientCertificateOptions{Fingerprints: []string{written}})
		expect(t, written, c, connection(false, own), "")
		expect(t, written, c, connection(false, issue(t, nil, nil)), verdict.ClientCertificateRefused)
	}
	old := issue(t, nil, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) })
	expect(t, "expired", compiled(t, config.ClientCertificateOptions{Fingerprints: []string{Fingerprint(old.certificate)}}), connection(false, old), verdict.ClientCertificateRefused)
}

// A proxy's header, from the proxy alone.
func TestForwarded(t *testing.T) {
	const name = "X-Forwarded-Tls-Client-Cert"
	root := issue(t, nil, authority)
	leaf := issue(t, root, nil)
	c := compiled(t, config.ClientCertificateOptions{CA: []string{pemOf(root)}, Header: name, TrustedIPs: []string{"10.0.0.0/8"}})
	text := base64.StdEncoding.EncodeToString(leaf.certificate.Raw)
	request := func(peer string, lines ...string) *http.Request {
		return &http.Request{RemoteAddr: peer + ":1234", Header: http.Header{name: lines}}
	}
	expect(t, "proxy", c, request("10.0.0.1", text), "")
	expect(t, "with its root", c, request("10.0.0.1", text+","+base64.StdEncoding.EncodeToString(root.certificate.Raw)), "")
	expect(t, "anybody", c, request("192.0.2.1", text), verdict.ClientCertificateMissing)
	expect(t, "none", c, request("10.0.0.1"), verdict.ClientCertificateMissing)
	expect(t, "empty", c, request("10.0.0.1", ""), verdict.ClientCertificateMissing)
	for what, lines := range map[string][]string{
		"two lines": {text, text}, "of itself": {base64.StdEncoding.EncodeToString(issue(t, nil, nil).certificate.Raw)}, "no base64": {text + "!"}, "no certificate": {"AAAA"},
		"five": {strings.Repeat(text+",", 4) + text}, "more behind": {base64.StdEncoding.EncodeToString(append(append([]byte{}, leaf.certificate.Raw...), 0))},
		"too large": {strings.Repeat("A", maxHeaderBytes+4)}, "comma": {text + ","}, "info": {`Subject="CN=hooks.partner.example"`},
	} {
		expect(t, what, c, request("10.0.0.1", lines...), verdict.ClientCertificateRefused)
	}
	// The proxy's own certificate on its connection to here is not the client's.
	r := request("10.0.0.1")
	r.TLS = connection(true, leaf).TLS
	expect(t, "the proxy's own", c, r, verdict.ClientCertificateMissing)
}

func TestMistakes(t *testing.T) {
	root := issue(t, nil, authority)
	leaf := issue(t, root, nil)
	for want, o := range map[string]config.ClientCertificateOptions{
		"clientCertificate.ca[0]: is not certificates of authorities in PEM":                                                                                        {CA: []string{pemOf(leaf)}},
		`clientCertificate.subjects[0]: "partner" is not a distinguished name, such as CN=hooks.example.com,O=Example`:                                              {Subjects: []string{"partner"}},
		`clientCertificate.subjects[0]: "XX=a" has the attribute "XX", which is not known; allowed: CN, O, OU, C, L, ST, STREET, POSTALCODE, SERIALNUMBER, DC, UID`: {Subjects: []string{"XX=a"}},
		`clientCertificate.sans[0]: "dns:*.example" is not the whole name of a host`:                                                                                {SANs: []string{"dns:*.example"}},
		`clientCertificate.sans[0]: "example" must begin with dns:, uri:, email: or ip:`:                                                                            {SANs: []string{"example"}},
		`clientCertificate.fingerprints[0]: "00" is not a SHA-256 in hexadecimal; openssl x509 -in cert.pem -noout -fingerprint -sha256 prints it`:                  {Fingerprints: []string{"00"}},
		"clientCertificate.trustedIPs: is required with header, because anybody can send such a header":                                                             {Header: "X-Cert", CA: []string{pemOf(root)}},
		"clientCertificate.trustedIPs: has no effect without header":                                                                                                {TrustedIPs: []string{"10.0.0.1"}},
		"clientCertificate.ca: is required with header, or fingerprints, because nobody has verified what stands there":                                             {Header: "X-Cert", TrustedIPs: []string{"10.0.0.1"}},
		"clientCertificate.trustedIPs: has every IPv4 address, so that everybody could say who they are":                                                            {Header: "X-Cert", TrustedIPs: []string{"0.0.0.0/0"}, CA: []string{pemOf(root)}},
	} {
		n := &config.Notes{}
		Compile(n, &secrets.Resolver{}, &o)
		if got := strings.Join(config.Sentences(n.Problems), "\n"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
