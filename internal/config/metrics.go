package config

import "time"

// MetricsOptions make a middleware answer with the numbers of all gates of this Traefik,
// and with nothing else. It belongs on a router of its own, with the service
// `noop@internal`.
type MetricsOptions struct {
	// Path is where the numbers are. Any other path is answered with 404.
	// Default: `/metrics`.
	Path string `json:"path"`

	// Token is what a scraper must send as `Authorization: Bearer TOKEN`, written like
	// a secret. Without it, without `allowlist` beside `metrics` and without `insecure`,
	// nobody gets the numbers here: then `outputs` are required.
	Token string `json:"token"`

	// Insecure serves the numbers to whoever asks, because something in front of the
	// router already decides who may. Default: `false`.
	Insecure bool `json:"insecure"`

	// Outputs are where the numbers are sent, at most 4. If the receiver is away, the
	// numbers of then are not sent later: those that come next include them.
	Outputs []*MetricsOutputOptions `json:"outputs"`
}

// MetricsOutputOptions say where the numbers are sent, again and again.
type MetricsOutputOptions struct {
	// Type is `otlp` (OpenTelemetry, as JSON over HTTP). Required.
	Type string `json:"type"`

	// URL is the collector's, without `/v1/metrics`. Required.
	URL string `json:"url"`

	// Interval is how often the numbers are sent, from `1s` to `1h`.
	// Default: `15s`.
	Interval time.Duration `json:"interval"`

	// Username is the name to authenticate with, by HTTP basic authentication.
	Username string `json:"username"`

	// Password belongs to `username`, and is written like a secret.
	Password string `json:"password"`

	// Token is a bearer token, written like a secret.
	Token string `json:"token"`

	// Headers are further headers of each request, `Name: value`; the value is
	// written like a secret, and may be none.
	Headers []string `json:"headers" decode:"whole"`

	// TLS is how the connection is encrypted, where `url` says that it is.
	TLS *TLSOptions `json:"tls"`

	// Timeout is the time in which the numbers must have been taken.
	// Default: `10s`.
	Timeout time.Duration `json:"timeout"`
}
