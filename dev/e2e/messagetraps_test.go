package e2e

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// wired sends a request to the letter: what Go's client would write in its own way.
func (s *site) wired(t *testing.T, k sender, gate, host, target, canonicalHost, canonicalTarget string) *answer {
	t.Helper()
	const body = `{}`
	path := s.path(gate)
	params := coveredUsually + createdAt(time.Now())
	lines := []string{`"@method": POST`, `"@target-uri": http://` + canonicalHost + path + canonicalTarget, `"content-digest": ` + contentDigest(body)}
	w := s.connect(t)
	asked, _, _ := strings.Cut(path+target, "?")
	decoded, err := url.PathUnescape(asked)
	must(t, err)
	w.path = decoded
	s.paths[len(s.paths)-1] = decoded
	w.send(t, "POST "+path+target+" HTTP/1.1\r\nHost: "+host+"\r\nContent-Digest: "+contentDigest(body)+"\r\nSignature-Input: sig1="+params+
		"\r\nSignature: sig1=:"+base64.StdEncoding.EncodeToString(k.sign(params, lines))+":\r\nContent-Length: 2\r\n\r\n"+body)
	return w.final(t)
}

// S16 and S17: hosts and targets as senders write them, each signed in its canonical form; and
// what has none, or another one, is refused.
func TestCanonicalTargets(t *testing.T) {
	k := newSender(t)
	s := start(t, nil, []gate{{name: "ms", options: `{publicKeys: ` + k.keys(t) + `, messageSignature: {}}`}}, gateway.Settings{})
	for _, c := range []struct{ host, target, canonicalHost, canonicalTarget string }{
		{"hooks.example.com", "", "hooks.example.com", ""},
		{"hooks.example.com:80", "", "hooks.example.com", ""},
		{"HOOKS.Example.COM", "", "hooks.example.com", ""},
		{"hooks.example.com.", "", "hooks.example.com", ""},
		{"hooks.example.com:8080", "", "hooks.example.com:8080", ""},
		{"[2001:DB8::1]", "", "[2001:db8::1]", ""},
		{"[2001:db8::1]:80", "", "[2001:db8::1]", ""},
		{"xn--bcher-kva.example", "", "xn--bcher-kva.example", ""},
		{"hooks.example.com", "?", "hooks.example.com", "?"},
		{"hooks.example.com", "?a=b+c&d=e%20f", "hooks.example.com", "?a=b+c&d=e%20f"},
		{"hooks.example.com", "?%7e", "hooks.example.com", "?%7e"},
		{"hooks.example.com", "/%7Ea", "hooks.example.com", "/~a"},
	} {
		s.passed(t, s.wired(t, k, "ms", c.host, c.target, c.canonicalHost, c.canonicalTarget))
	}
	for _, c := range []struct{ host, target, canonicalHost, canonicalTarget string }{
		{"hooks.example.com:443", "", "hooks.example.com", ""}, // the port of another scheme
		{"elsewhere.example.com", "", "hooks.example.com", ""},
		{"hooks.example.com", "?a=b%20c", "hooks.example.com", "?a=b+c"},
		{"hooks.example.com", "", "hooks.example.com", "?"},
		{"hooks.example.com", "?a=1", "hooks.example.com", ""},
		{"hooks.example.com", "/A", "hooks.example.com", "/a"},
		{"hooks.example.com", "/a/", "hooks.example.com", "/a"},
	} {
		s.refused(t, s.wired(t, k, "ms", c.host, c.target, c.canonicalHost, c.canonicalTarget), http.StatusUnauthorized, "signature_mismatch")
	}
}

// S12 and S23: a nonce is its key's, and what a header says where keys are is asked by nobody.
func TestNoncesAndAgents(t *testing.T) {
	k, other := newSender(t), newSender(t)
	agent := newPublisher(t)
	agent.says(`{"keys":[` + edwardsJWK(other, "o", "") + `]}`)
	set := `["{\"keys\":[` + strings.ReplaceAll(edwardsJWK(k, "k", "")+","+edwardsJWK(other, "o", ""), `"`, `\"`) + `]}"]`
	s := start(t, nil, []gate{
		{name: "nonce", options: `{publicKeys: ` + set + `, messageSignature: {parameters: [created, nonce, keyid]}, replay: {onDuplicate: reject}}`},
		{name: "ucp", options: `{provider: ucp, publicKeys: ` + k.keys(t) + `, replay: {onDuplicate: reject}}`},
	}, gateway.Settings{})
	send := func(k sender, id, nonce string) int {
		return s.statusOf(t, s.signedMessage(k, "nonce", `{}`, coveredUsually+createdAt(time.Now())+fmt.Sprintf(`;nonce=%q;keyid=%q`, nonce, id)))
	}
	for i, c := range []struct {
		k      sender
		id     string
		status int
	}{{k, "k", 200}, {other, "o", 200}, {k, "k", 409}, {other, "o", 409}, {other, "k", 401}} {
		if status := send(c.k, c.id, "the same"); status != c.status {
			t.Errorf("delivery %d: %d, want %d", i, status, c.status)
		}
	}
	body := `{}`
	r := s.request("ucp", body, "Content-Digest: "+contentDigest(body), "Content-Type: application/json", `UCP-Agent: profile="`+agent.url+`"`, `Signature-Agent: sig1="`+agent.url+`"`)
	r.Host = "hooks.example.com"
	lines := []string{`"@method": POST`, `"@authority": hooks.example.com`, `"@path": ` + r.URL.Path, `"content-digest": ` + contentDigest(body), `"content-type": application/json`,
		`"ucp-agent": profile="` + agent.url + `"`, `"signature-agent";key="sig1": "` + agent.url + `"`}
	names := []string{}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ": ")
		names = append(names, name)
	}
	params := "(" + strings.Join(names, " ") + `);keyid="o"`
	r.Header["Signature-Input"] = []string{"sig1=" + params}
	r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(other.sign(params, lines)) + ":"}
	s.refused(t, exchange(t, s.client, r), http.StatusUnauthorized, "signature_mismatch")
	if n := agent.asked.Load(); n != 0 {
		t.Errorf("VULNERABLE: the address in a header was asked %d times", n)
	}
}

// The rest of S28: a chain that is too long, a name with a zero byte in it, and a header
// beside a connection with another certificate.
func TestClientCertificateTraps(t *testing.T) {
	authority := x509.Certificate{Subject: pkix.Name{CommonName: "Partners"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	root := issue(t, nil, authority)
	good, other := issue(t, root, clientTemplate("hooks.partner.example")), issue(t, root, clientTemplate("other.partner.example"))
	zero := issue(t, root, x509.Certificate{Subject: pkix.Name{CommonName: "hooks.partner.example\x00.evil.example"}, DNSNames: []string{"hooks.partner.example\x00.evil.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	long := []*tls.Certificate{}
	above := root
	for range 20 {
		above = issue(t, above, authority)
		long = append([]*tls.Certificate{above}, long...)
	}
	long = append([]*tls.Certificate{issue(t, above, clientTemplate("hooks.partner.example"))}, long...)
	ca := writePEM(t, root)
	sum := sha256.Sum256(good.Leaf.Raw)
	s := start(t, nil, []gate{
		{name: "named", options: fmt.Sprintf(`{clientCertificate: {ca: [%q], sans: ["dns:hooks.partner.example"], subjects: ["CN=hooks.partner.example"]}}`, ca)},
		{name: "any", options: fmt.Sprintf(`{clientCertificate: {ca: [%q]}}`, ca)},
		{name: "header", options: fmt.Sprintf(`{clientCertificate: {ca: [%q], fingerprints: [%x], header: X-Forwarded-Tls-Client-Cert, trustedIPs: [127.0.0.1]}}`, ca, sum)},
	}, gateway.Settings{EntryPoint: "forwardedHeaders: {trustedIPs: [127.0.0.1]}"})
	must(t, s.Configure("tls.yml", "tls: {options: {default: {clientAuth: {clientAuthType: RequestClientCert}}}}\n"))
	send := func(certificate *tls.Certificate, gate string, lines ...string) *answer {
		r := s.request(gate, hello, lines...)
		r.URL.Scheme, r.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
		return exchange(t, clientOf(certificate), r)
	}
	eventually(t, "Traefik asks for certificates", func() bool { return send(good, "named").StatusCode == http.StatusOK })
	whole := &tls.Certificate{PrivateKey: long[0].PrivateKey, Leaf: long[0].Leaf}
	line := "X-Forwarded-Tls-Client-Cert: "
	for i, one := range long {
		whole.Certificate = append(whole.Certificate, one.Leaf.Raw)
		if i > 0 {
			line += ","
		}
		line += base64.StdEncoding.EncodeToString(one.Leaf.Raw)
	}
	s.refused(t, send(whole, "any"), http.StatusUnauthorized, "client_certificate_refused")
	s.refused(t, send(zero, "named"), http.StatusUnauthorized, "client_certificate_refused")
	// The header alone says who it is, whatever the connection shows.
	forwarded := "X-Forwarded-Tls-Client-Cert: " + base64.StdEncoding.EncodeToString(good.Leaf.Raw)
	s.passed(t, s.post(t, "header", hello, forwarded))
	s.passed(t, send(other, "header", forwarded))
	s.refused(t, s.post(t, "header", hello, line), http.StatusUnauthorized, "client_certificate_refused")
	s.refused(t, send(good, "header"), http.StatusUnauthorized, "client_certificate_missing")
	s.refused(t, send(good, "header", "X-Forwarded-Tls-Client-Cert: "+base64.StdEncoding.EncodeToString(other.Leaf.Raw)), http.StatusUnauthorized, "client_certificate_refused")
	// And a gate that reads the connection reads no header.
	s.refused(t, s.post(t, "any", hello, forwarded), http.StatusUnauthorized, "client_certificate_missing")
	s.refused(t, send(other, "named", forwarded), http.StatusUnauthorized, "client_certificate_refused")
}
