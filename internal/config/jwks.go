package config

import (
	"time"
)

// JWKSOptions say where public keys are had from that their owner replaces now and then: a
// JWK set (RFC 7517). One of `url`, `discovery` and `file` is given.
//
// A set is fetched in the background, once for all middlewares that name the same one, and
// the last good one stays in force where that fails.
type JWKSOptions struct {
	// URL is where the set is, `https://...`. It may not redirect.
	URL string `json:"url"`

	// Discovery finds the set of each of the issuers by its own document:
	// `ISSUER/.well-known/openid-configuration` (OpenID Connect), or that of RFC 8414.
	// The issuers must be URLs then. A token is verified with the keys of the issuer that
	// it names, and with no others. Default: `false`.
	Discovery bool `json:"discovery"`

	// File is a file with the set, as an absolute path. It is read again when it changes.
	File string `json:"file"`

	// Refresh is how often the set is fetched again; `Cache-Control` may ask for more
	// often, down to every 5 minutes. A key that is withdrawn is accepted for this long.
	// Default: `1h`, or `10s` for a file.
	Refresh time.Duration `json:"refresh"`

	// MaxStale is how long the last good set counts while no newer one can be had; then
	// requests get 503. Default: `24h`.
	MaxStale time.Duration `json:"maxStale"`

	// MinRefresh is the least time between two fetches that unknown key ids cause. A
	// request with an unknown one waits for such a fetch for up to 2 seconds.
	// Default: `30s`, or `5s` with `perKey`.
	MinRefresh time.Duration `json:"minRefresh"`

	// PerKey says that `url` is asked for one key at a time, as Plaid has it: by a POST of
	// `client_id`, `secret` and `key_id` in JSON, once for each key and day. Default: `false`.
	PerKey bool `json:"perKey"`

	// ClientID is the name that you have there. Required with `perKey`.
	ClientID string `json:"clientID"`

	// ClientSecret is the secret that you have there, written like a secret. Required with
	// `perKey`.
	ClientSecret string `json:"clientSecret"`

	// PlainHTTP lets the set, and an issuer's document, be fetched by `http`. Whoever can
	// change what comes by it can let themselves in. Default: `false`.
	PlainHTTP bool `json:"plainHTTP"`
}
