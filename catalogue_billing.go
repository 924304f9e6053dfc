package hookward

import "time"

// billingProviders are subscriptions, accounts and money that moves later.
var billingProviders = map[string]provider{
	// Paddle (Billing).
	// Source: PaddleHQ/paddle-php-sdk
	// src/Notifications/{PaddleSignature,Verifier}.php + test.
	// Confidence: official.
	"paddle": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Paddle-Signature"},
				Format:     "ts={timestamp};h1={hex};...",
				Signs:      "{timestamp}:{body}",
				IDField:    "json:event_id",
				EventField: "json:event_type",
			},
			Tolerance: 5 * time.Second,
		},
		Ranges: &ListOptions{URL: "https://api.paddle.com/ips", Path: []string{"data.ipv4_cidrs"}},
	},
	// Recurly.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"recurly": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:        []string{"recurly-signature"},
				Format:        "{timestamp},{hex},...",
				Signs:         "{timestamp}.{body}",
				TimestampUnit: "ms",
			},
		},
	},
	// Chargebee: nothing binds the body.
	// Source: hookdeck/webhook-skills chargebee; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"chargebee": {
		Options: Options{
			Token: &TokenOptions{
				Basic:      true,
				IDField:    "json:id",
				EventField: "json:event_type",
			},
		},
	},
	// QuickBooks (Intuit).
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"quickbooks": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"intuit-signature"},
				Format: "{base64}",
			},
		},
	},
	// Xero: the intent to receive is answered with 200, and with 401 where its
	// signature is wrong, as Xero asks.
	// Source: SlopMaster2/webhook-verify src/providers/xero.rs; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"xero": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"x-xero-signature"},
				Format: "{base64}",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"json:firstEventSequence=0", "json:lastEventSequence=0"}},
			},
		},
	},
	// Polar: the secret is used as it is.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts
	// (POLAR_CONFIG).
	// Confidence: secondary.
	"polar": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Webhook-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				TimestampHeader: "Webhook-Timestamp",
				IDHeader:        "Webhook-Id",
				EventField:      "json:type",
			},
		},
	},
	// Lemon Squeezy.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"lemon-squeezy": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Signature"},
				EventHeader: "X-Event-Name",
			},
		},
	},
	// RevenueCat: the whole value of the Authorization header; nothing binds the
	// body.
	// Source: revenuecat.com/docs/integrations/webhooks.
	// Confidence: official.
	"revenuecat": {
		Options: Options{
			Token: &TokenOptions{
				Header:     "Authorization",
				IDField:    "json:event.id",
				EventField: "json:event.type",
			},
		},
	},
	// RevenueCat (signed): where signing is switched on.
	// Source: eight independent implementations that cite RevenueCat's
	// documentation.
	// Confidence: secondary.
	"revenuecat-signed": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-RevenueCat-Webhook-Signature"},
				Format:     "t={timestamp},v1={hex},...",
				Signs:      "{timestamp}.{body}",
				IDField:    "json:event.id",
				EventField: "json:event.type",
			},
		},
	},
	// Brex.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"brex": {
		Options: Options{Signature: standardWebhooks()},
	},
	// Patreon: the only HMAC with MD5 in the catalogue.
	// Source: (several public repositories).
	// Confidence: secondary.
	"patreon": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:   "hmac-md5",
				Header:      []string{"X-Patreon-Signature"},
				EventHeader: "X-Patreon-Event",
			},
		},
	},
	// Deel.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"deel": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"x-deel-signature"},
				Signs:  "POST{body}",
			},
		},
	},
	// Wise: the key is Wise's own and the same for all its customers: look at whose
	// profile a delivery is about.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/wise.ts (vector of
	// transferwise/digital-signatures-examples).
	// Confidence: vector.
	"wise": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "rsa-sha256",
				Header:     []string{"X-Signature-SHA256"},
				Format:     "{base64}",
				IDHeader:   "X-Delivery-Id",
				EventField: "json:event_type",
			},
		},
	},
	// Modern Treasury.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"modern-treasury": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Signature"},
				IDHeader:    "X-Webhook-ID",
				EventHeader: "X-Topic",
			},
		},
	},
	// Increase.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"increase": {
		Options: Options{Signature: standardWebhooks()},
	},
	// Gemini.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"gemini": {
		Options: Options{Signature: standardWebhooks()},
	},
}
