package jwt

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// certificates is the compiled option of that name.
type certificates struct {
	roots        *x509.CertPool
	leaf         asn1.ObjectIdentifier // the extension that it must have; nil where it need not
	intermediate asn1.ObjectIdentifier
	length       int
}

const (
	defaultChainLength = 3
	maxChainLength     = 5
)

// certificates compiles the option of that name.
func (c *compiler) certificates(resolver *secrets.Resolver) {
	o := *c.o.Certificates
	found := &certificates{roots: x509.NewCertPool(), length: int(o.ChainLength)}
	if found.length == 0 {
		found.length = defaultChainLength
	}
	if found.length > maxChainLength {
		c.wrong("certificates.chainLength", config.KindInvalid, fmt.Sprintf("must be at most %d", maxChainLength))
	}
	if len(o.Roots) == 0 {
		c.wrong("certificates.roots", config.KindRequired, "is required: the root that all certificates must lead to; write file:/path")
	}
	for i, ref := range o.Roots {
		path := fmt.Sprintf("jwt.certificates.roots[%d]", i)
		s := secrets.Resolve(resolver, c.n, path, ref, secrets.CertificateEncoding)
		if s.Problem == "" && !found.roots.AppendCertsFromPEM([]byte(s.Text)) {
			config.AddProblem(c.n, path, config.KindInvalid, "has no certificate in PEM")
		}
		c.v.Keys = append(c.v.Keys, s.Text)
	}
	found.leaf = c.identifier("certificates.leafOID", o.LeafOID)
	found.intermediate = c.identifier("certificates.intermediateOID", o.IntermediateOID)
	if c.o.MaxAge == 0 {
		c.wrong("maxAge", config.KindRequired, "is required with jwt.certificates: they are judged as of the time that the token says, so it must be a recent one")
	}
	if c.o.Detached {
		c.wrong("certificates", config.KindContradiction, "contradicts detached: such a signature says nothing of its time")
	}
	if len(c.options.PublicKeys) > 0 {
		c.wrong("certificates", config.KindContradiction, "contradicts publicKeys; the key is in the token's certificate")
	}
	c.v.certificates = found
}

// identifier reads an object identifier, such as 1.2.840.
func (c *compiler) identifier(option, text string) asn1.ObjectIdentifier {
	if text == "" {
		return nil
	}
	found := asn1.ObjectIdentifier{}
	for _, word := range strings.Split(text, ".") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 {
			c.wrong(option, config.KindInvalid, words.Quote(text)+" is not an object identifier, such as 1.2.840.113635.100.6.11.1")
			return nil
		}
		found = append(found, n)
	}
	return found
}

// keyOfChain returns the key of the certificates that a token has with it, RFC 7515, 4.1.6,
// if they lead to a root of ours. The second result is "" or the reason to refuse.
func keyOfChain(v *Verifier, t *token, now time.Time) ([]*jwk.Key, string) {
	c := v.certificates
	list, isList := t.header["x5c"].([]any)
	if !isList || len(list) != c.length {
		return nil, verdict.CertificateRefused
	}
	chain := make([]*x509.Certificate, 0, len(list))
	above := x509.NewCertPool()
	for i, item := range list {
		one := parseCertificate(item)
		if one == nil {
			return nil, verdict.CertificateRefused
		}
		chain = append(chain, one)
		if i > 0 {
			above.AddCert(one)
		}
	}
	at := timeOf(v, t, now)
	paths, err := chain[0].Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: above, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil || len(paths) == 0 || !hasExtension(chain[0], c.leaf) {
		return nil, verdict.CertificateRefused
	}
	if c.intermediate != nil && (len(chain) < 2 || !chain[1].IsCA || !hasExtension(chain[1], c.intermediate) || !leadsThrough(paths, chain[1])) {
		return nil, verdict.CertificateRefused
	}
	k, problem := jwk.FromPublic(chain[0].PublicKey)
	if problem != "" {
		return nil, verdict.CertificateRefused
	}
	return []*jwk.Key{&k}, ""
}

// parseCertificate reads one of x5c: DER in base64, with padding, or nil.
func parseCertificate(item any) *x509.Certificate {
	text, isText := item.(string)
	if !isText || strings.ContainsAny(text, "\r\n") {
		return nil
	}
	der, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	one, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return one
}

// timeOf returns when a token says that it was made, which nothing has verified yet: an old
// one is refused afterwards, by maxAge. Certificates that were good then may be over now.
func timeOf(v *Verifier, t *token, now time.Time) time.Time {
	claims := objectIn(t.encoded)
	if claims == nil {
		return now
	}
	d, reason := readTimes(v, claims)
	if reason != "" || d.made.After(now) {
		return now
	}
	return d.made
}

// hasExtension says whether a certificate has an extension, if one is asked for.
func hasExtension(one *x509.Certificate, id asn1.ObjectIdentifier) bool {
	for _, extension := range one.Extensions {
		if extension.Id.Equal(id) {
			return true
		}
	}
	return id == nil
}

// leadsThrough says whether a certificate stands right above the first one.
func leadsThrough(paths [][]*x509.Certificate, one *x509.Certificate) bool {
	for _, path := range paths {
		if len(path) > 1 && path[1].Equal(one) {
			return true
		}
	}
	return false
}
