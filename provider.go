package hookward

// provider is a row of the catalogue. A row holds data only, and in the words
// of a user's configuration: what the catalogue can say of a scheme, anybody
// can say of a scheme of their own.
type provider struct {
	Name    string  // as the provider writes it
	Source  string  // where the scheme is documented
	Options Options // what the row stands for
}

// catalogue holds the providers by their slug, the value of the option
// provider.
var catalogue = map[string]provider{
	"github": {
		Name:   "GitHub",
		Source: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:   "hmac-sha256",
				Header:      "X-Hub-Signature-256",
				Format:      "sha256={hex}",
				Signs:       "{body}",
				IDHeader:    "X-GitHub-Delivery",
				EventHeader: "X-GitHub-Event",
			},
			// "Payloads are capped at 25 MB", docs.github.com, webhook events
			// and payloads.
			MaxBodyBytes: 25 << 20,
		},
	},
}

// rowOptions returns a copy of a row's options, on which a user's options may
// be laid.
func rowOptions(row provider) Options {
	o := row.Options
	if row.Options.Signature != nil {
		s := *row.Options.Signature
		o.Signature = &s
	}
	return o
}
