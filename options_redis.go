package hookward

import "time"

// RedisOptions say where several Traefiks remember together. The names are those
// of Traefik's own `rateLimit.redis`; the timeouts are shorter.
type RedisOptions struct {
	// Endpoints are the servers' addresses, `HOST:PORT`; one is used until it
	// fails, and then the next. They are no cluster.
	// Default: `127.0.0.1:6379`.
	Endpoints []string `json:"endpoints"`

	// Username is the name to authenticate with, where the server knows several.
	Username string `json:"username"`

	// Password is what to authenticate with, written like a secret.
	Password string `json:"password"`

	// DB is the number of the database. Default: `0`.
	DB int64 `json:"db" decode:"zero"`

	// TLS encrypts the connection.
	TLS *RedisTLSOptions `json:"tls"`

	// DialTimeout is the time in which a connection must be there.
	// Default: `200ms`.
	DialTimeout time.Duration `json:"dialTimeout"`

	// ReadTimeout is the time in which an answer must be there. Requests wait for
	// it. Default: `50ms`.
	ReadTimeout time.Duration `json:"readTimeout"`

	// WriteTimeout is the time in which a question must be sent.
	// Default: `50ms`.
	WriteTimeout time.Duration `json:"writeTimeout"`

	// PoolSize is how many connections there may be at once, up to 1000. Further
	// requests wait for one. Default: `32`.
	PoolSize int64 `json:"poolSize"`
}

// RedisTLSOptions say how the connection is encrypted. A certificate or a key is
// PEM, `env:NAME`, `file:/path`, or an absolute path.
type RedisTLSOptions struct {
	// CA is the certificate of the authority that has signed the server's.
	// Default: those of the system.
	CA string `json:"ca"`

	// Cert is the certificate to authenticate with.
	Cert string `json:"cert"`

	// Key is the key of `cert`.
	Key string `json:"key"`

	// InsecureSkipVerify believes any certificate. Whoever is on the way can then
	// read and write what the gates remember. Default: `false`.
	InsecureSkipVerify bool `json:"insecureSkipVerify"`
}
