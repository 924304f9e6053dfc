package audit

// Record is the audit record of a request. The names are those of the Elastic
// Common Schema; what it has no name for stands under hookward. All names are
// here, flat, so that one call encodes a record, and no text of a stranger's can
// be taken for a name. The comments are the table in docs/audit.md.
type Record struct {
	// ID is the epoch and the sequence: no other record has it, and one that
	// is sent again has it again.
	ID string `json:"event.id"`

	// Sequence counts the records of a middleware in an epoch, from 1 and
	// without a gap. Records of the same moment may stand in another order.
	Sequence int64 `json:"event.sequence"`

	// Time is when the request arrived, in UTC, to the microsecond.
	Time string `json:"@timestamp"`

	// ECSVersion is the version of the Elastic Common Schema.
	ECSVersion string `json:"ecs.version"`

	// Dataset is `hookward.audit`.
	Dataset string `json:"event.dataset"`

	// Kind is `event`, or `pipeline_error` of a record that says which ones
	// are lost.
	Kind string `json:"event.kind"`

	// Category is always `network`.
	Category []string `json:"event.category"`

	// Type is `allowed` or `denied`.
	Type []string `json:"event.type"`

	// Outcome is `success` where the request passed and the backend answered
	// with less than 400, or the gate answered for itself; else `failure`;
	// `unknown` where Traefik ended before it was known, or the delivery is stored
	// and tried again.
	Outcome string `json:"event.outcome"`

	// Reason is the word for what was decided, as in the table of answers.
	Reason string `json:"event.reason"`

	// Duration is the time from arrival to the end of the answer, in
	// nanoseconds.
	Duration int64 `json:"event.duration"`

	// InGate is how much of that the gate took, in nanoseconds; to read the
	// body is part of it.
	InGate int64 `json:"hookward.gate.duration"`

	// InBackend is how much of that the backend took, and what stands between,
	// in nanoseconds.
	InBackend int64 `json:"hookward.backend.duration,omitempty"`

	// Epoch is a random word, new for each middleware with each start of
	// Traefik.
	Epoch string `json:"hookward.epoch"`

	// Middleware is the middleware's name, as Traefik has it.
	Middleware string `json:"hookward.middleware"`

	// Router is the router's name. Absent where Traefik does not let it be
	// seen.
	Router string `json:"hookward.router,omitempty"`

	// Decision is `pass`, `refuse`, `handshake`, or `duplicate` (acknowledged,
	// and not forwarded).
	Decision string `json:"hookward.decision"`

	// Sample says for how many requests of its kind the record stands, where
	// there is `audit.sample`.
	Sample int64 `json:"hookward.sample,omitempty"`

	// Observed marks what was refused, and forwarded all the same by
	// `observeOnly`, without `X-Hookward-` headers.
	Observed bool `json:"hookward.observed,omitempty"`

	// Provider is the provider's slug, or `custom`.
	Provider string `json:"hookward.provider,omitempty"`

	// DeliveryID is the delivery's id as the sender wrote it, signed or not.
	DeliveryID string `json:"hookward.delivery_id,omitempty"`

	// EventType is the event's type as the sender wrote it, signed or not.
	EventType string `json:"hookward.event_type,omitempty"`

	// Timestamp is the time that the sender has signed.
	Timestamp string `json:"hookward.timestamp,omitempty"`

	// Secret is which one of `secrets` it was, from 1.
	Secret int `json:"hookward.secret,omitempty"`

	// PublicKey is which one of `publicKeys` it was, or of what they stand
	// for.
	PublicKey int `json:"hookward.public_key,omitempty"`

	// TokenAlgorithm is the algorithm of a JWT as the sender wrote it, verified or
	// not.
	TokenAlgorithm string `json:"hookward.jwt.algorithm,omitempty"`

	// TokenKeyID is its `kid` as the sender wrote it.
	TokenKeyID string `json:"hookward.jwt.key_id,omitempty"`

	// TokenIssuer is its `iss`, where its signature is right.
	TokenIssuer string `json:"hookward.jwt.issuer,omitempty"`

	// TokenSubject is its `sub`, where its signature is right.
	TokenSubject string `json:"hookward.jwt.subject,omitempty"`

	// SignatureLabel is the label of the message signature that verified, or that came
	// furthest.
	SignatureLabel string `json:"hookward.signature.label,omitempty"`

	// SignatureKeyID is the `keyid` of a message signature as the sender wrote it, verified
	// or not.
	SignatureKeyID string `json:"hookward.signature.key_id,omitempty"`

	// SignatureAlgorithm is the algorithm of a message signature, if it is one that
	// hookward knows.
	SignatureAlgorithm string `json:"hookward.signature.algorithm,omitempty"`

	// Aborted marks a response that broke off.
	Aborted bool `json:"hookward.aborted,omitempty"`

	// Duplicate marks a delivery that had passed before.
	Duplicate bool `json:"hookward.duplicate,omitempty"`

	// Kept is the id of a delivery that is kept until it has arrived: see `delivery`. The
	// records of the dataset `hookward.delivery` have it as well.
	Kept string `json:"hookward.delivery.id,omitempty"`

	// KeptState is what has become of such a delivery at the end of the request:
	// `delivered`, `stored` (it is tried again, and the outcome is `unknown`), or `passed`
	// (the sender was told that it has failed).
	KeptState string `json:"hookward.delivery.state,omitempty"`

	// BackendStatus is what the backend answered where the sender got another answer.
	BackendStatus int `json:"hookward.delivery.status,omitempty"`

	// Client is the client's address by `ipStrategy`. Absent where it can't be
	// told.
	Client string `json:"client.address,omitempty"`

	// Source is the address that the connection came from.
	Source string `json:"source.address"`

	// ClientSubject is the subject of the client's certificate, where one was asked for and
	// is accepted.
	ClientSubject string `json:"tls.client.subject,omitempty"`

	// ClientCertificate is the SHA-256 of that certificate, in hexadecimal.
	ClientCertificate string `json:"tls.client.hash.sha256,omitempty"`

	// ClientCertificateEnds is until when that certificate is valid.
	ClientCertificateEnds string `json:"tls.client.not_after,omitempty"`

	// Rule is the list that has denied the client.
	Rule string `json:"rule.name,omitempty"`

	// Method is the request's method.
	Method string `json:"http.request.method"`

	// Host is the host that was called, without its port.
	Host string `json:"url.domain"`

	// Path is the path as it came.
	Path string `json:"url.path"`

	// Query is the query as it came, without the values of names that stand
	// for secrets, or that the scheme reads a token, a signature or a
	// challenge from.
	Query string `json:"url.query,omitempty"`

	// Headers are the headers of `audit.headers`, by their names; of several
	// lines the first.
	Headers map[string]string `json:"hookward.headers,omitempty"`

	// BodyBytes is the size of the body. Absent where it is not known.
	BodyBytes *int64 `json:"http.request.body.bytes,omitempty"`

	// MediaType is the Content-Type as it came.
	MediaType string `json:"hookward.body.media_type,omitempty"`

	// BodyHash is the SHA-256 of the whole body, in hexadecimal. Absent where
	// it was not read whole.
	BodyHash string `json:"hookward.body.sha256,omitempty"`

	// BodyContent is the body as `audit.payload` says.
	BodyContent string `json:"http.request.body.content,omitempty"`

	// BodyBase64 is the body in base64, where it is no UTF-8.
	BodyBase64 string `json:"hookward.body.base64,omitempty"`

	// Truncated marks a body of which not all is there that `audit.payload`
	// asks for.
	Truncated bool `json:"hookward.body.truncated,omitempty"`

	// Error says which mistakes of the configuration are behind the reason
	// `config_invalid`, as on stderr but without the values that are quoted there.
	Error string `json:"error.message,omitempty"`

	// Status is the status that the client was sent. Absent where there was
	// none.
	Status int `json:"http.response.status_code,omitempty"`
}

// Dataset is the same in all records.
const Dataset = "hookward.audit"

// What stands in records of requests, and is changed by nobody.
var (
	Allowed = []string{"allowed"}
	Denied  = []string{"denied"}
	Network = []string{"network"}
)
