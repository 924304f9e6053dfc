package hookward

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/hooktest"
)

func TestSpoofedHeadersAreRemoved(t *testing.T) {
	removed := []string{
		"X-Hookward-Provider", "x-hookward-provider", "X_Hookward_Provider", "X_hookward-Provider",
		"X-Hookward_Provider", "x_HOOKWARD_provider", "X.Hookward.Provider", "X-Hookward-Anything", "X-Hookward-",
		"X_Hub_Signature_256", "X-Hub_Signature-256", "x_hub-signature_256",
		"X_GitHub_Event", "X-GitHub_Delivery", "X!hookward!provider",
		"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_Method_Override", "X-HTTP_method-override",
	}
	kept := []string{
		"X-Hub-Signature-256", "X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature", "Content-Type",
		"Hookward", "Hookward-Provider", "Xhookward-Provider", "X_Forwarded_For", "X-Github-Hook-Id",
	}
	capture(t)
	for way, options := range map[string]map[string]any{
		"as usual":               hooktest.GithubOptions(),
		"with trailers":          hooktest.GithubOptions(),
		"recorded before":        hooktest.GithubWith(map[string]any{"stateDirectory": hooktest.Directory(t), "audit": map[string]any{"required": "true"}}),
		"refused, and forwarded": hooktest.GithubWith(map[string]any{"observeOnly": "true", "maxBodyBytes": 5}),
	} {
		b := &hooktest.Backend{}
		r := hooktest.NewPost(hooktest.DocsBody)
		for _, name := range append(append([]string{}, removed...), kept...) {
			r.Header[http.CanonicalHeaderKey(name)] = []string{"spoof"}
		}
		r.Header["X-Hub-Signature-256"] = []string{hooktest.DocsSignature}
		if way == "with trailers" {
			r.Trailer = http.Header{"X-Checksum": {"x"}}
		}
		serve(newTestHandler(t, b.Handler(), options), r)
		if len(b.Requests) != 1 {
			t.Fatalf("%s: not forwarded", way)
		}
		got := b.Requests[0].Header
		for _, name := range removed {
			values := got[http.CanonicalHeaderKey(name)]
			if len(values) > 1 || len(values) == 1 && values[0] == "spoof" {
				t.Errorf("VULNERABLE: %s: %s is forwarded", way, name)
			}
		}
		for _, name := range kept {
			if got[http.CanonicalHeaderKey(name)] == nil {
				t.Errorf("%s: %s is lost", way, name)
			}
		}
	}
}

// A refused request may be handed to another backend, by a middleware in front.
func TestSpoofedHeadersOfRefused(t *testing.T) {
	capture(t)
	for name, raw := range map[string]map[string]any{
		"unsigned": hooktest.GithubOptions(), "of another method": hooktest.GithubWith(map[string]any{"methods": "PUT"}), "too large": hooktest.GithubWith(map[string]any{"maxBodyBytes": 5}),
		"not configured": {"provider": "githup"}, "handshake": {"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": "a token of 32 letters, and not one"},
	} {
		r := hooktest.NewPost(hooktest.DocsBody, "X-Hookward-Provider: spoof", "X_hookward_event: spoof", "X-Other: kept")
		if name == "handshake" {
			r.Method = "GET"
			r.URL.RawQuery = "hub.mode=subscribe&hub.challenge=1&hub.verify_token=x"
		}
		b := &hooktest.Backend{}
		rw := serve(newTestHandler(t, b.Handler(), raw), r)
		if len(b.Requests) != 0 || rw.Code < 400 {
			t.Errorf("%s: %d", name, rw.Code)
		}
		if len(r.Header["X-Hookward-Provider"])+len(r.Header["X_hookward_event"]) != 0 || len(r.Header["X-Other"]) != 1 {
			t.Errorf("VULNERABLE: %s: %v is left", name, r.Header)
		}
	}
}

// What the sender calls a delivery and its event is told as it is, or not at all: where it
// would be split, cut off, or read otherwise elsewhere.
func TestNamesOfTheSender(t *testing.T) {
	capture(t)
	long := strings.Repeat("x", 256)
	for text, told := range map[string]bool{
		"push": true, "a b": true, "!": true, "~?\"%\\": true, long[1:]: true, long: true,
		"": false, long + "x": false, " push": false, "push ": false, "a\tb": false, "a\x00b": false, "a\r\nX-Hookward-Provider: b": false, "\x7f": false,
		"p\xff": false, "\xc3": false, "f\u00fcr": false, "\u2028": false, "\ufeffpush": false, long[3:] + "\u20ac": false,
	} {
		b := &hooktest.Backend{}
		r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
		r.Header["X-Github-Event"] = []string{text}
		r.Header["X-Github-Delivery"] = []string{text}
		serve(newTestHandler(t, b.Handler(), hooktest.GithubOptions()), r)
		if len(b.Requests) != 1 {
			t.Fatalf("%q: not forwarded", text)
		}
		for _, name := range []string{deliveryHeader, eventHeader} {
			got := b.Requests[0].Header[name]
			if told && (len(got) != 1 || got[0] != text) || !told && got != nil {
				t.Errorf("%s: %q of %q", name, got, text)
			}
		}
	}
}

// What a scheme reads stays, in the spelling in which it does.
func TestMethodOverrideThatIsRead(t *testing.T) {
	removed := header.Spoofs(map[string]bool{"X-Http-Method": true})
	header.AddOverrides(removed, map[string]bool{"X-Http-Method": true})
	if removed["X-Http-Method"] || !removed["X_http_method"] || !removed["X-Http-Method-Override"] || !removed["X-Method_override"] {
		t.Errorf("%v", removed)
	}
}

// A scheme may itself read a name with underscores.
func TestSpoofsOfUnderscores(t *testing.T) {
	got := header.Spoofs(map[string]bool{"Msg_id": true, "X-Sig": true})
	for _, name := range []string{"Msg-Id", "X_sig"} {
		if !got[name] {
			t.Errorf("VULNERABLE: %s is forwarded", name)
		}
	}
	if got["Msg_id"] || got["X-Sig"] || len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

func TestSpoofedTrailersAreRemoved(t *testing.T) {
	capture(t)
	b := &hooktest.Backend{}
	r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
	r.ContentLength = -1
	r.TransferEncoding = []string{"chunked"}
	r.Trailer = http.Header{}
	for _, name := range []string{"X-Hookward-Provider", "X_hookward_provider", "X-Github-Event", "X_github_event", "X-Hub-Signature-256", "X-Checksum"} {
		r.Trailer[name] = []string{"x"}
	}
	serve(newTestHandler(t, b.Handler(), hooktest.GithubOptions()), r)
	if len(b.Requests) != 1 {
		t.Fatal("not forwarded")
	}
	if got := b.Requests[0]; len(got.Trailer) != 1 || got.Trailer["X-Checksum"] == nil {
		t.Errorf("VULNERABLE: trailers %v", got.Trailer)
	} else if got.ContentLength != -1 {
		t.Errorf("length %d: trailers travel with chunks only", got.ContentLength)
	}
}

func TestAWebhookDoesNotBecomeATunnel(t *testing.T) {
	capture(t)
	b := &hooktest.Backend{}
	serve(newTestHandler(t, b.Handler(), hooktest.GithubOptions()), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature, "Upgrade: h2c", "Connection: Upgrade"))
	if len(b.Requests) != 1 || b.Requests[0].Header["Upgrade"] != nil {
		t.Errorf("VULNERABLE: %d requests, upgraded", len(b.Requests))
	}
}

func TestTheProviderIsNamed(t *testing.T) {
	capture(t)
	for want, raw := range map[string]map[string]any{
		"github": hooktest.GithubOptions(),
		"custom": {"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Hub-Signature-256", "format": "sha256={hex}"}},
	} {
		b := &hooktest.Backend{}
		serve(newTestHandler(t, b.Handler(), raw), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature, "X-Hookward-Provider: forged"))
		if len(b.Requests) != 1 {
			t.Fatalf("%s: not forwarded", want)
		}
		if got := b.Requests[0].Header[providerHeader]; len(got) != 1 || got[0] != want {
			t.Errorf("VULNERABLE: %s is %q, want %q", providerHeader, got, want)
		}
	}
}

// A secret of one of two gates must not serve for the other, nor an algorithm.
func TestSignatureOfAnotherGate(t *testing.T) {
	capture(t)
	for _, raw := range []map[string]any{
		{"provider": "github", "secrets": "another secret, of another gate"},
		{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Hub-Signature-256", "format": "sha256={hex}", "signs": "{method}{body}"}},
		{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Hub-Signature-256", "format": "sha256={hex}", "algorithm": "hmac-sha512"}},
	} {
		b := &hooktest.Backend{}
		rw := serve(newTestHandler(t, b.Handler(), raw), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
		if rw.Code != 401 || len(b.Requests) != 0 {
			t.Errorf("VULNERABLE: %v: status %d", raw, rw.Code)
		}
	}
}
