package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
)

// What was meant to be something else, of which everybody would know the key.
var mistakenTexts = map[string][]string{
	MistakenReference: {
		"${SECRET}", "$(cat /run/secret)", `{{ env "SECRET" }}`, "env=SECRET", "env@SECRET", "env/SECRET", "env SECRET",
		"file=/run/secrets/github", "file /run/secrets/github", "path=/etc/secret", "urn:k8s:secret:hooks:github", "urn:k8s:secrets:a:b", "URN:x",
		"vault:secret/data/github", "vault://kv/github", "op://vault/item/field", "ref+vault://secret/github#/key", "arn:aws:secretsmanager:eu:1:secret:x",
		"awssm://github", "sm://project/github", "gcp+sm://x", "environment://SECRET", "secretRef:github", "ssm:/hooks/github",
		"ENC[AES256_GCM,data:abc]", "ENC(abc)", "{cipher}abc", "$ANSIBLE_VAULT;1.1;AES256", "@Microsoft.KeyVault(SecretUri=x)",
		"projects/1/secrets/github/versions/latest", "secret/data/github#key",
	},
	MistakenVariable: {
		"$GITHUB_WEBHOOK_SECRET", "$$GITHUB_WEBHOOK_SECRET", "$github", "$env:GITHUB_SECRET", "$Env:GITHUB_SECRET", "%GITHUB_SECRET%", "@SECRET@", "__SECRET__",
		"#{SECRET}#", "%{SECRET}", "((github-secret))", "[[secret]]", "{$SECRET}", "{env.SECRET}", "{file./run/secrets/x}", "<%= ENV['SECRET'] %>", "{% raw %}",
		"!env SECRET", "!secret github", "!vault |", "env.SECRET", "ENV.SECRET_2", "secrets.GITHUB_SECRET", "process.env.SECRET", "var.github_secret", ".Values.secret",
		`ENV["SECRET"]`, `os.environ["SECRET"]`, "getenv('SECRET')", "lookup('env', 'SECRET')", " $SECRET\n",
	},
	mistakenPath: {
		"/run/secrets/github", "/run/secrets/GITHUB", "@/run/secrets/github", "/var/run/s", "/etc/hookward/secret", "/github", "/hooks/github-Secret", "/Hooks/github.txt",
		"./secret", "../secret.txt", "~/secret", "@./secret", `C:\secrets\github`, "C:/secrets/github", "run/secrets/github", "secrets/github", "github.secret", "hooks/secret.txt", "@secret.txt",
	},
	mistakenPlaceholder: {
		"<your-webhook-secret>", "<secret>", "[REDACTED]", "[object Object]", "<no value>", "REPLACE_ME", "REPLACE_ME_WITH_YOUR_SECRET", "replace-with-your-secret", "changeme", "ChangeMe", "CHANGE_ME_PLEASE",
		"changeit!", "please-change-me", "your-webhook-secret-here", "your_secret", "yourSecret", "YOUR WEBHOOK SECRET", "insert-secret-here", "paste your token here", "dummy_token",
		"put the secret here", "todo", "TODO: set this", "null", "None", "undefined", "n/a", "***", "xxx", "XXXX-XXXX-XXXX", "whsec_xxx", "whsec_...", "ghp_xxxxxxxxxxxx", "••••••••",
	},
	mistakenName: {
		"GITHUB_WEBHOOK_SECRET", "GH_KEY", "_SECRET_2", "WEBHOOKSECRET", "github-webhook-secret", "github_webhook_secret", "webhook-secret", "signing.secrets", "webhook_secret_github", "githubWebhookSecret",
	},
}

// What may be a secret, although it has in it what such texts have.
var likelySecrets = []string{
	hooktest.DocsSecret, "a literal, with a comma", "https://not-a-reference", "correct horse battery staple", "Tr0ub4dor&3", "k3-secret-of-32-characters-long-x", "a-secret-that-is-long-enough-for-hmac",
	"$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub", "$ecret-with-more",
	"/9j4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgMC=", "/Kx9Tq/8Zw2LmN4pR6sVbYcDfGhJ3k5X", "+/+/AbCdEfGhIjKlMnOpQrStUvWx", "@Zq8-a long enough key", "<3 long enough to be one", "#Zq8aLongEnoughKey",
	"%Zq8a%LongEnoughKey", "{Zq8a-long}-enough", "!Zq8 a long enough key", "~Zq8/aLongEnoughKey", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"whsec_test_secret", "sk_live_51H8x", "xoxb-17653672481-19874698323", "0123456789abcdef", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "user:a password", "vaulted:treasure",
	"urnfield culture", "filed under trees", "environment of owls", "yours truly, and mine", "changement de saison", "keyboard/cat", "nothing here to see", "a secret that stands in clear here", "none of the above", "Secret Garden of 1911", "monkey-Key9",
}

func TestMistakenSecrets(t *testing.T) {
	for want, texts := range mistakenTexts {
		for _, text := range texts {
			for _, encoding := range []string{"utf8", "sha1", publicKeyEncoding, CertificateEncoding} {
				s := resolveSecret(text, encoding)
				if s.Problem != want+howToInsist || s.Key != nil {
					t.Errorf("%q, %s: problem %q, want %q", text, encoding, s.Problem, want)
				}
				if strings.Contains(s.Problem, text) && text != "todo" && text != "null" {
					t.Errorf("%q: the problem shows it", text)
				}
			}
			// Whoever insists has it from a variable, with a warning.
			hooktest.Setenv(t, "HOOKWARD_TEST_MISTAKEN", text)
			s := resolveSecret("env:HOOKWARD_TEST_MISTAKEN", "utf8")
			if s.Problem != "" || string(s.Key) != text || len(s.Warnings) == 0 || s.Warnings[0].Kind != config.KindWeakSecret {
				t.Errorf("%q from a variable: problem %q, warnings %q", text, s.Problem, config.Sentences(s.Warnings))
			}
		}
	}
	if s := resolveSecret("00000000000000000000", "utf8"); s.Problem != mistakenPlaceholder+howToInsist {
		t.Errorf("one character: %q", s.Problem)
	}
	for _, text := range likelySecrets {
		if said := Mistaken(text); said != "" {
			t.Errorf("%q: %s", text, said)
		}
	}
}

// Keys that everybody has: the empty one, which keys of zeros are for HMAC, what nobody
// sees, and what is public.
func TestKeysThatProtectFromNothing(t *testing.T) {
	const rsaKey = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END PUBLIC KEY-----\n"
	bare := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(rsaKey, "-----BEGIN PUBLIC KEY-----\n"), "\n-----END PUBLIC KEY-----\n"), "\n", "")
	path := filepath.Join(t.TempDir(), "secret")
	for _, c := range []struct{ text, encoding, says string }{
		{"\x00", "utf8", "zero bytes"},
		{strings.Repeat("\x00", 32), "utf8", "zero bytes"},
		{strings.Repeat("\x00", 32), "sha1", "zero bytes"},
		{strings.Repeat("\x00", 32), publicKeyEncoding, "zero bytes"},
		{"Zq8-a long enough key\x00\x00", "utf8", "zero bytes"},
		{"Zq8-a\x00long enough key", "utf8", "zero bytes"},
		{strings.Repeat("00", 32), "hex", "nothing but zero bytes once decoded"},
		{"00", "hex", "nothing but zero bytes once decoded"},
		{strings.Repeat("A", 43) + "=", "base64", "nothing but zero bytes once decoded"},
		{"whsec_" + strings.Repeat("A", 43) + "=", "whsec", "nothing but zero bytes once decoded"},
		{"\u200b", "utf8", "can be seen"},
		{"\u2060\u00ad\u200b", "utf8", "can be seen"},
		{"\u200b\n\t ", "utf8", "can be seen"},
		{"\u2800", "utf8", "can be seen"},
		{"\u3164", "utf8", "can be seen"},
		{"\ufe0f", "sha1", "can be seen"},
		{"\x01\x02", "utf8", "can be seen"},
		{hex.EncodeToString([]byte("\u200b\u200b")), "hex", "can be seen, once decoded"},
		{base64.StdEncoding.EncodeToString([]byte(" \n\u2060")), "base64", "can be seen, once decoded"},
		{"\ufeff", "utf8", "byte order mark"},
		{"\ufeffZq8-a long enough key", "utf8", "byte order mark"},
		{"\ufeff" + hex.EncodeToString([]byte(hooktest.DocsSecret)), "hex", "byte order mark"},
		{"\ufeff" + hooktest.TestEdwardsKey, publicKeyEncoding, "byte order mark"},
		{"\xff\xfeZ\x00q\x008\x00", "utf8", "UTF-16"},
		{rsaKey, "utf8", "public key"},
		{bare, "utf8", "public key"},
		{bare, "sha1", "public key"},
		{"ssh-rsa AAAAB3NzaC1yc2E", "utf8", "public key"},
		{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "utf8", "public key"},
		{"whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "utf8", "public key"},
		{`{"kty":"RSA","n":"abc","e":"AQAB"}`, "utf8", "public key"},
		{"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----", "utf8", "public key"},

		{strings.Repeat("01", 16), "hex", "can be seen, once decoded"},
		{strings.Repeat("00", 31) + "80", "hex", ""},
		{"Zq8-a long\u200b enough key", "utf8", ""},
		{"\u00e9\u00e8 \u4e2d\u6587 \u0e01\u0e33", "utf8", ""},
		{"\x80\x81\xfe\xff0123456789", "utf8", ""},
		{hooktest.TestEdwardsKey, "utf8", ""}, // 32 bytes in hexadecimal may be a secret
		{"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "utf8", ""},
		{`{"kty":"oct","k":"abc"}`, "utf8", ""},
		{"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----", CertificateEncoding, ""},
	} {
		s := Decode(c.text, c.encoding)
		if (s.Problem == "") != (c.says == "") || !strings.Contains(s.Problem, c.says) || (c.says != "") != (s.Key == nil) {
			t.Errorf("%.40q as %s: problem %q, want %q", c.text, c.encoding, s.Problem, c.says)
		}
		// From a file that was good, the last content stays.
		if err := os.WriteFile(path, []byte(hooktest.TestEdwardsKey), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.encoding == "utf8" && c.says != "" {
			fileSecret(path, c.encoding)
			if err := os.WriteFile(path, []byte(c.text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			s = fileSecret(path, c.encoding)
			if string(s.Key) != hooktest.TestEdwardsKey || !strings.Contains(s.degraded, c.says) {
				t.Errorf("%.40q in a file: key %q, degraded %q", c.text, s.Key, s.degraded)
			}
		}
	}
}
