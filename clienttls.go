package hookward

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
)

// clientText resolves a reference to what a connection of the gate's own needs.
// It is noted as part of what that connection is known by. What is questionable
// about a secret is said, and of a certificate nothing is.
func clientText(c *compilation, ref, path string, secret bool) []byte {
	s := resolveFor(c, path, ref, "utf8")
	if s.problem != "" {
		c.problems = append(c.problems, path+": "+s.problem)
	}
	if s.degraded != "" {
		c.degraded = append(c.degraded, path+": "+s.degraded)
	}
	if secret {
		for _, w := range s.warnings {
			c.warnings = append(c.warnings, path+": "+w)
		}
	}
	c.files = append(c.files, s.files...)
	c.clientKeys += string(s.key) + "\x00"
	if secret {
		c.secretTexts = append(c.secretTexts, s.text)
	}
	return s.key
}

// compileTLS compiles the section tls of something.
func compileTLS(c *compilation, o TLSOptions, path string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.InsecureSkipVerify}
	if o.InsecureSkipVerify {
		c.warnings = append(c.warnings, path+".insecureSkipVerify: whoever is on the way can read and change what is sent")
	}
	if o.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(clientText(c, asFile(o.CA), path+".ca", false)) {
			c.problems = append(c.problems, path+".ca: has no certificate in PEM")
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		c.problems = append(c.problems, path+".key: belongs to cert; one needs the other")
	} else if o.Cert != "" {
		pair, err := tls.X509KeyPair(clientText(c, asFile(o.Cert), path+".cert", false), clientText(c, asFile(o.Key), path+".key", false))
		if err != nil {
			c.problems = append(c.problems, path+".cert: is not a certificate in PEM with its key")
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
