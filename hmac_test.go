package hookward

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// fastGates are schemes that have a short way, of each of its forms.
func fastGates(t testing.TB) map[string]*policy {
	t.Helper()
	policies := map[string]*policy{}
	for _, slug := range []string{"github", "shopify", "stripe", "slack", "standard-webhooks", "paddle", "linkedin", "deel"} {
		secret := docsSecret
		if slug == "standard-webhooks" {
			secret = "whsec_" + base64Text(docsSecret)
		}
		c := compile(map[string]any{"provider": slug, "secrets": []any{"0123456789abcdef", secret}, "handshakes": "false", "ban": "false"})
		if c.policy == nil || c.policy.fast == nil {
			t.Fatalf("%s has no short way: %q", slug, c.problems)
		}
		policies[slug] = c.policy
	}
	return policies
}

// regular returns a delivery as the provider writes it.
func regular(slug, body, stamp string) http.Header {
	mac := func(text string) string { return hexMACOf("hmac-sha256", docsSecret, text) }
	switch slug {
	case "github":
		return http.Header{"X-Hub-Signature-256": {"sha256=" + mac(body)}}
	case "shopify":
		return http.Header{"X-Shopify-Hmac-Sha256": {base64MACOf(docsSecret, body)}}
	case "stripe":
		return http.Header{"Stripe-Signature": {"t=" + stamp + ",v1=" + mac(stamp+"."+body) + ",v0=" + mac("x")}}
	case "slack":
		return http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {"v0=" + mac("v0:"+stamp+":"+body)}}
	case "standard-webhooks":
		return http.Header{"Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {"v1," + base64MACOf(docsSecret, "msg_1."+stamp+"."+body)}}
	case "paddle":
		return http.Header{"Paddle-Signature": {"ts=" + stamp + ";h1=" + mac(stamp+":"+body)}}
	case "linkedin":
		return http.Header{"X-Li-Signature": {mac("hmacsha256=" + body)}}
	}
	return http.Header{"X-Deel-Signature": {mac("POST" + body)}}
}

// shortWay returns what the gate makes of a body by the short way alone: its reason, or
// nothing where the long way would have to be gone.
func shortWay(t testing.TB, p *policy, r *http.Request, body string) (string, *decision) {
	t.Helper()
	alone := *p
	// In the place of the long way, a token that is never there.
	alone.token = &token{places: []place{{kind: "header", name: "X-Never"}}, digests: [][]byte{{}}}
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(strings.NewReader(body))
	sent.ContentLength = int64(len(body))
	startWorkers()
	d := decide(&gate{name: t.Name(), policy: &alone, state: &state{}}, sent, testTime)
	if d.reason == tokenMissing {
		return "", d
	}
	return d.reason, d
}

// Regular deliveries go the short way: else it would be of no use, and nothing
// would tell.
func TestFastPathIsTaken(t *testing.T) {
	for slug, p := range fastGates(t) {
		for _, body := range []string{`{"a":1}`, "", "\x00\xff"} {
			r := newPost(body)
			r.Header = regular(slug, body, "1772366399")
			reason, d := shortWay(t, p, r, body)
			if reason != verified || d.proof.secret != 2 || d.proof.scheme != p.schemes[0] {
				t.Errorf("%s: not taken for %q, secret %d", slug, body, d.proof.secret)
			}
			if d.proof.timestamp.IsZero() == p.schemes[0].timestamped || !d.proof.timestamp.IsZero() && !d.proof.timestamp.Equal(testTime.Add(-time.Second)) {
				t.Errorf("%s: the timestamp is %v", slug, d.proof.timestamp)
			}
			if got := verifySchemes(&p.verifier, &message{request: r, body: []byte(body)}, testTime).reason; got != verified {
				t.Errorf("%s: the long way says %s", slug, got)
			}
			for _, wrong := range []string{body + "x", "{}" + body} {
				short, _ := shortWay(t, p, r, wrong)
				if long := verifySchemes(&p.verifier, &message{request: r, body: []byte(wrong)}, testTime).reason; short == verified || short != "" && short != long {
					t.Errorf("VULNERABLE: %s: for another body the short way says %s, the long way %s", slug, short, long)
				}
			}
		}
	}
	for _, slug := range []string{"box", "twilio", "x-twitter", "adyen", "klaviyo", "workos", "pusher"} {
		raw := map[string]any{"provider": slug, "secrets": "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"}
		if slug == "twilio" {
			raw["publicURL"] = "https://x/"
		}
		if slug == "pusher" {
			raw["senders"] = "key"
		}
		if p := mustCompile(t, raw); p.fast != nil {
			t.Errorf("%s has a short way, which knows nothing of its rules", slug)
		}
	}
}

// Delimiters that an id may have in itself, or more than one literal: the short
// way knows no such thing.
func TestFastPathIsLeft(t *testing.T) {
	for signs, want := range map[string]bool{
		"{id}.{timestamp}.{body}": true, "v1:{id}:{timestamp}x{body}": true,
		"{id}-{timestamp}-{body}": false, "{id}{timestamp}{body}": false, "{id}a{timestamp}{body}": false, "{id}_.{timestamp}{body}": false, "[{header:X-A}]{body}": false, "x[y]z{body}": false, "{body}x": false,
	} {
		section := map[string]any{"header": "X-Sig", "signs": signs}
		if strings.Contains(signs, "{timestamp}") {
			section["timestampHeader"], section["idHeader"] = "X-Ts", "X-Id"
		}
		p := mustCompile(t, map[string]any{"secrets": docsSecret, "signature": section})
		if (p.fast != nil) != want {
			t.Errorf("%s has a short way: %v", signs, p.fast != nil)
		}
	}
}

// Oracle: what the short way says, the long way says too.
func FuzzFastPath(f *testing.F) {
	f.Add("sha256="+hexMAC, "1772366400", "msg_1", "body")
	f.Add("t=1772366400,v1="+hexMAC+",v1="+hexMAC, "", "", "")
	f.Add("v1,"+stdMAC, "1772366400", "a.b", "")
	policies := fastGates(f)
	f.Fuzz(func(t *testing.T, signature, stamp, id, body string) {
		for slug, p := range policies {
			for _, header := range []http.Header{regular(slug, body, stamp), regular(slug, body, "1772366400")} {
				r := newPost(body)
				r.Header = header
				switch slug {
				case "stripe", "paddle":
					r.Header[p.fast.header] = []string{r.Header[p.fast.header][0] + signature}
				case "standard-webhooks":
					r.Header["Webhook-Id"] = []string{id}
					r.Header["Webhook-Signature"] = []string{"v1," + base64MACOf(docsSecret, id+"."+stamp+"."+body)}
				}
				for _, lines := range [][]string{r.Header[p.fast.header], {signature}} {
					r.Header[p.fast.header] = lines
					if short, _ := shortWay(t, p, r, body); short != "" {
						if got := verifySchemes(&p.verifier, &message{request: r, body: []byte(body)}, testTime).reason; got != short {
							t.Fatalf("VULNERABLE: %s: %q is %s, and the long way says %s", slug, r.Header, short, got)
						}
					}
				}
			}
		}
	})
}
