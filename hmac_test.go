package hookward

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/tokens"
	"github.com/hookward/hookward/internal/verdict"
)

// fastGates are schemes that have a short way, of each of its forms.
func fastGates(t testing.TB) map[string]*policy.Policy {
	t.Helper()
	policies := map[string]*policy.Policy{}
	for _, slug := range []string{"github", "shopify", "stripe", "slack", "standard-webhooks", "paddle", "linkedin", "deel"} {
		secret := hooktest.DocsSecret
		if slug == "standard-webhooks" {
			secret = "whsec_" + hooktest.Base64Text(hooktest.DocsSecret)
		}
		c := policy.Compile(map[string]any{"provider": slug, "secrets": []any{"0123456789abcdef", secret}, "handshakes": "false", "ban": "false"})
		if c.Policy == nil || c.Policy.Fast == nil {
			t.Fatalf("%s has no short way: %q", slug, c.Problems)
		}
		policies[slug] = c.Policy
	}
	return policies
}

// regular returns a delivery as the provider writes it.
func regular(slug, body, stamp string) http.Header {
	mac := func(text string) string { return hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, text) }
	switch slug {
	case "github":
		return http.Header{"X-Hub-Signature-256": {"sha256=" + mac(body)}}
	case "shopify":
		return http.Header{"X-Shopify-Hmac-Sha256": {hooktest.Base64MACOf(hooktest.DocsSecret, body)}}
	case "stripe":
		return http.Header{"Stripe-Signature": {"t=" + stamp + ",v1=" + mac(stamp+"."+body) + ",v0=" + mac("x")}}
	case "slack":
		return http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {"v0=" + mac("v0:"+stamp+":"+body)}}
	case "standard-webhooks":
		return http.Header{"Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {"v1," + hooktest.Base64MACOf(hooktest.DocsSecret, "msg_1."+stamp+"."+body)}}
	case "paddle":
		return http.Header{"Paddle-Signature": {"ts=" + stamp + ";h1=" + mac(stamp+":"+body)}}
	case "linkedin":
		return http.Header{"X-Li-Signature": {mac("hmacsha256=" + body)}}
	}
	return http.Header{"X-Deel-Signature": {mac("POST" + body)}}
}

// shortWay returns what the gate makes of a body by the short way alone: its reason, or
// nothing where the long way would have to be gone.
func shortWay(t testing.TB, p *policy.Policy, r *http.Request, body string) (string, *exchange) {
	t.Helper()
	alone := *p
	// In the place of the long way, a token that is never there.
	alone.Token = &tokens.Token{Locations: []message.Location{{Kind: "header", Name: "X-Never"}}, Digests: [][]byte{{}}}
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(strings.NewReader(body))
	sent.ContentLength = int64(len(body))
	startWorkers()
	x := decide(&gates.Gate{Name: t.Name(), Fixed: &gates.InForce{Policy: &alone, State: &memory.State{}}}, sent, hooktest.TestTime)
	if x.reason == verdict.TokenMissing {
		return "", x
	}
	return x.reason, x
}

// Regular deliveries go the short way: else it would be of no use, and nothing
// would tell.
func TestFastPathIsTaken(t *testing.T) {
	for slug, p := range fastGates(t) {
		for _, body := range []string{`{"a":1}`, "", "\x00\xff"} {
			r := hooktest.NewPost(body)
			r.Header = regular(slug, body, "1772366399")
			reason, x := shortWay(t, p, r, body)
			if reason != verdict.Verified || x.proof.Secret != 2 || x.proof.Scheme != p.Schemes[0] {
				t.Errorf("%s: not taken for %q, secret %d", slug, body, x.proof.Secret)
			}
			if x.proof.Timestamp.IsZero() == p.Schemes[0].Timestamped || !x.proof.Timestamp.IsZero() && !x.proof.Timestamp.Equal(hooktest.TestTime.Add(-time.Second)) {
				t.Errorf("%s: the timestamp is %v", slug, x.proof.Timestamp)
			}
			if got := signature.Verify(&p.Verifier, &message.Message{Request: r, Body: []byte(body)}, hooktest.TestTime).Reason; got != verdict.Verified {
				t.Errorf("%s: the long way says %s", slug, got)
			}
			for _, wrong := range []string{body + "x", "{}" + body} {
				short, _ := shortWay(t, p, r, wrong)
				if long := signature.Verify(&p.Verifier, &message.Message{Request: r, Body: []byte(wrong)}, hooktest.TestTime).Reason; short == verdict.Verified || short != "" && short != long {
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
		if p := mustCompile(t, raw); p.Fast != nil {
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
		p := mustCompile(t, map[string]any{"secrets": hooktest.DocsSecret, "signature": section})
		if (p.Fast != nil) != want {
			t.Errorf("%s has a short way: %v", signs, p.Fast != nil)
		}
	}
}

// Oracle: what the short way says, the long way says too.
func FuzzFastPath(f *testing.F) {
	f.Add("sha256="+hooktest.HexMAC, "1772366400", "msg_1", "body")
	f.Add("t=1772366400,v1="+hooktest.HexMAC+",v1="+hooktest.HexMAC, "", "", "")
	f.Add("v1,"+hooktest.StdMAC, "1772366400", "a.b", "")
	policies := fastGates(f)
	f.Fuzz(func(t *testing.T, sent, stamp, id, body string) {
		for slug, p := range policies {
			for _, header := range []http.Header{regular(slug, body, stamp), regular(slug, body, "1772366400")} {
				r := hooktest.NewPost(body)
				r.Header = header
				switch slug {
				case "stripe", "paddle":
					r.Header[p.Fast.Header] = []string{r.Header[p.Fast.Header][0] + sent}
				case "standard-webhooks":
					r.Header["Webhook-Id"] = []string{id}
					r.Header["Webhook-Signature"] = []string{"v1," + hooktest.Base64MACOf(hooktest.DocsSecret, id+"."+stamp+"."+body)}
				}
				for _, lines := range [][]string{r.Header[p.Fast.Header], {sent}} {
					r.Header[p.Fast.Header] = lines
					if short, _ := shortWay(t, p, r, body); short != "" {
						if got := signature.Verify(&p.Verifier, &message.Message{Request: r, Body: []byte(body)}, hooktest.TestTime).Reason; got != short {
							t.Fatalf("VULNERABLE: %s: %q is %s, and the long way says %s", slug, r.Header, short, got)
						}
					}
				}
			}
		}
	})
}
