package config

// TLSOptions say how a connection of the gate's own is encrypted. A certificate or a key is
// PEM, `env:NAME`, `file:/path`, or an absolute path.
type TLSOptions struct {
	// CA is the certificate of the authority that has signed the server's.
	// Default: those of the system.
	CA string `json:"ca"`

	// Cert is the certificate to authenticate with.
	Cert string `json:"cert"`

	// Key is the key of `cert`.
	Key string `json:"key"`

	// InsecureSkipVerify believes any certificate. Whoever is on the way can then
	// read and change what is sent. Default: `false`.
	InsecureSkipVerify bool `json:"insecureSkipVerify"`
}
