package config

// HandshakeOptions describe a request by which a provider asks whether the
// address is yours, and the answer.
type HandshakeOptions struct {
	// Method is the request method: `GET`, `HEAD`, `OPTIONS` or `POST`.
	// Default: `POST`.
	Method string `json:"method"`

	// When are the conditions that tell the handshake from a delivery, each a
	// location that must have a value, or `LOCATION=TEXT`; of several texts for one
	// location, one must be there. Where `unsigned` is set, a form must have no
	// other fields than those that the handshake reads.
	When []string `json:"when" decode:"whole"`

	// Unsigned answers before the signature is verified, for providers that
	// don't sign the request. Default: `false`.
	Unsigned bool `json:"unsigned"`

	// VerifyTokenField is the location whose value must be `verifyToken`.
	VerifyTokenField string `json:"verifyTokenField"`

	// Challenge is the location of the text that is sent back.
	Challenge string `json:"challenge"`

	// Pattern is what a challenge may be: `token` (letters, digits, `-._~+/=`),
	// `hex`, `digits`, `uuid`, or `text` (spaces and punctuation too, but
	// nothing that markup is made of), of at most 512 characters.
	// Default: `token`.
	Pattern string `json:"pattern"`

	// Digest is what `{hex}` and `{base64}` in the answer are made with: an
	// algorithm of `signature.algorithm` that needs no public key, with the
	// newest secret.
	Digest string `json:"digest"`

	// DigestOf is what is digested: literal text, `{challenge}`,
	// `{verifyToken}`, `{url}`. Default: `{challenge}`.
	DigestOf string `json:"digestOf"`

	// Answer is the body of the answer: literal text, `{challenge}`, `{hex}`,
	// `{base64}`, `{sender}`. Braces of the text itself are doubled.
	Answer string `json:"answer"`

	// AnswerHeaders are headers of the answer, `Name: value`, with the same
	// placeholders.
	AnswerHeaders []string `json:"answerHeaders" decode:"whole"`

	// ContentType is the media type of the answer. Default: `text/plain`, or
	// `application/json` for an answer that begins with a brace.
	ContentType string `json:"contentType"`

	// Status is the status of the answer. Default: `200`.
	Status int64 `json:"status"`
}
