package hookward

import "time"

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
		Addresses:   "https://ip-ranges.atlassian.com/",
		AddressPath: "items[].cidr",
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
		Addresses:   "https://ip-ranges.atlassian.com/",
		AddressPath: "items[]",
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
	// Persona.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"persona": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Persona-Signature"},
				Format:     "t={timestamp},v1={hex} ...",
				Signs:      "{timestamp}.{body}",
				IDField:    "json:data.id",
				EventField: "json:data.attributes.name",
			},
		},
	},
	// WorkOS.
	// Source: workos/workos-node src/common/crypto/signature-provider.ts.
	// Confidence: official.
	"workos": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:        []string{"WorkOS-Signature"},
				Format:        "t={timestamp},v1={hex},...",
				Signs:         "{timestamp}.{body}",
				TimestampUnit: "ms",
				IDField:       "json:id",
				EventField:    "json:event",
			},
			Tolerance: 3 * time.Minute,
		},
	},
	// Clerk.
	// Source: hookdeck/webhook-skills clerk; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"clerk": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Svix-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Svix-Timestamp",
				IDHeader:        "Svix-Id",
				EventField:      "json:type",
			},
		},
	},
	// Stytch.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"stytch": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Svix-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Svix-Timestamp",
				IDHeader:        "Svix-Id",
				EventField:      "json:type",
			},
		},
	},
	// Vanta.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"vanta": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Svix-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Svix-Timestamp",
				IDHeader:        "Svix-Id",
				EventField:      "json:type",
			},
		},
	},
	// Google Workspace push (Calendar, Drive): the token of the channel; deliveries
	// have no body to speak of.
	// Source: public code that names X-Goog-Channel-Token (several repositories).
	// Confidence: secondary.
	"google-channel": {
		Options: Options{
			Token: &TokenOptions{
				Header:      "X-Goog-Channel-Token",
				IDHeader:    "X-Goog-Message-Number",
				EventHeader: "X-Goog-Resource-State",
			},
		},
	},
	// Microsoft Graph change notifications: the clientState of every notification
	// is the token; it says nothing about the rest of the body.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/token-auth-providers.ts;
	// webhook-co handshake.ts.
	// Confidence: secondary.
	"microsoft-graph": {
		Options: Options{
			Token: &TokenOptions{
				Field:      "json:value[].clientState",
				IDField:    "json:value[0].id",
				EventField: "json:value[0].changeType",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"query:validationToken"}, Unsigned: true, Challenge: "query:validationToken", Pattern: "text", Answer: "{challenge}"},
			},
		},
	},
}
