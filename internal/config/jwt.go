package config

import (
	"time"
)

// JWTOptions say where a request has its JSON Web Token (RFC 7519), or a detached
// signature of the same form (RFC 7515, appendix F), who may have made it, and what it
// must say. The token's time is always looked at, where it says one: `exp`, `nbf` and
// `iat`, with `tolerance` for clocks that differ (default: `1m`).
type JWTOptions struct {
	// Header is the name of the header that has the token.
	// Default: `Authorization`, unless another location is given.
	Header string `json:"header"`

	// Scheme is the word before the token and one space, in any case, such as
	// `Bearer` or `JWT`; `none` says that the header has the token alone. Default:
	// `Bearer` in `Authorization`, and `none` in other headers.
	Scheme string `json:"scheme"`

	// Query is the name of the query parameter that has the token. URLs end up in
	// logs.
	Query string `json:"query"`

	// Field is the location of the token in the body, such as `json:signedPayload`, or
	// `json:validationTokens[]` for a list, of up to 16, each of which must verify.
	Field string `json:"field"`

	// Body says that the token is the whole body. Default: `false`.
	Body bool `json:"body"`

	// Detached says that the header has a signature alone, `HEADER..SIGNATURE`, and
	// that the body is what is signed. There are no claims then. Default: `false`.
	Detached bool `json:"detached"`

	// UnencodedPayload says that a detached signature is over the body as it is
	// (RFC 7797), and no other is accepted: its header must have `b64: false` and
	// `crit: ["b64"]`. Default: `false`.
	UnencodedPayload bool `json:"unencodedPayload"`

	// WithoutCrit takes such a signature also where `crit` does not name `b64`, against
	// RFC 7797, as PyJWT makes it. Default: `false`.
	WithoutCrit bool `json:"withoutCrit"`

	// Algorithms are those that are accepted, whatever the token says: `HS256`, `HS384`
	// and `HS512` (with `secrets`); `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`,
	// `ES256`, `ES384`, `ES512` and `EdDSA` (with `publicKeys`). Required unless the
	// provider says them.
	Algorithms []string `json:"algorithms"`

	// SecretEncoding says how a key is written in `secrets`: `utf8` (the text is the
	// key), `hex` or `base64`. Default: `utf8`.
	SecretEncoding string `json:"secretEncoding"`

	// JWKS says where the public keys are had from, where they don't stand in
	// `publicKeys`: from the issuer, who replaces them now and then.
	JWKS *JWKSOptions `json:"jwks"`

	// Certificates takes the key from the certificates that the token itself has in
	// `x5c`, if they lead to a root of yours. Without it, `x5c` is not looked at.
	Certificates *JWTCertificateOptions `json:"certificates"`

	// Issuers are the values that `iss` may have, to the letter. Where keys are found
	// by discovery, each issuer has its own.
	Issuers []string `json:"issuers"`

	// Audiences are the values of which `aud` must have one, to the letter.
	Audiences []string `json:"audiences"`

	// Types are the values that `typ` of the token's header may have, in any case, with
	// or without `application/` in front; `none` is its absence. Without it, all are
	// taken but those that have a purpose of their own, such as `secevent+jwt` and
	// `at+jwt`.
	Types []string `json:"types"`

	// RequiredClaims are the names of claims that must be there. Default: `exp`, where
	// the token is not bound to the body and there is no `maxAge`.
	RequiredClaims []string `json:"requiredClaims"`

	// Claims are the values that claims must have, `NAME=VALUE`, such as
	// `email=hooks@example.com`; of several values for one name, one must be there. A
	// name is a claim's, or a path, such as `data.bundleId`. A claim that is a list must
	// have the value in it.
	Claims []string `json:"claims" decode:"whole"`

	// Scopes are the words that `scope`, or `scp`, must have all of. A token without
	// one is answered with 403.
	Scopes []string `json:"scopes"`

	// MaxAge is how old a token may be, by `ageClaim`, which must then be there.
	MaxAge time.Duration `json:"maxAge"`

	// AgeClaim is the claim that says when the token was made, in seconds since 1970,
	// or in milliseconds. Default: `iat`.
	AgeClaim string `json:"ageClaim"`

	// MaxLifetime is how long a token may be good for: from `iat`, or from now, to
	// `exp`. Default: `24h`.
	MaxLifetime time.Duration `json:"maxLifetime"`

	// BodyHash names the claim that has a digest of the body.
	BodyHash *BodyHashOptions `json:"bodyHash"`

	// URL names the claim that says which address the token is for.
	URL *URLClaimOptions `json:"url"`

	// PerDelivery says that the sender makes a new token for each delivery, so that
	// `replay` may take two with the same token for one. Default: `false`.
	PerDelivery bool `json:"perDelivery"`

	// ForwardToken says whether the backend gets the token: `always` or `never`.
	// Default: `always` where it is bound to the body, or in it; else `never`, because
	// whoever has the token can use it.
	ForwardToken string `json:"forwardToken"`

	// ForwardClaims are headers that the backend gets, each with a claim in it,
	// `NAME=CLAIM`, such as `X-Hookward-Subject=sub`. Nobody else can send them.
	ForwardClaims []string `json:"forwardClaims" decode:"whole"`

	// IDHeader is the name of the header that carries the delivery's id.
	IDHeader string `json:"idHeader"`

	// IDField is the location of the delivery's id where that is no header. Here and in
	// the two below, `jwt:CLAIM` is a claim, such as `jwt:jti`.
	IDField string `json:"idField"`

	// EventHeader is the name of the header that carries the type of the event.
	EventHeader string `json:"eventHeader"`

	// EventField is the location of the event's type where that is no header.
	EventField string `json:"eventField"`

	// SenderField is the claim in which the sender names itself, `jwt:CLAIM`; the name
	// must be one of `senders`.
	SenderField string `json:"senderField"`

	// Refusal is `plain`, or `secevent` for transmitters of security events, who want to
	// be answered as RFC 8935 says, a refusal with 400 and an error in JSON, and a
	// duplicate with 202. Default: `plain`.
	Refusal string `json:"refusal"`
}

// JWTCertificateOptions say which certificates in a token are believed.
type JWTCertificateOptions struct {
	// Roots are the certificates that all must lead to, in PEM, also as `env:NAME` or
	// `file:/path`. The token's own root counts for nothing. Required unless the
	// provider names it.
	Roots []string `json:"roots" decode:"whole"`

	// LeafOID is the extension that the signer's certificate must have, such as
	// `1.2.840.113635.100.6.11.1`.
	LeafOID string `json:"leafOID"`

	// IntermediateOID is the extension that the certificate above it must have.
	IntermediateOID string `json:"intermediateOID"`

	// ChainLength is how many certificates a token must have. Default: `3`.
	ChainLength int64 `json:"chainLength"`
}

// BodyHashOptions describe the claim with a digest of the body.
type BodyHashOptions struct {
	// Claim is its name. Required unless the provider says it.
	Claim string `json:"claim"`

	// Encoding is `hex`, `base64` or `base64url` (these two with or without padding), or
	// `text`, where the claim is no digest, but the body itself. Default: `hex`.
	Encoding string `json:"encoding"`

	// Algorithm is `sha256`, `sha384` or `sha512`. Default: `sha256`.
	Algorithm string `json:"algorithm"`

	// AbsentIfEmpty says that the claim is missing where there is no body.
	// Default: `false`.
	AbsentIfEmpty bool `json:"absentIfEmpty"`
}

// URLClaimOptions describe the claim that says which address a token is for.
type URLClaimOptions struct {
	// Claim is its name. Required unless `form` is `qsh`.
	Claim string `json:"claim"`

	// Form is what the claim has: `url`, the whole address (or a list with it);
	// `sha256hex`, its SHA-256 (both need `publicURL`); or `qsh`, Atlassian's digest of
	// method, path and query. Default: `url`.
	Form string `json:"form"`
}
