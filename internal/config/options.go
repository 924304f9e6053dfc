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
// A location, where an option names one, is `header:NAME`, `query:NAME`,
// `form:NAME`, `multipart:NAME` or `json:PATH`. A field of an HTML form is
// `form:NAME` where the form comes as `application/x-www-form-urlencoded`, and
// `multipart:NAME` where it comes as `multipart/form-data`. A path is `a.b`,
// `a[0].b`, or `a[].b` for every item of a list.
type Options struct {
	// Provider is the slug of a row of the provider catalogue, such as
	// `github`. The row fills the options below; what is given beside it
	// overrides the row. Required unless `signature`, `token` or
	// `messageSignature` describes a scheme, or `clientCertificate` is enough.
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

	// MessageSignature verifies HTTP Message Signatures, RFC 9421, or overrides fields of the
	// provider's.
	MessageSignature *MessageSignatureOptions `json:"messageSignature"`

	// ClientCertificate asks for a client certificate, beside `signature`, `token`, `jwt`,
	// `oauth2` or `messageSignature`, or alone. It is looked at before the body is read.
	ClientCertificate *ClientCertificateOptions `json:"clientCertificate"`

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
	// Traefiks, through Redis or Valkey, and with `delivery.store.type: redis` the
	// deliveries that wait.
	Redis *RedisOptions `json:"redis"`

	// Delivery keeps verified deliveries that the backend can't take at the moment, and
	// tries them again. It needs `stateDirectory`, or `redis` where its `store.type` is
	// `redis`.
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
	// the gates of this Traefik have decided. Beside it may stand `allowlist`, `denylist`,
	// `ipStrategy`, `stateDirectory` and `audit.outputs`. See [console](console.md).
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
