package config

// ClientCertificateOptions say which client certificates are accepted. Of several values of
// one option, one must fit; of several options, all. Without any option, the certificate must be one
// that Traefik has verified.
type ClientCertificateOptions struct {
	// CA are the certificates of authorities, as PEM, `env:NAME` or `file:/path`. The chain
	// must lead to one of them, be valid now, and be for client authentication. Without it,
	// Traefik must have verified the chain, by `clientAuth` in its TLS options; or the
	// certificate is one of `fingerprints`.
	CA []string `json:"ca" decode:"whole"`

	// Subjects are distinguished names, such as `CN=hooks.example.com,O=Example`, written
	// as RFC 4514 has them. A certificate fits if it has all attributes of one of them.
	Subjects []string `json:"subjects" decode:"whole"`

	// SANs are alternative names: `dns:NAME`, `uri:URI`, `email:ADDRESS` or `ip:ADDRESS`. A
	// certificate fits if it has one of them, to the letter.
	SANs []string `json:"sans"`

	// Fingerprints are SHA-256 hashes of whole certificates, in hexadecimal, after an
	// optional `sha256:`. Without `ca`, such a certificate needs no authority.
	Fingerprints []string `json:"fingerprints"`

	// Header is the name of the header in which a proxy in front that ends TLS hands on the
	// certificate, as Traefik's `passTLSClientCert` with `pem` writes it:
	// `X-Forwarded-Tls-Client-Cert`. It needs `trustedIPs`, and `ca` or `fingerprints`.
	// Default: the certificate is that of the connection.
	Header string `json:"header"`

	// TrustedIPs are the addresses and CIDRs of the proxies that are believed. Such a proxy
	// must take away a header of that name that comes from outside.
	TrustedIPs []string `json:"trustedIPs"`
}
