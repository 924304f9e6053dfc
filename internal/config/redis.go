package config

import (
	"time"
)

// RedisOptions say where several Traefiks remember together. The names are those
// of Traefik's own `rateLimit.redis`; the timeouts are shorter.
type RedisOptions struct {
	// Endpoints are the servers' addresses, `HOST:PORT`; one is used until it
	// fails, and then the next. A node of a Redis Cluster is refused.
	// Default: `127.0.0.1:6379`.
	Endpoints []string `json:"endpoints"`

	// Username is the name to authenticate with, where the server knows several.
	Username string `json:"username"`

	// Password is what to authenticate with, written like a secret.
	Password string `json:"password"`

	// DB is the number of the database. Default: `0`.
	DB int64 `json:"db" decode:"zero"`

	// TLS encrypts the connection.
	TLS *TLSOptions `json:"tls"`

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
	// requests wait for one. Limits and bans use a quarter of them. Default: `32`.
	PoolSize int64 `json:"poolSize"`
}
