package config

// MetricsOptions make a middleware answer with the numbers of all gates of this Traefik,
// and with nothing else. It belongs on a router of its own, with the service
// `noop@internal`.
type MetricsOptions struct {
	// Path is where the numbers are. Any other path is answered with 404.
	// Default: `/metrics`.
	Path string `json:"path"`

	// Token is what a scraper must send as `Authorization: Bearer TOKEN`, written like
	// a secret. Required unless `allowlist` stands beside `metrics`, or `insecure` is
	// on.
	Token string `json:"token"`

	// Insecure serves the numbers to whoever asks, because something in front of the
	// router already decides who may. Default: `false`.
	Insecure bool `json:"insecure"`
}
