package config

import "time"

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
	// from 1. Required unless the provider or `field` names the location.
	Header []string `json:"header"`

	// Field is the location of the signature where that is no header, such as
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
	//   - any location, such as `{header:NAME}` or `{json:a.b}`;
	//   - `{lower:LOCATION}`, its value in small letters; `{free:LOCATION}`, the one value that may contain the
	//     text beside it; `{only:form:NAME}`, a field of an HTML form that has no other fields;
	//   - `{sorted:form}`, `{sorted:query}`, names and values in order;
	//   - `{ascii:body}`; `{sha256:body}` (in hexadecimal), `{sha256base64:body}`, `{sha256raw:body}`;
	//   - `{headers:NAME}`, the headers that a header lists; `{headers}` and `{headerValues}`, those that
	//     `format` lists, with dots between them. Where one more dot follows, the body must be a JSON object
	//     or list;
	//   - conditions, which add nothing to the text and must hold: `{LOCATION==TEXT}`, `{LOCATION==sha256:body}`,
	//     and `{LOCATION==}` for a value that is absent.
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

	// TimestampField is the location of the signed timestamp where that is no
	// header.
	TimestampField string `json:"timestampField"`

	// TimestampUnit is `s` or `ms` since 1970, `epoch` (either, told apart by
	// its size), `rfc3339`, or `http` for a date as HTTP writes it.
	// Default: `s`.
	TimestampUnit string `json:"timestampUnit"`

	// IDHeader is the name of the header that carries the delivery's id, for
	// the audit record, the backend, and schemes which sign `{id}`.
	IDHeader string `json:"idHeader"`

	// IDField is the location of the delivery's id where that is no header.
	IDField string `json:"idField"`

	// EventHeader is the name of the header that carries the type of the event,
	// for the audit record and the backend.
	EventHeader string `json:"eventHeader"`

	// EventField is the location of the event's type where that is no header.
	EventField string `json:"eventField"`

	// SenderField is the location where the sender names itself; the name must be
	// one of `senders`, if any are given.
	SenderField string `json:"senderField"`

	// CertificateField is the location of the URL of the signer's certificate, for
	// AWS SNS. It is fetched from Amazon's SNS hosts and from nowhere else,
	// unless `publicKeys` are given.
	CertificateField string `json:"certificateField"`

	// Alternatives are further schemes by which the same provider signs; a request
	// has to verify by one of them all. What an alternative leaves out is as in the
	// first scheme. At most 4. Whoever overrides the first scheme of a provider gives up
	// the provider's alternatives.
	Alternatives []*AlternativeOptions `json:"alternatives"`
}

const DefaultTolerance = 5 * time.Minute
