package hookward

import "time"

// Options is the typed form of a middleware's configuration. Decode fills it;
// the comments of its fields are the README's option table. A field that holds
// its zero value was not given.
type Options struct {
	// Provider is the slug of a row of the provider catalogue, such as
	// `github`. The row fills the options below; what is given beside it
	// overrides the row. Required unless `signature` describes a scheme.
	Provider string `json:"provider"`

	// Secrets are the keys that senders sign with, newest first; each is
	// accepted, so a rotation needs no downtime. Each is `env:NAME`,
	// `file:/path` (read again when the file changes) or, with a warning, the
	// secret itself. A single string is one secret: commas don't split it.
	// At most 16. Required.
	Secrets []string `json:"secrets" decode:"secret"`

	// PublicURL is the address that the provider calls, for schemes which sign
	// `{url}`: scheme and host (`https://hooks.example.com`), and a path where
	// the proxy changes it. It is never guessed from the request.
	PublicURL string `json:"publicURL"`

	// Signature describes a signature scheme, or overrides fields of the
	// provider's.
	Signature *SignatureOptions `json:"signature"`

	// Tolerance is how far a signed timestamp may be from this machine's clock,
	// both ways. Default: `5m` where the scheme signs a timestamp.
	Tolerance time.Duration `json:"tolerance"`

	// Methods are the request methods that are let through to the checks.
	// Default: `POST`.
	Methods []string `json:"methods"`

	// MaxBodyBytes is the largest accepted body, in bytes, up to 1073741824.
	// Bodies are held in memory. Default: the provider's own maximum, else
	// `1048576`.
	MaxBodyBytes int64 `json:"maxBodyBytes"`

	// BodyTimeout is the time in which the whole body must have arrived.
	// Default: `10s`.
	BodyTimeout time.Duration `json:"bodyTimeout"`

	// ObserveOnly forwards what the checks refuse, and records the refusal, so
	// that a gate can be tried on live traffic. It protects nothing. Default:
	// `false`.
	ObserveOnly bool `json:"observeOnly"`
}

// SignatureOptions describes how a sender signs a request.
type SignatureOptions struct {
	// Algorithm is `hmac-md5`, `hmac-sha1`, `hmac-sha256`, `hmac-sha384` or
	// `hmac-sha512`. Default: `hmac-sha256`.
	Algorithm string `json:"algorithm"`

	// Header is the name of the header that carries the signature. Required
	// unless the provider names it.
	Header string `json:"header"`

	// Format is the exact grammar of the header's value: literal text around
	// `{hex}`, `{base64}` or `{base64url}`, and `{timestamp}` where it stands
	// beside the signature. A format that ends in a separator (comma, semicolon
	// or space) and `...` is a list: `t={timestamp},v1={hex},...` takes the
	// elements in any order, several signatures, and leaves other elements
	// unread. Default: `{hex}`.
	Format string `json:"format"`

	// Signs is what is signed: literal text and `{body}`, `{timestamp}`, `{id}`,
	// `{method}`, `{url}`, `{host}`, `{path}`, `{query}`, `{header:Name}`.
	// Braces of the text itself are doubled. Default: `{body}`.
	Signs string `json:"signs"`

	// SecretEncoding says how the key is written in a secret: `utf8` (the text
	// is the key), `hex`, `base64` or `whsec` (base64 after an optional
	// `whsec_`). Default: `utf8`.
	SecretEncoding string `json:"secretEncoding"`

	// TimestampHeader is the name of the header that carries the signed
	// timestamp, for schemes which sign `{timestamp}` and don't send it in the
	// signature's own header.
	TimestampHeader string `json:"timestampHeader"`

	// TimestampUnit is `s` or `ms` since 1970, or `rfc3339`. Default: `s`.
	TimestampUnit string `json:"timestampUnit"`

	// IDHeader is the name of the header that carries the delivery's id, for
	// the audit record and for schemes which sign `{id}`.
	IDHeader string `json:"idHeader"`

	// EventHeader is the name of the header that carries the type of the event,
	// for the audit record.
	EventHeader string `json:"eventHeader"`
}
