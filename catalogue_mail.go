package hookward

// mailProviders are mail, calls and notifications.
var mailProviders = map[string]provider{
	// Twilio: give the whole publicURL, as Twilio calls it. Fields of a form are
	// signed without anything between name and value. JSON is bound by the digest
	// in the URL.
	// Source: twilio/twilio-go client/request_validator.go, twilio/twilio-python
	// twilio/request_validator.py + tests.
	// Confidence: official.
	"twilio": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "hmac-sha1",
				Header:    []string{"X-Twilio-Signature"},
				Format:    "{base64}",
				Signs:     "{query:bodySHA256==}{url}{sorted:form}",
				IDHeader:  "I-Twilio-Idempotency-Token",
				Alternatives: []*AlternativeOptions{
					{Signs: "{query:bodySHA256==}{portURL}{sorted:form}"},
					{Signs: "{url}{query:bodySHA256==sha256:body}"},
					{Signs: "{portURL}{query:bodySHA256==sha256:body}"},
				},
			},
		},
	},
	// SendGrid: a body is a batch, without an id of its own.
	// Source: sendgrid/sendgrid-python helpers/eventwebhook + test.
	// Confidence: official.
	"sendgrid": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:       "ecdsa-sha256",
				Header:          []string{"X-Twilio-Email-Event-Webhook-Signature"},
				Format:          "{base64}",
				Signs:           "{timestamp}{body}",
				TimestampHeader: "X-Twilio-Email-Event-Webhook-Timestamp",
			},
		},
	},
	// Mailgun: timestamp and token are signed, and NOTHING of the event itself.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"mailgun": {
		Options: Options{
			Signature: &SignatureOptions{
				Field:          "json:signature.signature",
				Signs:          "{timestamp}{json:signature.token}",
				TimestampField: "json:signature.timestamp",
				IDField:        "json:event-data.id",
				EventField:     "json:event-data.event",
				Alternatives: []*AlternativeOptions{
					{Field: "form:signature", Signs: "{timestamp}{form:token}", TimestampField: "form:timestamp"},
				},
			},
		},
	},
	// Mailchimp Transactional (Mandrill): give the whole publicURL, as it was
	// registered. Fields of a form are signed without anything between name and
	// value.
	// Source: SlopMaster2/webhook-verify src/providers/mandrill.rs (cites
	// mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks);
	// webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"mandrill": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "hmac-sha1",
				Header:    []string{"X-Mandrill-Signature"},
				Format:    "{base64}",
				Signs:     "{url}{sorted:form}",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "HEAD", Unsigned: true},
			},
		},
	},
	// Postmark: the credentials of the URL; nothing binds the body.
	// Source: hookdeck/webhook-skills
	// skills/postmark-webhooks/references/verification.md; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"postmark": {
		Options: Options{
			Token: &TokenOptions{
				Basic:      true,
				IDField:    "json:MessageID",
				EventField: "json:RecordType",
			},
		},
	},
	// SparkPost: nothing binds the body.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"sparkpost": {
		Options: Options{
			Token: &TokenOptions{
				Basic: true,
			},
		},
	},
	// Telnyx.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/telnyx.ts.
	// Confidence: secondary.
	"telnyx": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:       "ed25519",
				Header:          []string{"Telnyx-Signature-Ed25519"},
				Format:          "{base64}",
				Signs:           "{timestamp}|{body}",
				TimestampHeader: "Telnyx-Timestamp",
				IDField:         "json:data.id",
				EventField:      "json:data.event_type",
			},
		},
	},
	// Sinch.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"sinch": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"x-sinch-webhook-signature"},
				Format:          "{base64}",
				Signs:           "{body}.{header:X-Sinch-Webhook-Signature-Nonce}.{timestamp}",
				TimestampHeader: "x-sinch-webhook-signature-timestamp",
			},
		},
	},
	// Resend.
	// Source: hookdeck/webhook-skills resend; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"resend": {
		Options: Options{Signature: svixWebhooks()},
	},
	// Loops.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"loops": {
		Options: Options{Signature: standardWebhooks()},
	},
	// Knock.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"knock": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:        []string{"x-knock-signature"},
				Format:        "t={timestamp},s={base64},...",
				Signs:         "{timestamp}.{body}",
				TimestampUnit: "ms",
			},
		},
	},
}
