package messagesignature

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// canonical are AdCP's (compliance test-vectors/request-signing/canonicalization.json, 3.0.6,
// Apache License 2.0), but for hosts that are no ASCII, which no request has: URL, @target-uri
// and @authority.
var canonical = [][3]string{
	{"HTTPS://seller.example.com/adcp/create_media_buy", "https://seller.example.com/adcp/create_media_buy", "seller.example.com"},
	{"https://Seller.Example.COM/p", "https://seller.example.com/p", "seller.example.com"},
	{"https://[2001:DB8::1]/p", "https://[2001:db8::1]/p", "[2001:db8::1]"},
	{"https://[::1]:8443/p", "https://[::1]:8443/p", "[::1]:8443"},
	{"https://user:pass@seller.example.com/p", "https://seller.example.com/p", "seller.example.com"},
	{"https://seller.example.com:443/adcp/create_media_buy", "https://seller.example.com/adcp/create_media_buy", "seller.example.com"},
	{"http://seller.example.com:80/p", "http://seller.example.com/p", "seller.example.com"},
	{"https://seller.example.com:8443/p", "https://seller.example.com:8443/p", "seller.example.com:8443"},
	{"https://seller.example.com/adcp/./create_media_buy", "https://seller.example.com/adcp/create_media_buy", "seller.example.com"},
	{"https://seller.example.com/a/b/../c", "https://seller.example.com/a/c", "seller.example.com"},
	{"https://seller.example.com/a//b", "https://seller.example.com/a//b", "seller.example.com"},
	{"https://seller.example.com/a/.//b", "https://seller.example.com/a//b", "seller.example.com"},
	{"https://seller.example.com/a//../b", "https://seller.example.com/a/b", "seller.example.com"},
	{"https://seller.example.com?x=1", "https://seller.example.com/?x=1", "seller.example.com"},
	{"https://seller.example.com/path%2fhere", "https://seller.example.com/path%2Fhere", "seller.example.com"},
	{"https://seller.example.com/a%3Ab%3Fc", "https://seller.example.com/a%3Ab%3Fc", "seller.example.com"},
	{"https://seller.example.com/%7Efoo", "https://seller.example.com/~foo", "seller.example.com"},
	{"https://seller.example.com/%41%42C", "https://seller.example.com/ABC", "seller.example.com"},
	{"https://seller.example.com/p?b=2&a=1&c=3", "https://seller.example.com/p?b=2&a=1&c=3", "seller.example.com"},
	{"https://seller.example.com/p?x=a+b", "https://seller.example.com/p?x=a+b", "seller.example.com"},
	{"https://seller.example.com/p?", "https://seller.example.com/p?", "seller.example.com"},
	{"https://seller.example.com/p", "https://seller.example.com/p", "seller.example.com"},
	// Of our own.
	{"https://seller.example.com./p", "https://seller.example.com/p", "seller.example.com"},
	{"https://seller.example.com.:8443/p", "https://seller.example.com:8443/p", "seller.example.com:8443"},
	{"https://seller.example.com:/p", "https://seller.example.com/p", "seller.example.com"},
	{"https://seller.example.com:80/p", "https://seller.example.com:80/p", "seller.example.com:80"},
	{"https://seller.example.com/a/..", "https://seller.example.com/", "seller.example.com"},
	{"https://seller.example.com/../../a/.", "https://seller.example.com/a/", "seller.example.com"},
	{"https://seller.example.com/a%2e%2e/%2e%2e/b", "https://seller.example.com/b", "seller.example.com"},
	{"https://seller.example.com/.well-known/x", "https://seller.example.com/.well-known/x", "seller.example.com"},
	{"https://seller.example.com/p?x=%7e", "https://seller.example.com/p?x=%7e", "seller.example.com"},
}

// S16, S17: the URL as its sender has it, from the request alone and from publicURL.
func TestCanonicalURLs(t *testing.T) {
	for _, c := range canonical {
		u, err := url.Parse(c[0])
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Method: http.MethodPost, URL: u, Host: u.Host, Header: http.Header{}}
		if u.Scheme == "https" {
			r.TLS = &tls.ConnectionState{}
		}
		v := &Verifier{}
		if got, _ := derivedValue(v, r, &component{name: "@target-uri"}); got != c[1] {
			t.Errorf("%s: @target-uri %s, want %s", c[0], got, c[1])
		}
		if got, _ := derivedValue(v, r, &component{name: "@authority"}); got != c[2] {
			t.Errorf("%s: @authority %s, want %s", c[0], got, c[2])
		}
		if u.Path == "" {
			continue // no publicURL
		}
		v = compiled(t, config.MessageSignatureOptions{}, config.Options{PublicURL: c[0]})
		r.TLS = nil
		r.Host = "10.0.0.1:8080"
		if got, _ := derivedValue(v, r, &component{name: "@target-uri"}); got != c[1] {
			t.Errorf("publicURL %s: @target-uri %s, want %s", c[0], got, c[1])
		}
	}
}

// S18, and RFC 9421, 2.2.8.
func TestQueryParameters(t *testing.T) {
	for _, c := range []struct{ query, name, want, reason string }{
		{"param=value&foo=bar&baz=batman&qux=", "baz", "batman", ""},
		{"param=value&foo=bar&baz=batman&qux=", "qux", "", ""},
		{"var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something", "var", "this%20is%20a%20big%0Amultiline%20value", ""},
		{"var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something", "bar", "with%20plus%20whitespace", ""},
		{"var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something", "fa%C3%A7ade%22%3A%20", "something", ""},
		{"a=*-._~", "a", "*-._%7E", ""},
		{"a=1&a=2", "a", "", verdict.SignedTextAmbiguous},
		{"a=1&a=1", "a", "", verdict.SignedTextAmbiguous},
		{"a=1&%61=1", "a", "", verdict.SignedTextAmbiguous},
		{"a=1;b=2", "a", "", verdict.SignedTextAmbiguous},
		{"a=%zz", "a", "", verdict.SignedTextAmbiguous},
		{"b=1", "a", "", verdict.ComponentMissing},
		{"a=1", "%61", "", verdict.ComponentMissing},
	} {
		r := &http.Request{URL: &url.URL{RawQuery: c.query}}
		got, reason := parameterValue(&Verifier{}, r, c.name)
		if got != c.want || reason != c.reason {
			t.Errorf("%s of %s: %q, %s; want %q, %s", c.name, c.query, got, reason, c.want, c.reason)
		}
	}
}

// S19: nobody's header says how the sender has called.
func TestForwardedHeadersCountForNothing(t *testing.T) {
	n := compiled(t, config.MessageSignatureOptions{}, config.Options{})
	n.scheme = ""
	n.authority = ""
	lines := append([]string{}, usualLines...)
	lines[1] = `"@target-uri": http://example.com/in?a=1`
	expect(t, "as it came", n, requestWith(usual, baseOf(usual, lines...)), verdict.Verified)
	forwarded := []string{"X-Forwarded-Host: hooks.example.com", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443", "Forwarded: host=hooks.example.com;proto=https"}
	expect(t, "forwarded", n, requestWith(usual, baseOf(usual, lines...), forwarded...), verdict.Verified)
	expect(t, "as others say", n, requestWith(usual, baseOf(usual, usualLines...), forwarded...), verdict.SignatureMismatch)
}

// The whole URL in publicURL is the only one.
func TestPinnedURL(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{}, config.Options{PublicURL: "https://hooks.example.com/public/in?a=1"})
	lines := append([]string{}, usualLines...)
	lines[1] = `"@target-uri": https://hooks.example.com/public/in?a=1`
	for target, want := range map[string]string{
		"/public/in?a=1": verdict.Verified, "/in?a=1": verdict.Verified, "/x/public/in?a=1": verdict.Verified,
		"/public/in": verdict.URLMismatch, "/public/in?a=2": verdict.URLMismatch, "/other?a=1": verdict.URLMismatch,
	} {
		r := requestWith(usual, baseOf(usual, lines...))
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		expect(t, target, v, r, want)
	}
}

func TestMistakes(t *testing.T) {
	for want, c := range map[string]struct {
		o    config.MessageSignatureOptions
		more config.Options
	}{
		"publicKeys: is required, or messageSignature.jwks, or secrets for HMAC; write the key itself, env:NAME or file:/path":     {more: config.Options{PublicKeys: []string{}, Secrets: []string{}}},
		`messageSignature.components[0]: "Content-Digest" must be in small letters, as it stands in the signature: content-digest`: {o: config.MessageSignatureOptions{Components: []string{"Content-Digest", "content-digest"}}},
		"messageSignature.components[0]: is the digest of the dialect cavage; that of RFC 9530 is content-digest":                  {o: config.MessageSignatureOptions{Components: []string{"digest"}}},
		"messageSignature.components[1]: can't be covered by the signature that stands in it":                                      {o: config.MessageSignatureOptions{Components: []string{"content-digest", "signature"}}},
		`messageSignature.coverIfPresent[0]: "@method" is there in every request; it belongs into components`:                      {o: config.MessageSignatureOptions{CoverIfPresent: []string{"@method"}}},
		`messageSignature.parameters[0]: "exp" is not known; allowed: created, expires, nonce, keyid, alg, tag`:                    {o: config.MessageSignatureOptions{Parameters: []string{"exp"}}},
		`messageSignature.dialect: "rfc9422" is not known, did you mean rfc9421? (allowed: rfc9421, cavage)`:                       {o: config.MessageSignatureOptions{Dialect: "rfc9422"}},
		"messageSignature.tags: has no effect, because the dialect cavage has no such thing":                                       {o: config.MessageSignatureOptions{Dialect: "cavage", Tags: []string{"x"}}},
		"messageSignature.algorithms[0]: has no key that fits it":                                                                  {o: config.MessageSignatureOptions{Algorithms: []string{"hmac-sha256"}}},
		"messageSignature.clockSkew: must be at most tolerance, 5m0s":                                                              {o: config.MessageSignatureOptions{ClockSkew: 2 * config.DefaultTolerance}},
		`messageSignature.keyMembers[0]: "adcp_use" is not NAME=TEXT`:                                                              {o: config.MessageSignatureOptions{KeyMembers: []string{"adcp_use"}}},
		"messageSignature.secretEncoding: has no effect without secrets":                                                           {o: config.MessageSignatureOptions{SecretEncoding: "hex"}},
		"messageSignature.minNonceBytes: must be at most 64":                                                                       {o: config.MessageSignatureOptions{MinNonceBytes: 65}},
		`messageSignature.digestAlgorithms[0]: "md5" is not known; allowed: sha-256, sha-512`:                                      {o: config.MessageSignatureOptions{DigestAlgorithms: []string{"md5"}}},
		"senders: has no effect, because a message signature names a key; that is messageSignature.keyIDs":                         {more: config.Options{Senders: []string{"x"}}},
		"publicURL: is not a URL of scheme, host and perhaps path and query, such as https://hooks.example.com/in":                 {more: config.Options{PublicURL: "hooks.example.com"}},
	} {
		n := &config.Notes{}
		c.more.MessageSignature = &c.o
		if c.more.PublicKeys == nil {
			c.more.PublicKeys = []string{publicKey}
		}
		Compile(n, nothingResolved(), c.more)
		if got := strings.Join(config.Sentences(n.Problems), "\n"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	n := &config.Notes{}
	Compile(n, nothingResolved(), config.Options{PublicKeys: []string{publicKey}, MessageSignature: &config.MessageSignatureOptions{Components: []string{"@method"}, Parameters: []string{"keyid"}}})
	warnings := strings.Join(config.Sentences(n.Warnings), "\n")
	for _, want := range []string{"messageSignature.components: does not have content-digest, so whoever has seen one delivery can change its body", "messageSignature.parameters: does not have created, so a captured delivery can be sent again for ever"} {
		if !strings.Contains(warnings, want) {
			t.Errorf("does not warn %q: %s", want, warnings)
		}
	}
}

// What a request's URL is in AdCP's second form, with the server's own parsing.
func TestServersURL(t *testing.T) {
	r := hooktest.NewRequest(http.MethodPost, "/a%2fb?", body)
	if got, _ := derivedValue(&Verifier{}, r, &component{name: "@target-uri"}); got != "http://example.com/a%2Fb?" {
		t.Error(got)
	}
}
