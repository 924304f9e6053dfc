package hookward

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// A whole publicURL is the signed text to the letter, so that nobody can move
// bytes between it and what follows, and no query passes that it does not have.
func TestPinnedURL(t *testing.T) {
	const public = "https://hooks.example.com/hooks?tenant=1"
	options := map[string]any{"provider": "square", "secrets": hooktest.DocsSecret, "publicURL": public}
	for path, want := range map[string]string{"/hooks": verdict.Verified, "/": verdict.Verified, "/x/hooks": verdict.Verified, "/x.php/hooks": verdict.URLMismatch, "/x;/hooks": verdict.URLMismatch, "/x//hooks": verdict.URLMismatch, "/admin": verdict.URLMismatch, "/hooks/x": verdict.URLMismatch, "/hook": verdict.URLMismatch} {
		capture(t)
		g := newTestGate(t.Name(), options, hooktest.TestTime)
		r := hooktest.NewPost(`{"a":1}`, "X-Square-Hmacsha256-Signature: "+hooktest.Base64MACOf(hooktest.DocsSecret, public+`{"a":1}`))
		r.URL.Path = path
		r.URL.RawQuery = "tenant=1"
		if x := decide(g, r, hooktest.TestTime); x.reason != want {
			t.Errorf("%s: %s, want %s", path, x.reason, want)
		}
	}
	if c := policy.Compile(options); len(c.Warnings) != 1 {
		t.Errorf("warnings: %q", c.Warnings)
	}
	body := `{"a":1}`
	sig := "X-Square-Hmacsha256-Signature: " + hooktest.Base64MACOf(hooktest.DocsSecret, public+body)
	for query, c := range map[string]struct{ body, want string }{
		"tenant=1":                {body, verdict.Verified},
		"tenant=2":                {body, verdict.URLMismatch},
		"":                        {body, verdict.URLMismatch},
		"tenant=1&x=2":            {body, verdict.URLMismatch},
		"tenant=1" + body[:3]:     {body[3:], verdict.URLMismatch},
		"tenant=" + "1%":          {body, verdict.URLMismatch},
		"x=1&tenant=1":            {body, verdict.URLMismatch},
		"tenant=1&tenant=1":       {body, verdict.URLMismatch},
		"tenant=1&bodySHA256=abc": {body, verdict.URLMismatch},
	} {
		capture(t)
		g := newTestGate(t.Name(), options, hooktest.TestTime)
		r := hooktest.NewPost(c.body, sig)
		r.URL.RawQuery = query
		if x := decide(g, r, hooktest.TestTime); x.reason != c.want {
			t.Errorf("%q: %s, want %s", query, x.reason, c.want)
		}
	}
	// The root, with a query.
	options = map[string]any{"provider": "square", "secrets": hooktest.DocsSecret, "publicURL": "https://hooks.example.com/?tenant=1"}
	for path, want := range map[string]string{"/": verdict.Verified, "/admin/": verdict.URLMismatch, "/x//": verdict.URLMismatch} {
		capture(t)
		r := hooktest.NewPost(body, "X-Square-Hmacsha256-Signature: "+hooktest.Base64MACOf(hooktest.DocsSecret, "https://hooks.example.com/?tenant=1"+body))
		r.URL.Path, r.URL.RawQuery = path, "tenant=1"
		if x := decide(newTestGate(t.Name(), options, hooktest.TestTime), r, hooktest.TestTime); x.reason != want {
			t.Errorf("%s: %s, want %s", path, x.reason, want)
		}
	}
	// Twilio adds the digest of a JSON body wherever it likes.
	sum := string(signature.BodyDigest("", []byte(body)))
	options = map[string]any{"provider": "twilio", "secrets": hooktest.DocsSecret, "publicURL": public}
	for query, want := range map[string]string{
		"tenant=1&bodySHA256=" + sum: verdict.Verified, "bodySHA256=" + sum + "&tenant=1": verdict.Verified, "tenant=1&bodySHA256=" + strings.Repeat("0", 64): verdict.URLMismatch,
		"bodySHA256=" + sum: verdict.URLMismatch, "tenant=1&x=1&bodySHA256=" + sum: verdict.URLMismatch, "tenant=1&bodySHA256=" + sum + "&bodySHA256=" + sum: verdict.URLMismatch,
		"tenant=1": verdict.URLMismatch,
	} {
		capture(t)
		g := newTestGate(t.Name(), options, hooktest.TestTime)
		mac := hooktest.HexMACOf("hmac-sha1", hooktest.DocsSecret, "https://hooks.example.com/hooks?"+query)
		r := hooktest.NewPost(body, "Content-Type: application/json", "X-Twilio-Signature: "+hooktest.Base64Of(t, mac))
		r.URL.RawQuery = query
		got := decide(g, r, hooktest.TestTime).reason
		if got != want && !(want == verdict.URLMismatch && got == verdict.SignedFieldMissing) {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

// A password in publicURL is signed, and shown nowhere; by reference it stands nowhere
// in the configuration either.
func TestCredentialsInPublicURL(t *testing.T) {
	const public = "https://user:pa55@hooks.example.com:8443/in"
	hooktest.Setenv(t, "TEST_PUBLIC_URL", public)
	for _, option := range []string{public, "env:TEST_PUBLIC_URL"} {
		raw := map[string]any{"provider": "twilio", "secrets": hooktest.DocsSecret, "publicURL": option}
		for signed, want := range map[string]string{
			public:                                                verdict.Verified,
			"https://user:pa55@hooks.example.com/in":              verdict.Verified, // Twilio signs either
			"https://hooks.example.com:8443/in":                   verdict.SignatureMismatch,
			"https://user:other@hooks.example.com/in":             verdict.SignatureMismatch,
			"https://user:pa55@hooks.example.com:443/in":          verdict.SignatureMismatch,
			"https://user:pa55@hooks.example.com.evil.example/in": verdict.SignatureMismatch,
		} {
			r := hooktest.NewRequest("POST", "/in", "", "X-Twilio-Signature: "+hooktest.Base64Of(t, hooktest.HexMACOf("hmac-sha1", hooktest.DocsSecret, signed)))
			if got := reasonFor(t, hooktest.Unbanned(raw), r, hooktest.TestTime); got != want {
				t.Errorf("%s, signed %s: %s, want %s", option, signed, got, want)
			}
		}
		c := policy.Compile(raw)
		if inClear := strings.Contains(strings.Join(config.Sentences(c.Warnings), " "), "publicURL: has a password in clear"); inClear != (option == public) {
			t.Errorf("%s: warnings: %q", option, c.Warnings)
		}
	}
	for option, want := range map[string]string{
		"env:TEST_NO_SUCH_URL":     "publicURL: environment variable TEST_NO_SUCH_URL is not set",
		"file:relative":            "publicURL: file: must be followed by an absolute path",
		"ftp://u:p@a.example/in":   "publicURL: is not a URL",
		"https://u:p@":             "publicURL: is not a URL",
		"https://u:p@a.example/#x": "publicURL: is not a URL",
	} {
		c := policy.Compile(map[string]any{"provider": "twilio", "secrets": hooktest.DocsSecret, "publicURL": option})
		if text := strings.Join(config.Sentences(c.Warnings), " "); strings.Contains(text, "publicURL ends that") {
			t.Errorf("%s: the cure for a warning is what was tried: %s", option, text)
		}
		if c.Policy != nil || len(c.Problems) != 1 || !strings.Contains(config.Sentence(c.Problems[0]), want) {
			t.Errorf("%s: %q", option, c.Problems)
		}
	}
}
