package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/oidc"
	"github.com/hookward/hookward/dev/testkit"
)

// byAsking is a gate that asks a provider about tokens.
func byAsking(name string, p *oidc.Provider, more string) gate {
	return gate{name: name, options: fmt.Sprintf(`{oauth2: {issuers: %q, audiences: %q, scopes: "hooks:write", introspection: {url: %q, plainHTTP: true, clientID: gate, clientSecret: "env:GATE", timeout: 10s%s}}}`,
		p.Issuer, resource+"opaque", p.Issuer+"/token/introspection", more)}
}

var gateSecret = gateway.Settings{Env: []string{"GATE=" + oidc.GateSecret, "POST=" + oidc.GatePostSecret, "WRONG=the secret of nobody at all"}}

func TestIntrospection(t *testing.T) {
	p := startProvider(t, 0)
	url := p.Issuer + "/token/introspection"
	s := start(t, nil, []gate{
		byAsking("basic", p, ""),
		{name: "post", options: fmt.Sprintf(`{oauth2: {scopes: "hooks:write", introspection: {url: %q, plainHTTP: true, clientID: gate-post, clientSecret: "env:POST", authMethod: client_secret_post, timeout: 10s}}}`, url)},
		{name: "wrong", options: fmt.Sprintf(`{oauth2: {scopes: "hooks:write", introspection: {url: %q, plainHTTP: true, clientID: gate, clientSecret: "env:WRONG", timeout: 10s}}}`, url)},
	}, gateSecret)
	good := token(t, p, "opaque")
	a, r := s.passed(t, s.post(t, "basic", hello, good))
	if r.TokenAlgorithm != "opaque" || r.TokenIssuer != p.Issuer || r.TokenSubject != oidc.Sender || len(a.Header["Authorization"]) > 0 {
		t.Errorf("%+v %v", r, a.Header)
	}
	s.passed(t, s.post(t, "post", hello, good))
	s.refused(t, s.post(t, "wrong", hello, good), http.StatusServiceUnavailable, "introspection_unavailable")
	s.said(t, "the introspection endpoint "+url, "the answer is 401, as servers do that don't know clientID and clientSecret")

	s.refused(t, s.post(t, "basic", hello, "Authorization: Bearer 0123456789abcdefghij"), http.StatusUnauthorized, "token_inactive")
	s.refused(t, s.post(t, "basic", hello), http.StatusUnauthorized, "token_missing")
	s.refused(t, s.post(t, "basic", hello, "Authorization: Bearer short"), http.StatusUnauthorized, "token_malformed")
	s.refused(t, s.post(t, "basic", hello, "Authorization: DPoP "+strings.TrimPrefix(good, "Authorization: Bearer ")), http.StatusUnauthorized, "token_malformed")
	reads, err := p.Token(oidc.Sender, oidc.SenderSecret, "hooks:read", resource+"opaque", nil)
	must(t, err)
	refusal := s.post(t, "basic", hello, "Authorization: Bearer "+reads)
	s.refused(t, refusal, http.StatusForbidden, "scope_missing")
	if got := refusal.Header.Get("WWW-Authenticate"); got != `Bearer error="insufficient_scope", scope="hooks:write"` {
		t.Error(got)
	}
	elsewhere, err := p.Token(oidc.Sender, oidc.SenderSecret, writes, "https://other.example.com/opaque", nil)
	must(t, err)
	s.refused(t, s.post(t, "basic", hello, "Authorization: Bearer "+elsewhere), http.StatusUnauthorized, "audience_mismatch")
	s.notPrinted(t, strings.TrimPrefix(good, "Authorization: Bearer "))
}

// A revoked token passes for as long as an answer counts, and then no more. A delivery that
// comes often asks seldom.
func TestRevocation(t *testing.T) {
	p := startProvider(t, 0)
	s := start(t, nil, []gate{byAsking("short", p, ", cache: 1s"), byAsking("long", p, ", cache: 1h")}, gateSecret)
	good := token(t, p, "opaque")
	s.passed(t, s.post(t, "short", hello, good))
	for range 50 {
		s.passed(t, s.post(t, "long", hello, good))
	}
	asked, err := p.Asked("/token/introspection")
	must(t, err)
	if asked != 2 {
		t.Errorf("two gates have asked %d times", asked)
	}
	must(t, p.Revoke(oidc.Sender, oidc.SenderSecret, strings.TrimPrefix(good, "Authorization: Bearer ")))
	eventually(t, "the token is over", func() bool { return s.status(t, "short", good) == http.StatusUnauthorized })
	s.refused(t, s.post(t, "short", hello, good), http.StatusUnauthorized, "token_inactive")
	s.passed(t, s.post(t, "long", hello, good)) // as its operator has chosen
	// A reload is no reason to ask again.
	s.configure(t, "more", []gate{{name: "gh", options: github}})
	s.passed(t, s.post(t, "long", hello, good))
}

// What is no answer lets nobody pass, and what is known already goes on to count.
func TestIntrospectionThatFails(t *testing.T) {
	p := startProvider(t, 0)
	s := start(t, nil, []gate{byAsking("faults", p, ", cache: 1h"), {name: "gh", options: github}}, gateSecret)
	known := token(t, p, "opaque")
	s.passed(t, s.post(t, "faults", hello, known))
	for _, mode := range []string{"true", "one", "nothing", "page", "500", "redirect", "nonsense"} {
		must(t, p.Misbehave("/token/introspection", "well"))
		eventually(t, "the server is asked", func() bool {
			return s.status(t, "faults", token(t, p, "opaque")) == http.StatusOK
		})
		must(t, p.Misbehave("/token/introspection", mode))
		s.refused(t, s.post(t, "faults", hello, token(t, p, "opaque")), http.StatusServiceUnavailable, "introspection_unavailable")
		s.passed(t, s.post(t, "faults", hello, known))
		s.passed(t, s.post(t, "gh", hello, helloSignature))
	}
	s.said(t, "the introspection endpoint", `has an answer without \"active\"`)
	s.said(t, "the introspection endpoint", "the answer is 500")
	p.Stop()
	s.refused(t, s.post(t, "faults", hello, "Authorization: Bearer 0123456789abcdefghij"), http.StatusServiceUnavailable, "introspection_unavailable")
	s.passed(t, s.post(t, "faults", hello, known))
}

// Two gates with the same text for a token ask each their own server.
func TestIntrospectionIsEachGatesOwn(t *testing.T) {
	one, other := startProvider(t, 0), startProvider(t, 0)
	s := start(t, nil, []gate{byAsking("one", one, ""), byAsking("other", other, "")}, gateSecret)
	good := token(t, one, "opaque")
	s.passed(t, s.post(t, "one", hello, good))
	s.refused(t, s.post(t, "other", hello, good), http.StatusUnauthorized, "token_inactive")
	s.passed(t, s.post(t, "one", hello, good))
}

// Whoever tries tokens is banned, and until then asked about a few at a time.
func TestRandomTokens(t *testing.T) {
	p := startProvider(t, 0)
	banning := byAsking("banning", p, "")
	banning.options = "{ban: {failures: 10, window: 1h}, " + banning.options[1:]
	s := start(t, nil, []gate{byAsking("junk", p, ", maxConcurrent: 2, cache: 1h"), banning}, gateSecret)
	good := token(t, p, "opaque")
	s.passed(t, s.post(t, "junk", hello, good))
	var passed, asked atomic.Int64
	var wg sync.WaitGroup
	for worker := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 250 {
				status := s.status(t, "junk", fmt.Sprintf("Authorization: Bearer random-token-%d-%d", worker, i))
				if status == http.StatusUnauthorized {
					asked.Add(1)
				} else if status != http.StatusServiceUnavailable {
					t.Errorf("VULNERABLE: %d", status)
				}
				if i%10 == 0 && s.status(t, "junk", good) == http.StatusOK {
					passed.Add(1)
				}
			}
		}()
	}
	wg.Wait()
	if passed.Load() != 500 || asked.Load() == 0 {
		t.Errorf("%d of 500 good ones passed, %d were asked about", passed.Load(), asked.Load())
	}
	for i := range 10 {
		s.refused(t, s.post(t, "banning", hello, fmt.Sprintf("Authorization: Bearer a-random-token-%d", i)), http.StatusUnauthorized, "token_inactive")
	}
	before, err := p.Asked("/token/introspection")
	must(t, err)
	s.refused(t, s.post(t, "banning", hello, "Authorization: Bearer a-random-token-x"), http.StatusTooManyRequests, "source_banned")
	if after, err := p.Asked("/token/introspection"); err != nil || after != before {
		t.Errorf("a banned client's token is asked about: %d, %v", after-before, err)
	}
}

// certificates returns two client certificates, which nobody but their holders trusts.
func certificates(t *testing.T) []tls.Certificate {
	t.Helper()
	all := []tls.Certificate{}
	for i := range 2 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		must(t, err)
		leaf, err := x509.ParseCertificate(der)
		must(t, err)
		all = append(all, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf})
	}
	return all
}

// A token that is bound to a certificate is for the connections of its holder.
func TestCertificateBoundTokens(t *testing.T) {
	p := startProvider(t, 0)
	bound := byDiscovery("bound", p.Issuer, "RS256", "")
	bound.options = strings.Replace(bound.options, "oauth2: {", "oauth2: {certificateBound: true, ", 1)
	asking := byAsking("asking", p, "")
	asking.options = strings.Replace(asking.options, "oauth2: {", "oauth2: {certificateBound: true, ", 1)
	s := start(t, nil, []gate{bound, asking}, gateSecret)
	must(t, s.Configure("tls.yml", "tls: {options: {default: {clientAuth: {clientAuthType: RequestClientCert}}}}\n"))
	s.configure(t, "more", []gate{{name: "gh", options: github}}) // so that it is applied
	held := certificates(t)
	clients := []*http.Client{}
	for i := range held {
		clients = append(clients, &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: held[i : i+1]}}})
	}
	clients = append(clients, &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}})
	send := func(client *http.Client, gate, line string) *answer {
		r := s.request(gate, hello, line)
		r.URL.Scheme, r.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
		return exchange(t, client, r)
	}
	for name, form := range map[string]string{"bound": "RS256", "asking": "opaque"} {
		text, err := p.Token(oidc.Bound, oidc.BoundSecret, writes, resource+form, held[0].Leaf)
		must(t, err)
		line := "Authorization: Bearer " + text
		s.passed(t, send(clients[0], name, line))
		s.refused(t, send(clients[1], name, line), http.StatusUnauthorized, "claim_mismatch")
		s.refused(t, send(clients[2], name, line), http.StatusUnauthorized, "claim_mismatch")
		s.refused(t, s.post(t, name, hello, line), http.StatusUnauthorized, "claim_mismatch")
		s.refused(t, send(clients[0], name, token(t, p, form)), http.StatusUnauthorized, "claim_mismatch") // bound to nothing
	}
}
