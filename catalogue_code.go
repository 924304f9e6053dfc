package hookward

// codeProviders are hosts of code and packages.
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
		Ranges: &ListOptions{URL: "https://api.github.com/meta", Path: []string{"hooks"}},
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
		Ranges: &ListOptions{URL: "https://api.github.com/meta", Path: []string{"hooks"}},
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
		Ranges: &ListOptions{URL: "https://ip-ranges.atlassian.com/", Path: []string{"items[].cidr"}, Where: []string{"product=bitbucket", "direction=egress"}},
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
}
