package hookward

// commerceProviders are shops and the care of customers.
var commerceProviders = map[string]provider{
	// Shopify: the key is the app's client secret, or the one that the admin shows.
	// Source: hookdeck/webhook-skills skills/shopify-webhooks;
	// SlopMaster2/webhook-verify src/providers/shopify.rs (cites
	// shopify.dev/docs/apps/build/webhooks/subscribe/https); webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"shopify": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Shopify-Hmac-SHA256"},
				Format:      "{base64}",
				IDHeader:    "X-Shopify-Webhook-Id",
				EventHeader: "X-Shopify-Topic",
			},
		},
	},
	// WooCommerce: two events of one second may have the same id.
	// Source: hookdeck/webhook-skills woocommerce; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"woocommerce": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-WC-Webhook-Signature"},
				Format:      "{base64}",
				IDHeader:    "X-WC-Webhook-Delivery-ID",
				EventHeader: "X-WC-Webhook-Topic",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"form:webhook_id"}, Unsigned: true, Challenge: "form:webhook_id", Pattern: "digits"},
			},
		},
	},
	// BigCommerce: a header of your choice: set token.header. Nothing binds the
	// body.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/token-auth-providers.ts.
	// Confidence: secondary.
	"bigcommerce": {
		Options: Options{
			Token: &TokenOptions{
				IDField:    "json:hash",
				EventField: "json:scope",
			},
		},
	},
	// eBay: the keys are eBay's own and the same for all; take them from its API.
	// Give publicURL and verifyToken for the challenge.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/ebay.ts; webhook-co
	// docs/adr/0086.
	// Confidence: secondary.
	"ebay": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "ecdsa-sha1",
				Header:     []string{"X-EBAY-SIGNATURE"},
				Format:     "{base64json:signature}",
				IDField:    "json:notification.notificationId",
				EventField: "json:metadata.topic",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true, Challenge: "query:challenge_code", Digest: "hash-sha256", DigestOf: "{challenge}{verifyToken}{url}", Answer: `{{"challengeResponse":"{hex}"}}`},
			},
		},
	},
	// Etsy.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"etsy": {
		Options: Options{Signature: standardWebhooks()},
	},
	// Squarespace.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"squarespace": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:         []string{"Squarespace-Signature"},
				SecretEncoding: "hex",
			},
		},
	},
	// Lob.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"lob": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Lob-Signature"},
				Signs:           "{timestamp}.{body}",
				TimestampHeader: "Lob-Signature-Timestamp",
				TimestampUnit:   "epoch",
				IDField:         "json:id",
				EventField:      "json:event_type.id",
			},
		},
	},
	// HubSpot v3: give the whole publicURL, as HubSpot calls it.
	// Source: HubSpot/hubspot-api-nodejs src/utils/signature.ts;
	// developers.hubspot.com request-validation (excerpt read); worked example via
	// SlopMaster2 hubspot.rs.
	// Confidence: official.
	"hubspot": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"X-HubSpot-Signature-v3"},
				Format:          "{base64}",
				Signs:           "{method}{decodedURL}{body}{timestamp}",
				TimestampHeader: "X-HubSpot-Request-Timestamp",
				TimestampUnit:   "ms",
			},
		},
	},
	// HubSpot v2: a plain hash. Give the whole publicURL, as HubSpot calls it.
	// Source: HubSpot/hubspot-api-nodejs src/utils/signature.ts + test;
	// developers.hubspot.com/docs/faq/v2-request-validation.
	// Confidence: official.
	"hubspot-v2": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "hash-sha256",
				Header:    []string{"X-HubSpot-Signature"},
				Signs:     "{secret}{method}{url}{body}",
			},
		},
	},
	// HubSpot v1: a plain hash.
	// Source: HubSpot/hubspot-api-nodejs src/utils/signature.ts + test;
	// developers.hubspot.com/docs/faq/v1-request-validation.
	// Confidence: official.
	"hubspot-v1": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "hash-sha256",
				Header:    []string{"X-HubSpot-Signature"},
				Signs:     "{secret}{body}",
			},
		},
	},
	// Intercom: the key is the app's client secret. The published list is that of
	// the US region.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters;
	// SlopMaster2/webhook-verify src/providers/intercom.rs; IP list:
	// disposable/cloud-ip-ranges README.
	// Confidence: secondary.
	"intercom": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "hmac-sha1",
				Header:     []string{"X-Hub-Signature"},
				Format:     "sha1={hex}",
				IDField:    "json:id",
				EventField: "json:topic",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "HEAD", Unsigned: true},
			},
		},
		Ranges: &ListOptions{URL: "https://static.intercomcdn.com/intercom-ips/us/intercom-ip-ranges.json", Path: []string{"ip_ranges[].range"}, Where: []string{"service=INTERCOM-OUTBOUND"}},
	},
	// Front: for application webhooks; rules sign in an older way.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"front": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"X-Front-Signature"},
				Format:          "{base64}",
				Signs:           "{timestamp}:{body}",
				TimestampHeader: "X-Front-Request-Timestamp",
				TimestampUnit:   "ms",
				EventField:      "json:type",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"header:X-Front-Challenge"}, Challenge: "header:X-Front-Challenge", Answer: "{challenge}"},
			},
		},
	},
	// Zendesk: the secret looks like base64 and is used as it is.
	// Source: SlopMaster2/webhook-verify src/providers/zendesk.rs (cites
	// developer.zendesk.com/documentation/webhooks/verifying); webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"zendesk": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"X-Zendesk-Webhook-Signature"},
				Format:          "{base64}",
				Signs:           "{timestamp}{body}",
				TimestampHeader: "X-Zendesk-Webhook-Signature-Timestamp",
				TimestampUnit:   "rfc3339",
				IDHeader:        "X-Zendesk-Webhook-Invocation-Id",
				EventField:      "json:type",
			},
		},
	},
	// Customer.io.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"customer-io": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"X-CIO-Signature"},
				Signs:           "v0:{timestamp}:{body}",
				TimestampHeader: "X-CIO-Timestamp",
				IDField:         "json:event_id",
				EventField:      "json:metric",
			},
		},
	},
	// Segment: turn batching off: of a batch Segment signs the first event only,
	// and it is refused.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"segment": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "hmac-sha1",
				Header:     []string{"X-Signature"},
				IDField:    "json:messageId",
				EventField: "json:type",
			},
		},
	},
	// Braze: a bearer token; nothing binds the body.
	// Source: braze.com/docs, Currents custom HTTP connector.
	// Confidence: official.
	"braze": {
		Options: Options{
			Token: &TokenOptions{
				Bearer: true,
			},
		},
	},
	// Klaviyo: the timestamp is a date as HTTP writes it.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"klaviyo": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Klaviyo-Signature"},
				Signs:           "{body}{timestamp}",
				TimestampHeader: "Klaviyo-Timestamp",
				TimestampUnit:   "http",
			},
		},
	},
	// Mailchimp Marketing: a secret in the URL that you have chosen, here the
	// parameter token; nothing binds the body.
	// Source: mailchimp.com/developer, quoted by hookdeck/webhook-skills.
	// Confidence: secondary.
	"mailchimp": {
		Options: Options{
			Token: &TokenOptions{
				Query:      "token",
				EventField: "form:type",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true},
			},
		},
	},
}
