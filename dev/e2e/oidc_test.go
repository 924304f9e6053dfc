package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/oidc"
	"github.com/hookward/hookward/dev/testkit"
)

// startProvider runs an OpenID provider until the test ends.
func startProvider(t *testing.T, port int) *oidc.Provider {
	t.Helper()
	p, err := oidc.Start(port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// must ends a test that can't do what it has to.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	resource = "https://hooks.example.com/"
	writes   = "hooks:write"
)

// token has the sender fetch a token of a form, as it is sent.
func token(t *testing.T, p *oidc.Provider, form string) string {
	t.Helper()
	text, err := p.Token(oidc.Sender, oidc.SenderSecret, writes, resource+form, nil)
	must(t, err)
	return "Authorization: Bearer " + text
}

// byDiscovery is a gate for access tokens that are JWTs.
func byDiscovery(name, issuer, form, more string) gate {
	return gate{name: name, options: fmt.Sprintf(`{oauth2: {issuers: %q, audiences: %q, scopes: "hooks:write", algorithms: [RS256, PS256, ES256, EdDSA], `+
		`jwks: {discovery: true, plainHTTP: true%s}}}`, issuer, resource+form, more)}
}

// A sender's token passes in each algorithm, to the gate that it is for, with the scope
// that is asked for; and what the backend gets has no token in it.
func TestOAuth2ByDiscovery(t *testing.T) {
	p := startProvider(t, 0)
	forms := []string{"RS256", "PS256", "ES256", "EdDSA"}
	gates := []gate{}
	for _, form := range forms {
		gates = append(gates, byDiscovery("by-"+form, p.Issuer, form, ""))
	}
	gates = append(gates, gate{name: "claims", options: fmt.Sprintf(`{oauth2: {issuers: %q, audiences: %q, claims: "client_id=sender", forwardClaims: "X-Client=client_id", forwardToken: always, `+
		`jwks: {url: %q, plainHTTP: true}}}`, p.Issuer, resource+"RS256", p.Issuer+"/jwks")})
	s := start(t, nil, gates, gateway.Settings{})
	for _, form := range forms {
		a, r := s.passed(t, s.post(t, "by-"+form, hello, token(t, p, form)))
		if r.TokenAlgorithm != form || r.TokenIssuer != p.Issuer || r.TokenSubject != oidc.Sender || r.TokenKeyID == "" || len(a.Header["Authorization"]) > 0 {
			t.Errorf("%+v %v", r, a.Header)
		}
	}
	rs256 := token(t, p, "RS256")
	s.refused(t, s.post(t, "by-PS256", hello, rs256), http.StatusUnauthorized, "audience_mismatch")
	s.refused(t, s.post(t, "by-RS256", hello), http.StatusUnauthorized, "token_missing")
	s.refused(t, s.post(t, "by-RS256", hello, rs256, rs256), http.StatusUnauthorized, "token_duplicated")
	s.refused(t, s.post(t, "by-RS256", hello, rs256[:len(rs256)-10]+"AAAAAAAAAA"), http.StatusUnauthorized, "signature_mismatch")
	s.refused(t, s.post(t, "by-RS256", hello, token(t, p, "opaque")), http.StatusUnauthorized, "token_malformed")
	reads, err := p.Token(oidc.Sender, oidc.SenderSecret, "hooks:read", resource+"RS256", nil)
	must(t, err)
	a := s.post(t, "by-RS256", hello, "Authorization: Bearer "+reads)
	s.refused(t, a, http.StatusForbidden, "scope_missing")
	if got := a.Header.Get("WWW-Authenticate"); got != `Bearer error="insufficient_scope", scope="hooks:write"` {
		t.Error(got)
	}
	bound, err := p.Token(oidc.Bound, oidc.BoundSecret, writes, resource+"RS256", certificates(t)[0].Leaf)
	must(t, err)
	s.refused(t, s.post(t, "by-RS256", hello, "Authorization: Bearer "+bound), http.StatusUnauthorized, "claim_mismatch")

	arrived, _ := s.passed(t, s.post(t, "claims", hello, rs256, "X-Client: somebody", "X_client: else"))
	if got := arrived.Header["X-Client"]; len(got) != 1 || got[0] != oidc.Sender || arrived.Header.Get("Authorization") == "" || len(arrived.Header["X_client"]) > 0 {
		t.Errorf("%v", arrived.Header)
	}
	stranger, err := p.Token(oidc.Stranger, oidc.StrangerSecret, writes, resource+"RS256", nil)
	must(t, err)
	s.refused(t, s.post(t, "claims", hello, "Authorization: Bearer "+stranger), http.StatusUnauthorized, "claim_mismatch")
	s.notPrinted(t, strings.TrimPrefix(rs256, "Authorization: Bearer "))
}

// Keys are replaced while traffic runs: tokens by the old and by the new ones pass for as
// long as both are published, and the old ones no longer.
func TestRotation(t *testing.T) {
	p := startProvider(t, 0)
	s := start(t, nil, []gate{byDiscovery("rotation", p.Issuer, "ES256", ", minRefresh: 1s")}, gateway.Settings{})
	old := token(t, p, "ES256")
	s.passed(t, s.post(t, "rotation", hello, old))

	var stopped atomic.Bool
	var sent, failed atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !stopped.Load() {
				response, err := s.client.Do(s.request("rotation", hello, old))
				if err != nil || response.StatusCode != http.StatusOK {
					failed.Add(1)
				}
				if err == nil {
					_ = response.Body.Close()
				}
				sent.Add(1)
			}
		}()
	}
	must(t, p.Rotate())
	fresh := token(t, p, "ES256")
	eventually(t, "the new key is there", func() bool { return s.status(t, "rotation", fresh) == http.StatusOK })
	until := sent.Load() + 100
	testkit.Await(t, "more traffic", func() bool { return sent.Load() > until })
	stopped.Store(true)
	wg.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of %d deliveries with the old key failed while a new one came", failed.Load(), sent.Load())
	}
	s.passed(t, s.post(t, "rotation", hello, old))
	s.passed(t, s.post(t, "rotation", hello, fresh))

	must(t, p.Retire())
	eventually(t, "the old key is gone", func() bool {
		s.status(t, "rotation", withKeyID(fresh, "junk")) // an unknown one has the set fetched
		return s.status(t, "rotation", old) == http.StatusUnauthorized
	})
	s.refused(t, s.post(t, "rotation", hello, old), http.StatusUnauthorized, "key_unknown")
	s.passed(t, s.post(t, "rotation", hello, fresh))
}

// status is that of an answer; the request is in no transcript.
func (s *site) status(t *testing.T, gate string, lines ...string) int {
	t.Helper()
	response, err := s.client.Do(s.request(gate, hello, lines...))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// Ten thousand key ids that nobody has are no fetch more than minRefresh allows, and whoever
// has a token goes on to pass. A key id may be anything.
func TestUnknownKeyIDs(t *testing.T) {
	p := startProvider(t, 0)
	s := start(t, nil, []gate{byDiscovery("unknown", p.Issuer, "ES256", ", minRefresh: 1h")}, gateway.Settings{})
	good := token(t, p, "ES256")
	s.passed(t, s.post(t, "unknown", hello, good))
	before, err := p.Asked("/jwks")
	must(t, err)

	var good200, bad, other atomic.Int64
	var wg sync.WaitGroup
	for worker := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 500 {
				if s.status(t, "unknown", withKeyID(good, fmt.Sprintf("%d-%d", worker, i))) == http.StatusUnauthorized {
					bad.Add(1)
				} else {
					other.Add(1)
				}
				if i%10 == 0 && s.status(t, "unknown", good) == http.StatusOK {
					good200.Add(1)
				}
			}
		}()
	}
	wg.Wait()
	after, err := p.Asked("/jwks")
	must(t, err)
	if bad.Load()+other.Load() != 10_000 || good200.Load() != 1000 || other.Load() > 0 || after != before {
		t.Errorf("%d unknown ids got 401 and %d something else, %d of 1000 good tokens passed, fetched %d times", bad.Load(), other.Load(), good200.Load(), after-before)
	}
	for id, reason := range map[string]string{
		`"../../etc/passwd"`: "key_unknown", `"' OR 1=1 --"`: "key_unknown", `""`: "key_unknown", `"` + strings.Repeat("k", 2000) + `"`: "key_unknown",
		`7`: "token_malformed", `{"a":1}`: "token_malformed", `["EC-1"]`: "token_malformed", `null`: "signature_mismatch", `"a","kid":"EC-1"`: "token_malformed",
		`"a","Kid":"EC-1"`: "token_malformed", `"` + strings.Repeat("k", 10<<10) + `"`: "token_malformed",
	} {
		s.refused(t, s.post(t, "unknown", hello, withHeader(good, `{"alg":"ES256","typ":"at+jwt","kid":`+id+`}`)), http.StatusUnauthorized, reason)
	}
	s.passed(t, s.post(t, "unknown", hello, good))
	if last, err := p.Asked("/jwks"); err != nil || last != before {
		t.Errorf("fetched %d times more, %v", last-before, err)
	}
}
