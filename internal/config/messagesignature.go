package config

import (
	"time"
)

// MessageSignatureOptions describe HTTP Message Signatures, RFC 9421, and the body's digest,
// RFC 9530, that goes with them. Keys are `secrets` (for HMAC), or `publicKeys`, each of
// which may be a JWK or a JWK set too: a signature that names a key (`keyid`) is verified by
// the keys of that name, and by those that have none.
type MessageSignatureOptions struct {
	// Components are what a signature must cover, each a field's name or one of `@method`,
	// `@target-uri`, `@authority`, `@scheme`, `@request-target`, `@path`, `@query`. A digest
	// is not demanded of a request without a body. Default: `@method`, `@target-uri`,
	// `content-digest`; of the dialect `cavage`: `(request-target)`, `host`, `digest`.
	Components []string `json:"components"`

	// CoverIfPresent are further components that a signature must cover where the request
	// has them, such as `@query` or `idempotency-key`.
	CoverIfPresent []string `json:"coverIfPresent"`

	// Parameters are what a signature must say of itself: `created`, `expires`, `nonce`,
	// `keyid`, `alg`, `tag`. Default: `created`. Without it a signature has no age.
	Parameters []string `json:"parameters"`

	// Algorithms are those that may be used: `rsa-pss-sha512`, `rsa-v1_5-sha256`,
	// `hmac-sha256`, `ecdsa-p256-sha256`, `ecdsa-p384-sha384`, `ed25519`; of the dialect
	// `cavage`: `rsa-sha256`, `rsa-sha512`, `hmac-sha256`, `hmac-sha384`, `hmac-sha512`, `ecdsa-sha256`,
	// `ed25519`. Default: those that there are keys for.
	Algorithms []string `json:"algorithms"`

	// Tags are those of which a signature must have one. Default: any, or none.
	Tags []string `json:"tags"`

	// Label is that of the signature to look at; others are left unread. Default: each of
	// up to 4 is tried.
	Label string `json:"label"`

	// KeyIDs are the values of `keyid` that are accepted. Default: any.
	KeyIDs []string `json:"keyIDs"`

	// MaxLifetime is how far `expires` may be from `created`. Default: unlimited; whatever
	// a signature says, it is refused once `created` is older than `tolerance`.
	MaxLifetime time.Duration `json:"maxLifetime"`

	// ClockSkew is how far the sender's clock may be off where `created` is in the future, or
	// `expires` has passed. How old `created` may be says `tolerance`. Default: `1m`.
	ClockSkew time.Duration `json:"clockSkew"`

	// MinNonceBytes is how many bytes a `nonce` must have once its base64url is decoded.
	// Default: it is not decoded, and may be any text.
	MinNonceBytes int64 `json:"minNonceBytes"`

	// Encoding is how the bytes of a signature are written: `base64`, with its padding, or
	// `base64url` without, which AdCP has against RFC 9421. Default: `base64`.
	Encoding string `json:"encoding"`

	// SecretEncoding says how the key of HMAC is written in a secret: `utf8` (the text is the
	// key), `hex` or `base64`. Default: `utf8`.
	SecretEncoding string `json:"secretEncoding"`

	// DigestAlgorithms are the algorithms that a body's digest counts in: `sha-256`,
	// `sha-512`. If it has several of them, all must be right; others are left unread.
	// Default: both.
	DigestAlgorithms []string `json:"digestAlgorithms"`

	// JWKS says where the sender publishes its keys, in place of `publicKeys`.
	JWKS *JWKSOptions `json:"jwks"`

	// KeyMembers are members that a JWK must have, each as `NAME=TEXT`, such as
	// `adcp_use=webhook-signing`; of several texts for one name, one must be there. A key that
	// is no JWK has none.
	KeyMembers []string `json:"keyMembers"`

	// WWWAuthenticate is the vocabulary in which a refusal tells the sender why, in a
	// header of that name: `adcp`. Default: none.
	WWWAuthenticate string `json:"wwwAuthenticate"`

	// Dialect is `rfc9421`, or `cavage` (draft-cavage-http-signatures-12: a list of header
	// names in `Signature`, or in `Authorization` after `Signature` or `Hmac`, and the header
	// `Digest`). Default: `rfc9421`.
	Dialect string `json:"dialect"`

	// IDHeader is the name of the header that carries the delivery's id.
	IDHeader string `json:"idHeader"`

	// IDField is the location of the delivery's id where that is no header.
	IDField string `json:"idField"`

	// EventHeader is the name of the header that carries the type of the event.
	EventHeader string `json:"eventHeader"`

	// EventField is the location of the event's type where that is no header.
	EventField string `json:"eventField"`
}
