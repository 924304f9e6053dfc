package jwt

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/introspect"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

// compileOAuth2 compiles a configuration with oauth2, and returns what is said of it.
func compileOAuth2(t *testing.T, raw map[string]any) (*Verifier, *config.Notes) {
	t.Helper()
	options, problems := config.Decode(raw)
	if len(problems) > 0 {
		t.Fatalf("%v: %s", raw, problems)
	}
	n := &config.Notes{}
	return CompileOAuth2(n, &secrets.Resolver{}, options), n
}

func mustCompileOAuth2(t *testing.T, raw map[string]any) *Verifier {
	t.Helper()
	v, n := compileOAuth2(t, raw)
	if len(n.Problems) > 0 {
		t.Fatalf("%v: %s", raw, config.Sentences(n.Problems))
	}
	return v
}

// accessClaims are those of an access token, RFC 9068, 2.2, with others in their place.
func accessClaims(more map[string]any) map[string]any {
	claims := map[string]any{
		"iss": "https://as.example.com", "aud": "https://hooks.example.com", "sub": "sender", "client_id": "sender", "jti": "1",
		"iat": present.Unix(), "exp": present.Add(10 * time.Minute).Unix(), "scope": "hooks:read hooks:write",
	}
	for name, value := range more {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func withKeys(more map[string]any) map[string]any {
	section := map[string]any{"issuers": "https://as.example.com", "audiences": "https://hooks.example.com", "scopes": "hooks:write"}
	for name, value := range more {
		section[name] = value
	}
	return map[string]any{"publicKeys": publicPEM(privateKeys["RS256"]), "oauth2": section}
}

// An access token has its own type and all of its claims; tokens of other kinds, by the
// same key, are none.
func TestAccessTokens(t *testing.T) {
	v := mustCompileOAuth2(t, withKeys(nil))
	for _, c := range []struct {
		typ  any
		more map[string]any
		want string
	}{
		{"at+jwt", nil, verdict.Verified},
		{"application/at+jwt", nil, verdict.Verified},
		{"AT+JWT", nil, verdict.Verified},
		{"at+jwt", map[string]any{"aud": []string{"other", "https://hooks.example.com"}}, verdict.Verified},
		{nil, nil, verdict.TypeMismatch},
		{"JWT", nil, verdict.TypeMismatch},
		{"id+jwt", nil, verdict.TypeMismatch},
		{"secevent+jwt", nil, verdict.TypeMismatch},
		{"at+jwt", map[string]any{"iss": nil}, verdict.IssuerMismatch},
		{"at+jwt", map[string]any{"iss": "https://as.example.com/"}, verdict.IssuerMismatch},
		{"at+jwt", map[string]any{"aud": nil}, verdict.AudienceMismatch},
		{"at+jwt", map[string]any{"aud": "https://other.example.com"}, verdict.AudienceMismatch},
		{"at+jwt", map[string]any{"exp": nil}, verdict.ClaimMismatch},
		{"at+jwt", map[string]any{"sub": nil}, verdict.ClaimMismatch},
		{"at+jwt", map[string]any{"client_id": nil}, verdict.ClaimMismatch},
		{"at+jwt", map[string]any{"iat": nil}, verdict.ClaimMismatch},
		{"at+jwt", map[string]any{"jti": nil}, verdict.ClaimMismatch},
		{"at+jwt", map[string]any{"cnf": map[string]any{"jkt": "x"}}, verdict.ClaimMismatch},
		{"at+jwt", map[string]any{"cnf": map[string]any{"x5t#S256": "x"}}, verdict.ClaimMismatch},
		{"at+jwt", map[string]any{"exp": present.Add(-2 * time.Minute).Unix(), "iat": present.Add(-time.Hour).Unix()}, verdict.TokenExpired},
		{"at+jwt", map[string]any{"exp": present.Add(25 * time.Hour).Unix()}, verdict.TokenLifetimeTooLong},
		{"at+jwt", map[string]any{"scope": nil}, verdict.ScopeMissing},
		{"at+jwt", map[string]any{"scope": "hooks:read"}, verdict.ScopeMissing},
		{"at+jwt", map[string]any{"scope": "hooks:writer"}, verdict.ScopeMissing},
	} {
		header := map[string]any{"alg": "RS256"}
		if c.typ != nil {
			header["typ"] = c.typ
		}
		token := signedBy(privateKeys["RS256"], "RS256", inputOf(header, accessClaims(c.more)))
		if got := reasonOf(v, token); got != c.want {
			t.Errorf("%v %v: %s, want %s", c.typ, c.more, got, c.want)
		}
	}
	if got := reasonOf(v, signedBy(privateKeys["PS256"], "PS256", inputOf(map[string]any{"alg": "PS256", "typ": "at+jwt"}, accessClaims(nil)))); got != verdict.AlgorithmRefused {
		t.Errorf("VULNERABLE: an algorithm that nobody asked for is %s", got)
	}
	if got := Challenge(v, verdict.ScopeMissing, 403); got != `Bearer error="insufficient_scope", scope="hooks:write"` {
		t.Error(got)
	}
	if v.Forwards {
		t.Error("VULNERABLE: the backend gets a reusable token")
	}
}

// server is an authorization server that says the same of every token.
func server(t *testing.T, claims any) *introspect.Client {
	t.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	fake := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write(text)
	}))
	t.Cleanup(fake.Close)
	o := &config.IntrospectionOptions{URL: fake.URL, ClientID: "gate", ClientSecret: "x", PlainHTTP: true}
	if problems := introspect.Complete(o); len(problems) > 0 {
		t.Fatal(problems)
	}
	o.Timeout = time.Minute
	return introspect.New(*introspect.OptionsOf(o, "secret"), func(_, _ string, _ time.Time) {})
}

func asking(more map[string]any) map[string]any {
	section := map[string]any{"scopes": "hooks:write", "introspection": map[string]any{"url": "https://as.example.com/introspect", "clientID": "gate", "clientSecret": testSecret}}
	for name, value := range more {
		section[name] = value
	}
	return map[string]any{"oauth2": section}
}

// What the server says is held against the options as a token's own claims are.
func TestIntrospection(t *testing.T) {
	const token = "VPb099OxZD5143dhqN3InN3mEMRpEGpR2I"
	good := map[string]any{"active": true, "client_id": "sender", "scope": "hooks:write", "exp": present.Add(10 * time.Minute).Unix(), "iss": "https://as.example.com", "aud": "https://hooks.example.com"}
	all := map[string]any{"issuers": "https://as.example.com", "audiences": "https://hooks.example.com", "claims": "client_id=sender"}
	for _, c := range []struct {
		options map[string]any
		said    map[string]any // in the place of good's
		want    string
	}{
		{all, nil, verdict.Verified},
		{nil, map[string]any{"iss": nil, "aud": nil, "exp": nil, "client_id": nil}, verdict.Verified},
		{nil, map[string]any{"token_type": "Bearer", "typ": "Bearer"}, verdict.Verified},
		{nil, map[string]any{"active": false}, verdict.TokenInactive},
		{nil, map[string]any{"active": "true"}, verdict.IntrospectionUnavailable},
		{nil, map[string]any{"active": nil}, verdict.IntrospectionUnavailable},
		{all, map[string]any{"iss": nil}, verdict.IssuerMismatch},
		{all, map[string]any{"aud": nil}, verdict.AudienceMismatch},
		{all, map[string]any{"aud": []string{"https://other.example.com"}}, verdict.AudienceMismatch},
		{all, map[string]any{"client_id": "stranger"}, verdict.ClaimMismatch},
		{nil, map[string]any{"scope": "hooks:read"}, verdict.ScopeMissing},
		{nil, map[string]any{"exp": present.Add(-2 * time.Minute).Unix()}, verdict.TokenExpired},
		{nil, map[string]any{"exp": "soon"}, verdict.TokenMalformed},
		{nil, map[string]any{"nbf": present.Add(time.Hour).Unix()}, verdict.TokenNotYetValid},
		{nil, map[string]any{"exp": present.Add(300 * 24 * time.Hour).Unix()}, verdict.Verified},
		{nil, map[string]any{"cnf": map[string]any{"jkt": "x"}}, verdict.ClaimMismatch},
		{nil, map[string]any{"token_type": "DPoP"}, verdict.TypeMismatch},
		{nil, map[string]any{"token_type": "refresh_token"}, verdict.TypeMismatch},
		{nil, map[string]any{"token_type": 1}, verdict.TypeMismatch},
		{nil, map[string]any{"typ": "Refresh"}, verdict.TypeMismatch},
		{nil, map[string]any{"typ": "ID"}, verdict.TypeMismatch},
	} {
		said := map[string]any{}
		for name, value := range good {
			said[name] = value
		}
		for name, value := range c.said {
			said[name] = value
			if value == nil {
				delete(said, name)
			}
		}
		v := mustCompileOAuth2(t, asking(c.options))
		found := VerifyByAsking(v, post("{}", "Authorization", "Bearer "+token), server(t, said), present)
		if found.Reason != c.want {
			t.Errorf("%v: %s, want %s", c.said, found.Reason, c.want)
		}
		if found.Reason == verdict.Verified && c.options != nil && (found.JWT.Subject != "sender" || found.JWT.Issuer != "https://as.example.com" || found.JWT.Algorithm != opaque) {
			t.Errorf("%+v", found.JWT)
		}
	}
	v := mustCompileOAuth2(t, asking(nil))
	client := server(t, good)
	for line, want := range map[string]string{
		"": verdict.TokenMissing, "Bearer ": verdict.TokenMalformed, "Bearer short": verdict.TokenMalformed, "Bearer  " + token: verdict.TokenMalformed,
		"DPoP " + token: verdict.TokenMalformed, "Basic " + token: verdict.TokenMalformed, "bearer " + token: verdict.Verified, "Bearer\t" + token: verdict.TokenMalformed,
		"Bearer " + token + ",": verdict.TokenMalformed, "Bearer " + strings.Repeat("x", 4097): verdict.TokenMalformed, token: verdict.TokenMalformed,
	} {
		if got := VerifyByAsking(v, post("{}", "Authorization", line), client, present).Reason; got != want {
			t.Errorf("%.40q: %s, want %s", line, got, want)
		}
	}
	m := post("{}", "Authorization", "Bearer "+token)
	m.Request.Header["Authorization"] = []string{"Bearer " + token, "Bearer " + token}
	if got := VerifyByAsking(v, m, client, present).Reason; got != verdict.TokenDuplicated {
		t.Error(got)
	}
	if got := Verify(v, post("{}", "Authorization", "Bearer "+token), nil, present).Reason; got != verdict.IntrospectionUnavailable {
		t.Errorf("VULNERABLE: with nobody to ask, a token is %s", got)
	}
}

// A bound token is for the connection of its certificate, RFC 8705, 3.
func TestCertificateBound(t *testing.T) {
	v := mustCompileOAuth2(t, withKeys(map[string]any{"certificateBound": "true"}))
	certificate := &x509.Certificate{Raw: []byte("a certificate")}
	sum := sha256.Sum256(certificate.Raw)
	for _, c := range []struct {
		confirmation any
		presented    *x509.Certificate
		want         string
	}{
		{map[string]any{"x5t#S256": rawURL.EncodeToString(sum[:])}, certificate, verdict.Verified},
		{map[string]any{"x5t#S256": rawURL.EncodeToString(sum[:])}, &x509.Certificate{Raw: []byte("another")}, verdict.ClaimMismatch},
		{map[string]any{"x5t#S256": rawURL.EncodeToString(sum[:])}, nil, verdict.ClaimMismatch},
		{map[string]any{"x5t#S256": rawURL.EncodeToString(sum[:]) + "="}, certificate, verdict.ClaimMismatch},
		{map[string]any{"x5t#S256": ""}, certificate, verdict.ClaimMismatch},
		{map[string]any{"jkt": "x"}, certificate, verdict.ClaimMismatch},
		{"x", certificate, verdict.ClaimMismatch},
		{nil, certificate, verdict.ClaimMismatch},
	} {
		token := signedBy(privateKeys["RS256"], "RS256", inputOf(map[string]any{"alg": "RS256", "typ": "at+jwt"}, accessClaims(map[string]any{"cnf": c.confirmation})))
		m := post("{}", "Authorization", "Bearer "+token)
		m.Request.TLS = &tls.ConnectionState{}
		if c.presented != nil {
			m.Request.TLS.PeerCertificates = []*x509.Certificate{c.presented}
		}
		if got := Verify(v, m, nil, present).Reason; got != c.want {
			t.Errorf("%v: %s, want %s", c.confirmation, got, c.want)
		}
		m.Request.TLS = nil
		if got := Verify(v, m, nil, present).Reason; got != verdict.ClaimMismatch {
			t.Errorf("VULNERABLE: %v without TLS: %s", c.confirmation, got)
		}
		// What clientCertificate has accepted counts in the place of the connection's, which
		// may be that of a proxy in front.
		m.Request.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{certificate}}
		m.Certificate = &x509.Certificate{Raw: []byte("another")}
		if got := Verify(v, m, nil, present).Reason; got != verdict.ClaimMismatch {
			t.Errorf("VULNERABLE: %v by the certificate of a proxy: %s", c.confirmation, got)
		}
		m.Request.TLS = nil
		m.Certificate = c.presented
		if got := Verify(v, m, nil, present).Reason; got != c.want {
			t.Errorf("%v, forwarded: %s, want %s", c.confirmation, got, c.want)
		}
	}
}

func TestOAuth2Mistakes(t *testing.T) {
	introspection := func(more map[string]any) map[string]any {
		section := map[string]any{"url": "https://as.example.com/introspect", "clientID": "gate", "clientSecret": testSecret}
		for name, value := range more {
			section[name] = value
			if value == nil {
				delete(section, name)
			}
		}
		return asking(map[string]any{"introspection": section})
	}
	for want, raw := range map[string]map[string]any{
		"oauth2.jwks: is required, or introspection":                   {"oauth2": map[string]any{"audiences": "a"}},
		"oauth2.issuers: is required":                                  withKeysWithout("issuers"),
		"oauth2.audiences: is required":                                withKeysWithout("audiences"),
		"oauth2.algorithms: can't have \"HS256\"":                      withKeys(map[string]any{"algorithms": "HS256"}),
		"oauth2.algorithms[0]: \"none\" is not known":                  withKeys(map[string]any{"algorithms": "none"}),
		"oauth2.algorithms: has ES256, which none of publicKeys":       withKeys(map[string]any{"algorithms": "RS256,ES256"}),
		"oauth2.jwks: contradicts publicKeys":                          withKeys(map[string]any{"jwks": map[string]any{"discovery": "true"}}),
		"oauth2.jwks: contradicts introspection":                       asking(map[string]any{"jwks": map[string]any{"url": "https://as.example.com/keys"}}),
		"oauth2.algorithms: contradicts introspection":                 asking(map[string]any{"algorithms": "RS256"}),
		"oauth2.maxLifetime: contradicts introspection":                asking(map[string]any{"maxLifetime": "1h"}),
		"oauth2.scopes[0]: is one word":                                asking(map[string]any{"scopes": "a b"}),
		"oauth2.introspection.url: is required":                        introspection(map[string]any{"url": nil}),
		"oauth2.introspection.url: must begin with https":              introspection(map[string]any{"url": "http://as.example.com/"}),
		"oauth2.introspection.url: must be a whole URL":                introspection(map[string]any{"url": "as.example.com"}),
		"oauth2.introspection.url: can't contain a user":               introspection(map[string]any{"url": "https://a:b@as.example.com"}),
		"oauth2.introspection.url: begins with https":                  introspection(map[string]any{"plainHTTP": "true"}),
		"oauth2.introspection.clientID: is required":                   introspection(map[string]any{"clientID": nil}),
		"oauth2.introspection.clientSecret: is required":               introspection(map[string]any{"clientSecret": nil}),
		"oauth2.introspection.clientSecret: looks like":                introspection(map[string]any{"clientSecret": "$SECRET"}),
		"oauth2.introspection.authMethod: \"private_key_jwt\" is not":  introspection(map[string]any{"authMethod": "private_key_jwt"}),
		"oauth2.introspection.timeout: must be between 100ms and 10s":  introspection(map[string]any{"timeout": "1m"}),
		"oauth2.introspection.cache: must be between 1s and 1h0m0s":    introspection(map[string]any{"cache": "2h"}),
		"oauth2.introspection.negativeCache: must be between 1s and":   introspection(map[string]any{"negativeCache": "1h"}),
		"oauth2.introspection.maxConcurrent: must be at most 1000":     introspection(map[string]any{"maxConcurrent": "1001"}),
		"oauth2.forwardClaims[0]: \"sub\" is not NAME=CLAIM":           asking(map[string]any{"forwardClaims": "sub"}),
		"oauth2.claims[0]: is about exp, which has an option":          asking(map[string]any{"claims": "exp=1"}),
		"oauth2.idField: names no claim":                               asking(map[string]any{"idField": "jwt:"}),
		"oauth2.jwks.discovery: needs issuers that are URLs; issuers[": {"oauth2": map[string]any{"issuers": "a", "audiences": "a", "jwks": map[string]any{"discovery": "true"}}},
	} {
		_, n := compileOAuth2(t, raw)
		if said := config.Sentences(n.Problems); len(said) == 0 || !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("%v: %q, want %q", raw["oauth2"], said, want)
		}
	}
	_, n := compileOAuth2(t, asking(map[string]any{"scopes": nil}))
	if said := strings.Join(config.Sentences(n.Problems), "\n"); !strings.HasPrefix(said, "oauth2.audiences: is required") {
		t.Errorf("VULNERABLE: any token of the server passes: %s", said)
	}
}

func withKeysWithout(name string) map[string]any {
	raw := withKeys(nil)
	delete(raw["oauth2"].(map[string]any), name)
	return raw
}
