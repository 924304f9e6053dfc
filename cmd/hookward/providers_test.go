package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	plugin "github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/signer"
)

func TestProviders(t *testing.T) {
	for _, c := range []struct {
		arguments string
		status    int
		stdout    []string
		stderr    string
	}{
		{"providers", exitGood, []string{"SLUG", "stripe ", " hmac-sha256   timestamp, body\n", "standard-webhooks", "Meta (Facebook, Instagram… ", "fields of the body, no others\n"}, ""},
		{"providers --filter TWILIO", exitGood, []string{"twilio "}, ""},
		{"providers --filter no-such-word", exitBroken, []string{"none; "}, ""},
		{"providers --filter no-such-word --json", exitBroken, []string{"[]"}, ""},
		{"providers stripe", exitGood, []string{"Stripe (stripe)", "whsec_", "Signed:     timestamp, body\n", "Confidence: official", "secrets: [\"env:STRIPE_WEBHOOK_SECRET\"]", `format: "t={timestamp},v1={hex},..."`}, ""},
		{"providers paddle", exitGood, []string{`tolerance: "1m"`}, ""},
		{"providers twitch --json", exitGood, []string{`"tolerance": "10m"`, `"when": [`}, ""},
		{"providers aws-sns", exitGood, []string{`senders: ["arn:aws:sns:`}, ""},
		{"providers strpe", exitUsage, nil, "did you mean stripe?"},
		{"providers nothing-like-it", exitUsage, nil, "'hookward providers' lists the providers"},
		{"providers", exitGood, []string{"zoom"}, ""},
		{"providers stripe slack", exitUsage, nil, "name one provider"},
		{"providers stripe --filter x", exitUsage, nil, "--filter: is for the list"},
		{"providers --fliter x", exitUsage, nil, "there is no option --fliter, did you mean --filter?"},
		{"completion", exitUsage, nil, "name one shell: bash, zsh, fish"},
		{"completion csh", exitUsage, nil, `"csh" is not a shell`},
		{"completion bash zsh", exitUsage, nil, "name one shell"},
	} {
		status, stdout, stderr := hookward(strings.Fields(c.arguments)...)
		if status != c.status || (stdout == "") != (c.stdout == nil) || !strings.Contains(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%s: %d\n%s\n%s", c.arguments, status, stdout, stderr)
		}
		for _, want := range c.stdout {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: lacks %q:\n%s", c.arguments, want, stdout)
			}
		}
	}
	status, stdout, _ := hookward("providers", "--filter", "twilio")
	if status != exitGood || strings.Contains(stdout, "stripe") {
		t.Errorf("the filter lets others pass: %s", stdout)
	}
}

// The list fits into a terminal, and leaves no provider out.
func TestProvidersFit(t *testing.T) {
	_, stdout, _ := hookward("providers")
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) != len(providerEntries())+1 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if len([]rune(line)) > 100 {
			t.Errorf("too wide: %s", line)
		}
	}
}

// What is described of each provider is what the gate decodes, and its example is a
// configuration without mistakes.
func TestEachProvider(t *testing.T) {
	entries := providerEntries()
	if len(entries) < 144 {
		t.Errorf("only %d providers", len(entries))
	}
	for _, e := range entries {
		options, problems := config.Decode(map[string]any{"provider": e.Slug})
		if len(problems) > 0 || e.Name == "" || e.Give == "" || e.Verifies == "" || e.Source == "" || e.Confidence == "" {
			t.Errorf("%s: %v %+v", e.Slug, problems, e)
		}
		status, stdout, stderr := hookward("providers", e.Slug, "--json")
		described := providerEntry{}
		if err := json.Unmarshal([]byte(stdout), &described); err != nil || status != exitGood || stderr != "" {
			t.Fatalf("%s: %d %v %s", e.Slug, status, err, stderr)
		}
		again, problems := config.Decode(described.Options)
		options.Provider = ""
		if len(problems) > 0 || !reflect.DeepEqual(again, options) {
			t.Errorf("%s: the row as it is described: %v\n got %+v\nwant %+v", e.Slug, problems, again, options)
		}
		// With a secret, the example signs; where the key is the provider's, it is a
		// private key that is missing, and nothing else.
		secret := "0123456789abcdef0123456789abcdef"
		if strings.Contains(e.Give, "user:password") {
			secret = "hooks:" + secret
		}
		name := strings.ToUpper(strings.ReplaceAll(e.Slug, "-", "_")) + "_WEBHOOK_SECRET"
		if err := os.Setenv(name, secret); err != nil {
			t.Fatal(err)
		}
		_, err := signer.NewSigner(&plugin.Config{Raw: described.Example}, nil)
		_ = os.Unsetenv(name)
		if err != nil && !strings.HasPrefix(err.Error(), "a private key is required") {
			t.Errorf("%s: its example: %v", e.Slug, err)
		}
	}
}
