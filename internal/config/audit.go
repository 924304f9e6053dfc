package config

import (
	"time"
)

// AuditOptions say what is recorded of each request, and where.
type AuditOptions struct {
	// Outputs are where records go, at most 8. Default: one of type `stdout`.
	Outputs []*OutputOptions `json:"outputs"`

	// Payload is what is recorded of the body: `none`, `hash` (its SHA-256),
	// `redacted` (the body, without what `redact` and the built-in names say), or
	// `full`. Default: `hash`.
	Payload string `json:"payload"`

	// MaxPayloadBytes is how much of the body's beginning is recorded, up to
	// 1048576. Default: `16384`.
	MaxPayloadBytes int64 `json:"maxPayloadBytes"`

	// RefusedPayload records the payload of requests that were refused, too: it is
	// any stranger's to choose. Default: `false`.
	RefusedPayload bool `json:"refusedPayload"`

	// Redact are the paths of values that are left out of a `redacted` payload, in
	// JSON and HTML forms: `customer.email`; `*.card`, with any name in the place
	// of the star; `**.card`, at any depth. Lists are no level; upper and lower
	// case, `-` and `_` make no difference. Values of names such as `password` and
	// `token` are always left out, in the queries of links, too.
	Redact []string `json:"redact"`

	// RedactPatterns are kinds of values that are left out of a `redacted`
	// payload wherever they stand: `card`, `email`, `iban`.
	RedactPatterns []string `json:"redactPatterns"`

	// Headers are the names of request headers that are recorded. Those that carry
	// a signature, a token or a cookie can't be.
	Headers []string `json:"headers"`

	// Sample leaves out records on purpose: of 100 requests of a kind, say, only one
	// is recorded.
	Sample *SampleOptions `json:"sample"`

	// Required lets no request pass of which there is no record: what is about to
	// be forwarded is first written to `stateDirectory`, and where it can't be,
	// the answer is 503. Default: `false`.
	Required bool `json:"required"`
}

// SampleOptions say how many requests of a kind stand behind one record.
type SampleOptions struct {
	// Pass is a number: of so many requests that pass,
	// one is recorded. Default: `1`.
	Pass int64 `json:"pass"`

	// Refuse is a number: of so many requests that are refused,
	// one is recorded. Default: `1`.
	Refuse int64 `json:"refuse"`

	// Duplicate is a number: of so many repeated deliveries that are acknowledged,
	// one is recorded. Default: `1`.
	Duplicate int64 `json:"duplicate"`

	// Handshake is a number: of so many handshakes,
	// one is recorded. Default: `1`.
	Handshake int64 `json:"handshake"`
}

// OutputOptions say where records go. What an option does not belong to says so.
type OutputOptions struct {
	// Type is `stdout`, `file`, `elasticsearch` (and OpenSearch: the bulk API),
	// `splunk` (its HTTP Event Collector), `otlp` (OpenTelemetry, as JSON over
	// HTTP), `loki`, `http` (JSON lines) or `syslog` (RFC 5424). Required.
	Type string `json:"type"`

	// Path is the absolute path of a `file`. Required for type `file`.
	Path string `json:"path"`

	// MaxBytes is the size at which a `file` is rotated. Default: `104857600`.
	MaxBytes int64 `json:"maxBytes"`

	// MaxAge is the age at which a `file` is rotated. Default: never, by age.
	MaxAge time.Duration `json:"maxAge"`

	// Keep is how many rotated files are kept. Default: `10`.
	Keep int64 `json:"keep"`

	// Compression is what rotated files are compressed with: `gzip` or `none`.
	// Default: `gzip`.
	Compression string `json:"compression"`

	// ChainKey makes a `file` tamper-evident: each line then ends in
	// `hookward.chain`, a MAC with this key over the line and that of the line
	// before. Written like a secret.
	ChainKey string `json:"chainKey"`

	// URL is where an output of the other types is. For `elasticsearch`,
	// `splunk`, `otlp` and `loki` it is the server's, without `/_bulk`,
	// `/services/collector/event`, `/v1/logs` and `/loki/api/v1/push`; for `http`
	// it is the whole one; for `syslog` it is `udp://`, `tcp://` or
	// `tls://HOST:PORT`. Required for all types but `stdout` and `file`.
	URL string `json:"url"`

	// Username is the name to authenticate with, by HTTP basic authentication.
	Username string `json:"username"`

	// Password belongs to `username`, and is written like a secret.
	Password string `json:"password"`

	// Token is Splunk's token, or the bearer token of `otlp`, `loki` and `http`,
	// written like a secret. Required for `splunk`.
	Token string `json:"token"`

	// APIKey is the encoded API key of `elasticsearch`, written like a secret.
	APIKey string `json:"apiKey"`

	// Headers are further headers of each request, `Name: value`; the value is
	// written like a secret, and may be none.
	Headers []string `json:"headers" decode:"whole"`

	// Index is the index, or the data stream, of `elasticsearch`
	// (`logs-hookward.audit-default` by default) or the index of `splunk` (the
	// token's own by default).
	Index string `json:"index"`

	// Source is what `splunk` knows the records' source by. Default: `hookward`.
	Source string `json:"source"`

	// SourceType is the type of the records in `splunk`. Default: `_json`.
	SourceType string `json:"sourcetype"`

	// Acknowledge waits until `splunk` has indexed what it has taken, which the
	// token must have switched on. Default: `false`.
	Acknowledge bool `json:"acknowledge"`

	// Labels are the stream's labels in `loki`, `name=value`.
	// Default: `service_name=hookward`.
	Labels []string `json:"labels"`

	// Facility is the facility of messages to `syslog`. Default: `local0`.
	Facility string `json:"facility"`

	// TLS is how the connection is encrypted, where `url` says that it is.
	TLS *TLSOptions `json:"tls"`

	// Timeout is the time in which a batch must have been taken. Default: `10s`.
	Timeout time.Duration `json:"timeout"`

	// BatchBytes is about how much is sent at once, up to 8388608.
	// Default: `262144`.
	BatchBytes int64 `json:"batchBytes"`

	// BatchInterval is how long a record waits for others, up to `1s`.
	// Default: `500ms`.
	BatchInterval time.Duration `json:"batchInterval"`

	// BufferBytes is how much may wait in memory while the output does not take
	// it, up to 268435456. What is more is lost, the oldest first, and a record
	// says how much. Default: `8388608`.
	BufferBytes int64 `json:"bufferBytes"`

	// SpillBytes is how much may wait in `stateDirectory`, if there is one.
	// Default: `268435456`.
	SpillBytes int64 `json:"spillBytes"`
}
