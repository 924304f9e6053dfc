package hookward

import "time"

var codeProviders = map[string]provider{
	// GitHub: a delivery that is sent again by hand has the id of the first. The
	// scheme has no timestamp.
	// Source: github/docs validating-webhook-deliveries.md,
	// best-practices-for-using-webhooks.md.
	// Confidence: official.
	"github": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Hub-Signature-256"},
				Format:      "sha256={hex}",
				IDHeader:    "X-GitHub-Delivery",
				EventHeader: "X-GitHub-Event",
			},
			MaxBodyBytes: 25 << 20,
		},
		Addresses:   "https://api.github.com/meta",
		AddressPath: "hooks[]",
	},
	// GitHub (legacy SHA-1): sent beside the SHA-256 signature; for senders that
	// know nothing else.
	// Source: google/go-github github/messages_test.go.
	// Confidence: official.
	"github-sha1": {
		Options: Options{
			Signature: &SignatureOptions{
				Algorithm:   "hmac-sha1",
				Header:      []string{"X-Hub-Signature"},
				Format:      "sha1={hex}",
				IDHeader:    "X-GitHub-Delivery",
				EventHeader: "X-GitHub-Event",
			},
		},
		Addresses:   "https://api.github.com/meta",
		AddressPath: "hooks[]",
	},
	// GitLab (secret token): a fixed token says nothing about the body;
	// gitlab-signed does.
	// Source: gitlabhq/gitlabhq doc/user/project/integrations/webhooks.md;
	// hookdeck/webhook-skills gitlab.
	// Confidence: official.
	"gitlab": {
		Options: Options{
			Token: &TokenOptions{
				Header:      "X-Gitlab-Token",
				IDHeader:    "Idempotency-Key",
				EventHeader: "X-Gitlab-Event",
			},
		},
	},
	// GitLab (signing token).
	// Source: gitlab.com/gitlab-org/gitlab merge request 230944 (2026); (several
	// public repositories) for whsec_ + base64 of 32 bytes.
	// Confidence: official.
	"gitlab-signed": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:          []string{"Webhook-Signature"},
				Format:          "v1,{base64} ...",
				Signs:           "{id}.{timestamp}.{body}",
				SecretEncoding:  "whsec",
				TimestampHeader: "Webhook-Timestamp",
				IDHeader:        "Webhook-Id",
				EventHeader:     "X-Gitlab-Event",
			},
		},
	},
	// Bitbucket Cloud: X-Hub-Signature carries SHA-256 here. Attempts share their
	// id.
	// Source: Atlassian documentation test value (see vectors); webhook-co/webhook
	// packages/webhooks-spec/src/adapters.
	// Confidence: official.
	"bitbucket-cloud": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Hub-Signature"},
				Format:      "sha256={hex}",
				IDHeader:    "X-Request-UUID",
				EventHeader: "X-Event-Key",
			},
		},
		Addresses:   "https://ip-ranges.atlassian.com/",
		AddressPath: "items[].cidr",
	},
	// Bitbucket Server / Data Center.
	// Source: go-playground/webhooks bitbucket-server.
	// Confidence: vector.
	"bitbucket-server": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Hub-Signature"},
				Format:      "sha256={hex}",
				IDHeader:    "X-Request-Id",
				EventHeader: "X-Event-Key",
			},
		},
	},
	// Gitea: in form mode the field payload is signed, and nothing else of the
	// form.
	// Source: go-gitea/gitea services/webhook/deliver.go (read: HMAC over
	// t.PayloadContent in every content type); go-playground/webhooks gitea.
	// Confidence: official.
	"gitea": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Gitea-Signature"},
				Signs:       "{body}",
				IDHeader:    "X-Gitea-Delivery",
				EventHeader: "X-Gitea-Event",
				Alternatives: []*AlternativeOptions{
					{Signs: "{only:form:payload}"},
				},
			},
		},
	},
	// Forgejo: in form mode the field payload is signed, and nothing else of the
	// form.
	// Source: docs.rs isb-apps webhook module mentions X-Forgejo-Signature (hex
	// HMAC-SHA256 of the body); a Gitea fork that still sends the X-Gitea-* set.
	// Confidence: secondary.
	"forgejo": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Forgejo-Signature"},
				Signs:       "{body}",
				IDHeader:    "X-Forgejo-Delivery",
				EventHeader: "X-Forgejo-Event",
				Alternatives: []*AlternativeOptions{
					{Signs: "{only:form:payload}"},
				},
			},
		},
	},
	// Gogs.
	// Source: go-playground/webhooks gogs.
	// Confidence: vector.
	"gogs": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:      []string{"X-Gogs-Signature"},
				IDHeader:    "X-Gogs-Delivery",
				EventHeader: "X-Gogs-Event",
			},
		},
	},
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
		Addresses: "https://circleci.com/docs/ip-ranges-list.json",
	},
	// Buildkite: where Buildkite is set to a token instead, say so under token:
	// X-Buildkite-Token.
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
		Addresses:   "https://api.buildkite.com/v2/meta",
		AddressPath: "webhook_ips[]",
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
	// npm hooks.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"npm": {
		Options: Options{
			Signature: &SignatureOptions{
				Header:     []string{"x-npm-signature"},
				Format:     "sha256={hex}",
				EventField: "json:event",
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
	// Azure DevOps: nothing binds the body.
	// Source: go-playground/webhooks azuredevops.
	// Confidence: vector.
	"azure-devops": {
		Options: Options{
			Token: &TokenOptions{
				Basic:      true,
				IDField:    "json:id",
				EventField: "json:eventType",
			},
		},
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
		Addresses:   "https://app.terraform.io/api/meta/ip-ranges",
		AddressPath: "notifications[]",
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
	// LaunchDarkly.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters/config.ts.
	// Confidence: secondary.
	"launchdarkly": {
		Options: Options{
			Signature: &SignatureOptions{
				Header: []string{"X-LD-Signature"},
			},
		},
	},
	// Render.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters.
	// Confidence: secondary.
	"render": {
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
	// OpenAI.
	// Source: openai/openai-python src/openai/resources/webhooks + tests.
	// Confidence: official.
	"openai": {
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
	// Replicate.
	// Source: webhook-co/webhook packages/webhooks-spec/src/adapters;
	// hookdeck/webhook-skills.
	// Confidence: secondary.
	"replicate": {
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
