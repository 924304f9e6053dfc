package hookward

import "time"

// identityProviders are who somebody is.
var identityProviders = map[string]provider{
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
		Options: Options{Signature: svixWebhooks()},
	},
	// Stytch.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"stytch": {
		Options: Options{Signature: svixWebhooks()},
	},
	// Vanta.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"vanta": {
		Options: Options{Signature: svixWebhooks()},
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
		Ranges: &ListOptions{URL: "https://s3.amazonaws.com/okta-ip-ranges/ip_ranges.json", Path: []string{"*.ip_ranges[]"}},
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
		Ranges: &ListOptions{URL: "https://cdn.auth0.com/ip-ranges.json", Path: []string{"regions.*.ipv4_cidrs[]"}},
	},
	// Supabase Auth hooks: the secret is written v1,whsec_... there.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"supabase": {
		Options: Options{Signature: standardWebhooks()},
	},
}
