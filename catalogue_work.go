package hookward

import "time"

// workProviders are work, documents and forms.
var workProviders = map[string]provider{
	// Linear: the timestamp stands in the signed body.
	// Source: SlopMaster2/webhook-verify src/providers/linear.rs;
	// webhook-co/webhook packages/webhooks-spec/src/adapters; public code that
	// names Linear-Delivery.
	// Confidence: secondary.
	"linear": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:         []string{"Linear-Signature"},
				TimestampField: "json:webhookTimestamp",
				TimestampUnit:  "ms",
				IDHeader:       "Linear-Delivery",
				EventHeader:    "Linear-Event",
			},
			Tolerance: 1 * time.Minute,
		},
		Ranges: &ListOptions{URL: "https://linear.app/.well-known/appspecific/app.linear.ips.json", Path: []string{"ips"}},
	},
	// Notion: the verification token of the first, unsigned POST is the key; take
	// it before the gate is in place.
	// Source: SlopMaster2/webhook-verify src/providers/notion.rs (quotes
	// developers.notion.com/reference/webhooks sample, reproduced here).
	// Confidence: vector.
	"notion": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-Notion-Signature"},
				Format:     "sha256={hex}",
				IDField:    "json:id",
				EventField: "json:type",
			},
		},
	},
	// Atlassian Jira Cloud (admin webhooks).
	// Source: Atlassian documentation test value (several public repositories);
	// webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: official.
	"atlassian-jira": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-Hub-Signature"},
				Format:     "sha256={hex}",
				IDHeader:   "X-Atlassian-Webhook-Identifier",
				EventField: "json:webhookEvent",
			},
		},
		Ranges: &ListOptions{URL: "https://ip-ranges.atlassian.com/", Path: []string{"items[].cidr"}, Where: []string{"product=jira", "direction=egress"}},
	},
	// Asana: the secret of the handshake is the key; Asana's answer to the creation
	// of a webhook shows it, too. A handshake changes nothing at the gate.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters; webhook-co
	// handshake.ts.
	// Confidence: secondary.
	"asana": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"X-Hook-Signature"},
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"header:X-Hook-Secret"}, Unsigned: true, Challenge: "header:X-Hook-Secret", AnswerHeaders: []string{"X-Hook-Secret: {challenge}"}},
			},
		},
	},
	// Trello: give the whole publicURL, as it was registered.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"trello": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "hmac-sha1",
				Header:     []string{"X-Trello-Webhook"},
				Format:     "{base64}",
				Signs:      "{body}{url}",
				IDField:    "json:action.id",
				EventField: "json:action.type",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "HEAD", Unsigned: true},
			},
		},
		Ranges: &ListOptions{URL: "https://ip-ranges.atlassian.com/", Path: []string{"items[].cidr"}, Where: []string{"product=trello", "direction=egress"}},
	},
	// Dropbox: the body lists accounts only, so there is no id.
	// Source: SlopMaster2/webhook-verify src/providers/dropbox.rs; webhook-co
	// handshake.ts.
	// Confidence: secondary.
	"dropbox": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"X-Dropbox-Signature"},
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true, Challenge: "query:challenge", Answer: "{challenge}"},
			},
		},
	},
	// Box: one secret for each of the two signatures; either is enough.
	// Source: box/box-python-sdk box_sdk_gen/internal/utils.py,
	// managers/webhooks.py, test/webhooks.py.
	// Confidence: official.
	"box": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Box-Signature-Primary", "Box-Signature-Secondary"},
				Format:          "{base64}",
				Signs:           "{header:Box-Signature-Version==1}{header:Box-Signature-Algorithm==HmacSHA256}{body}{timestamp}",
				TimestampHeader: "Box-Delivery-Timestamp",
				TimestampUnit:   "rfc3339",
				IDHeader:        "Box-Delivery-Id",
				EventField:      "json:trigger",
				Alternatives: []*AlternativeOptions{
					{Signs: "{header:Box-Signature-Version==1}{header:Box-Signature-Algorithm==HmacSHA256}{ascii:body}{timestamp}"},
				},
			},
			Tolerance: 10 * time.Minute,
		},
	},
	// Airtable: a ping without content; the changes are fetched.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"airtable": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:         []string{"X-Airtable-Content-MAC"},
				Format:         "hmac-sha256={hex}",
				SecretEncoding: "base64",
			},
		},
	},
	// Contentful: the query, if there is one, is not verifiable: Contentful escapes
	// it twice.
	// Source: SlopMaster2/webhook-verify src/providers/contentful.rs (cites
	// contentful.com request-verification, @contentful/node-apps-toolkit);
	// webhook-co/webhook packages/webhooks-spec/src/adapters/bespoke/contentful.ts.
	// Confidence: secondary.
	"contentful": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"x-contentful-signature"},
				Signs:           "{method}\n{uri}\n{headers:X-Contentful-Signed-Headers}\n{body}",
				TimestampHeader: "X-Contentful-Timestamp",
				TimestampUnit:   "ms",
				IDHeader:        "X-Contentful-Idempotency-Key",
				EventHeader:     "X-Contentful-Topic",
			},
			Tolerance: 30 * time.Second,
		},
	},
	// Sanity.
	// Source: sanity-io/webhook-toolkit test/signature.test.ts.
	// Confidence: official.
	"sanity": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:        []string{"sanity-webhook-signature"},
				Format:        "t={timestamp},v1={base64url}",
				Signs:         "{timestamp}.{body}",
				TimestampUnit: "ms",
				IDHeader:      "idempotency-key",
				EventHeader:   "Sanity-Operation",
			},
		},
	},
	// Webflow.
	// Source: hookdeck/webhook-skills; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"webflow": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"x-webflow-signature"},
				Signs:           "{timestamp}:{body}",
				TimestampHeader: "x-webflow-timestamp",
				TimestampUnit:   "ms",
			},
		},
	},
	// ClickUp.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"clickup": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"X-Signature"},
			},
		},
	},
	// DocuSign Connect: one numbered header for each key, of which the first 16 are
	// read.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"docusign": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-DocuSign-Signature-{n}"},
				Format:     "{base64}",
				IDField:    "json:data.envelopeId",
				EventField: "json:event",
			},
		},
	},
	// Ashby.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"ashby": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Ashby-Signature"},
				Format:     "sha256={hex}",
				EventField: "json:action",
			},
		},
	},
	// Cronofy: one signature for each active client secret.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"cronofy": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"Cronofy-HMAC-SHA256"},
				Format: "{base64},...",
			},
		},
	},
	// Typeform.
	// Source: SlopMaster2/webhook-verify src/providers/typeform.rs (cites
	// typeform.com/developers/webhooks/secure-your-webhooks); webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"typeform": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Typeform-Signature"},
				Format:     "sha256={base64}",
				IDField:    "json:event_id",
				EventField: "json:event_type",
			},
		},
	},
	// Cal.com: without a secret Cal.com sends the words no-secret-provided, which
	// are no signature.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"cal-com": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-Cal-Signature-256"},
				EventField: "json:triggerEvent",
			},
		},
	},
	// Calendly.
	// Source: SlopMaster2/webhook-verify src/providers/calendly.rs;
	// webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"calendly": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Calendly-Webhook-Signature"},
				Format:     "t={timestamp},v1={hex},...",
				Signs:      "{timestamp}.{body}",
				EventField: "json:event",
			},
			Tolerance: 3 * time.Minute,
		},
	},
	// Adobe I/O Events: the keys are Adobe's own and the same for all, so name your
	// client id in senders. Take the keys from static.adobeioevents.com.
	// Source: adobe/aio-lib-java EventVerifier; @adobe/aio-lib-events;
	// AdobeDocs/adobe-io-events.
	// Confidence: official.
	"adobe": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:   "rsa-sha256",
				Header:      []string{"X-Adobe-Digital-Signature-1", "X-Adobe-Digital-Signature-2"},
				Format:      "{base64}",
				IDHeader:    "X-Adobe-Event-Id",
				EventHeader: "X-Adobe-Event-Code",
				SenderField: "json:recipient_client_id",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true, Challenge: "query:challenge", Answer: "{challenge}"},
			},
		},
	},
}
