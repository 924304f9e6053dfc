package hookward

import "time"

// cloudProviders are clouds, media and models.
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
	// OpenAI.
	// Source: openai/openai-python src/openai/resources/webhooks + tests.
	// Confidence: official.
	"openai": {
		Options: Options{Signature: standardWebhooks()},
	},
	// Replicate.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters;
	// hookdeck/webhook-skills.
	// Confidence: secondary.
	"replicate": {
		Options: Options{Signature: standardWebhooks()},
	},
	// ElevenLabs.
	// Source: hookdeck/webhook-skills; webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"elevenlabs": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"ElevenLabs-Signature"},
				Format:     "t={timestamp},v0={hex},...",
				Signs:      "{timestamp}.{body}",
				EventField: "json:type",
			},
			Tolerance: 30 * time.Minute,
		},
	},
	// Deepgram: the header names the API key's id, which is no secret: prefer a
	// path that nobody guesses, and an allow list.
	// Source: hookdeck/webhook-skills deepgram.
	// Confidence: secondary.
	"deepgram": {
		Options: Options{
			Token: &TokenOptions{
				Header: "dg-token",
			},
		},
	},
}
