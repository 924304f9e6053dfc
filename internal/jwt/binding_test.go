package jwt

import (
	"crypto"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// sumOf writes a digest.
func sumOf(hash crypto.Hash, encoding, body string) string {
	h := hash.New()
	h.Write([]byte(body))
	return encodeDigest(encoding, h.Sum(nil))
}

// A digest of the body in a claim, in each of its spellings.
func TestBodyHash(t *testing.T) {
	body := `{"event":"call"}`
	for _, c := range []struct {
		option map[string]any
		claim  any
		body   string
		want   string
	}{
		{nil, sumOf(crypto.SHA256, "hex", body), body, verdict.Verified},
		{nil, strings.ToUpper(sumOf(crypto.SHA256, "hex", body)), body, verdict.Verified},
		{nil, sumOf(crypto.SHA256, "hex", body), body + " ", verdict.BodyMismatch},
		{nil, sumOf(crypto.SHA256, "hex", body), "", verdict.BodyMismatch},
		{nil, sumOf(crypto.SHA256, "base64", body), body, verdict.BodyMismatch},
		{nil, sumOf(crypto.SHA512, "hex", body), body, verdict.BodyMismatch},
		{nil, nil, body, verdict.BodyMismatch},
		{nil, nil, "", verdict.BodyMismatch},
		{nil, "", body, verdict.BodyMismatch},
		{nil, 7, body, verdict.BodyMismatch},
		{nil, []string{sumOf(crypto.SHA256, "hex", body)}, body, verdict.BodyMismatch},
		{nil, sumOf(crypto.SHA256, "hex", ""), "", verdict.Verified},
		{map[string]any{"absentIfEmpty": "true"}, nil, "", verdict.Verified},
		{map[string]any{"absentIfEmpty": "true"}, nil, body, verdict.BodyMismatch},
		{map[string]any{"absentIfEmpty": "true"}, "", "", verdict.BodyMismatch},
		{map[string]any{"encoding": "base64"}, sumOf(crypto.SHA256, "base64", body), body, verdict.Verified},
		{map[string]any{"encoding": "base64"}, strings.TrimRight(sumOf(crypto.SHA256, "base64", body), "="), body, verdict.Verified},
		{map[string]any{"encoding": "base64"}, sumOf(crypto.SHA256, "base64", body) + "\n", body, verdict.BodyMismatch},
		{map[string]any{"encoding": "base64url"}, sumOf(crypto.SHA256, "base64url", body), body, verdict.Verified},
		{map[string]any{"encoding": "base64url"}, sumOf(crypto.SHA256, "base64url", body) + "=", body, verdict.Verified},
		{map[string]any{"encoding": "base64url", "algorithm": "sha512"}, sumOf(crypto.SHA512, "base64url", body), body, verdict.Verified},
		{map[string]any{"encoding": "base64url", "algorithm": "sha384"}, sumOf(crypto.SHA512, "base64url", body), body, verdict.BodyMismatch},
	} {
		option := map[string]any{"claim": "payload_hash"}
		for name, value := range c.option {
			option[name] = value
		}
		v := mustCompile(t, map[string]any{"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "bodyHash": option}})
		claims := map[string]any{"iat": present.Unix()}
		if c.claim != nil {
			claims["payload_hash"] = c.claim
		}
		if got := Verify(v, post(c.body, "Authorization", "Bearer "+hs256(plainHeader, claims)), nil, present).Reason; got != c.want {
			t.Errorf("%v, claim %v, body %q: %s, want %s", c.option, c.claim, c.body, got, c.want)
		}
	}
}

// The address in a claim.
func TestURLClaim(t *testing.T) {
	const whole = "https://hooks.example.com/in?x=1"
	for _, c := range []struct {
		option map[string]any
		public string
		claims map[string]any
		url    string
		want   string
	}{
		{map[string]any{"claim": "aud"}, whole, map[string]any{"aud": whole}, "/in?x=1", verdict.Verified},
		{map[string]any{"claim": "aud"}, whole, map[string]any{"aud": []string{"a", whole}}, "/in?x=1", verdict.Verified},
		{map[string]any{"claim": "aud"}, whole, map[string]any{"aud": whole}, "/in?x=2", verdict.URLMismatch},
		{map[string]any{"claim": "aud"}, whole, map[string]any{"aud": whole}, "/other?x=1", verdict.URLMismatch},
		{map[string]any{"claim": "aud"}, whole, map[string]any{"aud": whole + "/"}, "/in?x=1", verdict.URLMismatch},
		{map[string]any{"claim": "aud"}, whole, map[string]any{}, "/in?x=1", verdict.URLMismatch},
		{map[string]any{"claim": "sub"}, "https://hooks.example.com", map[string]any{"sub": whole}, "/in?x=1", verdict.Verified},
		{map[string]any{"claim": "sub"}, "https://hooks.example.com", map[string]any{"sub": whole}, "/in?x=2", verdict.URLMismatch},
		{map[string]any{"claim": "url_hash", "form": "sha256hex"}, whole, map[string]any{"url_hash": hexSHA256(whole)}, "/in?x=1", verdict.Verified},
		{map[string]any{"claim": "url_hash", "form": "sha256hex"}, whole, map[string]any{"url_hash": whole}, "/in?x=1", verdict.URLMismatch},
		{map[string]any{"form": "qsh"}, "", map[string]any{"qsh": hexSHA256("POST&/in&x=1")}, "/in?x=1", verdict.Verified},
		{map[string]any{"form": "qsh"}, "https://app.example.com/base", map[string]any{"qsh": hexSHA256("POST&/in&x=1")}, "/base/in?x=1&jwt=abc", verdict.Verified},
		{map[string]any{"form": "qsh"}, "", map[string]any{"qsh": hexSHA256("POST&/in&x=1")}, "/other?x=1", verdict.URLMismatch},
		{map[string]any{"form": "qsh"}, "", map[string]any{"qsh": hexSHA256("POST&/in&x=1")}, "/in?x=1&y=2", verdict.URLMismatch},
		{map[string]any{"form": "qsh"}, "", map[string]any{"qsh": "context-qsh"}, "/in?x=1", verdict.URLMismatch},
	} {
		raw := map[string]any{"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "url": c.option}}
		if c.public != "" {
			raw["publicURL"] = c.public
		}
		r := httptest.NewRequest("POST", c.url, nil)
		claims := map[string]any{"exp": present.Unix() + 60}
		for name, value := range c.claims {
			claims[name] = value
		}
		r.Header.Set("Authorization", "Bearer "+hs256(plainHeader, claims))
		if got := Verify(mustCompile(t, raw), &message.Message{Request: r}, nil, present).Reason; got != c.want {
			t.Errorf("%v %v at %s: %s, want %s", c.option, c.claims, c.url, got, c.want)
		}
	}
}

// The canonical form of requests as atlassian-jwt 2.0.3 makes it, whose own tests have most
// of these.
func TestCanonicalRequest(t *testing.T) {
	for _, c := range []struct{ base, method, url, want string }{
		{"", "GET", "/path/to/service?zee_last=param&repeated=parameter+1&first=param&repeated=parameter+2&repeated=Parameter+2", "GET&/path/to/service&first=param&repeated=Parameter%202,parameter%201,parameter%202&zee_last=param"},
		{"", "GET", "/hello-world/?a=b", "GET&/hello-world&a=b"},
		{"", "post", "/", "POST&/&"},
		{"https://x.example/addon", "GET", "/addon?a=1", "GET&/&a=1"},
		{"https://x.example/addon/", "GET", "/addon/in?jwt=abc&b=x%2Cy&a=%20", "GET&/in&a=%20&b=x%2Cy"},
		{"", "GET", "/a&b=c?d=(e)*!'", "GET&/a%26b=c&d=%28e%29%2A%21%27"},
	} {
		r := httptest.NewRequest("POST", c.url, nil)
		r.Method = c.method
		if got := canonicalRequest(c.base, r); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.method, c.url, got, c.want)
		}
	}
}

// A detached signature is over the body, encoded or not, as the configuration says.
func TestDetached(t *testing.T) {
	const body = `{"a":1}`
	encoded := inputOf(plainHeader, "")
	protected := strings.TrimSuffix(encoded, ".")
	sign := func(header, payload string) string {
		token := signHMAC(crypto.SHA256, testSecret, header+"."+payload)
		return header + ".." + token[strings.LastIndexByte(token, '.')+1:]
	}
	unencodedHeader := rawURL.EncodeToString([]byte(`{"alg":"HS256","b64":false,"crit":["b64"]}`))
	for i, c := range []struct {
		unencoded, token, want string
	}{
		{"false", sign(protected, rawURL.EncodeToString([]byte(body))), verdict.Verified},
		{"false", sign(protected, body), verdict.SignatureMismatch},
		{"false", sign(unencodedHeader, body), verdict.TokenMalformed},
		{"true", sign(unencodedHeader, body), verdict.Verified},
		{"true", sign(unencodedHeader, rawURL.EncodeToString([]byte(body))), verdict.SignatureMismatch},
		{"true", sign(protected, rawURL.EncodeToString([]byte(body))), verdict.TokenMalformed},
		{"true", sign(rawURL.EncodeToString([]byte(`{"alg":"HS256","b64":false}`)), body), verdict.TokenMalformed},
		{"true", sign(rawURL.EncodeToString([]byte(`{"alg":"HS256","b64":true,"crit":["b64"]}`)), body), verdict.TokenMalformed},
		{"true", sign(rawURL.EncodeToString([]byte(`{"alg":"HS256","b64":false,"crit":["b64","x"],"x":1}`)), body), verdict.TokenMalformed},
		{"true", sign(rawURL.EncodeToString([]byte(`{"alg":"HS256","b64":false,"crit":"b64"}`)), body), verdict.TokenMalformed},
	} {
		v := mustCompile(t, map[string]any{"secrets": testSecret, "jwt": map[string]any{"header": "X-Jws", "algorithms": "HS256", "detached": "true", "unencodedPayload": c.unencoded}})
		found := Verify(v, post(body, "X-Jws", c.token), nil, present)
		if found.Reason != c.want {
			t.Errorf("%d: %s, want %s", i, found.Reason, c.want)
		}
		if got := Verify(v, post(body+" ", "X-Jws", c.token), nil, present).Reason; got == verdict.Verified {
			t.Errorf("%d: another body passes", i)
		}
		if found.Reason == verdict.Verified && found.SignedHead != strings.Split(c.token, ".")[0]+"." {
			t.Errorf("%d: %q is said to be signed before the body", i, found.SignedHead)
		}
	}
}
