package hookward

// standardProviders are Standard Webhooks and Svix.
var standardProviders = map[string]provider{
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
		Ranges: &ListOptions{URL: "https://docs.svix.com/webhook-ips.json", Path: []string{"*[]"}},
	},
}

// standardWebhooks is the scheme of https://www.standardwebhooks.com, which many
// senders have as it is.
func standardWebhooks() *SignatureOptions {
	return &SignatureOptions{
		Header:          []string{"Webhook-Signature"},
		Format:          "v1,{base64} ...",
		Signs:           "{id}.{timestamp}.{body}",
		SecretEncoding:  "whsec",
		TimestampHeader: "Webhook-Timestamp",
		IDHeader:        "Webhook-Id",
		EventField:      "json:type",
	}
}

// svixWebhooks is the same under the names that Svix gave to the headers.
func svixWebhooks() *SignatureOptions {
	s := standardWebhooks()
	s.Header = []string{"Svix-Signature"}
	s.TimestampHeader = "Svix-Timestamp"
	s.IDHeader = "Svix-Id"
	return s
}
