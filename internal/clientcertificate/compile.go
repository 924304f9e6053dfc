package clientcertificate

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

const section = "clientCertificate"

// Compile compiles the option clientCertificate, or returns nil where it is not given.
func Compile(n *config.Notes, resolver *secrets.Resolver, options *config.ClientCertificateOptions) *Criterion {
	if options == nil {
		return nil
	}
	o := *options
	c := &Criterion{sans: map[string]bool{}, fingerprints: map[string]bool{}}
	compileCA(n, resolver, c, o.CA)
	for i, text := range o.Subjects {
		attributes, problem := parseSubject(text)
		if problem != "" {
			wrong(n, fmt.Sprintf("subjects[%d]", i), config.KindInvalid, words.Quote(text)+" "+problem)
		}
		c.subjects = append(c.subjects, attributes)
	}
	for i, text := range o.SANs {
		name, problem := parseSAN(text)
		if problem != "" {
			wrong(n, fmt.Sprintf("sans[%d]", i), config.KindInvalid, words.Quote(text)+" "+problem)
		}
		c.sans[name] = true
	}
	for i, text := range o.Fingerprints {
		sum := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(text, "sha256:"), ":", ""))
		b, err := hex.DecodeString(sum)
		if err != nil || len(b) != 32 {
			wrong(n, fmt.Sprintf("fingerprints[%d]", i), config.KindInvalid, words.Quote(text)+" is not a SHA-256 in hexadecimal; openssl x509 -in cert.pem -noout -fingerprint -sha256 prints it")
		}
		c.fingerprints[sum] = true
	}
	compileHeader(n, c, o)
	return c
}

func wrong(n *config.Notes, option, kind, text string) {
	config.AddProblem(n, section+"."+option, kind, text)
}

// compileCA reads the authorities.
func compileCA(n *config.Notes, resolver *secrets.Resolver, c *Criterion, refs []string) {
	for i, ref := range refs {
		path := fmt.Sprintf("%s.ca[%d]", section, i)
		if strings.HasPrefix(ref, "/") {
			ref = "file:" + ref
		}
		s := secrets.Resolve(resolver, n, path, ref, secrets.CertificateEncoding)
		if s.Problem != "" {
			continue
		}
		if c.ca == nil {
			c.ca = x509.NewCertPool()
		}
		if !addAuthorities(c.ca, s.Key) {
			config.AddProblem(n, path, config.KindInvalid, "is not certificates of authorities in PEM")
		}
	}
}

// addAuthorities adds certificates in PEM to a pool. One that is no authority's would be
// passed over later, without a word.
func addAuthorities(pool *x509.CertPool, text []byte) bool {
	found := 0
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return found > 0 && strings.TrimSpace(string(text)) == ""
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" || !certificate.IsCA {
			return false
		}
		pool.AddCert(certificate)
		found++
		text = rest
	}
}

// compileHeader compiles where the certificate is.
func compileHeader(n *config.Notes, c *Criterion, o config.ClientCertificateOptions) {
	c.Header = http.CanonicalHeaderKey(o.Header)
	c.trusted = clientip.CompileRanges(n, o.TrustedIPs, section+".trustedIPs")
	all := ipset.Everything(c.trusted)
	switch {
	case o.Header == "" && len(o.TrustedIPs) > 0:
		wrong(n, "trustedIPs", config.KindNoEffect, "has no effect without header")
	case o.Header == "":
	case !header.IsName(o.Header):
		wrong(n, "header", config.KindInvalid, words.Quote(o.Header)+" is not the name of a header")
	case len(o.TrustedIPs) == 0:
		wrong(n, "trustedIPs", config.KindRequired, "is required with header, because anybody can send such a header")
	case all != "":
		wrong(n, "trustedIPs", config.KindInvalid, "has every "+all+" address, so that everybody could say who they are")
	case len(o.CA) == 0 && len(o.Fingerprints) == 0:
		wrong(n, "ca", config.KindRequired, "is required with header, or fingerprints, because nobody has verified what stands there")
	}
}

// parseSubject reads a distinguished name, RFC 4514, or says what is wrong with it.
func parseSubject(text string) ([]string, string) {
	known := map[string]bool{}
	for _, name := range attributeNames {
		known[name] = true
	}
	attributes := []string{}
	for _, part := range splitName(text) {
		name, value, ok := strings.Cut(strings.TrimLeft(part, " "), "=")
		name = strings.ToUpper(name)
		if !ok || value == "" {
			return nil, "is not a distinguished name, such as CN=hooks.example.com,O=Example"
		}
		if !known[name] {
			return nil, "has the attribute " + words.Quote(name) + ", which is not known; allowed: CN, O, OU, C, L, ST, STREET, POSTALCODE, SERIALNUMBER, DC, UID"
		}
		attributes = append(attributes, name+"="+value)
	}
	return attributes, ""
}

// splitName splits a name at its commas, and takes the escapes of others out.
func splitName(text string) []string {
	parts := []string{""}
	escaped := false
	for _, c := range text {
		last := len(parts) - 1
		switch {
		case escaped:
			parts[last] += string(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == ',':
			parts = append(parts, "")
		default:
			parts[last] += string(c)
		}
	}
	return parts
}

// parseSAN reads an alternative name, or says what is wrong with it.
func parseSAN(text string) (string, string) {
	kind, value, _ := strings.Cut(text, ":")
	switch kind {
	case "dns":
		if value == "" || strings.Contains(value, "*") {
			return "", "is not the whole name of a host"
		}
		return "dns:" + strings.ToLower(value), ""
	case "uri":
		u, err := url.Parse(value)
		if err != nil || u.Scheme == "" {
			return "", "is not a URI"
		}
		return "uri:" + u.String(), ""
	case "email":
		if !strings.Contains(value, "@") {
			return "", "is not an address"
		}
		return text, ""
	case "ip":
		address, err := netip.ParseAddr(value)
		if err != nil {
			return "", "is not an IP address"
		}
		return "ip:" + address.String(), ""
	}
	return "", "must begin with dns:, uri:, email: or ip:"
}
