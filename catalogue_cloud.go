package hookward

import "time"

var cloudProviders = map[string]provider{
	// AWS SNS: Amazon signs everybody's topics, so name yours in senders.
	// MessageAttributes and UnsubscribeURL are not signed. Raw message delivery has
	// no signature. A certificate in publicKeys is not fetched.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/aws-sns.ts; two real messages
	// verified against the real certificate here.
	// Confidence: vector.
	"aws-sns": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:        "rsa-sha256",
				Field:            "json:Signature",
				Format:           "{base64}",
				Signs:            "{json:SignatureVersion==2}Message\n{json:Message}\nMessageId\n{json:MessageId}\n[Subject\n{json:Subject}\n][SubscribeURL\n{json:SubscribeURL}\n]Timestamp\n{json:Timestamp}\n[Token\n{json:Token}\n]TopicArn\n{json:TopicArn}\nType\n{json:Type}\n",
				TimestampField:   "json:Timestamp",
				TimestampUnit:    "rfc3339",
				IDField:          "json:MessageId",
				EventField:       "json:Type",
				SenderField:      "json:TopicArn",
				CertificateField: "json:SigningCertURL",
				Alternatives: []*AlternativeOptions{
					{Algorithm: "rsa-sha1", Signs: "{json:SignatureVersion==1}Message\n{json:Message}\nMessageId\n{json:MessageId}\n[Subject\n{json:Subject}\n][SubscribeURL\n{json:SubscribeURL}\n]Timestamp\n{json:Timestamp}\n[Token\n{json:Token}\n]TopicArn\n{json:TopicArn}\nType\n{json:Type}\n"},
				},
			},
			Tolerance: time.Hour,
		},
	},
	// Azure Event Grid: a fixed token in the query or a header, as you have set it
	// with the subscription, says nothing about the body.
	// Source: azure-docs event-grid webhook-event-delivery (several public
	// repositories); cloudevents/spec cloudevents/http-webhook.md.
	// Confidence: official.
	"azure-event-grid": {
		Options: Options{
			Token: &TokenOptions{
				EventHeader: "aeg-event-type",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"header:Aeg-Event-Type=SubscriptionValidation", "json:[0].eventType=Microsoft.EventGrid.SubscriptionValidationEvent"}, Challenge: "json:[0].data.validationCode", Answer: `{{"validationResponse":"{challenge}"}}`},
				{Method: "OPTIONS", When: []string{"header:WebHook-Request-Origin=eventgrid.azure.net"}, Unsigned: true, Challenge: "header:WebHook-Request-Origin", AnswerHeaders: []string{"WebHook-Allowed-Origin: {challenge}", "WebHook-Allowed-Rate: *", "Allow: POST"}},
			},
		},
	},
	// CloudEvents HTTP webhook: a bearer token, in the Authorization header or as
	// access_token in the query; nothing binds the body.
	// Source: cloudevents/spec cloudevents/http-webhook.md.
	// Confidence: official.
	"cloudevents": {
		Options: Options{
			Token: &TokenOptions{
				Query:       "access_token",
				Bearer:      true,
				IDHeader:    "ce-id",
				EventHeader: "ce-type",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "OPTIONS", Unsigned: true, Challenge: "header:WebHook-Request-Origin", AnswerHeaders: []string{"WebHook-Allowed-Origin: {challenge}", "WebHook-Allowed-Rate: *", "Allow: POST"}},
			},
		},
	},
	// Cloudflare Notifications: a fixed token says nothing about the body.
	// Source: Cloudflare API text in Pulumi SDKs.
	// Confidence: official.
	"cloudflare-notifications": {
		Options: Options{
			Token: &TokenOptions{
				Header:     "cf-webhook-auth",
				IDField:    "json:alert_correlation_id",
				EventField: "json:alert_type",
			},
		},
	},
	// Cloudflare Stream.
	// Source: SlopMaster2/webhook-verify spec.md (cites
	// developers.cloudflare.com/stream).
	// Confidence: secondary.
	"cloudflare-stream": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Webhook-Signature"},
				Format:     "time={timestamp},sig1={hex},...",
				Signs:      "{timestamp}.{body}",
				IDField:    "json:uid",
				EventField: "json:status.state",
			},
		},
	},
	// Datadog: a header of your choice: set token.header. Nothing binds the body.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/token-auth-providers.ts; IP:
	// (several public repositories).
	// Confidence: secondary.
	"datadog": {
		Options: Options{
			Token: &TokenOptions{},
		},
		Addresses:   "https://ip-ranges.datadoghq.com/",
		AddressPath: "webhooks.prefixes_ipv4[]",
	},
	// Okta event hooks: the Authorization header, unless you set token.header.
	// Nothing binds the body.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters; webhook-co
	// handshake.ts; IP:.
	// Confidence: secondary.
	"okta": {
		Options: Options{
			Token: &TokenOptions{
				Header:  "Authorization",
				IDField: "json:eventId",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true, Challenge: "header:X-Okta-Verification-Challenge", Answer: `{{"verification":"{challenge}"}}`},
			},
		},
		Addresses: "https://s3.amazonaws.com/okta-ip-ranges/ip_ranges.json",
	},
	// Auth0 log streams: the whole value of the Authorization header; nothing binds
	// the body.
	// Source: auth0.com/docs, custom log streams; auth0-cli.
	// Confidence: official.
	"auth0": {
		Options: Options{
			Token: &TokenOptions{
				Header: "Authorization",
			},
		},
	},
	// Grafana Alerting: with the default header; where a timestamp header is
	// configured, set signature.timestampHeader, and signature.signs to
	// {timestamp}:{body}.
	// Source: public code that names X-Grafana-Alerting-Signature.
	// Confidence: secondary.
	"grafana": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-Grafana-Alerting-Signature"},
				IDField:    "json:groupKey",
				EventField: "json:status",
			},
		},
		Addresses: "https://grafana.com/api/hosted-alerts/source-ips",
	},
	// PagerDuty.
	// Source: PagerDuty/go-pagerduty webhookv3.
	// Confidence: official.
	"pagerduty": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-PagerDuty-Signature"},
				Format:     "v1={hex},...",
				IDHeader:   "X-Webhook-Id",
				EventField: "json:event.event_type",
			},
		},
	},
	// MongoDB Atlas.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"mongodb-atlas": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:   "hmac-sha1",
				Header:      []string{"x-mms-signature"},
				Format:      "{base64}",
				EventHeader: "X-MMS-Event",
			},
		},
	},
	// Cloudinary: a plain hash; SHA-1 unless your account is set to SHA-256: then
	// set signature.algorithm to hash-sha256.
	// Source: cloudinary/cloudinary_npm lib/utils/index.js + test.
	// Confidence: official.
	"cloudinary": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:       "hash-sha1",
				Header:          []string{"X-Cld-Signature"},
				Signs:           "{body}{timestamp}{secret}",
				TimestampHeader: "X-Cld-Timestamp",
				IDField:         "json:request_id",
				EventField:      "json:notification_type",
			},
			Tolerance: 2 * time.Hour,
		},
	},
	// Mux.
	// Source: muxinc/mux-node-sdk src/resources/webhooks/webhooks.ts + tests.
	// Confidence: official.
	"mux": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"mux-signature"},
				Format:     "t={timestamp},v1={hex},...",
				Signs:      "{timestamp}.{body}",
				IDField:    "json:id",
				EventField: "json:type",
			},
		},
	},
	// Supabase Auth hooks: the secret is written v1,whsec_... there.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"supabase": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Webhook-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Webhook-Timestamp",
				IDHeader:        "Webhook-Id",
				EventField:      "json:type",
			},
		},
	},
	// Svix: with the headers svix-... or webhook-..., never with a mixture.
	// Source: svix/svix-webhooks worker.rs.
	// Confidence: official.
	"svix": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Svix-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Svix-Timestamp",
				IDHeader:        "Svix-Id",
				Alternatives: []*AlternativeOptions{
					{Header: []string{"Webhook-Signature"}, TimestampHeader: "Webhook-Timestamp", IDHeader: "Webhook-Id"},
				},
			},
		},
	},
	// Standard Webhooks: with publicKeys also the asymmetric form v1a, side by
	// side.
	// Source: standard-webhooks/standard-webhooks spec/standard-webhooks.md +
	// library tests.
	// Confidence: official.
	"standard-webhooks": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Webhook-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Webhook-Timestamp",
				IDHeader:        "Webhook-Id",
				EventField:      "json:type",
				Alternatives: []*AlternativeOptions{
					{Algorithm: "ed25519", Format: "v1a,{base64} ..."},
				},
			},
		},
	},
	// Standard Webhooks (asymmetric).
	// Source: spec + svix/svix-webhooks server/svix-server/src/worker.rs, README.
	// Confidence: official.
	"standard-webhooks-v1a": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:       "ed25519",
				Header:          []string{"Webhook-Signature"},
				Format:          "v1a,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				TimestampHeader: "Webhook-Timestamp",
				IDHeader:        "Webhook-Id",
				EventField:      "json:type",
			},
		},
	},
	// incident.io.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"incident-io": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Webhook-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Webhook-Timestamp",
				IDHeader:        "Webhook-Id",
				EventField:      "json:type",
			},
		},
	},
}
