package hookward

import "time"

// chatProviders are people who talk to each other, and feeds.
var chatProviders = map[string]provider{
	// Slack.
	// Source: slackapi/python-slack-sdk tests; docs.slack.dev
	// verifying-requests-from-slack.
	// Confidence: official.
	"slack": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"X-Slack-Signature"},
				Format:          "v0={hex}",
				Signs:           "v0:{timestamp}:{body}",
				TimestampHeader: "X-Slack-Request-Timestamp",
				IDField:         "json:event_id",
				EventField:      "json:event.type",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"json:type=url_verification"}, Challenge: "json:challenge", Answer: "{challenge}"},
			},
		},
	},
	// Discord interactions: probes with wrong signatures get the 401 that Discord
	// asks for.
	// Source: SlopMaster2/webhook-verify src/providers/discord.rs (cites
	// docs.discord.com/developers/interactions/overview); webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/discord.ts; webhook-co
	// apps/engine/src/handshake.ts.
	// Confidence: secondary.
	"discord": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:       "ed25519",
				Header:          []string{"X-Signature-Ed25519"},
				Signs:           "{timestamp}{body}",
				TimestampHeader: "X-Signature-Timestamp",
				IDField:         "json:id",
				EventField:      "json:type",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"json:type=1", "json:application_id", "json:token"}, Answer: `{{"type":1}}`},
				{When: []string{"json:type=0"}, ContentType: "application/json", Status: 204},
			},
		},
	},
	// Telegram Bot API: a fixed token says nothing about the body. The published
	// list has more than the two networks that Telegram names for webhooks.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/token-auth-providers.ts.
	// Confidence: secondary.
	"telegram": {
		Options: Options{
			Token: &TokenOptions{
				Header:  "X-Telegram-Bot-Api-Secret-Token",
				IDField: "json:update_id",
			},
		},
		Ranges: &ListOptions{URL: "https://core.telegram.org/resources/cidr.txt"},
	},
	// LINE.
	// Source: line/line-bot-sdk-nodejs test/validate-signature.spec.ts;
	// line/line-bot-sdk-go linebot/webhook/parse.go.
	// Confidence: official.
	"line": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"x-line-signature"},
				Format: "{base64}",
			},
		},
	},
	// Meta (Facebook, Instagram, Messenger, WhatsApp Cloud API): the app secret
	// signs; the verify token is another word.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters; webhook-co
	// docs/adr/0086; SlopMaster2/webhook-verify src/providers/meta.rs.
	// Confidence: secondary.
	"meta": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"X-Hub-Signature-256"},
				Format:     "sha256={hex}",
				EventField: "json:object",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", When: []string{"query:hub.mode=subscribe"}, Unsigned: true, VerifyTokenField: "query:hub.verify_token", Challenge: "query:hub.challenge", Answer: "{challenge}"},
			},
		},
	},
	// Zoom.
	// Source: SlopMaster2/webhook-verify src/providers/zoom.rs (cites
	// developers.zoom.us/docs/api/webhooks, zoom/webhook-sample-node.js);
	// webhook-co handshake.ts.
	// Confidence: secondary.
	"zoom": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"x-zm-signature"},
				Format:          "v0={hex}",
				Signs:           "v0:{timestamp}:{body}",
				TimestampHeader: "x-zm-request-timestamp",
				IDHeader:        "x-zm-trackingid",
				EventField:      "json:event",
			},
			Handshakes: []*HandshakeOptions{
				{When: []string{"json:event=endpoint.url_validation"}, Challenge: "json:payload.plainToken", Digest: "hmac-sha256", Answer: `{{"plainToken":"{challenge}","encryptedToken":"{hex}"}}`},
			},
		},
	},
	// Microsoft Teams outgoing webhook.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"ms-teams": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:         []string{"Authorization"},
				Format:         "HMAC {base64}",
				SecretEncoding: "base64",
			},
		},
	},
	// Twitch EventSub.
	// Source: nicklaw5/helix eventsub_test.go; SlopMaster2/webhook-verify
	// src/providers/twitch.rs; webhook-co handshake.ts.
	// Confidence: vector.
	"twitch": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Twitch-Eventsub-Message-Signature"},
				Format:          "sha256={hex}",
				Signs:           "{id}{timestamp}{body}",
				TimestampHeader: "Twitch-Eventsub-Message-Timestamp",
				TimestampUnit:   "rfc3339",
				IDHeader:        "Twitch-Eventsub-Message-Id",
				EventHeader:     "Twitch-Eventsub-Subscription-Type",
			},
			Tolerance: 10 * time.Minute,
			Handshakes: []*HandshakeOptions{
				{When: []string{"header:Twitch-Eventsub-Message-Type=webhook_callback_verification"}, Challenge: "json:challenge", Answer: "{challenge}"},
			},
		},
	},
	// X (Twitter) Account Activity: the answer to the CRC is made with the key of
	// the deliveries, so only words of letters and digits are answered.
	// Source: SlopMaster2/webhook-verify src/providers/x_twitter.rs;
	// frain-dev/convoy; webhook-co handshake.ts.
	// Confidence: vector.
	"x-twitter": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"x-twitter-webhooks-signature"},
				Format: "sha256={base64}",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true, Challenge: "query:crc_token", Digest: "hmac-sha256", Answer: `{{"response_token":"sha256={base64}"}}`},
			},
		},
	},
	// LinkedIn: the challenge, which comes every two hours, is answered with the
	// key of the deliveries, so only words of letters and digits are.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"linkedin": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:  []string{"X-LI-Signature"},
				Signs:   "hmacsha256={body}",
				IDField: "json:notificationId",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", Unsigned: true, Challenge: "query:challengeCode", Pattern: "uuid", Digest: "hmac-sha256", Answer: `{{"challengeCode":"{challenge}","challengeResponse":"{hex}"}}`},
			},
		},
	},
	// WebSub: with SHA-256, SHA-384 or SHA-512, as the hub likes. A subscription is
	// confirmed where the callback has verifyToken as its parameter verify_token:
	// else anybody could subscribe it anew, with a secret of their own.
	// Unsubscribing is not confirmed.
	// Source: W3C WebSub, sections 5.3 and 7.
	// Confidence: official.
	"websub": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"X-Hub-Signature"},
				Format: "sha256={hex}",
				Alternatives: []*AlternativeOptions{
					{Algorithm: "hmac-sha384", Format: "sha384={hex}"},
					{Algorithm: "hmac-sha512", Format: "sha512={hex}"},
				},
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", When: []string{"query:hub.mode=subscribe", "query:hub.topic"}, Unsigned: true, VerifyTokenField: "query:verify_token", Challenge: "query:hub.challenge", Answer: "{challenge}"},
			},
		},
	},
	// YouTube: WebSub with SHA-1. A subscription is confirmed where the hub was
	// given verifyToken as hub.verify_token. Unsubscribing is not confirmed.
	// Source: W3C WebSub, sections 5.3 and 7; YouTube's hub signs with SHA-1.
	// Confidence: secondary.
	"youtube": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "hmac-sha1",
				Header:    []string{"X-Hub-Signature"},
				Format:    "sha1={hex}",
			},
			Handshakes: []*HandshakeOptions{
				{Method: "GET", When: []string{"query:hub.mode=subscribe", "query:hub.topic"}, Unsigned: true, VerifyTokenField: "query:hub.verify_token", Challenge: "query:hub.challenge", Answer: "{challenge}"},
			},
		},
	},
	// Pusher: senders are your app keys, if you want to hold X-Pusher-Key against
	// them.
	// Source: pusher/pusher-http-go webhook_test.go, client.go.
	// Confidence: official.
	"pusher": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:         []string{"X-Pusher-Signature"},
				TimestampField: "json:time_ms",
				TimestampUnit:  "ms",
				SenderField:    "header:X-Pusher-Key",
			},
		},
	},
	// Ably: the key is the part of the API key behind the colon; senders are your
	// key names, if you want to hold X-Ably-Key against them.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"ably": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Ably-Signature"},
				Format:      "{base64}",
				SenderField: "header:X-Ably-Key",
			},
		},
	},
}
