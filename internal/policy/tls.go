package policy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// credentials are what a connection of the gate's own refers to.
type credentials struct {
	secrets *secrets.Resolver
	seen    string // all of them: part of what the connection is known by
}

// isReference says whether a text stands for one that is elsewhere.
func isReference(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
}

// clientText resolves a reference to what a connection of the gate's own needs. What
// is questionable about a secret is said, and of a certificate nothing is.
func clientText(c *credentials, n *config.Notes, ref, path string, secret bool) []byte {
	encoding := secrets.CertificateEncoding
	if secret {
		encoding = "utf8"
	}
	s := secrets.Resolve(c.secrets, n, path, ref, encoding)
	c.seen += string(s.Key) + "\x00"
	if secret {
		for _, w := range s.Warnings {
			config.AddWarning(n, path, w.Kind, w.Text)
		}
		c.secrets.Texts = append(c.secrets.Texts, s.Text)
	}
	return s.Key
}

// clientSecret is clientText for a secret, and returns nothing where none is given.
func clientSecret(c *credentials, n *config.Notes, ref, path string) string {
	if ref == "" {
		return ""
	}
	return string(clientText(c, n, ref, path, true))
}

// digestOf returns a digest of a section of options, and of what it refers to. Its TLS comes
// apart from it: within, where that stands in memory would count, and not what it says.
func digestOf(c *credentials, section any, tls *config.TLSOptions) string {
	return words.Digest(fmt.Sprintf("%v %v %v", section, tls, c.seen))
}

// compileTLS compiles the section tls of something, or returns nil where there is none.
func compileTLS(n *config.Notes, c *credentials, o *config.TLSOptions, path string) *tls.Config {
	if o == nil {
		return nil
	}
	made := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.InsecureSkipVerify}
	if o.InsecureSkipVerify {
		config.AddWarning(n, path+".insecureSkipVerify", config.KindInvalid, "whoever is on the way can read and change what is sent")
	}
	if o.CA != "" {
		made.RootCAs = x509.NewCertPool()
		if !made.RootCAs.AppendCertsFromPEM(clientText(c, n, asFile(o.CA), path+".ca", false)) {
			config.AddProblem(n, path+".ca", config.KindInvalid, "has no certificate in PEM")
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		config.AddProblem(n, path+".key", config.KindRequired, "belongs to cert; one needs the other")
	} else if o.Cert != "" {
		pair, err := tls.X509KeyPair(clientText(c, n, asFile(o.Cert), path+".cert", false), clientText(c, n, asFile(o.Key), path+".key", false))
		if err != nil {
			config.AddProblem(n, path+".cert", config.KindInvalid, "is not a certificate in PEM with its key")
		}
		made.Certificates = []tls.Certificate{pair}
	}
	return made
}

// asFile takes an absolute path for what Traefik takes it for.
func asFile(text string) string {
	if strings.HasPrefix(text, "/") {
		return "file:" + text
	}
	return text
}
