package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// mistake is a configuration, and what the operator is told of it.
type mistake struct {
	options string
	message string
}

// mistakes are configurations that none should get away with. What they have in
// common stands in for %s: the parts of a configuration that work.
var mistakes = []mistake{
	// Keys.
	{`{provider: github, secret: "env:GH"}`, `secret: is not an option, did you mean secrets?`},
	{`{%s, maxBodyByte: 5}`, `maxBodyByte: is not an option, did you mean maxBodyBytes?`},
	{`{%s, enabled: true}`, `enabled: is not an option`},
	{`{%s, header: X-Signature}`, `header: is not an option, did you mean signature.header?`},
	{`{%s, signature: {headr: X-Signature}}`, `signature.headr: is not an option, did you mean header?`},
	{`{%s, Provider: github}`, `provider: is given twice`},
	{`{%s, "ма": 1}`, `\u043c\u0430: is not an option`},

	{`{provider: strpe, secrets: "env:GH"}`, `is not in the catalogue, did you mean stripe?`},
	{`{provider: bitbucket, secrets: "env:GH"}`, `did you mean bitbucket-cloud or bitbucket-server?`},

	// What belongs together, and what does not.
	{`{provider: discord}`, `publicKeys: is required`},
	{`{provider: discord, publicKeys: "env:GH"}`, `publicKeys[0]: `},
	{`{provider: discord, publicKeys: "0000000000000000000000000000000000000000000000000000000000000000"}`, `publicKeys[0]: is a point of small order`},
	{`{provider: discord, publicKeys: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f7075"}`, `publicKeys[0]: `},
	{`{provider: sendgrid, publicKeys: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}`, `publicKeys[0]: is not a key for ecdsa-sha256`},
	{`{provider: aws-sns}`, `senders: is required`},
	{`{provider: aws-sns, senders: "deploys"}`, `senders[0]: "deploys" is not the ARN of an SNS topic`},
	{`{%s, handshakes: [{when: "json:type=ping", unsigned: true, digest: hmac-sha256, answer: "{hex}"}]}`, `handshakes[0].challenge: is required`},
	{`{%s, signature: {signs: "x[]{body}"}}`, `signature.signs: has empty brackets`},
	{`{%s, signature: {signs: "{only:form:a}{only:form:b}"}}`, `signature.signs: can contain {only:form:NAME} once`},
	{`{provider: twilio, secrets: "env:GH"}`, `publicURL: is required`},
	{`{provider: twilio, secrets: "env:GH", publicURL: "hooks.example.com"}`, `publicURL: is not a URL`},
	{`{provider: gitlab}`, `secrets: is required`},
	{`{provider: gitlab, secrets: "env:GH", signature: {header: X-Sig}}`, `token: contradicts signature`},
	{`{provider: datadog, secrets: "env:GH"}`, `token.header: is required`},
	{`{provider: postmark, secrets: "env:GH"}`, `secrets[0]: is not user:password`},
	{`{%s, verifyToken: abc}`, `verifyToken: has no effect`},
	{`{provider: meta, secrets: "env:GH", verifyToken: "env:GH"}`, `verifyToken: is one of secrets too`},
	{`{provider: meta, secrets: "env:GH", verifyToken: "env:UNSET"}`, `verifyToken: environment variable UNSET is not set`},
	{`{%s, handshakes: true}`, `handshakes: must be a list of sections, or false`},
	{`{%s, handshakes: []}`, `handshakes: must be a list of sections, or false`},
	{`{%s, handshakes: [{status: "200"}]}`, `handshakes[0].when: is required`},
	{`{%s, handshakes: [{method: GET, challenge: "query:c"}]}`, `handshakes[0].unsigned: must be true`},
	{`{secrets: "env:GH", signature: {header: X-Sig, signs: "{json:a..b}"}}`, `signature.signs: `},
	{`{secrets: "env:GH", signature: {header: X-Sig, signs: "[{header:A==sha256:body}]"}}`, `signature.signs: can't have`},
	{`{secrets: "env:GH", signature: {header: X-Sig, algorithm: hash-sha256}}`, `signature.signs: {secret} belongs`},
	{`{secrets: "env:GH", signature: {header: X-Sig, field: "json:sig"}}`, `signature.field: contradicts signature.header`},
	{`{secrets: "env:GH", signature: {header: X-Sig, alternatives: [{format: "{hx}"}]}}`, `signature.alternatives[0].format: `},

	// Types.
	{`{}`, `there is no configuration`},
	{`""`, `there is no configuration`},
	{`abc`, `there is no configuration`},
	{`[github]`, `there is no configuration`},
	{`true`, `there is no configuration`},
	{`{%s, signature: [X-Signature]}`, `signature: must be a section`},
	{`{%s, signature: abc}`, `signature: must be a section`},
	{`{%s, signature: false}`, `signature: must be a section`},
	{`{provider: {name: github}, secrets: ["env:GH"]}`, `provider: must be a single value`},
	{`{provider: [github], secrets: ["env:GH"]}`, `provider: must be a single value`},
	{`{provider: github, secrets: {first: "env:GH"}}`, `secrets: must be a list`},
	{`{provider: github, secrets: [{first: "env:GH"}]}`, `secrets[0]: must be a single value`},
	{`{%s, bodyTimeout: [5s]}`, `bodyTimeout: must be a single value`},
	{`{%s, methods: {POST: true}}`, `methods: must be a list`},

	// Values.
	{`{%s, bodyTimeout: 5}`, `bodyTimeout: "5" is not a positive duration`},
	{`{%s, bodyTimeout: -5m}`, `bodyTimeout: "-5m" is not a positive duration`},
	{`{%s, bodyTimeout: 0s}`, `bodyTimeout: "0s" is not a positive duration`},
	{`{%s, bodyTimeout: five}`, `bodyTimeout: "five" is not a positive duration`},
	{`{%s, bodyTimeout: ""}`, `bodyTimeout: `},
	{`{%s, maxBodyBytes: abc}`, `maxBodyBytes: "abc" is not a positive whole number`},
	{`{%s, maxBodyBytes: 0}`, `maxBodyBytes: "0" is not a positive whole number`},
	{`{%s, maxBodyBytes: -1}`, `maxBodyBytes: "-1" is not a positive whole number`},
	{`{%s, maxBodyBytes: 1.5}`, `maxBodyBytes: "1.500000" is not a positive whole number`},
	{`{%s, maxBodyBytes: "99999999999999999999"}`, `maxBodyBytes: "99999999999999999999" is too large`},
	{`{%s, maxBodyBytes: 1073741825}`, `maxBodyBytes: must be at most`},
	{`{%s, methods: [post]}`, `methods[0]: "post" is not a method that may pass`},
	{`{%s, methods: "POST,trace"}`, `methods[1]: "trace" is not a method that may pass`},
	{`{%s, methods: []}`, `methods`},
	{`{%s, observeOnly: maybe}`, `observeOnly: "maybe" is neither true nor false`},
	{`{provider: github, secrets: ["env:UNSET"], observeOnly: true}`, `secrets[0]: environment variable UNSET is not set`},

	// Secrets.
	{`{provider: github}`, `secrets: is required`},
	{`{provider: github, secrets: []}`, `secrets: is an empty list`},
	{`{provider: github, secrets: ""}`, `secrets: is an empty list`},
	{`{provider: github, secrets: " \t"}`, `secrets[0]: is empty or blank`},
	{`{provider: github, secrets: ["env:GH", ""]}`, `secrets[1]: is empty or blank`},
	{`{provider: github, secrets: ["env:GH", "env:UNSET"]}`, `secrets[1]: environment variable UNSET is not set`},
	{`{provider: github, secrets: ["env:BLANK"]}`, `secrets[0]: environment variable BLANK is empty or blank`},
	{`{provider: github, secrets: ["env:"]}`, `secrets[0]: env: must be followed by the name`},
	{`{provider: github, secrets: ["env:MY-SECRET"]}`, `secrets[0]: env: must be followed by the name`},
	{`{provider: github, secrets: ["env: GH"]}`, `secrets[0]: env: must be followed by the name`},
	{`{provider: github, secrets: ["ENV:GH"]}`, `secrets[0]: looks like a reference`},
	{`{provider: github, secrets: ["file:secret.txt"]}`, `secrets[0]: file: must be followed by an absolute path`},
	{`{provider: github, secrets: ["file:FILES/missing"]}`, `secrets[0]: file FILES/missing can't be found`},
	{`{provider: github, secrets: ["file:FILES"]}`, `secrets[0]: file FILES is not a regular file`},
	{`{provider: github, secrets: ["file:FILES/pipe"]}`, `secrets[0]: file FILES/pipe is not a regular file`},
	{`{provider: github, secrets: ["file:/dev/zero"]}`, `secrets[0]: file /dev/zero is not a regular file`},
	{`{provider: github, secrets: ["file:FILES/blank"]}`, `secrets[0]: file FILES/blank is empty or blank`},
	{`{provider: github, secrets: ["file:FILES/huge"]}`, `secrets[0]: file FILES/huge is larger than`},
	{`{provider: github, secrets: ["env:GH"], allowlist: {}}`, `allowlist: is empty, and would let nobody pass`},
	{`{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: []}}`, `allowlist.sourceRange: is an empty list`},
	{`{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: 0.0.0.0/0}}`, `allowlist.sourceRange: has every IPv4 address; if that is meant, say allowAll: true`},
	{`{provider: github, secrets: ["env:GH"], allowlist: {sourceRange: 127.0.0.1, alone: true}}`, `allowlist.alone: contradicts provider`},
	{`{provider: github, secrets: ["env:GH"], denylist: {lists: [{url: "http://example.com/"}]}}`, `denylist.lists[0].url: must begin with https://`},
	{`{provider: github, secrets: ["env:GH"], ipStrategy: {header: X-Real-Ip}}`, `ipStrategy.trustedIPs: is required with header`},
	{`{provider: github, secrets: ["env:GH"], rateLimit: {average: 0}}`, `rateLimit.average: "0" is not a positive whole number`},
	{`{provider: github, secrets: ["env:GH"], rateLimit: {average: abc}}`, `rateLimit.average: "abc" is not a positive whole number`},
	{`{provider: github, secrets: ["env:GH"], rateLimit: {burst: 18014398509481985000000}}`, `rateLimit.burst: `},
	{`{provider: github, secrets: ["env:GH"], ban: never}`, `ban: must be a section`},
	{`{provider: gitlab, secrets: ["env:GH"], replay: true}`, `replay: has no effect, because nothing is signed`},
	{`{provider: slack, secrets: ["env:GH"], replay: {window: 1m}}`, `replay.window: must be at least 11m0s`},
	{`{provider: github, secrets: ["env:GH"], replay: true, redis: {endpoints: redis}}`, `redis.endpoints[0]: "redis" is not HOST:PORT`},
	{`{provider: github, secrets: ["${SECRET}"]}`, `secrets[0]: is a reference that nothing has resolved`},
	{`{provider: github, secrets: ["$(cat /run/secret)"]}`, `secrets[0]: is a reference that nothing has resolved`},
	{`{provider: github, secrets: ["urn:k8s:secret:hooks:github"]}`, `secrets[0]: is a reference that nothing has resolved`},
	{`{provider: github, secrets: ["$GITHUB_WEBHOOK_SECRET"]}`, `secrets[0]: looks like a variable that nothing has resolved`},
	{`{provider: github, secrets: ["env.GITHUB_WEBHOOK_SECRET"]}`, `secrets[0]: looks like a variable that nothing has resolved`},
	{`{provider: github, secrets: ["/run/secrets/github"]}`, `secrets[0]: looks like a path; write file:/path`},
	{`{provider: github, secrets: ["<your-webhook-secret>"]}`, `secrets[0]: is a placeholder`},
	{`{provider: github, secrets: ["GITHUB_WEBHOOK_SECRET"]}`, `secrets[0]: looks like the name of an environment variable`},
	{`{provider: meta, secrets: "env:GH", verifyToken: "$VERIFY_TOKEN"}`, `verifyToken: looks like a variable`},
	{`{provider: discord, publicKeys: "$PUBLIC_KEY"}`, `publicKeys[0]: looks like a variable`},
	{`{%s, redis: {password: "REPLACE_ME"}}`, `redis.password: is a placeholder`},
	{`{%s, audit: {outputs: [{type: splunk, url: "https://127.0.0.1:1/", token: "$SPLUNK_TOKEN"}]}}`, `audit.outputs[0].token: looks like a variable`},
	{`{provider: azure-devops, secrets: "azure-devops-hooks:"}`, `secrets[0]: has a password behind the colon that is empty or blank`},
	{`{provider: github, secrets: ["file:FILES/zeros"]}`, `secrets[0]: file FILES/zeros has nothing but zero bytes`},
	{`{provider: github, secrets: ["file:FILES/marked"]}`, `secrets[0]: file FILES/marked begins with a byte order mark`},
	{`{provider: github, secrets: ["file:FILES/unseen"]}`, `secrets[0]: file FILES/unseen has nothing in it that can be seen`},
	{`{%s, signature: {secretEncoding: hex}}`, `secrets[0]: environment variable GH is not hex`},
	{`{%s, signature: {secretEncoding: base32}}`, `signature.secretEncoding: "base32" is not known`},
	{`{provider: github, secrets: "env:GH,env:GH"}`, `secrets[0]: env: must be followed by the name`},

	// The scheme.
	{`{secrets: ["env:GH"]}`, `provider: is required`},
	{`{secrets: ["env:GH"], signature: {}}`, `provider: is required`},
	{`{secrets: ["env:GH"], signature: {format: "{hex}"}}`, `provider: is required`},
	{`{provider: githbu, secrets: ["env:GH"]}`, `provider: "githbu" is not in the catalogue, did you mean github?`},
	{`{provider: githbu, secrets: ["env:GH"], signature: {header: X-Signature}}`, `provider: "githbu" is not in the catalogue`},
	{`{provider: GitHub, secrets: ["env:GH"]}`, `provider: "GitHub" is not in the catalogue, did you mean github?`},
	{`{%s, signature: {header: "X Signature"}}`, `signature.header: "X Signature" is not the name of a header`},
	{`{%s, signature: {algorithm: sha256}}`, `signature.algorithm: "sha256" is not known`},
	{`{%s, signature: {algorithm: none}}`, `signature.algorithm: "none" is not known`},
	{`{%s, signature: {format: "sha256={hex"}}`, `signature.format: has a brace`},
	{`{%s, signature: {format: "sha256="}}`, `signature.format: `},
	{`{%s, signature: {format: "{hex}{base64}"}}`, `signature.format: two placeholders need text between them`},
	{`{%s, signature: {signs: "{bod}"}}`, `signature.signs: {bod} is not known`},
	{`{%s, signature: {signs: "{{body}"}}`, `signature.signs: has a brace`},
	{`{%s, signature: {timestampHeader: X-Time}}`, `signature.signs: must contain {timestamp}`},
	{`{%s, signature: {format: "t={timestamp},v1={hex},..."}}`, `signature.signs: must contain {timestamp}`},
	{`{%s, signature: {signs: "{timestamp}.{body}"}}`, `signature.timestampHeader: is required`},
	{`{%s, signature: {timestampHeader: X-Time, format: "t={timestamp},v1={hex},...", signs: "{timestamp}.{body}"}}`, `signature.timestampHeader: contradicts`},
	{`{%s, signature: {timestampHeader: X-Time, signs: "{timestamp}.{body}", timestampUnit: minutes}}`, `signature.timestampUnit: "minutes" is not known`},
	{`{%s, signature: {timestampHeader: X-Time, signs: "{timestamp}.{body}"}, tolerance: 0}`, `tolerance: "0" is not a positive duration`},
	{`{%s, tolerance: 5m}`, `tolerance: has no effect`},
	{`{%s, signature: {signs: "{id}.{body}", idHeader: ""}}`, `signature.idHeader: `},
	{`{secrets: ["env:GH"], signature: {header: X-Signature, signs: "{id}.{body}"}}`, `signature.idHeader: is required`},
	{`{%s, signature: {signs: "{url}{body}"}}`, `publicURL: is required`},
	{`{%s, publicURL: "https://hooks.example.com"}`, `publicURL: has no effect, because the scheme does not sign the URL`},
	{`{%s, signature: {signs: "{url}{body}"}, publicURL: hooks.example.com}`, `publicURL: is not a URL`},
}

func TestMistakes(t *testing.T) {
	files := t.TempDir()
	for name, text := range map[string]string{"blank": " \n", "huge": strings.Repeat("x", 64<<10+1), "zeros": strings.Repeat("\x00", 32), "marked": "\ufeff" + secret, "unseen": "\u200b\n"} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(files, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	write := func(text string) string {
		// Traefik runs the file through text/template first; its own braces
		// are written as a string of that language.
		text = strings.ReplaceAll(text, "FILES", files)
		text = strings.ReplaceAll(text, "%s", `provider: github, secrets: ["env:GH"]`)
		return strings.ReplaceAll(text, "{{", "{{`{{`}}")
	}
	gates := []gate{{name: "gh", options: github}}
	for i, m := range mistakes {
		gates = append(gates, gate{name: fmt.Sprintf("m%d", i), options: write(m.options)})
	}
	s := start(t, nil, gates, gateway.Settings{Env: []string{"BLANK=  "}})

	refused := func(t *testing.T, gate string) {
		t.Helper()
		for _, lines := range [][]string{nil, {helloSignature, "X-Signature: " + value(helloSignature)[len("sha256="):]}} {
			r := s.refused(t, s.post(t, gate, hello, lines...), http.StatusServiceUnavailable, "config_invalid")
			if r.Middleware != gate+"@file" {
				t.Errorf("the record names the middleware %s", r.Middleware)
			}
		}
	}
	for i, m := range mistakes {
		t.Run(m.options, func(t *testing.T) {
			name := gates[i+1].name
			refused(t, name)
			told := strings.Join(s.Stderr.Lines(`"hookward.middleware":"`+name+`@file"`), "\n")
			want := strings.ReplaceAll(strings.ReplaceAll(m.message, `"`, `\"`), `\u`, `\\u`)
			if !strings.Contains(told, `"log.level":"error"`) || !strings.Contains(told, strings.ReplaceAll(want, "FILES", files)) {
				t.Errorf("the operator is told %q, want %q", told, m.message)
			}
		})
	}

	t.Run("refused by Traefik", func(t *testing.T) {
		// No plugin gets to see these: Traefik refuses the whole configuration,
		// and the one before stays in force.
		for options, message := range map[string]string{
			"": "plugin cannot be a standalone element",
			`{provider: github, secrets: [["env:GH"]]}`: "unsupported simple value type: slice",
		} {
			if err := s.Configure("refused.yml", s.yaml("refused", []gate{{name: "refused", options: options}})); err != nil {
				t.Fatal(err)
			}
			eventually(t, "Traefik refuses the file", func() bool {
				return len(s.Stdout.Lines("refused.yml: "+message)) > 0
			})
			s.refused(t, s.post(t, "gh", hello), http.StatusUnauthorized, "signature_missing")
			s.passed(t, s.post(t, "gh", hello, helloSignature))
			refused(t, "m0")
		}
		if err := s.Configure("refused.yml", ""); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("reload", func(t *testing.T) {
		s.configure(t, "other", []gate{{name: "new", options: github}, {name: "newbad", options: `{provider: github}`}})
		s.refused(t, s.post(t, "new", hello), http.StatusUnauthorized, "signature_missing")
		s.passed(t, s.post(t, "new", hello, helloSignature))
		refused(t, "newbad")
		refused(t, "m0")
		s.configure(t, "other", []gate{{name: "new", options: `{provider: github, secrets: "env:UNSET"}`}, {name: "newbad", options: github}})
		refused(t, "new")
		s.refused(t, s.post(t, "newbad", hello), http.StatusUnauthorized, "signature_missing")
		s.passed(t, s.post(t, "newbad", hello, helloSignature))
	})
}

// What a mistake does is said, in the records too, and so is its end. What is left over
// shuts nothing.
func TestMistakesAreMended(t *testing.T) {
	s := start(t, nil, []gate{{name: "other", options: github}, {name: "leftover", options: `{provider: github, secrets: ["env:GH"], stateDirectory: /state}`}}, gateway.Settings{})
	try := func(secret string) {
		s.configure(t, "tried", []gate{{name: "tried", options: `{provider: github, secrets: ["` + secret + `"]}`}})
	}
	const problem = "secrets[0]: file: must be followed by an absolute path"
	said := func(text string) int { return len(s.Stderr.Lines(text)) }
	for i, secret := range []string{"file:sec", "file:./sec"} { // two mistakes, in the same words
		try(secret)
		a := s.post(t, "tried", hello, helloSignature)
		if r := s.refused(t, a, http.StatusServiceUnavailable, "config_invalid"); r.Error != problem {
			t.Errorf("the record says %q", r.Error)
		}
		if n := said(`"tried@file","message":"answers 503 to every request: ` + problem); n != i+1 {
			t.Errorf("%s: the operator is told %d times, want %d", secret, n, i+1)
		}
	}
	try("env:GH")
	a := s.post(t, "tried", hello, helloSignature)
	if _, r := s.passed(t, a); r.Error != "" {
		t.Errorf("the record says %q", r.Error)
	}
	if n := said(`"tried@file","message":"is well again`); n != 1 || said("is well again") != 1 {
		t.Errorf("the operator is told %d times that it is well again", n)
	}
	s.passed(t, s.post(t, "leftover", hello, helloSignature))
	if n := said(`"leftover@file","message":"stateDirectory: has no effect`); n != 1 {
		t.Errorf("the operator is told %d times of what is left over", n)
	}
}
