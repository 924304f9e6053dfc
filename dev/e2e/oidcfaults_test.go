package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/oidc"
	"github.com/hookward/hookward/dev/testkit"
)

// withHeader returns a token's line with another header in the token, which nobody has
// signed.
func withHeader(line, header string) string {
	at := strings.LastIndex(line, " ") + 1
	_, rest, _ := strings.Cut(line[at:], ".")
	return line[:at] + base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}

func withKeyID(line, id string) string {
	return withHeader(line, fmt.Sprintf(`{"alg":"ES256","typ":"at+jwt","kid":%q}`, id))
}

// A provider that is not there when Traefik starts is found when it comes; one that goes is
// missed when its keys are too old, and no sooner; and one that comes back has new keys.
func TestProviderThatIsDown(t *testing.T) {
	address := testkit.Addresses(t, 1)[0]
	issuer := "http://" + address
	s := start(t, nil, []gate{byDiscovery("down", issuer, "ES256", ", refresh: 1s, maxStale: 10s, minRefresh: 1s"), {name: "gh", options: github}}, gateway.Settings{})
	early := withHeader("Authorization: Bearer a.e30.AAAA", `{"alg":"ES256","typ":"at+jwt","kid":"EC-1"}`)
	s.refused(t, s.post(t, "down", hello, strings.Replace(early, ".e30.", "."+base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+issuer+`"}`))+".", 1)), http.StatusServiceUnavailable, "key_unavailable")
	s.passed(t, s.post(t, "gh", hello, helloSignature))
	s.said(t, "the key set of the issuer", "it has never been loaded")

	port := 0
	_, err := fmt.Sscanf(address, "127.0.0.1:%d", &port)
	must(t, err)
	p, err := oidc.Start(port)
	must(t, err)
	first := token(t, p, "ES256")
	eventually(t, "the provider is found", func() bool { return s.status(t, "down", first) == http.StatusOK })
	s.said(t, "the key set of the issuer", "has 3 keys")
	p.Stop()
	eventually(t, "its keys are too old", func() bool { return s.status(t, "down", first) == http.StatusServiceUnavailable })
	s.said(t, "the key set of the issuer", "stays in force")
	s.refused(t, s.post(t, "down", hello, first), http.StatusServiceUnavailable, "key_unavailable")
	s.passed(t, s.post(t, "gh", hello, helloSignature))

	p = startProvider(t, port)
	second := token(t, p, "ES256")
	eventually(t, "it is back", func() bool { return s.status(t, "down", second) == http.StatusOK })
	s.refused(t, s.post(t, "down", hello, first), http.StatusUnauthorized, "signature_mismatch")
}

// A provider that hangs, or says anything but its keys, holds up nobody who has a token by a
// known key, and no other gate. Who has one by another gets an answer.
func TestProviderThatMisbehaves(t *testing.T) {
	p := startProvider(t, 0)
	s := start(t, nil, []gate{byDiscovery("known", p.Issuer, "ES256", ", minRefresh: 1s"), {name: "gh", options: github}}, gateway.Settings{})
	good := token(t, p, "ES256")
	s.passed(t, s.post(t, "known", hello, good))
	for mode, says := range map[string]string{
		"500": "the answer is 500", "page": "is a page for people", "redirect": "the answer is 302", "empty": "has no public keys",
		"nothing": "has no list named keys", "nonsense": "is not one JSON object", "hang": "no whole answer within",
	} {
		must(t, p.Misbehave("/jwks", mode))
		eventually(t, mode+" is seen", func() bool {
			status := s.status(t, "known", withKeyID(good, "new"))
			return status == http.StatusServiceUnavailable && len(s.Stderr.Lines(says)) > 0
		})
		s.refused(t, s.post(t, "known", hello, withKeyID(good, "newer")), http.StatusServiceUnavailable, "key_unavailable")
		s.passed(t, s.post(t, "known", hello, good))
		s.passed(t, s.post(t, "gh", hello, helloSignature))
	}
	// A gate that is new while the provider hangs: nothing waits for it.
	must(t, p.Misbehave("/.well-known", "hang"))
	s.configure(t, "more", []gate{byDiscovery("late", p.Issuer, "ES256", ", refresh: 2h, minRefresh: 1s")})
	s.passed(t, s.post(t, "gh", hello, helloSignature))
	s.passed(t, s.post(t, "late", hello, good)) // the keys are those of the other gate
	must(t, p.Misbehave("/.well-known", "well"))
	must(t, p.Misbehave("/jwks", "well"))
	must(t, p.Rotate())
	fresh := token(t, p, "ES256")
	eventually(t, "the provider is well", func() bool {
		return s.status(t, "known", fresh) == http.StatusOK && s.status(t, "late", fresh) == http.StatusOK
	})
	s.said(t, "the key set of the issuer", "is up to date again")
}

// A set that has shared keys in it verifies nothing by them, whatever a token says.
func TestSharedKeysInASet(t *testing.T) {
	const shared = "a key that everybody can read who can read the set"
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `{"keys":[{"kty":"oct","kid":"1","alg":"HS256","k":"`+base64.RawURLEncoding.EncodeToString([]byte(shared))+`"},`+
			`{"kty":"OKP","crv":"Ed25519","kid":"2","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	}))
	t.Cleanup(server.Close)
	keys := fmt.Sprintf("audiences: a, jwks: {url: %q, plainHTTP: true}", server.URL)
	s := start(t, nil, []gate{
		{name: "public", options: `{jwt: {algorithms: EdDSA, ` + keys + `}}`},
		{name: "mixed", options: `{secrets: "env:OTHER", jwt: {algorithms: [EdDSA, HS256], ` + keys + `}}`},
	}, gateway.Settings{Env: []string{"OTHER=another secret, of this gate alone"}})
	for _, id := range []string{"1", "2"} {
		input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"`+id+`"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"a","exp":4102444800}`))
		forged := "Authorization: Bearer " + input + "." + base64.RawURLEncoding.EncodeToString(testkit.HMAC(shared, input))
		s.refused(t, s.post(t, "public", hello, forged), http.StatusUnauthorized, "algorithm_refused")
		s.refused(t, s.post(t, "mixed", hello, forged), http.StatusUnauthorized, "signature_mismatch")
	}
}
