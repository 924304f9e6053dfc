package explain

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// explained returns what Explain says of a request, as text too, and checks that it
// has printed nothing.
func explained(t *testing.T, options map[string]any, r *http.Request, body string, now time.Time) (Explanation, string) {
	t.Helper()
	records, reports := hooktest.Listen(t)
	r.RemoteAddr = "192.0.2.1:1234"
	e := Explain(&hookward.Config{Raw: options}, r, []byte(body), now)
	if records.Len() > 0 || reports.String() != "" {
		t.Errorf("it has printed %q, %q", records, reports.String())
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return e, string(text)
}

// revealed returns what of a text is a secret, or the value of a signature.
func revealed(options map[string]any, header http.Header, text string) string {
	secrets, _ := options["secrets"].([]any)
	for _, secret := range secrets {
		if s, ok := secret.(string); ok && len(s) > 8 && strings.Contains(text, s) {
			return s
		}
	}
	for name, values := range header {
		for _, value := range values {
			if !strings.Contains(name, "Sign") && !strings.Contains(name, "Token") {
				continue
			}
			for _, word := range strings.FieldsFunc(value, func(c rune) bool { return c == '=' || c == ',' || c == ' ' }) {
				if len(word) > 20 && strings.Contains(text, word) {
					return word
				}
			}
		}
	}
	return ""
}

func TestExplainAgreesOnVectors(t *testing.T) {
	for _, v := range hooktest.ReadVectors(t) {
		r := hooktest.RequestOf(v)
		e, text := explained(t, v.Options, r, v.Body, v.Now)
		if e.Reason != v.Expect || e.Passes != (v.Expect == verdict.Verified) {
			t.Errorf("%s: %s, want %s: %v", v.Name, e.Reason, v.Expect, e.Problems)
		}
		if (e.Status == 0) != e.Passes {
			t.Errorf("%s: status %d", v.Name, e.Status)
		}
		secret := revealed(v.Options, r.Header, text)
		if secret != "" {
			t.Errorf("%s: %q is in %s", v.Name, secret, text)
		}
		if !e.Answered {
			checkOrder(t, v.Name, e)
		}
	}
}

// checkOrder checks that what is before a failed check has passed, and that nothing
// behind it was reached.
func checkOrder(t *testing.T, name string, e Explanation) {
	t.Helper()
	over := false
	for _, c := range e.Checks {
		if over != (c.State == CheckNotReached) {
			t.Errorf("%s: the check %s is %s: %+v", name, c.Name, c.State, e.Checks)
		}
		if c.State == CheckFailed {
			over = true
			if c.Reason != e.Reason {
				t.Errorf("%s: the check %s has failed for %s, and the reason is %s", name, c.Name, c.Reason, e.Reason)
			}
		}
	}
	if over == e.Passes {
		t.Errorf("%s: passes is %v: %+v", name, e.Passes, e.Checks)
	}
}

// What one request can't be judged by is left out, and said; and a request leaves
// nothing behind.
func TestExplainLeavesNothing(t *testing.T) {
	asked := 0
	lists := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer lists.Close()
	directory := t.TempDir()
	options := map[string]any{
		"provider": "github", "secrets": hooktest.DocsSecret,
		"rateLimit":      map[string]any{"average": "1", "burst": "1"},
		"ban":            map[string]any{"failures": "1"},
		"replay":         "true",
		"denylist":       map[string]any{"lists": []any{map[string]any{"url": lists.URL, "plainHTTP": "true"}}, "required": "true"},
		"redis":          map[string]any{"endpoints": "127.0.0.1:1", "password": "env:NOT_HERE"},
		"audit":          map[string]any{"required": "true", "outputs": []any{map[string]any{"type": "file", "path": directory + "/audit.log"}}},
		"stateDirectory": directory + "/state",
		"observeOnly":    "true",
	}
	good := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
	bad := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: sha256="+strings.Repeat("0", 64))
	for i := 0; i < 3; i++ {
		e, text := explained(t, options, good, hooktest.DocsBody, hooktest.TestTime)
		if !e.Passes {
			t.Fatal(text)
		}
		e, text = explained(t, options, bad, hooktest.DocsBody, hooktest.TestTime)
		if e.Passes || e.Reason != verdict.SignatureMismatch || e.Status != 401 {
			t.Fatal(text)
		}
		for _, name := range []string{"ban", "rateLimit", "replay", "denylist", "redis", "audit.required", "observeOnly"} {
			if !strings.Contains(strings.Join(e.NotJudged, "\n"), name+":") {
				t.Errorf("%s is not among %q", name, e.NotJudged)
			}
		}
	}
	left, err := filepath.Glob(directory + "/*")
	if asked != 0 || len(left) != 0 || err != nil {
		t.Errorf("%d requests, and files %v, %v", asked, left, err)
	}
	if good.Header.Get("X-Hookward-Provider") != "" {
		t.Error("the request was changed")
	}
}

func TestExplainChecks(t *testing.T) {
	github := func(more map[string]any) map[string]any { return hooktest.GithubWith(more) }
	sig := "X-Hub-Signature-256: " + hooktest.DocsSignature
	for name, c := range map[string]struct {
		options map[string]any
		request *http.Request
		body    string
		reason  string
		check   string
		status  int
		seen    string
	}{
		"method":          {github(nil), httptest.NewRequest("GET", "/", nil), "", verdict.MethodNotAllowed, "method", 405, "GET; allowed: POST"},
		"denied":          {github(map[string]any{"denylist": map[string]any{"sourceRange": "192.0.2.0/24"}}), hooktest.NewPost(hooktest.DocsBody, sig), hooktest.DocsBody, verdict.ClientDenied, "client", 403, "192.0.2.1, which is in denylist.sourceRange"},
		"not allowed":     {github(map[string]any{"allowlist": map[string]any{"sourceRange": "10.0.0.0/8", "rejectStatusCode": "404"}}), hooktest.NewPost(hooktest.DocsBody, sig), hooktest.DocsBody, verdict.ClientNotAllowed, "client", 404, "in no list"},
		"undetermined":    {github(map[string]any{"ipStrategy": map[string]any{"depth": "1"}, "allowlist": map[string]any{"sourceRange": "10.0.0.0/8"}}), hooktest.NewPost(hooktest.DocsBody, sig), hooktest.DocsBody, verdict.ClientUndetermined, "client", 403, "can't be told"},
		"large":           {github(map[string]any{"maxBodyBytes": "5"}), hooktest.NewPost(hooktest.DocsBody, sig), hooktest.DocsBody, verdict.BodyTooLarge, "body", 413, "13 bytes, of at most 5"},
		"missing":         {github(nil), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature: sha1=00"), hooktest.DocsBody, verdict.SignatureMissing, "signature", 401, "there is X-Hub-Signature"},
		"malformed":       {github(nil), hooktest.NewPost(hooktest.DocsBody, sig[:60]+"g"+sig[61:]), hooktest.DocsBody, verdict.SignatureMalformed, "signature", 401, `at position 40, \"g\" is no hexadecimal digit`},
		"short":           {github(nil), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: sha256="+strings.Repeat("0", 40)), hooktest.DocsBody, verdict.SignatureMalformed, "signature", 401, "as long as one of sha1"},
		"prefix":          {github(nil), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: sha1="+strings.Repeat("0", 40)), hooktest.DocsBody, verdict.SignatureMalformed, "signature", 401, `at position 4, \"256=\" is expected`},
		"list":            {map[string]any{"provider": "stripe", "secrets": hooktest.DocsSecret}, hooktest.NewPost("{}", "Stripe-Signature: t=1,v0=00"), "{}", verdict.SignatureMalformed, "signature", 401, `begins with \"v1=\"; there are: \"t=\", \"v0=\"`},
		"no timestamp":    {map[string]any{"provider": "slack", "secrets": hooktest.DocsSecret}, hooktest.NewPost("{}", "X-Slack-Signature: v0="+strings.Repeat("0", 64), "X-Slack-Timestamp: 1"), "{}", verdict.TimestampMissing, "signature", 401, "there is X-Slack-Timestamp"},
		"url":             {map[string]any{"provider": "twilio", "secrets": hooktest.DocsSecret, "publicURL": "https://a.example/in?x=1"}, hooktest.NewPost("", "X-Twilio-Signature: "+strings.Repeat("A", 27)+"="), "", verdict.URLMismatch, "signature", 401, `the path is \"/hooks\"`},
		"token":           {map[string]any{"provider": "gitlab", "secrets": hooktest.DocsSecret}, hooktest.NewPost("{}", "X-Gitlab-Token: another"), "{}", verdict.TokenMismatch, "token", 401, "it is none of 1 secret"},
		"no token":        {map[string]any{"provider": "gitlab", "secrets": hooktest.DocsSecret}, hooktest.NewPost("{}", "X-GitLab_Token: another"), "{}", verdict.TokenMissing, "token", 401, "header X-Gitlab-Token: not there"},
		"field":           {map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig", "signs": "{json:id}"}}, hooktest.NewPost("{}", "X-Sig: "+strings.Repeat("0", 64)), "{}", verdict.SignedFieldMissing, "signature", 401, "id in the JSON body is signed, and not there"},
		"one of the form": {map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig", "signs": "{header:X-A}.{body}"}}, hooktest.NewPost("{}", "X-A: a.b", "X-Sig: "+strings.Repeat("0", 64)), "{}", verdict.SignedTextAmbiguous, "signature", 401, "where header X-A ends"},
		"address alone":   {map[string]any{"allowlist": map[string]any{"sourceRange": "10.0.0.0/8", "alone": "true"}}, hooktest.NewPost("{}"), "{}", verdict.ClientNotAllowed, "client", 403, "192.0.2.1"},
		"the origin":      {map[string]any{"provider": "azure-event-grid", "secrets": hooktest.DocsSecret, "token": map[string]any{"query": "code"}}, hooktest.NewRequest("OPTIONS", "/", "", "WebHook-Request-Origin: eventgrid.example"), "", verdict.MethodNotAllowed, "method", 405, `header Webhook-Request-Origin is \"eventgrid.example\", and not eventgrid.azure.net or`},
		"a mode":          {map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": "the word that was given"}, httptest.NewRequest("GET", "/?hub.mode=a&hub.challenge=1", nil), "", verdict.MethodNotAllowed, "method", 405, `hub.mode of the query is \"a\", and not subscribe`},
		"no gzip":         {hooktest.SignedPlain(nil), hooktest.NewRequest("POST", "/", "{}", "Content-Encoding: gzip", "X-Signature: "+strings.Repeat("0", 64)), "{}", verdict.BodyMalformed, "signature", 401, "is not one member of gzip"},
		"a challenge":     {map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": "the word that was given"}, httptest.NewRequest("GET", "/?hub.mode=subscribe&hub.verify_token=the+word+that+was+given&hub.challenge=%3C1%3E", nil), "", verdict.HandshakeRefused, "handshake", 403, `the challenge, is \"\u003c1\u003e\", and not as pattern says`},
		"verify token":    {map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": "the word that was given"}, httptest.NewRequest("GET", "/?hub.mode=subscribe&hub.verify_token=another&hub.challenge=1", nil), "", verdict.HandshakeRefused, "handshake", 403, "parameter hub.verify_token of the query, which is there, is not verifyToken"},
	} {
		e, text := explained(t, c.options, c.request, c.body, hooktest.TestTime)
		if e.Reason != c.reason || e.Status != c.status || e.Passes {
			t.Errorf("%s: %s, want %s and %d", name, text, c.reason, c.status)
			continue
		}
		checkOrder(t, name, e)
		if got := hookward.Judge(policy.Compile(hooktest.Unbanned(c.options)).Policy, hooktest.NewRequestOf(c.request, c.body), hooktest.TestTime).Reason; got != c.reason {
			t.Errorf("%s: the gate says %s, want %s", name, got, c.reason)
		}
		for _, check := range e.Checks {
			seen, _ := json.Marshal(check.Seen)
			if (check.State == CheckFailed) != (check.Name == c.check) {
				t.Errorf("%s: %s", name, text)
			}
			if check.Name == c.check && !strings.Contains(string(seen), c.seen) {
				t.Errorf("%s: %s has not %q", name, seen, c.seen)
			}
		}
	}
}

// A mistake anywhere in the configuration is one, also in sections that say nothing
// of a request.
func TestExplainProblems(t *testing.T) {
	for name, options := range map[string]map[string]any{
		"nothing":         {},
		"a typo in audit": hooktest.GithubWith(map[string]any{"audit": map[string]any{"paylod": "hash"}}),
		"a secret":        {"provider": "github", "secrets": "env:NOT_HERE"},
		"a provider":      {"provider": "githab", "secrets": hooktest.DocsSecret},
	} {
		e, text := explained(t, options, hooktest.NewPost(hooktest.DocsBody), hooktest.DocsBody, hooktest.TestTime)
		if len(e.Problems) == 0 || e.Reason != verdict.ConfigInvalid || e.Status != 503 || e.Passes || len(e.Checks) > 0 {
			t.Errorf("%s: %s", name, text)
		}
	}
	e := Explain(nil, hooktest.NewPost(hooktest.DocsBody), nil, hooktest.TestTime)
	if len(e.Problems) == 0 {
		t.Error("no configuration is no mistake")
	}
}

// Where the network or the client's address would decide, nothing is decided.
func TestExplainUndecided(t *testing.T) {
	alone := map[string]any{"allowlist": map[string]any{"sourceRange": "192.0.2.0/24", "alone": "true"}}
	e := Explain(&hookward.Config{Raw: alone}, hooktest.NewRequestWithoutPeer("{}"), []byte("{}"), hooktest.TestTime)
	if e.Undecided == "" || e.Passes {
		t.Errorf("%+v", e)
	}
	e, _ = explained(t, alone, hooktest.NewPost("{}"), "{}", hooktest.TestTime)
	if e.Undecided != "" || !e.Passes || e.Reason != verdict.AddressAllowed {
		t.Errorf("%+v", e)
	}
	listed := hooktest.GithubWith(map[string]any{"allowlist": map[string]any{"sourceRange": "10.0.0.0/8", "lists": []any{map[string]any{"url": "https://lists.example/a"}}}})
	e, _ = explained(t, listed, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature), hooktest.DocsBody, hooktest.TestTime)
	if !e.Passes || !strings.Contains(strings.Join(e.NotJudged, "\n"), "allowlist: the lists that stand elsewhere") {
		t.Errorf("%+v", e)
	}
	r := hooktest.NewRequestWithoutPeer(hooktest.DocsBody)
	r.Header.Set("X-Hub-Signature-256", hooktest.DocsSignature)
	e = Explain(&hookward.Config{Raw: listed}, r, []byte(hooktest.DocsBody), hooktest.TestTime)
	if !e.Passes || e.Checks[1].State != CheckNotJudged {
		t.Errorf("%+v", e)
	}
}

// Amazon's certificate is not fetched.
func TestExplainFetchesNoCertificate(t *testing.T) {
	topic := "arn:aws:sns:eu-central-1:123456789012:deploys"
	body := func(topic, host string) string {
		return `{"Type":"Notification","MessageId":"1","TopicArn":"` + topic + `","Message":"m","Timestamp":"2026-03-01T12:00:00.000Z","SignatureVersion":"2","Signature":"` +
			strings.Repeat("A", 342) + `==","SigningCertURL":"https://` + host + `/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"}`
	}
	options := map[string]any{"provider": "aws-sns", "senders": topic}
	for want, text := range map[string]string{
		verdict.KeyUnavailable:     body(topic, "sns.eu-central-1.amazonaws.com"),
		verdict.SenderUnknown:      body(topic+"x", "sns.eu-central-1.amazonaws.com"),
		verdict.CertificateRefused: body(topic, "sns.eu-west-1.amazonaws.com"),
	} {
		e, seen := explained(t, options, hooktest.NewPost(text, "X-Amz-Sns-Message-Type: Notification"), text, hooktest.TestTime)
		if e.Reason != want || (e.Undecided != "") != (want == verdict.KeyUnavailable) || e.Passes || e.Matched {
			t.Errorf("%s, want %s", seen, want)
		}
	}
}

// A value that is signed may be a secret itself.
func TestExplainHidesSecrets(t *testing.T) {
	options := map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig", "signs": "{header:X-A}.{body}"}}
	_, text := explained(t, options, hooktest.NewPost("{}", "X-A: "+hooktest.DocsSecret, "X-Sig: "+strings.Repeat("0", 64)), "{}", hooktest.TestTime)
	if strings.Contains(text, "Everybody") || !strings.Contains(text, "not shown") {
		t.Error(text)
	}
}

// Where no signature was looked for, it is said all the same where one is to stand.
func TestExplainUncompressedUnsigned(t *testing.T) {
	r := hooktest.NewPost("{}", "Content-Encoding: gzip", "X-Signatur: a")
	e, text := explained(t, hooktest.SignedPlain(nil), r, "{}", hooktest.TestTime)
	if e.Reason != verdict.SignatureMissing || !strings.Contains(text, "read from header X-Signature") || !strings.Contains(text, "there is X-Signatur") {
		t.Errorf("%s: %s", e.Reason, text)
	}
}
