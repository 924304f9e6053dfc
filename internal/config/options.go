// Package config knows the options: what a user may write, how it is decoded, and how
// a mistake in it is named. It must not know what an option does: that is compiled
// above it.
package config

import (
	"time"
)

// Options is the typed form of a middleware's configuration. Decode fills it;
// the comments of its fields are the text of docs/options.md. A field that holds
// its zero value was not given.
//
// A place, where an option names one, is `header:NAME`, `query:NAME`,
// `form:NAME`, `multipart:NAME` or `json:PATH`. A field of an HTML form is
// `form:NAME` where the form comes as `application/x-www-form-urlencoded`, and
// `multipart:NAME` where it comes as `multipart/form-data`. A path is `a.b`,
// `a[0].b`, or `a[].b` for every item of a list.
type Options struct {
	// Provider is the slug of a row of the provider catalogue, such as
	// `github`. The row fills the options below; what is given beside it
	// overrides the row. Required unless `signature` or `token` describes a
	// scheme.
	Provider string `json:"provider"`

	// Secrets are the keys that senders sign with, or the tokens that they
	// send, newest first; each is accepted, so a rotation needs no downtime.
	// At most 16. A single string is one secret: commas don't split it. Each is:
	//   - `env:NAME`, a variable of Traefik's environment;
	//   - `file:/path`, which is read again when the file changes;
	//   - the secret itself, with a warning. It must not look like a reference, a
	//     path, a name or a placeholder.
	//
	// Required where the scheme has a shared secret.
	Secrets []string `json:"secrets" decode:"whole"`

	// PublicKeys are the keys, or certificates, that verify asymmetric
	// signatures: PEM, hexadecimal or base64, also as `env:NAME` or
	// `file:/path`. At most 16. Required where the scheme has a public key.
	PublicKeys []string `json:"publicKeys" decode:"whole"`

	// Senders are the public names under which senders of yours are known
	// where the scheme has such names: the topic's ARN for AWS SNS, the app key
	// for Pusher, the public key for Braintree. Others are refused. Required
	// for AWS SNS, Braintree and Adobe.
	Senders []string `json:"senders"`

	// VerifyToken is the word that the provider repeats when it asks whether
	// the address is yours (Meta, eBay), written like a secret. It never
	// verifies a delivery. Without it, a handshake that has one is not answered.
	VerifyToken string `json:"verifyToken"`

	// PublicURL is the address that the provider calls, for schemes which sign
	// `{url}`; it is never guessed from the request. It is one of:
	//   - scheme and host (`https://hooks.example.com`): path and query are the
	//     request's;
	//   - the whole URL as the provider knows it: a request with another query
	//     or path is refused. Because Traefik may strip or add a prefix, the
	//     request's path may lack something in front, or have more in front, of
	//     letters, digits, `-`, `_` and slashes.
	//
	// A URL with a user and a password in it is given as `env:NAME` or
	// `file:/path`, which keeps it out of Traefik's API.
	PublicURL string `json:"publicURL"`

	// Signature describes a signature scheme, or overrides fields of the
	// provider's.
	Signature *SignatureOptions `json:"signature"`

	// Token describes a fixed token or password that senders send, or overrides
	// fields of the provider's. It says nothing about the body.
	Token *TokenOptions `json:"token"`

	// JWT describes a JSON Web Token that senders send, who may have made it, and what
	// it must say, or overrides fields of the provider's.
	JWT *JWTOptions `json:"jwt"`

	// OAuth2 accepts access tokens of an authorization server.
	OAuth2 *OAuth2Options `json:"oauth2"`

	// Handshakes are what the gate answers by itself when a provider asks
	// whether the address is yours; `false` switches the provider's off.
	Handshakes []*HandshakeOptions `json:"handshakes"`

	// ConfirmSubscriptions lets the gate visit the SubscribeURL of a verified
	// subscription request of one of `senders`, for AWS SNS. Such requests are
	// forwarded otherwise. Default: `false`.
	ConfirmSubscriptions bool `json:"confirmSubscriptions"`

	// Tolerance is how far a signed timestamp may be from this machine's clock,
	// both ways. With `replay` the default covers all attempts of a provider that
	// repeats a failed delivery with its first timestamp (Linear, Mailgun).
	// Default: the provider's own, else `5m`, where the scheme signs a timestamp.
	Tolerance time.Duration `json:"tolerance"`

	// StaleStatusCode is the status of the answer to a delivery that is older than
	// `tolerance`, from 400 to 499, for providers that repeat what failed with its
	// first timestamp until they get a status of their choice. Default: the
	// provider's own, if `tolerance` is shorter than it repeats (`406` for Mailgun),
	// else `401`.
	StaleStatusCode int64 `json:"staleStatusCode"`

	// Methods are the request methods that are let through to the checks.
	// Handshakes have methods of their own. Default: `POST`.
	Methods []string `json:"methods"`

	// MaxBodyBytes is the largest accepted body, in bytes, up to 1073741824.
	// Bodies are held in memory. Default: the provider's own maximum, else
	// `1048576`.
	MaxBodyBytes int64 `json:"maxBodyBytes"`

	// MaxBodyMemoryBytes is how many bytes of bodies all gates of a Traefik hold
	// at once, while they arrive and until their requests are over; beyond it a
	// request gets 503. A source may hold no more than it leaves to others. Of
	// several middlewares that name it, the smallest counts for all. Default: a
	// quarter of `GOMEMLIMIT`, or of the container's limit, whichever is less,
	// else `268435456`.
	MaxBodyMemoryBytes int64 `json:"maxBodyMemoryBytes"`

	// BodyTimeout is the time in which the whole body must have arrived.
	// Default: `10s`.
	BodyTimeout time.Duration `json:"bodyTimeout"`

	// IPStrategy says which address is the client's, for lists, limits, bans and the
	// audit record. Without it, that is the address that the connection comes from.
	IPStrategy *IPStrategyOptions `json:"ipStrategy"`

	// Allowlist lets only those clients pass on to the other checks whose
	// address is in one of its lists.
	Allowlist *AllowlistOptions `json:"allowlist"`

	// Denylist refuses clients whose address is in one of its lists, even if
	// the allow list has it too.
	Denylist *DenylistOptions `json:"denylist"`

	// RateLimit limits how often each source may call, before anything is
	// verified; more is answered with 429.
	RateLimit *RateLimitOptions `json:"rateLimit"`

	// Ban refuses a client that keeps failing verification, with 429, for a while.
	// It is on by default; `false` switches it off.
	Ban *BanOptions `json:"ban" decode:"off"`

	// Replay lets each verified delivery pass once.
	Replay *ReplayOptions `json:"replay"`

	// Redis shares limits, bans and what `replay` remembers among several
	// Traefiks, through Redis or Valkey.
	Redis *RedisOptions `json:"redis"`

	// Delivery keeps verified deliveries that the backend can't take at the moment, and
	// tries them again. It needs `stateDirectory`.
	Delivery *DeliveryOptions `json:"delivery"`

	// Audit says what is recorded of each request, and where. Without it, that is
	// one line on stdout, with the body's hash.
	Audit *AuditOptions `json:"audit"`

	// Metrics makes this middleware no gate: it answers with the numbers of all gates of
	// this Traefik, in Prometheus' text format or OpenMetrics. Beside it may stand
	// `allowlist`, `denylist`, `ipStrategy` and `stateDirectory`. See
	// [metrics](metrics.md).
	Metrics *MetricsOptions `json:"metrics"`

	// Console makes this middleware no gate: it answers with a page that shows what
	// the gates of this Traefik have decided. Beside it may stand `allowlist`,
	// `denylist`, `ipStrategy` and `stateDirectory`. See [console](console.md).
	Console *ConsoleOptions `json:"console"`

	// StateDirectory is a directory, as an absolute path, for what a restart of
	// Traefik should not forget: the last good version of each list that has a
	// `url`, the deliveries that `replay` remembers, those that `delivery` has
	// yet to hand on, and records that could not be sent yet. It is created where it is missing. Each Traefik needs one of
	// its own.
	//
	// Without it, a restart has two effects: an allow list with a `url` answers
	// 503 until it is fetched, and a delivery that has passed may pass once more.
	StateDirectory string `json:"stateDirectory"`

	// ObserveOnly forwards what the checks refuse, and records the refusal, so
	// that a gate can be tried on live traffic. It protects nothing.
	// Default: `false`.
	ObserveOnly bool `json:"observeOnly"`
}

// SignatureOptions describe a signature scheme.
type SignatureOptions struct {
	// Algorithm is `hmac-`, or `hash-` for a plain hash over a text with
	// `{secret}` in it, followed by `md5`, `sha1`, `sha256`, `sha384` or
	// `sha512`; or, with public keys, `ed25519`, `ecdsa-sha256`, `ecdsa-sha1`,
	// `rsa-sha256`, `rsa-sha1` (PKCS #1 v1.5) or `rsa-pss-sha256`.
	// Default: `hmac-sha256`.
	Algorithm string `json:"algorithm"`

	// Header is the name of the header that carries the signature, or several
	// of which each may carry one. `X-Signature-{n}` stands for numbered ones,
	// from 1. Required unless the provider or `field` names the place.
	Header []string `json:"header"`

	// Field is the place of the signature where that is no header, such as
	// `json:signature.value`.
	Field string `json:"field"`

	// Format is the exact grammar of the signature's text: literal text around
	// `{hex}`, `{base64}` or `{base64url}`, and `{timestamp}` where it stands
	// beside the signature. `{sender}` is one of `senders`, `{headers}` a list of
	// signed headers, `{base64json:NAME}` a signature in a field of a base64
	// JSON object.
	//
	// A format that ends in a separator (comma, semicolon, ampersand or space)
	// and `...` is a list: `t={timestamp},v1={hex},...` takes its elements in any
	// order, and several signatures. Other elements are left unread. Default: `{hex}`.
	Format string `json:"format"`

	// Signs is what is signed: literal text, and in braces:
	//   - `{body}`, `{timestamp}`, `{id}`, `{method}`, `{secret}`;
	//   - `{url}`, `{host}`, `{path}`, `{query}`, `{uri}` (path and query), `{portURL}` (with its scheme's
	//     port, or without the port that it has), `{decodedURL}` (with what HubSpot decodes);
	//   - any place, such as `{header:NAME}` or `{json:a.b}`;
	//   - `{lower:PLACE}`, its value in small letters; `{free:PLACE}`, the one value that may contain the
	//     text beside it; `{only:form:NAME}`, a field of an HTML form that has no other fields;
	//   - `{sorted:form}`, `{sorted:query}`, names and values in order;
	//   - `{ascii:body}`; `{sha256:body}` (in hexadecimal), `{sha256base64:body}`, `{sha256raw:body}`;
	//   - `{headers:NAME}`, the headers that a header lists; `{headers}` and `{headerValues}`, those that
	//     `format` lists, with dots between them. Where one more dot follows, the body must be a JSON object
	//     or list;
	//   - conditions, which add nothing to the text and must hold: `{PLACE==TEXT}`, `{PLACE==sha256:body}`,
	//     and `{PLACE==}` for a value that is absent.
	//
	// Text in brackets is left out where all values in it are absent. Braces and
	// brackets of the text itself are doubled. Default: `{body}`.
	Signs string `json:"signs"`

	// Items is the path of a list in the JSON body each item of which is signed
	// for itself: the paths of `field` and `signs` then begin in an item, and
	// every item must verify.
	Items string `json:"items"`

	// Uncompressed verifies what a body was before `Content-Encoding: gzip`, for
	// senders that sign before they compress. The backend gets the body as it
	// arrived. A compressed body must be one member of gzip with nothing behind it,
	// of at most `maxBodyBytes` when uncompressed. Other encodings are refused. A
	// body without an encoding is verified as it is. Default: `false`.
	Uncompressed bool `json:"uncompressed"`

	// SecretEncoding says how the key is written in a secret: `utf8` (the text
	// is the key), `hex`, `base64`, `whsec` (base64 after an optional `whsec_`)
	// or `sha1` (the key is the text's SHA-1). Default: `utf8`.
	SecretEncoding string `json:"secretEncoding"`

	// TimestampHeader is the name of the header that carries the signed
	// timestamp, for schemes which sign `{timestamp}` and don't send it in the
	// signature's own header.
	TimestampHeader string `json:"timestampHeader"`

	// TimestampField is the place of the signed timestamp where that is no
	// header.
	TimestampField string `json:"timestampField"`

	// TimestampUnit is `s` or `ms` since 1970, `epoch` (either, told apart by
	// its size), `rfc3339`, or `http` for a date as HTTP writes it.
	// Default: `s`.
	TimestampUnit string `json:"timestampUnit"`

	// IDHeader is the name of the header that carries the delivery's id, for
	// the audit record, the backend, and schemes which sign `{id}`.
	IDHeader string `json:"idHeader"`

	// IDField is the place of the delivery's id where that is no header.
	IDField string `json:"idField"`

	// EventHeader is the name of the header that carries the type of the event,
	// for the audit record and the backend.
	EventHeader string `json:"eventHeader"`

	// EventField is the place of the event's type where that is no header.
	EventField string `json:"eventField"`

	// SenderField is the place where the sender names itself; the name must be
	// one of `senders`, if any are given.
	SenderField string `json:"senderField"`

	// CertificateField is the place of the URL of the signer's certificate, for
	// AWS SNS. It is fetched from Amazon's SNS hosts and from nowhere else,
	// unless `publicKeys` are given.
	CertificateField string `json:"certificateField"`

	// Alternatives are further forms in which the same provider signs; a request
	// has to verify in one of all forms. What an alternative leaves out is as in the
	// first form. At most 4. Whoever overrides the first form of a provider gives up
	// the provider's alternatives.
	Alternatives []*AlternativeOptions `json:"alternatives"`
}

const DefaultTolerance = 5 * time.Minute
