package hookward

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vector is a file of testdata/vectors: lines of "key: value", an empty line,
// and the body to the end of the file. One file shows one thing.
//
//	comment   where it is from, and what it shows
//	option    name=value of the middleware's configuration; list[]=value appends
//	header    Name: value
//	now       seconds since 1970
//	expect    the reason of the decision
type vector struct {
	options map[string]any
	headers []string
	now     time.Time
	expect  string
	body    string
}

func readVector(t *testing.T, path string) vector {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, ok := strings.Cut(string(b), "\n\n")
	if !ok {
		t.Fatalf("%s: no empty line", path)
	}
	v := vector{options: map[string]any{}, now: testTime, body: body}
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "comment":
		case "option":
			name, text, _ := strings.Cut(value, "=")
			setOption(v.options, name, text)
		case "header":
			v.headers = append(v.headers, value)
		case "now":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			v.now = time.Unix(n, 0)
		case "expect":
			v.expect = value
		default:
			t.Fatalf("%s: unknown key %q", path, key)
		}
	}
	return v
}

func setOption(options map[string]any, name, text string) {
	section, rest, nested := strings.Cut(name, ".")
	if nested {
		if options[section] == nil {
			options[section] = map[string]any{}
		}
		setOption(options[section].(map[string]any), rest, text)
		return
	}
	if strings.HasSuffix(name, "[]") {
		name = strings.TrimSuffix(name, "[]")
		list, _ := options[name].([]any)
		options[name] = append(list, text)
		return
	}
	options[name] = text
}

func TestVectors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "vectors", "*", "*"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("only %d vectors: %v", len(paths), err)
	}
	for _, path := range paths {
		v := readVector(t, path)
		if got := reasonFor(t, v); got != v.expect {
			t.Errorf("%s: got %s, want %s", path, got, v.expect)
		}
	}
}

func reasonFor(t *testing.T, v vector) string {
	t.Helper()
	capture(t)
	g := newGate("vector", v.options, compile, v.now)
	if g.policy == nil {
		t.Fatalf("configuration %v: %v", v.options, compile(v.options).problems)
	}
	return decide(g, newPost(v.body, v.headers...), v.now).reason
}

// published are the schemes of the larger set of published vectors that the
// options can express, under the names of that set.
var published = map[string]map[string]any{
	"github":          {"provider": "github"},
	"github-sha1":     ownScheme("hmac-sha1", "X-Hub-Signature", "sha1={hex}", "{body}"),
	"bitbucket-cloud": ownScheme("hmac-sha256", "X-Hub-Signature", "sha256={hex}", "{body}"),
	"atlassian-jira":  ownScheme("hmac-sha256", "X-Hub-Signature", "sha256={hex}", "{body}"),
	"line":            ownScheme("hmac-sha256", "X-Line-Signature", "{base64}", "{body}"),
	"shopify":         ownScheme("hmac-sha256", "X-Shopify-Hmac-SHA256", "{base64}", "{body}"),
	"razorpay":        ownScheme("hmac-sha256", "X-Razorpay-Signature", "{hex}", "{body}"),
	"circleci":        ownScheme("hmac-sha256", "Circleci-Signature", "v1={hex},...", "{body}"),
	"stripe":          ownScheme("hmac-sha256", "Stripe-Signature", "t={timestamp},v1={hex},...", "{timestamp}.{body}"),
	"paddle":          ownScheme("hmac-sha256", "Paddle-Signature", "ts={timestamp};h1={hex};...", "{timestamp}:{body}"),
	"slack": ownScheme("hmac-sha256", "X-Slack-Signature", "v0={hex}", "v0:{timestamp}:{body}",
		"timestampHeader", "X-Slack-Request-Timestamp"),
	"standard-webhooks": ownScheme("hmac-sha256", "Webhook-Signature", "v1,{base64} ...", "{id}.{timestamp}.{body}",
		"timestampHeader", "Webhook-Timestamp", "idHeader", "Webhook-Id", "secretEncoding", "whsec"),
	"svix": ownScheme("hmac-sha256", "Svix-Signature", "v1,{base64} ...", "{id}.{timestamp}.{body}",
		"timestampHeader", "Svix-Timestamp", "idHeader", "Svix-Id", "secretEncoding", "whsec"),
}

func ownScheme(algorithm, header, format, signs string, more ...string) map[string]any {
	s := map[string]any{"algorithm": algorithm, "header": header, "format": format, "signs": signs}
	for i := 0; i+1 < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	return map[string]any{"signature": s}
}

// TestPublishedVectors reads the set that lies beside the repository where the
// project is developed; it is not ours to ship.
func TestPublishedVectors(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "shared", "facts", "vectors.json"))
	if os.IsNotExist(err) {
		t.Skip("the published vectors are not here")
	}
	var set []struct {
		ID      string            `json:"id"`
		Scheme  string            `json:"scheme"`
		Secret  any               `json:"secret"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		Expect  string            `json:"expect"`
		Now     int64             `json:"now"`
		Why     string            `json:"why"`
	}
	if err := json.Unmarshal(b, &set); err != nil {
		t.Fatal(err)
	}
	accepted, refused := 0, 0
	for _, v := range set {
		options, known := published[v.Scheme]
		if !known || strings.Contains(v.Why, "asymmetric") || strings.Contains(v.Headers["webhook-signature"], "v1a,") {
			continue
		}
		secrets, several := v.Secret.([]any)
		if !several {
			secrets = []any{v.Secret}
		}
		raw := map[string]any{"secrets": secrets}
		for key, value := range options {
			raw[key] = value
		}
		if v.Scheme == "paddle" {
			raw["tolerance"] = "5s" // the SDK's own
		}
		now := time.Unix(v.Now, 0)
		if v.Now == 0 {
			now = timestampOf(v.Headers)
		}
		headers := http.Header{}
		for name, value := range v.Headers {
			headers.Add(name, value)
		}
		capture(t)
		g := newGate("published", raw, compile, now)
		reason := configInvalid
		if g.policy != nil {
			r := newPost(v.Body)
			r.Header = headers
			reason = decide(g, r, now).reason
		}
		if (reason == verified) != (v.Expect == "valid") {
			t.Errorf("%s (%s): %s, want %s: %s %v", v.ID, v.Scheme, reason, v.Expect, v.Why, compile(raw).problems)
		}
		if reason == verified {
			accepted++
		} else {
			refused++
		}
	}
	if accepted < 20 || refused < 10 {
		t.Errorf("only %d accepted and %d refused", accepted, refused)
	}
}

// timestampOf is the present of a vector that names none: the time at which it
// was signed.
func timestampOf(headers map[string]string) time.Time {
	for _, value := range headers {
		for _, field := range strings.FieldsFunc(value, func(c rune) bool { return c < '0' || c > '9' }) {
			n, err := strconv.ParseInt(field, 10, 64)
			if err == nil && len(field) == 10 {
				return time.Unix(n, 0)
			}
		}
	}
	return testTime
}
