// Package clientcertificate knows which certificate a client has shown, and whether it is
// one of those that are accepted. It must not know what else a gate asks of a request.
package clientcertificate

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/verdict"
)

// Criterion is the compiled option clientCertificate.
type Criterion struct {
	ca           *x509.CertPool // nil: whom Traefik believes
	subjects     [][]string     // attributes, each as TYPE=VALUE
	sans         map[string]bool
	fingerprints map[string]bool // in hexadecimal
	Header       string          // canonical; empty: the connection's
	trusted      ipset.Set
}

const (
	// maxChain bounds what a client may show.
	maxChain = 4
	// maxHeaderBytes bounds the header of a proxy.
	maxHeaderBytes = 16 << 10
)

// Verify returns the client's certificate, or nil and the reason to refuse.
func Verify(c *Criterion, r *http.Request, now time.Time) (*x509.Certificate, string) {
	chain, reason := shown(c, r)
	if reason != "" {
		return nil, reason
	}
	leaf := chain[0]
	if len(chain) > maxChain || now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return nil, verdict.ClientCertificateRefused
	}
	if !isTrusted(c, r, chain, now) || !fits(c, leaf) {
		return nil, verdict.ClientCertificateRefused
	}
	return leaf, ""
}

// shown returns what a client has shown: at least one certificate, its own first. The
// second result says why there is none.
func shown(c *Criterion, r *http.Request) ([]*x509.Certificate, string) {
	if c.Header != "" {
		return forwarded(c, r)
	}
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil, verdict.ClientCertificateMissing
	}
	return r.TLS.PeerCertificates, ""
}

// forwarded returns what a proxy says that a client has shown. Others than those that are
// trusted can say nothing.
func forwarded(c *Criterion, r *http.Request) ([]*x509.Certificate, string) {
	peer := clientip.Peer(r.RemoteAddr)
	lines := r.Header[c.Header]
	if !peer.IsValid() || !ipset.Contains(c.trusted, ipset.Key(peer)) || len(lines) == 0 || lines[0] == "" {
		return nil, verdict.ClientCertificateMissing
	}
	if len(lines) > 1 || len(lines[0]) > maxHeaderBytes {
		return nil, verdict.ClientCertificateRefused
	}
	texts := strings.SplitN(lines[0], ",", maxChain+1)
	chain := make([]*x509.Certificate, 0, len(texts))
	for _, text := range texts {
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, verdict.ClientCertificateRefused
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, verdict.ClientCertificateRefused
		}
		chain = append(chain, certificate)
	}
	return chain, ""
}

// isTrusted says whether an authority vouches for a chain, or the operator for its
// certificate. What a client shows is anything, unless somebody has verified it.
func isTrusted(c *Criterion, r *http.Request, chain []*x509.Certificate, now time.Time) bool {
	if c.ca == nil {
		return len(c.fingerprints) > 0 || c.Header == "" && len(r.TLS.VerifiedChains) > 0
	}
	between := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		between.AddCert(certificate)
	}
	found, err := chain[0].Verify(x509.VerifyOptions{Roots: c.ca, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err == nil && len(found) > 0
}

// fits says whether a certificate is one of those that are named.
func fits(c *Criterion, leaf *x509.Certificate) bool {
	if len(c.fingerprints) > 0 && !c.fingerprints[Fingerprint(leaf)] {
		return false
	}
	if len(c.sans) > 0 && !hasName(c.sans, leaf) {
		return false
	}
	return len(c.subjects) == 0 || hasSubject(c.subjects, leaf)
}

// Fingerprint returns the SHA-256 of a certificate, in hexadecimal.
func Fingerprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// hasName says whether a certificate has one of some alternative names.
func hasName(names map[string]bool, leaf *x509.Certificate) bool {
	for _, name := range leaf.DNSNames {
		if names["dns:"+strings.ToLower(name)] {
			return true
		}
	}
	for _, uri := range leaf.URIs {
		if names["uri:"+uri.String()] {
			return true
		}
	}
	for _, address := range leaf.EmailAddresses {
		if names["email:"+address] {
			return true
		}
	}
	for _, address := range leaf.IPAddresses {
		if names["ip:"+address.String()] {
			return true
		}
	}
	return false
}

// hasSubject says whether a certificate has all attributes of one of some names.
func hasSubject(subjects [][]string, leaf *x509.Certificate) bool {
	has := map[string]bool{}
	for i := range leaf.Subject.Names {
		value, ok := leaf.Subject.Names[i].Value.(string)
		name := attributeNames[leaf.Subject.Names[i].Type.String()]
		if ok && name != "" {
			has[name+"="+value] = true
		}
	}
	for _, attributes := range subjects {
		missing := 0
		for _, attribute := range attributes {
			if !has[attribute] {
				missing++
			}
		}
		if missing == 0 {
			return true
		}
	}
	return false
}

// attributeNames are the short names of attributes, RFC 4514, 3, and a few more.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.17": "POSTALCODE", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
}
