package hookward

// buildProviders are what builds, runs and watches software.
var buildProviders = map[string]provider{
	// CircleCI.
	// Source: circleci/circleci-docs outbound webhooks.
	// Confidence: official.
	"circleci": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"circleci-signature"},
				Format:      "v1={hex},...",
				IDField:     "json:id",
				EventHeader: "circleci-event-type",
			},
		},
	},
	// Buildkite: where Buildkite sends a token instead, leave out the provider and
	// set token.header to X-Buildkite-Token.
	// Source: buildkite/go-buildkite webhook.go + webhook_test.go.
	// Confidence: official.
	"buildkite": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Buildkite-Signature"},
				Format:      "timestamp={timestamp},signature={hex},...",
				Signs:       "{timestamp}.{body}",
				IDHeader:    "X-Buildkite-Request",
				EventHeader: "X-Buildkite-Event",
			},
		},
		Ranges: &ListOptions{URL: "https://api.buildkite.com/v2/meta", Path: []string{"webhook_ips"}},
	},
	// Travis CI: the key is Travis' own and the same for all its customers; the
	// field payload is signed, and nothing else of the form.
	// Source: (several public repositories).
	// Confidence: secondary.
	"travis": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "rsa-sha1",
				Header:    []string{"Signature"},
				Format:    "{base64}",
				Signs:     "{only:form:payload}",
			},
		},
	},
	// Vercel.
	// Source: SlopMaster2/webhook-verify src/providers/vercel.rs (cites
	// vercel.com/docs/webhooks/webhooks-api); hookdeck/webhook-skills vercel;
	// webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"vercel": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:  "hmac-sha1",
				Header:     []string{"x-vercel-signature"},
				IDField:    "json:id",
				EventField: "json:type",
			},
		},
	},
	// Heroku.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"heroku": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"Heroku-Webhook-Hmac-SHA256"},
				Format:     "{base64}",
				IDField:    "json:id",
				EventField: "json:action",
			},
		},
	},
	// Render.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"render": {
		Options: Options{Signature: standardWebhooks()},
	},
	// HCP Terraform.
	// Source: (several public repositories); IP documentation.
	// Confidence: secondary.
	"terraform-cloud": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm: "hmac-sha512",
				Header:    []string{"X-TFE-Notification-Signature"},
				IDField:   "json:run_id",
			},
		},
		Ranges: &ListOptions{URL: "https://app.terraform.io/api/meta/ip-ranges", Path: []string{"notifications"}},
	},
	// Sentry: the header with a timestamp is not signed.
	// Source: SlopMaster2/webhook-verify src/providers/sentry.rs (reads
	// getsentry/integration-platform-example); webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"sentry": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"Sentry-Hook-Signature"},
				IDHeader:    "Request-ID",
				EventHeader: "Sentry-Hook-Resource",
			},
		},
	},
	// LaunchDarkly: the published list is not that of the EU instance.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"launchdarkly": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"X-LD-Signature"},
			},
		},
		Ranges: &ListOptions{URL: "https://app.launchdarkly.com/api/v2/public-ip-list", Path: []string{"outboundAddresses"}},
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
		Ranges: &ListOptions{URL: "https://allowlists.grafana.net/v1/", Path: []string{"services.*.ipv4[]"}, Where: []string{"direction=egress-from-grafana"}},
	},
	// PagerDuty: the published list is that of the US service region.
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
		Ranges: &ListOptions{URL: "https://developer.pagerduty.com/ip-safelists/webhooks-us-service-region-json", Path: []string{"[]"}},
	},
	// incident.io.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"incident-io": {
		Options: Options{Signature: standardWebhooks()},
	},
	// Datadog: a header of your choice: set token.header. Nothing binds the body.
	// The published list is that of the site US1; other sites have hosts of their own.
	// Source: webhook-co/webhook
	// packages/webhooks-spec/src/adapters/bespoke/token-auth-providers.ts; IP:
	// (several public repositories).
	// Confidence: secondary.
	"datadog": {
		Options: Options{
			Token: &TokenOptions{},
		},
		Ranges: &ListOptions{URL: "https://ip-ranges.datadoghq.com/", Path: []string{"webhooks.prefixes_ipv4", "webhooks.prefixes_ipv6"}},
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
}
