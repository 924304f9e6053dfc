package hookward

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math/rand"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/secrets"
)

// What is made at random is a secret, whatever it begins with.
func TestRandomSecretsAreNoMistakes(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	const printable = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	for i := 0; i < 3000; i++ {
		key := make([]byte, 16+random.Intn(48))
		_, _ = random.Read(key)
		letters := make([]byte, len(key))
		for i, b := range key {
			letters[i] = printable[int(b)%len(printable)]
		}
		// Half of them begin with what paths and variables begin with.
		base64Text := base64.StdEncoding.EncodeToString(key)
		for _, text := range []string{
			hex.EncodeToString(key), base64Text, "/" + base64Text[1:], strings.TrimRight("/"+base64Text[1:], "="), base64.RawURLEncoding.EncodeToString(key), base32.StdEncoding.EncodeToString(key),
			string(letters), "$" + string(letters[1:]), "/" + string(letters[1:]), "<" + string(letters[1:]), "whsec_" + base64Text,
		} {
			// What begins so has always been a reference.
			isReference := strings.HasPrefix(text, "${") || strings.HasPrefix(text, "$(") || strings.HasPrefix(text, "{{")
			if said := secrets.Mistaken(text); said != "" && !isReference {
				t.Errorf("%q: %s", text, said)
			}
		}
	}
}

// Every option that takes a secret refuses what is none.
func TestEveryOptionRefusesMistakenSecrets(t *testing.T) {
	with := func(more map[string]any) map[string]any {
		raw := hooktest.GithubOptions()
		for name, value := range more {
			raw[name] = value
		}
		return raw
	}
	output := func(kind string, more map[string]any) map[string]any {
		o := map[string]any{"type": kind, "url": "https://logs.example.com/"}
		if kind == "file" {
			o = map[string]any{"type": kind, "path": "/tmp/hookward-audit.log"}
		}
		for name, value := range more {
			o[name] = value
		}
		return with(map[string]any{"audit": map[string]any{"outputs": []any{o}}})
	}
	const good = "Zq8-a-key-that-is-long-enough-for-all"
	for path, configure := range map[string]func(text string) map[string]any{
		"secrets[0]": func(text string) map[string]any { return map[string]any{"provider": "github", "secrets": []any{text}} },
		"publicKeys[0]": func(text string) map[string]any {
			return map[string]any{"provider": "discord", "publicKeys": []any{text}}
		},
		"verifyToken": func(text string) map[string]any {
			return map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": text}
		},
		"redis.password": func(text string) map[string]any {
			return with(map[string]any{"replay": "true", "redis": map[string]any{"password": text}})
		},
		"audit.outputs[0].token":    func(text string) map[string]any { return output("splunk", map[string]any{"token": text}) },
		"audit.outputs[0].apiKey":   func(text string) map[string]any { return output("elasticsearch", map[string]any{"apiKey": text}) },
		"audit.outputs[0].chainKey": func(text string) map[string]any { return output("file", map[string]any{"chainKey": text}) },
		"audit.outputs[0].password": func(text string) map[string]any {
			return output("loki", map[string]any{"username": "u", "password": text})
		},
		"audit.outputs[0].headers[0]": func(text string) map[string]any {
			return output("http", map[string]any{"headers": []any{"Authorization: Bearer " + text}})
		},
		"audit.outputs[0].tls.ca": func(text string) map[string]any {
			return output("http", map[string]any{"tls": map[string]any{"ca": text}})
		},
	} {
		for _, text := range []string{"$GITHUB_WEBHOOK_SECRET", "<your-webhook-secret>", "env.SECRET"} {
			c := policy.Compile(configure(text))
			if c.Policy != nil || !strings.HasPrefix(strings.Join(config.Sentences(c.Problems), "\n"), path+": ") || !strings.Contains(config.Sentence(c.Problems[0]), "a secret that is really spelt so goes into a variable or a file") {
				t.Errorf("%s: %q: %q", path, text, config.Sentences(c.Problems))
			}
		}
		if path == "publicKeys[0]" || strings.HasSuffix(path, ".ca") {
			continue
		}
		if c := policy.Compile(configure(good)); len(c.Problems) > 0 {
			t.Errorf("%s: a good one: %q", path, config.Sentences(c.Problems))
		}
	}
}

// A header may have anything, unless it has a secret.
func TestHeadersOfOutputs(t *testing.T) {
	hooktest.Setenv(t, "HOOKWARD_TEST_HEADER", "Bearer abc")
	for header, says := range map[string]string{
		"Authorization: Bearer env:HOOKWARD_TEST_HEADER": "stands in the middle", "Authorization: Splunk file:/run/secrets/splunk": "stands in the middle",
		"X-Tenant: $TENANT": "looks like a variable that nothing has resolved", "X-Tenant: ${TENANT}": "is a reference that nothing has resolved", "X-Api-Key: <key>": "is a placeholder", "X-Api-Key: /run/secrets/key": "looks like a path",
		"X-Tenant: TENANT_A": "", "X-Path: /run/a": "", "X-Tenant: none": "", "Authorization: env:HOOKWARD_TEST_HEADER": "", "Authorization: Bearer kDk3+Zq/9tW8sVb1xYc2": "", "X-Link: https://a.example/": "",
	} {
		raw := hooktest.GithubOptions()
		raw["audit"] = map[string]any{"outputs": []any{map[string]any{"type": "http", "url": "https://logs.example.com/", "headers": []any{header}}}}
		said := strings.Join(config.Sentences(policy.Compile(raw).Problems), "\n")
		if (said == "") != (says == "") || !strings.Contains(said, says) {
			t.Errorf("%s: %q, want %q", header, said, says)
		}
	}
}

// The password of HTTP basic has to be one, however long the user's name is.
func TestPasswordsOfBasic(t *testing.T) {
	for text, says := range map[string]string{
		"azure-devops-hooks:": "is empty or blank", "azure-devops-hooks: ": "is empty or blank", "azure-devops-hooks:\u200b": "can be seen", ":": "is empty or blank",
		"azure-devops-hooks:$PASSWORD": "looks like a variable that nothing has resolved", "azure-devops-hooks:changeme": "is a placeholder, as manuals have it where a secret belongs", "azure-devops-hooks:<password>": "is a placeholder, as manuals have it where a secret belongs",
		"azure-devops-hooks": "is not user:password", "azure-devops-hooks:pw": "", "azure-devops-hooks:Zq8-a long enough key": "", ":Zq8-a long enough key": "", "a:Zq8:a long enough key": "",
		"hooks:/Zm9vYmFyQmF6cXV4": "", "vault:Zm9vYmFyQmF6cXV4": "", "op:Zm9vYmFyQmF6cXV4": "", "C:/Zm9vYmFyQmF6cXV4": "",
		"vault:secret/hooks": "has a password behind the colon that looks like a path", "${BASIC:-hooks}": "is a reference that nothing has resolved", "$env:BASIC": "looks like a variable", "$BASIC": "looks like a variable",
	} {
		for _, raw := range []map[string]any{
			{"provider": "azure-devops", "secrets": []any{text}},
			{"secrets": []any{text}, "token": map[string]any{"basic": "true"}},
		} {
			c := policy.Compile(raw)
			said := strings.Join(config.Sentences(c.Problems), "\n")
			if (said == "") != (says == "") || !strings.Contains(said, says) {
				t.Errorf("%q: %q, want %q", text, said, says)
			}
			warned := strings.Contains(strings.Join(config.Sentences(c.Warnings), "\n"), "has a password behind the colon that is short")
			if says == "" && warned != (text == "azure-devops-hooks:pw") {
				t.Errorf("%q: warnings %q", text, config.Sentences(c.Warnings))
			}
		}
	}
	// Where the user stands in an option, the text is the password.
	if c := policy.Compile(map[string]any{"secrets": "hooks:/Zm9vYmFyQmF6cXV4", "token": map[string]any{"basicUser": "hooks"}}); len(c.Problems) != 1 {
		t.Errorf("basicUser: %q", config.Sentences(c.Problems))
	}
	hooktest.Setenv(t, "HOOKWARD_TEST_BASIC", "hooks:/Zm9vYmFyQmF6cXV4")
	if c := policy.Compile(map[string]any{"provider": "azure-devops", "secrets": "env:HOOKWARD_TEST_BASIC"}); len(c.Problems) > 0 || strings.Contains(strings.Join(config.Sentences(c.Warnings), "\n"), "placeholder") {
		t.Errorf("a variable: %q, %q", config.Sentences(c.Problems), config.Sentences(c.Warnings))
	}
	// A variable is taken at its word, unless it has no password.
	hooktest.Setenv(t, "HOOKWARD_TEST_BASIC", "azure-devops-hooks:")
	if c := policy.Compile(map[string]any{"provider": "azure-devops", "secrets": "env:HOOKWARD_TEST_BASIC"}); len(c.Problems) != 1 {
		t.Errorf("a variable without a password: %q", config.Sentences(c.Problems))
	}
}
