package config

import (
	"time"
)

// DeadLetterOptions say what becomes of deliveries that are given up.
type DeadLetterOptions struct {
	// Keep is for how long they are kept, to be looked at and tried again, and longer
	// where an output has not got them. `0s` is until all outputs have them.
	// Default: `720h`.
	Keep time.Duration `json:"keep" decode:"none"`

	// Outputs are where they are handed to, with their bodies, at most 8. Default: none.
	Outputs []*DeadLetterOutputOptions `json:"outputs"`
}

// DeadLetterOutputOptions say where dead letters are handed to. What an option does not
// belong to says so.
type DeadLetterOutputOptions struct {
	// Type is `sqs` (Amazon SQS), `stdout`, `file`, `elasticsearch`, `splunk`, `otlp`,
	// `loki`, `http` or `syslog`, as the outputs of the audit log. Required.
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

	// URL is where it is: for `sqs` the queue's URL, and else as in `audit.outputs`.
	// Required for all types but `stdout` and `file`.
	URL string `json:"url"`

	// Region is the region of `sqs`. Default: what `url` says.
	Region string `json:"region"`

	// Endpoint is who is asked for `sqs`, such as a VPC endpoint: a scheme and a host.
	// Default: those of `url`.
	Endpoint string `json:"endpoint"`

	// AccessKeyID is the id of the access key of `sqs`, as it is, or written like a
	// secret. Required for `sqs`.
	AccessKeyID string `json:"accessKeyID"`

	// SecretAccessKey belongs to `accessKeyID`, and is written like a secret. Required for
	// `sqs`.
	SecretAccessKey string `json:"secretAccessKey"`

	// SessionToken belongs to an access key that is temporary, and is written like a
	// secret. What renews it writes the file that `file:` names, which is read anew
	// when it changes.
	SessionToken string `json:"sessionToken"`

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
	// (`logs-hookward.dead_letter-default` by default) or the index of `splunk` (the
	// token's own by default).
	Index string `json:"index"`

	// Source is what `splunk` knows the source by. Default: `hookward`.
	Source string `json:"source"`

	// SourceType is the type of the letters in `splunk`. Default: `_json`.
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

	// Timeout is the time in which a dead letter must have been taken. Default: `10s`.
	Timeout time.Duration `json:"timeout"`
}
