package config

import (
	"time"
)

// OAuth2Options say which OAuth 2.0 access tokens are accepted: those that senders have from
// an authorization server of yours, and send as `Authorization: Bearer TOKEN` (RFC 6750).
// They are JWTs (RFC 9068), which are verified with the issuer's keys, or the server is
// asked about them (`introspection`).
//
// A token says nothing of the body: whoever has seen one can send anything until it ends.
type OAuth2Options struct {
	// Issuers are the values that `iss` may have, to the letter. Required for JWTs.
	Issuers []string `json:"issuers"`

	// JWKS says where the issuers' keys are, for tokens that are JWTs; `publicKeys` may
	// have them instead. Tokens must then be of the type `at+jwt`, and have all that RFC
	// 9068 asks for: `iss`, `exp`, `aud`, `sub`, `client_id`, `iat` and `jti`.
	JWKS *JWKSOptions `json:"jwks"`

	// Algorithms are those of tokens that are JWTs: `RS256`, `RS384`, `RS512`, `PS256`,
	// `PS384`, `PS512`, `ES256`, `ES384`, `ES512` or `EdDSA`. Default: `RS256`.
	Algorithms []string `json:"algorithms"`

	// Introspection asks the authorization server about each token (RFC 7662). It
	// contradicts `jwks`.
	Introspection *IntrospectionOptions `json:"introspection"`

	// Audiences are the values of which `aud` must have one, to the letter. Required,
	// unless `claims` or, with `introspection`, `scopes` say whose tokens are meant.
	Audiences []string `json:"audiences"`

	// Claims are the values that claims must have, `NAME=VALUE`, such as
	// `client_id=sender`; of several values for one name, one must be there.
	Claims []string `json:"claims" decode:"whole"`

	// Scopes are the words that `scope` must have all of. A token without one is answered
	// with 403.
	Scopes []string `json:"scopes"`

	// MaxLifetime is how long a token that is a JWT may be good for: from `iat` to `exp`.
	// Default: `24h`.
	MaxLifetime time.Duration `json:"maxLifetime"`

	// CertificateBound accepts those tokens alone that are bound to a client certificate
	// (RFC 8705): to the one that `clientCertificate` has accepted, which may come from a
	// proxy in front that ends TLS, or where that section is not there, to the
	// connection's. Without it, a token that is bound to anything is refused.
	// Default: `false`.
	CertificateBound bool `json:"certificateBound"`

	// ForwardToken says whether the backend gets the token: `always` or `never`. Whoever
	// has it can use it. Default: `never`.
	ForwardToken string `json:"forwardToken"`

	// ForwardClaims are headers that the backend gets, each with a claim in it,
	// `NAME=CLAIM`, such as `X-Hookward-Client=client_id`. Nobody else can send them.
	ForwardClaims []string `json:"forwardClaims" decode:"whole"`

	// IDHeader is the name of the header that carries the delivery's id.
	IDHeader string `json:"idHeader"`

	// IDField is the location of the delivery's id where that is no header.
	IDField string `json:"idField"`

	// EventHeader is the name of the header that carries the type of the event.
	EventHeader string `json:"eventHeader"`

	// EventField is the location of the event's type where that is no header.
	EventField string `json:"eventField"`
}

// IntrospectionOptions say how an authorization server is asked about a token.
type IntrospectionOptions struct {
	// URL is the server's introspection endpoint, `https://...`. Required.
	URL string `json:"url"`

	// ClientID is the name that the gate has there. Required.
	ClientID string `json:"clientID"`

	// ClientSecret is what it authenticates with, written like a secret. Required.
	ClientSecret string `json:"clientSecret"`

	// AuthMethod is `client_secret_basic`, or `client_secret_post` for servers that want
	// the secret in the form. Default: `client_secret_basic`.
	AuthMethod string `json:"authMethod"`

	// Timeout is the time in which the answer must be there. Requests wait for it, and get
	// 503 where it does not come. Default: `2s`.
	Timeout time.Duration `json:"timeout"`

	// Cache is how long an answer counts for a token that is active: a token that is
	// revoked passes for this long. It never counts for longer than the token is good.
	// Default: `60s`.
	Cache time.Duration `json:"cache"`

	// NegativeCache is how long an answer counts for a token that is not.
	// Default: `10s`.
	NegativeCache time.Duration `json:"negativeCache"`

	// MaxConcurrent is how many tokens may be asked about at once, up to 1000. Requests
	// with further ones get 503. Default: `16`.
	MaxConcurrent int64 `json:"maxConcurrent"`

	// PlainHTTP lets the server be asked by `http`. Whoever can change what comes by it
	// can let themselves in, and sees the gate's secret. Default: `false`.
	PlainHTTP bool `json:"plainHTTP"`
}
