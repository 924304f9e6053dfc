package hookward

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
)

// credentials are what a connection of the gate's own refers to.
type credentials struct {
	secrets *resolver
	seen    string // all of them: part of what the connection is known by
}

// clientText resolves a reference to what a connection of the gate's own needs. What
// is questionable about a secret is said, and of a certificate nothing is.
func clientText(c *credentials, n *notes, ref, path string, secret bool) []byte {
	encoding := certificateEncoding
	if secret {
		encoding = "utf8"
	}
	s := resolve(c.secrets, n, path, ref, encoding)
	c.seen += string(s.key) + "\x00"
	if secret {
		for _, w := range s.warnings {
			addWarning(n, path, w.kind, w.text)
		}
		c.secrets.texts = append(c.secrets.texts, s.text)
	}
	return s.key
}

// compileTLS compiles the section tls of something.
func compileTLS(n *notes, c *credentials, o TLSOptions, path string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.InsecureSkipVerify}
	if o.InsecureSkipVerify {
		addWarning(n, path+".insecureSkipVerify", kindInvalid, "whoever is on the way can read and change what is sent")
	}
	if o.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(clientText(c, n, asFile(o.CA), path+".ca", false)) {
			addProblem(n, path+".ca", kindInvalid, "has no certificate in PEM")
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		addProblem(n, path+".key", kindRequired, "belongs to cert; one needs the other")
	} else if o.Cert != "" {
		pair, err := tls.X509KeyPair(clientText(c, n, asFile(o.Cert), path+".cert", false), clientText(c, n, asFile(o.Key), path+".key", false))
		if err != nil {
			addProblem(n, path+".cert", kindInvalid, "is not a certificate in PEM with its key")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

// asFile takes an absolute path for what Traefik takes it for.
func asFile(text string) string {
	if strings.HasPrefix(text, "/") {
		return "file:" + text
	}
	return text
}
