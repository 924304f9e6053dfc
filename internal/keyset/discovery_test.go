package keyset

import (
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
)

const (
	openID = "/.well-known/openid-configuration"
	oauth  = "/.well-known/oauth-authorization-server"
)

// Each issuer's keys are its own, also where two have the same id for theirs.
func TestDiscovery(t *testing.T) {
	i := newIssuer(t)
	answer(i, "/a"+openID, `{"issuer":"`+i.url+`/a","jwks_uri":"`+i.url+`/a/keys"}`)
	answer(i, oauth+"/b", `{"issuer":"`+i.url+`/b","jwks_uri":"`+strings.Replace(i.url, "127.0.0.1", "localhost", 1)+`/b/keys","more":[1]}`)
	answer(i, "/a/keys", `{"keys":[{`+edwards+`,"kid":"1"}]}`)
	answer(i, "/b/keys", `{"keys":[{`+point(t)+`,"kid":"1"}]}`)
	sets, l := use(t, config.JWKSOptions{Discovery: true, PlainHTTP: true}, "", i.url+"/a", i.url+"/b")
	if len(sets) != 2 || sets[0].Issuer != i.url+"/a" || sets[1].Issuer != i.url+"/b" {
		t.Fatalf("%+v", sets)
	}
	expect(t, sets[0], "1", "EdDSA", "1/Ed25519")
	expect(t, sets[0], "1", "ES256", "misfit")
	expect(t, sets[1], "1", "ES256", "1/P-256")
	expect(t, sets[1], "1", "EdDSA", "misfit")
	if text := said(l); strings.Count(text, "by the issuer's discovery document") != 1 || !strings.Contains(text, `is at "localhost:`) {
		t.Error(text)
	}
}

func TestRefusedDocuments(t *testing.T) {
	i := newIssuer(t)
	answer(i, "/keys", `{"keys":[{`+edwards+`,"kid":"a"}]}`)
	name := i.url + "/i"
	sets, l := use(t, config.JWKSOptions{Discovery: true, PlainHTTP: true}, "", name)
	s := sets[0]
	expect(t, s, "a", "EdDSA", "unavailable")
	if !strings.Contains(said(l), "has a discovery document that can't be fetched: the answer is 404") {
		t.Error(said(l))
	}
	s.source.MinRefresh = 0
	for text, says := range map[string]string{
		"500":      "the answer is 500",
		"{}":       `of another issuer, ""`,
		"nonsense": "discovery document that is not one JSON object",
		`{"issuer":"` + i.url + `/I","jwks_uri":"` + i.url + `/keys"}`:                                               "of another issuer",
		`{"issuer":"` + name + `/","jwks_uri":"` + i.url + `/keys"}`:                                                 "of another issuer",
		`{"issuer":["` + name + `"],"jwks_uri":"` + i.url + `/keys"}`:                                                "of another issuer",
		`{"issuer":"` + name + `","jwks_uri":"` + i.url + `/keys","issuer":"` + name + `"}`:                          "has a name twice",
		`{"issuer":"` + name + `"}`:                                                                                  "whose jwks_uri must be a whole URL",
		`{"issuer":"` + name + `","jwks_uri":7}`:                                                                     "whose jwks_uri must be a whole URL",
		`{"issuer":"` + name + `","jwks_uri":"/keys"}`:                                                               "whose jwks_uri must be a whole URL",
		`{"issuer":"` + name + `","jwks_uri":"file:///etc/passwd"}`:                                                  "whose jwks_uri must be a whole URL",
		`{"issuer":"` + name + `","jwks_uri":"gopher://x/"}`:                                                         "whose jwks_uri must begin with https://",
		`{"issuer":"` + name + `","jwks_uri":"http://u:p@x/"}`:                                                       "whose jwks_uri can't contain a user",
		`{"issuer":"` + name + `","jwks_uri":"http://169.254.169.254/latest"}`:                                       "is an address that must not be reached",
		`{"issuer":"` + name + `","jwks_uri":"` + i.url + `/none"}`:                                                  "the answer is 404",
		`{"issuer":"` + name + `","jwks_uri":"` + i.url + `/keys","pad":"` + strings.Repeat("x", maxDocument) + `"}`: "is larger than 262144 bytes",
	} {
		answer(i, "/i"+openID, text)
		expect(t, s, "a", "EdDSA", "unavailable")
		if !strings.Contains(said(l), says) {
			t.Errorf("%.120s: not said: %s", text, says)
		}
	}
	answer(i, "/i"+openID, `{"issuer":"`+name+`","jwks_uri":"`+i.url+`/keys"}`)
	expect(t, s, "a", "EdDSA", "a/Ed25519")
}

// Without plainHTTP nothing of it is had by http.
func TestDiscoveryInsistsOnHTTPS(t *testing.T) {
	s := Source{issuer: "https://issuer.example.com"}
	_, problem := setIn(s, []byte(`{"issuer":"https://issuer.example.com","jwks_uri":"http://issuer.example.com/keys"}`))
	if !strings.Contains(problem, "must begin with https://") {
		t.Error(problem)
	}
	address, problem := setIn(s, []byte(`{"issuer":"https://issuer.example.com","jwks_uri":"https://keys.example.com/keys"}`))
	if address != "https://keys.example.com/keys" || problem != "" {
		t.Error(address, problem)
	}
}

func TestDocumentsOf(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://a.example":          "https://a.example" + openID + " https://a.example" + oauth,
		"https://a.example/":         "https://a.example" + openID + " https://a.example" + oauth,
		"https://a.example/realms/x": "https://a.example/realms/x" + openID + " https://a.example" + oauth + "/realms/x",
		"https://a.example:8443/b/":  "https://a.example:8443/b" + openID + " https://a.example:8443" + oauth + "/b",
	} {
		if got := strings.Join(documentsOf(issuer), " "); got != want {
			t.Errorf("%s: %s", issuer, got)
		}
	}
}

func TestCompile(t *testing.T) {
	for says, c := range map[string]struct {
		o       config.JWKSOptions
		issuers []string
	}{
		"jwks.url: is required":              {},
		"jwks.url: contradicts discovery":    {o: config.JWKSOptions{URL: "https://a.example/k", Discovery: true}, issuers: []string{"https://a.example"}},
		"jwks.url: must be a whole URL":      {o: config.JWKSOptions{URL: "a.example/k"}},
		"jwks.url: must begin with https://": {o: config.JWKSOptions{URL: "http://a.example/k"}},
		"jwks.url: can't contain a user":     {o: config.JWKSOptions{URL: "https://a:b@a.example/k"}},
		"jwks.url: can't have a fragment":    {o: config.JWKSOptions{URL: "https://a.example/k#x"}},
		"jwks.file: must be an absolute":     {o: config.JWKSOptions{File: "keys.json"}},
		"jwks.plainHTTP: has no effect on":   {o: config.JWKSOptions{File: "/keys.json", PlainHTTP: true}},
		"jwks.plainHTTP: has no effect, bec": {o: config.JWKSOptions{URL: "https://a.example/k", PlainHTTP: true}},
		"jwks.minRefresh: has no effect":     {o: config.JWKSOptions{File: "/keys.json", MinRefresh: time.Minute}},
		"jwks.discovery: needs issuers, by":  {o: config.JWKSOptions{Discovery: true}},
		"issuers[1] must be a whole URL":     {o: config.JWKSOptions{Discovery: true}, issuers: []string{"https://a.example", "accounts.google.com"}},
		"issuers[0] must begin with https":   {o: config.JWKSOptions{Discovery: true}, issuers: []string{"http://a.example"}},
		"issuers[0] can't have a query":      {o: config.JWKSOptions{Discovery: true}, issuers: []string{"https://a.example/?a=b"}},
		"jwks.refresh: must be between":      {o: config.JWKSOptions{URL: "https://a.example/k", Refresh: time.Millisecond}},
		"jwks.maxStale: must be between":     {o: config.JWKSOptions{URL: "https://a.example/k", MaxStale: time.Minute}},
		"jwks.clientID: has no effect":       {o: config.JWKSOptions{URL: "https://a.example/k", ClientID: "id"}},
		"jwks.clientID: is required":         {o: config.JWKSOptions{URL: "https://a.example/k", PerKey: true, ClientSecret: "0123456789abcdef"}},
		"jwks.clientSecret: is required":     {o: config.JWKSOptions{URL: "https://a.example/k", PerKey: true, ClientID: "id"}},
		"jwks.clientSecret: looks like":      {o: config.JWKSOptions{URL: "https://a.example/k", PerKey: true, ClientID: "id", ClientSecret: "$SECRET"}},
		"jwks.refresh: has no effect":        {o: config.JWKSOptions{URL: "https://a.example/k", PerKey: true, ClientID: "id", ClientSecret: "0123456789abcdef", Refresh: time.Hour}},
		"jwks.perKey: needs url":             {o: config.JWKSOptions{File: "/k", PerKey: true, ClientID: "id", ClientSecret: "0123456789abcdef"}},
		"jwks.minRefresh: must be between":   {o: config.JWKSOptions{URL: "https://a.example/k", MinRefresh: time.Millisecond}},
	} {
		n := &config.Notes{}
		Compile(n, &secrets.Resolver{}, c.o, "jwks", c.issuers, "")
		if got := config.Sentences(n.Problems); len(got) != 1 || !strings.Contains(got[0], says) {
			t.Errorf("%q, want %q", got, says)
		}
	}
	n := &config.Notes{}
	s := Compile(n, &secrets.Resolver{}, config.JWKSOptions{URL: "https://a.example/k"}, "jwks", []string{"a", "b"}, "/state")
	if len(s) != 1 || len(n.Problems)+len(n.Warnings) > 0 || s[0].Refresh != time.Hour || s[0].MaxStale != 24*time.Hour || s[0].MinRefresh != 30*time.Second || s[0].stateDirectory != "/state" {
		t.Errorf("%+v %v", s, n)
	}
	s = Compile(n, &secrets.Resolver{}, config.JWKSOptions{File: "/keys.json"}, "jwks", nil, "")
	if len(s) != 1 || len(n.Problems)+len(n.Warnings) > 0 || s[0].Refresh != 10*time.Second {
		t.Errorf("%+v %v", s, n)
	}
	Compile(n, &secrets.Resolver{}, config.JWKSOptions{URL: "http://a.example/k", PlainHTTP: true, Refresh: time.Second}, "jwks", nil, "")
	if len(n.Problems) > 0 || len(n.Warnings) != 2 {
		t.Errorf("%+v", n)
	}
}
