package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	verifySecret = "It's a Secret to Everybody" // GitHub's published vector
	verifySum    = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	verifyRaw    = "POST /github HTTP/1.1\r\nHost: h\r\nX-Hub-Signature-256: sha256=" + verifySum + "\r\nContent-Length: 13\r\n\r\nHello, World!"
	verifyYAML   = `
http:
  middlewares:
    gh:
      plugin: {hookward: {provider: github, secrets: ["env:VERIFY_SECRET"], audit: {outputs: [{type: splunk, url: "https://splunk.example", token: "env:NOT_HERE"}]}}}
    other:
      plugin: {another: {provider: github}}
    limited:
      plugin: {hookward: {Provider: github, Secrets: ["env:VERIFY_SECRET"], maxBodyBytes: 5, allowlist: {sourceRange: [10.0.0.0/8]}}}
    renamed:
      plugin: {gate: {provider: github, secrets: "env:NOT_HERE"}}
`
)

// verifyFiles writes files, and goes where they are.
func verifyFiles(t *testing.T, files map[string]string) {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inDirectory(t, directory)
}

// Words of a test's command have | between them.
func TestVerify(t *testing.T) {
	t.Setenv("VERIFY_SECRET", verifySecret)
	t.Setenv("VERIFY_OTHER", "another secret, of no use")
	har := `{"log":{"entries":[{"request":{"method":"POST","url":"https://h/github","headers":[{"name":"X-Hub-Signature-256","value":"sha256=` + verifySum + `"}],"postData":{"text":"Hello, World!"}}},{"request":{"method":"GET","url":"https://h/"}}]}}`
	verifyFiles(t, map[string]string{
		"good": verifyRaw, "bad": strings.Replace(verifyRaw, "World!", "World?", 1), "a.yml": verifyYAML, "h.har": har, "body": "Hello, World!",
		"curl":      "curl https://h/github -H 'X-Hub-Signature-256: sha256=" + verifySum + "' --data-raw 'Hello, World!'",
		"shown":     "Request URL: https://h/github\nRequest method: POST\nAccept: */*\n" + "X-Hub-Signature-256: sha256=" + verifySum + "\n\nPayload\nHello, World!",
		"verbose":   "* x\n> POST /github HTTP/1.1\n> Content-Length: 13\n> X-Hub-Signature-256: sha256=" + verifySum + "\n>\n< HTTP/1.1 401 Unauthorized\n",
		"empty.yml": "http: {}", "broken.yml": "http:\n\t- x", "a.json": `{"http":{"middlewares":{"gh":{"plugin":{"hookward":{"provider":"github","secrets":["env:VERIFY_SECRET"]}}}}}}`,
	})
	sig := "X-Hub-Signature-256: sha256=" + verifySum
	for _, c := range []struct {
		words          string
		status         int
		stdout, stderr string
	}{
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|good", exitGood, "\nPASSES: verified", ""},
		{"--provider|github|--secret|env:VERIFY_OTHER|--secret|env:VERIFY_SECRET|--request|good", exitGood, "secret 2 of 2 has signed that", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|bad", exitBroken, "\nREFUSED: signature_mismatch, the caller gets 401 Unauthorized\n", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--har|h.har|--entry|1", exitGood, "PASSES", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--har|h.har|--entry|2", exitBroken, "REFUSED: method_not_allowed, the caller gets 405", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--har|h.har", exitUsage, "", "--har: it has 2 entries"},
		{"--provider|github|--secret|env:VERIFY_SECRET|--curl|curl", exitGood, "PASSES", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|-H|" + sig + "|--data|Hello, World!", exitGood, "PASSES", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--header|" + sig + "|--data-binary|@body|--url|https://h/x", exitGood, "POST /x", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|-X|GET|-H|" + sig, exitBroken, "method_not_allowed", ""},
		{"--config|a.yml|--middleware|gh|--request|good", exitGood, "PASSES", ""},
		{"--config|a.yml|--middleware|gh@file|--request|bad", exitBroken, "REFUSED", ""},
		{"--config|a.json|--request|good", exitGood, "PASSES", ""},
		{"--config|a.yml|--middleware|limited|--client|10.1.1.1|--request|good", exitBroken, "REFUSED: body_too_large, the caller gets 413", ""},
		{"--config|a.yml|--middleware|limited|--client|192.0.2.1|--request|good", exitBroken, "REFUSED: client_not_allowed, the caller gets 403", ""},
		{"--config|a.yml|--middleware|gh|--secret|env:VERIFY_OTHER|--request|good", exitBroken, "signature_mismatch", ""},
		{"--config|a.yml|--plugin|gate|--secret|env:VERIFY_SECRET|--request|good", exitGood, "PASSES", ""},
		{"--config|a.yml|--plugin|gate|--request|good", exitUsage, "hint: the variable is read here, in this command's environment: export it", ""},
		{"--config|a.yml|--request|good", exitUsage, "", "several middlewares; say with --middleware which one is meant: gh@file, limited@file"},
		{"--config|a.yml|--middleware|other|--request|good", exitUsage, "", `no middleware "other" of this plugin; there are: gh@file, limited@file`},
		{"--config|empty.yml|--request|good", exitUsage, "", "there is no hookward middleware in what was read; if Traefik knows the plugin by another name, give it with --plugin; 'hookward check FILE' says why"},
		{"--config|broken.yml|--request|good", exitUsage, "", "--config: broken.yml:2:1: has a tab"},
		{"--config|missing.yml|--request|good", exitUsage, "", "no such file"},
		{"--secret|env:VERIFY_SECRET|--set|signature.header=X-Hub-Signature-256|--set|signature.format=sha256={hex}|--request|good", exitGood, "PASSES", ""},
		{"--set|secrets[0]=env:VERIFY_SECRET|--set|provider=github|--request|good", exitGood, "PASSES", ""},
		{"--set|secrets[]=env:VERIFY_SECRET|--set|provider=github|--set|allowlist.sourceRange[0]=10.0.0.0/8|--set|allowlist.sourceRange[]=192.0.2.0/24|--client|192.0.2.1|--request|good", exitGood, "PASSES", ""},
		{"--set|handshakes[0].method=GET|--provider|github|--secret|env:VERIFY_SECRET|--request|good", exitUsage, "handshakes[0].unsigned: must be true", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--set|maxBodyByte=5|--request|good", exitUsage, "maxBodyByte: is not an option, did you mean maxBodyBytes?", ""},
		{"--provider|githup|--secret|env:VERIFY_SECRET|--request|good", exitUsage, "did you mean github", ""},
		{"--provider|github|--secret|env:NOT_HERE|--request|good", exitUsage, "environment variable NOT_HERE is not set", ""},
		{"--provider|github|--secret|file:/not/here|--request|good", exitUsage, "the file is read here, on this machine and by you", ""},
		{"--provider|github|--secret|" + verifySecret + "|--request|good", exitUsage, "", "--secret: must be env:NAME or file:/path"},
		{"--provider|github|--set|secrets[0]=" + verifySecret + "|--request|good", exitUsage, "", "must be env:NAME or file:/path"},
		{"--provider|meta|--set|verifyToken=" + verifySecret + "|--request|good", exitUsage, "", "must be env:NAME or file:/path"},
		{"--provider|github|--set|nonsense|--request|good", exitUsage, "", "--set: number 1 must be NAME=VALUE"},
		{"--provider|github|--set|a[1]=x|--request|good", exitUsage, "", "the next one is [0]"},
		{"--provider|github|--set|a[99]=x|--request|good", exitUsage, "", "below 64"},
		{"--provider|github|--set|provider.x=y|--request|good", exitUsage, "", "--set provider.x: provider is no section"},
		{"--provider|github|--set|provider[0]=y|--request|good", exitUsage, "", "provider is no list"},
		{"--provider|github|--set|.x=y|--request|good", exitUsage, "", "a name in it is empty"},
		{"--request|good", exitUsage, "", "there is no configuration"},
		{"--provider|github|--secret|env:VERIFY_SECRET", exitUsage, "", "there is no request"},
		{"--provider|github|--request|good|--har|h.har", exitUsage, "", "contradict each other"},
		{"--provider|github|--request|good|--url|/x", exitUsage, "", "there is one request"},
		{"--provider|github|--har|h.har|--data|x", exitUsage, "", "there is one request"},
		{"--provider|github|--request|good|--data|x|-d|y", exitUsage, "", "--data: is the body of --request; there is one"},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|shown", exitGood, "PASSES", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|verbose|--data|@body", exitGood, "PASSES", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|verbose", exitBroken, "curl -v prints no body", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|-H|" + sig + "|-d|@body", exitGood, "PASSES", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|-H|" + sig + "|--data-raw|Hello, World!", exitGood, "PASSES", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|-H|" + sig + "|--data-raw|@body", exitBroken, "REFUSED", ""},
		{"--provider|github|--request|good|--entry|1", exitUsage, "", "--entry: belongs to --har"},
		{"--provider|github|--har|h.har|--entry|-1", exitUsage, "", "--entry: must be a number from 1"},
		{"--provider|github|--request|good|--middleware|x", exitUsage, "", "--middleware: belongs to --config"},
		{"--provider|github|--config|a.yml|--request|good", exitUsage, "", "--provider contradicts --config"},
		{"--provider|github|--request|-|--config|-", exitUsage, "", "stdin can be read once"},
		{"--provider|github|--request|good|--now|--time|0", exitUsage, "", "--now contradicts --time"},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|good|--time|yesterday", exitUsage, "", "is neither RFC 3339"},
		{"--provider|github|--request|good|--client|nobody", exitUsage, "", "is not an address"},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|missing", exitUsage, "", "--request: open missing"},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|body", exitUsage, "", "--request: the first line is not as POST"},
		{"good", exitUsage, "", `"good" belongs to no option`},
		{"--help", exitGood, "--request FILE", ""},
	} {
		status, stdout, stderr := hookward(append([]string{"verify"}, strings.Split(c.words, "|")...)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || c.stdout == "" && stdout != "" || c.stderr == "" && stderr != "" {
			t.Errorf("%s: %d\n%s\n%s\nwant %d, %q, %q", c.words, status, stdout, stderr, c.status, c.stdout, c.stderr)
		}
		for _, hidden := range []string{verifySecret, verifySum, "of no use"} {
			if strings.Contains(stdout+stderr, hidden) {
				t.Errorf("%s: prints %q: %s%s", c.words, hidden, stdout, stderr)
			}
		}
	}
}

func TestVerifyStdin(t *testing.T) {
	t.Setenv("VERIFY_SECRET", verifySecret)
	sig := "X-Hub-Signature-256: sha256=" + verifySum
	for _, c := range []struct{ words, stdin string }{
		{"--request|-", verifyRaw},
		{"--data|@-|-H|" + sig, "Hello, World!"},
		{"--curl|-", "curl h/ -H '" + sig + "' -d 'Hello, World!'"},
	} {
		stdout, stderr := bytes.Buffer{}, bytes.Buffer{}
		words := append([]string{"verify", "--provider", "github", "--secret", "env:VERIFY_SECRET"}, strings.Split(c.words, "|")...)
		if status := run(words, streams{strings.NewReader(c.stdin), &stdout, &stderr}); status != exitGood {
			t.Errorf("%s: %d %s%s", c.words, status, stdout.String(), stderr.String())
		}
	}
}

// slackRaw is a request with a timestamp, and perhaps a Date.
func slackRaw(at time.Time, date string) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, []byte(verifySecret))
	m.Write([]byte("v0:" + stamp + ":{}"))
	return "POST / HTTP/1.1\nHost: h\n" + date + "X-Slack-Request-Timestamp: " + stamp + "\nX-Slack-Signature: v0=" + hex.EncodeToString(m.Sum(nil)) + "\nContent-Length: 2\n\n{}"
}

func TestVerifyMoment(t *testing.T) {
	t.Setenv("VERIFY_SECRET", verifySecret)
	then := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	verifyFiles(t, map[string]string{
		"old": slackRaw(then, ""), "dated": slackRaw(then, "Date: Mon, 06 May 2024 07:08:00 GMT\n"), "misdated": slackRaw(then, "Date: Mon, 06 May 2024 09:08:00 GMT\n"),
		"new": slackRaw(time.Now(), ""), "zero": slackRaw(time.Unix(1, 0), ""),
	})
	for _, c := range []struct {
		words  string
		status int
		stdout string
	}{
		{"old", exitGood, "judged as of 2024-05-06T07:08:09Z, the time that the request has signed"},
		{"old", exitGood, "it would be refused now: timestamp_too_old"},
		{"dated", exitGood, "2024-05-06T07:08:09Z; judged as of 2024-05-06T07:08:09Z"},
		{"misdated", exitGood, "the time that the request has signed"},
		{"old|--now", exitBroken, "judged as of " + time.Now().UTC().Format("2006-01-02")},
		{"old|--now", exitBroken, "failed       timestamp: timestamp_too_old"},
		{"old|--time|2024-05-06T07:08:00Z", exitGood, "judged as of 2024-05-06T07:08:00Z, --time"},
		{"old|--time|1714979300", exitGood, "2024-05-06T07:08:20Z, --time"},
		{"old|--time|2024-05-06T09:08:09+00:00", exitBroken, "cause: the signature is right, and 2h0m0s old"},
		{"old|--time|2024-05-06T07:00:00Z", exitBroken, "timestamp_too_new"},
		{"new|--now", exitGood, "this machine's clock"},
		{"zero", exitBroken, "timestamp_too_old"},
	} {
		words := append([]string{"verify", "--provider", "slack", "--secret", "env:VERIFY_SECRET", "--request"}, strings.Split(c.words, "|")...)
		status, stdout, stderr := hookward(words...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || stderr != "" {
			t.Errorf("%s: %d\n%s\n%s\nwant %d, %q", c.words, status, stdout, stderr, c.status, c.stdout)
		}
	}
}

func TestVerifyJSON(t *testing.T) {
	t.Setenv("VERIFY_SECRET", verifySecret)
	verifyFiles(t, map[string]string{"good": verifyRaw, "bad": strings.Replace(verifyRaw, "Length: 13", "Length: 14", 1) + "\n", "hello": "GET /?hub.mode=subscribe&hub.challenge=123&hub.verify_token=a-word-that-was-given HTTP/1.1\nHost: h\n\n"})
	t.Setenv("VERIFY_WORD", "a-word-that-was-given")
	type printed struct {
		Verdict     string    `json:"verdict"`
		JudgedAt    time.Time `json:"judgedAt"`
		Explanation struct {
			Problems []string `json:"problems"`
			Reason   string   `json:"reason"`
			Status   int      `json:"status"`
			Checks   []struct {
				Name, State, Reason string
				Seen                []string
			} `json:"checks"`
		} `json:"explanation"`
		Diagnosis *struct {
			Causes []struct{ Name, Text, Cure string } `json:"causes"`
		} `json:"diagnosis"`
	}
	for _, c := range []struct {
		words           string
		status          int
		verdict, reason string
		causes          string
	}{
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|good", exitGood, "passes", "verified", ""},
		{"--provider|github|--secret|env:VERIFY_SECRET|--request|bad", exitBroken, "refused", "signature_mismatch", "body-newline"},
		{"--provider|github|--secret|env:NOT_HERE|--request|good", exitUsage, "misconfigured", "config_invalid", ""},
		{"--provider|meta|--secret|env:VERIFY_SECRET|--set|verifyToken=env:VERIFY_WORD|--request|hello", exitGood, "answered", "handshake_answered", ""},
		{"--set|allowlist.sourceRange=10.0.0.0/8|--set|allowlist.alone=true|--request|good", exitUsage, "undecided", "address_allowed", ""},
	} {
		status, stdout, stderr := hookward(append([]string{"verify", "--json"}, strings.Split(c.words, "|")...)...)
		p := printed{}
		if err := json.Unmarshal([]byte(stdout), &p); err != nil {
			t.Fatalf("%s: %v %s %s", c.words, err, stdout, stderr)
		}
		causes := []string{}
		if p.Diagnosis != nil {
			for _, cause := range p.Diagnosis.Causes {
				causes = append(causes, cause.Name)
			}
		}
		if status != c.status || p.Verdict != c.verdict || p.Explanation.Reason != c.reason || strings.Join(causes, " ") != c.causes || p.JudgedAt.IsZero() {
			t.Errorf("%s: %d %s", c.words, status, stdout)
		}
		if strings.Contains(stdout, "a-word-that-was-given") || strings.Contains(stdout, verifySum) {
			t.Errorf("%s: prints a secret: %s", c.words, stdout)
		}
	}
}
