package hookward

import (
	"net/url"
	"strings"
	"testing"
)

// A whole publicURL is the signed text to the letter, so that nobody can move
// bytes between it and what follows, and no query passes that it does not have.
func TestPinnedURL(t *testing.T) {
	const public = "https://hooks.example.com/hooks?tenant=1"
	options := map[string]any{"provider": "square", "secrets": docsSecret, "publicURL": public}
	for path, want := range map[string]string{"/hooks": verified, "/": verified, "/x/hooks": verified, "/x.php/hooks": urlMismatch, "/x;/hooks": urlMismatch, "/x//hooks": urlMismatch, "/admin": urlMismatch, "/hooks/x": urlMismatch, "/hook": urlMismatch} {
		capture(t)
		g := newTestGate(t.Name(), options, compile, testTime)
		r := newPost(`{"a":1}`, "X-Square-Hmacsha256-Signature: "+base64MACOf(docsSecret, public+`{"a":1}`))
		r.URL.Path = path
		r.URL.RawQuery = "tenant=1"
		if d := decide(g, r, testTime); d.reason != want {
			t.Errorf("%s: %s, want %s", path, d.reason, want)
		}
	}
	if c := compile(options); len(c.warnings) != 1 {
		t.Errorf("warnings: %q", c.warnings)
	}
	body := `{"a":1}`
	sig := "X-Square-Hmacsha256-Signature: " + base64MACOf(docsSecret, public+body)
	for query, c := range map[string]struct{ body, want string }{
		"tenant=1":                {body, verified},
		"tenant=2":                {body, urlMismatch},
		"":                        {body, urlMismatch},
		"tenant=1&x=2":            {body, urlMismatch},
		"tenant=1" + body[:3]:     {body[3:], urlMismatch},
		"tenant=" + "1%":          {body, urlMismatch},
		"x=1&tenant=1":            {body, urlMismatch},
		"tenant=1&tenant=1":       {body, urlMismatch},
		"tenant=1&bodySHA256=abc": {body, urlMismatch},
	} {
		capture(t)
		g := newTestGate(t.Name(), options, compile, testTime)
		r := newPost(c.body, sig)
		r.URL.RawQuery = query
		if d := decide(g, r, testTime); d.reason != c.want {
			t.Errorf("%q: %s, want %s", query, d.reason, c.want)
		}
	}
	// The root, with a query.
	options = map[string]any{"provider": "square", "secrets": docsSecret, "publicURL": "https://hooks.example.com/?tenant=1"}
	for path, want := range map[string]string{"/": verified, "/admin/": urlMismatch, "/x//": urlMismatch} {
		capture(t)
		r := newPost(body, "X-Square-Hmacsha256-Signature: "+base64MACOf(docsSecret, "https://hooks.example.com/?tenant=1"+body))
		r.URL.Path, r.URL.RawQuery = path, "tenant=1"
		if d := decide(newTestGate(t.Name(), options, compile, testTime), r, testTime); d.reason != want {
			t.Errorf("%s: %s, want %s", path, d.reason, want)
		}
	}
	// Twilio adds the digest of a JSON body wherever it likes.
	sum := string(bodyDigest("", []byte(body)))
	options = map[string]any{"provider": "twilio", "secrets": docsSecret, "publicURL": public}
	for query, want := range map[string]string{
		"tenant=1&bodySHA256=" + sum: verified, "bodySHA256=" + sum + "&tenant=1": verified, "tenant=1&bodySHA256=" + strings.Repeat("0", 64): urlMismatch,
		"bodySHA256=" + sum: urlMismatch, "tenant=1&x=1&bodySHA256=" + sum: urlMismatch, "tenant=1&bodySHA256=" + sum + "&bodySHA256=" + sum: urlMismatch,
		"tenant=1": urlMismatch,
	} {
		capture(t)
		g := newTestGate(t.Name(), options, compile, testTime)
		mac := hexMACOf("hmac-sha1", docsSecret, "https://hooks.example.com/hooks?"+query)
		r := newPost(body, "Content-Type: application/json", "X-Twilio-Signature: "+base64Of(t, mac))
		r.URL.RawQuery = query
		got := decide(g, r, testTime).reason
		if got != want && !(want == urlMismatch && got == signedFieldMissing) {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

func TestRenderURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://a.example.com/x?y=1": "https://a.example.com:443/x?y=1", "http://a/": "http://a:80/", "https://a": "https://a:443",
		"https://a:8443/x": "https://a/x", "https://a?x=:": "https://a:443?x=:", "https://[::1]/x": "https://[::1]:443/x", "https://[::1]:80/x": "https://[::1]/x",
		"https://u:p@a/x": "https://u:p@a:443/x", "https://u:p@a:8443/x": "https://u:p@a/x", "https://u@a:1?x=@:2": "https://u@a?x=@:2", "https://u:p@[::1]": "https://u:p@[::1]:443",
	} {
		if got := renderURL("portURL", text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	decoded := renderURL("decodedURL", "https://a/%2F%3a?b=%40%26%3D%2B%20%25%23%21%24%27%28%29%2A%2C%3B%3F")
	if want := "https://a//:?b=@%26%3D%2B%20%25%23!$'()*,;?"; decoded != want {
		t.Errorf("%s, want %s", decoded, want)
	}
	if _, err := url.Parse(decoded); err != nil {
		t.Error(err)
	}
}

// A password in publicURL is signed, and shown nowhere; by reference it stands nowhere
// in the configuration either.
func TestCredentialsInPublicURL(t *testing.T) {
	const public = "https://user:pa55@hooks.example.com:8443/in"
	setenv(t, "TEST_PUBLIC_URL", public)
	for _, option := range []string{public, "env:TEST_PUBLIC_URL"} {
		raw := map[string]any{"provider": "twilio", "secrets": docsSecret, "publicURL": option}
		for signed, want := range map[string]string{
			public:                                                verified,
			"https://user:pa55@hooks.example.com/in":              verified, // Twilio signs either
			"https://hooks.example.com:8443/in":                   signatureMismatch,
			"https://user:other@hooks.example.com/in":             signatureMismatch,
			"https://user:pa55@hooks.example.com:443/in":          signatureMismatch,
			"https://user:pa55@hooks.example.com.evil.example/in": signatureMismatch,
		} {
			r := newRequest("POST", "/in", "", "X-Twilio-Signature: "+base64Of(t, hexMACOf("hmac-sha1", docsSecret, signed)))
			if got := reasonFor(t, unbanned(raw), r, testTime); got != want {
				t.Errorf("%s, signed %s: %s, want %s", option, signed, got, want)
			}
		}
		c := compile(raw)
		if inClear := strings.Contains(strings.Join(sentences(c.warnings), " "), "publicURL: has a password in clear"); inClear != (option == public) {
			t.Errorf("%s: warnings: %q", option, c.warnings)
		}
	}
	for option, want := range map[string]string{
		"env:TEST_NO_SUCH_URL":     "publicURL: environment variable TEST_NO_SUCH_URL is not set",
		"file:relative":            "publicURL: file: must be followed by an absolute path",
		"ftp://u:p@a.example/in":   "publicURL: is not a URL",
		"https://u:p@":             "publicURL: is not a URL",
		"https://u:p@a.example/#x": "publicURL: is not a URL",
	} {
		c := compile(map[string]any{"provider": "twilio", "secrets": docsSecret, "publicURL": option})
		if c.policy != nil || len(c.problems) != 1 || !strings.Contains(sentence(c.problems[0]), want) {
			t.Errorf("%s: %q", option, c.problems)
		}
	}
}
