package hookward

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
)

const jwtSecret = "0123456789abcdef0123456789abcdef"

// jwtOptions is a configuration that accepts jwtOf, with more in its section.
func jwtOptions(section, more map[string]any) map[string]any {
	jwt := map[string]any{"algorithms": "HS256", "audiences": "hooks", "issuers": "https://a.example"}
	for name, value := range section {
		jwt[name] = value
		if value == nil {
			delete(jwt, name)
		}
	}
	raw := map[string]any{"secrets": jwtSecret, "ban": "false", "jwt": jwt}
	for name, value := range more {
		raw[name] = value
	}
	return raw
}

// jwtOf makes a token that is good now, with more claims.
func jwtOf(header string, more map[string]any) string {
	claims := map[string]any{"iss": "https://a.example", "aud": "hooks", "sub": "robot", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	for name, value := range more {
		claims[name] = value
	}
	return hooktest.HS256(jwtSecret, header, claims)
}

func hexSum(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

const jwtHeader = `{"alg":"HS256","typ":"JWT","kid":"k1"}`

// What the backend gets of a token that passes: its claims where that is asked for, in
// headers that nobody else can set, and the token only if it can't be used again.
func TestJWTForwarding(t *testing.T) {
	capture(t)
	token := jwtOf(jwtHeader, map[string]any{"email": "a@b.example", "odd": "x\ny", "event": "made", "jti": "id-1", "n": 7})
	for name, c := range map[string]struct {
		section map[string]any
		url     string
		header  string
		want    map[string]string // "" is its absence
		query   string
	}{
		"bearer":       {nil, "/", "Authorization: Bearer " + token, map[string]string{"Authorization": "", "X-Hookward-Provider": "custom"}, ""},
		"kept":         {map[string]any{"forwardToken": "always"}, "/", "Authorization: Bearer " + token, map[string]string{"Authorization": "Bearer " + token}, ""},
		"own header":   {map[string]any{"header": "X-Token"}, "/", "X-Token: " + token, map[string]string{"X-Token": ""}, ""},
		"query":        {map[string]any{"query": "jwt"}, "/?a=1&jwt=" + token + "&b=%20", "", nil, "a=1&b=%20"},
		"query kept":   {map[string]any{"query": "jwt", "forwardToken": "always"}, "/?jwt=" + token, "", nil, "jwt=" + token},
		"claims":       {map[string]any{"forwardClaims": []any{"X-Hookward-Subject=sub", "X-Mail=email", "X-Odd=odd", "X-N=n", "X-None=none"}}, "/", "Authorization: Bearer " + token, map[string]string{"X-Hookward-Subject": "robot", "X-Mail": "a@b.example", "X-Odd": "", "X-N": "7", "X-None": "", "X_mail": ""}, ""},
		"id and event": {map[string]any{"idField": "jwt:jti", "eventField": "jwt:event"}, "/", "Authorization: Bearer " + token, map[string]string{"X-Hookward-Delivery": "id-1", "X-Hookward-Event": "made"}, ""},
	} {
		b := &hooktest.Backend{}
		r := hooktest.NewRequest("POST", c.url, "{}", c.header)
		for _, spoofed := range []string{"X-Mail", "X_mail", "X-Odd", "X-None", "X-Hookward-Subject"} {
			r.Header[spoofed] = []string{"spoof"}
		}
		if c.section["forwardClaims"] == nil {
			r.Header.Del("X-Mail")
		}
		newTestHandler(t, b.Handler(), jwtOptions(c.section, nil)).ServeHTTP(httptest.NewRecorder(), r)
		if len(b.Requests) != 1 {
			t.Errorf("%s: %d requests reached the backend", name, len(b.Requests))
			continue
		}
		got := b.Requests[0]
		for header, want := range c.want {
			if lines := got.Header[header]; strings.Join(lines, "|") != want {
				t.Errorf("%s: %s is %q, want %q", name, header, lines, want)
			}
		}
		if got.URL.RawQuery != c.query || !strings.HasSuffix(got.RequestURI, c.query) {
			t.Errorf("%s: the query is %q, %q, want %q", name, got.URL.RawQuery, got.RequestURI, c.query)
		}
	}
}

// What a caller is told of a refusal.
func TestJWTRefusals(t *testing.T) {
	capture(t)
	late := jwtOf(jwtHeader, map[string]any{"iat": 1000, "exp": 2000})
	for name, c := range map[string]struct {
		section map[string]any
		header  string
		status  int
		says    string // WWW-Authenticate
		body    string
	}{
		"none":         {nil, "X: y", 401, "Bearer", "Unauthorized\n"},
		"late":         {nil, "Authorization: Bearer " + late, 401, `Bearer error="invalid_token"`, "Unauthorized\n"},
		"scope":        {map[string]any{"scopes": "a,b"}, "Authorization: Bearer " + jwtOf(jwtHeader, map[string]any{"scope": "a c"}), 403, `Bearer error="insufficient_scope", scope="a b"`, "Forbidden\n"},
		"own header":   {map[string]any{"header": "X-Token"}, "X: y", 401, "", "Unauthorized\n"},
		"event":        {map[string]any{"header": "X-Token", "refusal": "secevent"}, "X-Token: " + late, 400, "", `{"err":"invalid_request","description":"the security event token was refused"}` + "\n"},
		"event's key":  {map[string]any{"header": "X-Token", "refusal": "secevent"}, "X-Token: " + late + "AAAA", 400, "", `{"err":"authentication_failed","description":"the security event token was refused"}` + "\n"},
		"event's iss":  {map[string]any{"header": "X-Token", "refusal": "secevent", "issuers": "x"}, "X-Token: " + late, 400, "", `{"err":"invalid_issuer","description":"the security event token was refused"}` + "\n"},
		"event's aud":  {map[string]any{"header": "X-Token", "refusal": "secevent", "audiences": "x"}, "X-Token: " + late, 400, "", `{"err":"invalid_audience","description":"the security event token was refused"}` + "\n"},
		"scopes given": {map[string]any{"scopes": "a,b"}, "Authorization: Bearer " + jwtOf(jwtHeader, map[string]any{"scp": []string{"b", "a"}}), 202, "", "ok\n"},
	} {
		w := httptest.NewRecorder()
		newTestHandler(t, (&hooktest.Backend{}).Handler(), jwtOptions(c.section, nil)).ServeHTTP(w, hooktest.NewPost("{}", c.header))
		if w.Code != c.status || w.Header().Get("WWW-Authenticate") != c.says || w.Body.String() != c.body {
			t.Errorf("%s: %d, %q, %q", name, w.Code, w.Header().Get("WWW-Authenticate"), w.Body.String())
		}
	}
	// A method is nothing that a transmitter is told in JSON.
	w := httptest.NewRecorder()
	newTestHandler(t, (&hooktest.Backend{}).Handler(), jwtOptions(map[string]any{"refusal": "secevent"}, nil)).ServeHTTP(w, hooktest.NewRequest("PUT", "/", ""))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", w.Code)
	}
}

// A record names issuer, subject, key and algorithm, and never has the token.
func TestJWTRecord(t *testing.T) {
	records, _ := capture(t)
	good := jwtOf(jwtHeader, map[string]any{"sub": "robot\n" + strings.Repeat("x", 400)})
	forged := good[:len(good)-10] + "AAAAAAAAAA"
	for name, c := range map[string]struct {
		section map[string]any
		r       *http.Request
		want    map[string]any
	}{
		"good":      {nil, hooktest.NewPost("{}", "Authorization: Bearer "+good), map[string]any{"event.reason": "verified", "hookward.jwt.issuer": "https://a.example", "hookward.jwt.key_id": "k1", "hookward.jwt.algorithm": "HS256", "hookward.secret": 1.0}},
		"forged":    {nil, hooktest.NewPost("{}", "Authorization: Bearer "+forged), map[string]any{"event.reason": "signature_mismatch", "hookward.jwt.issuer": nil, "hookward.jwt.subject": nil, "hookward.jwt.key_id": "k1"}},
		"malformed": {nil, hooktest.NewPost("{}", "Authorization: Bearer a.b.c"), map[string]any{"event.reason": "token_malformed", "hookward.jwt.algorithm": nil}},
		"query":     {map[string]any{"query": "jwt"}, hooktest.NewRequest("POST", "/?jwt="+good, "{}"), map[string]any{"event.reason": "verified", "url.query": "jwt=[REDACTED]"}},
		"body":      {map[string]any{"body": "true"}, hooktest.NewPost(good), map[string]any{"event.reason": "verified", "http.request.body.content": nil}},
		"field":     {map[string]any{"field": "json:a.token"}, hooktest.NewPost(`{"a":{"token":"` + good + `"},"b":1}`), map[string]any{"event.reason": "verified", "http.request.body.content": `{"a":{"token":"[REDACTED]"},"b":1}`}},
		"elsewhere": {nil, hooktest.NewPost(`{"x":"`+good+`","y":"see `+good+` there"}`, "Authorization: Bearer "+good), map[string]any{"event.reason": "verified", "http.request.body.content": `{"x":"[REDACTED]","y":"see [REDACTED] there"}`}},
	} {
		newTestHandler(t, (&hooktest.Backend{}).Handler(), jwtOptions(c.section, map[string]any{"audit": map[string]any{"payload": "redacted"}})).ServeHTTP(httptest.NewRecorder(), c.r)
		settleOutputs(t)
		text := records.String()
		if strings.Contains(text, good[:30]) || strings.Contains(text, good[40:80]) || strings.Contains(text, "robot\\n"+strings.Repeat("x", 300)) {
			t.Errorf("%s: the record has the token, or too much of it: %s", name, text)
		}
		record := hooktest.OnlyRecord(t, records)
		for field, want := range c.want {
			if record[field] != want {
				t.Errorf("%s: %s is %v, want %v", name, field, record[field], want)
			}
		}
	}
}

// A delivery passes once: by what is signed, or by the id that the token has, each issuer's
// own.
func TestJWTReplay(t *testing.T) {
	capture(t)
	hash := map[string]any{"claim": "h"}
	token := jwtOf(jwtHeader, nil)
	bound := func(body string, more map[string]any) *http.Request {
		claims := map[string]any{"h": hexSum(body)}
		for name, value := range more {
			claims[name] = value
		}
		return hooktest.NewPost(body, "Authorization: Bearer "+jwtOf(jwtHeader, claims))
	}
	for name, c := range map[string]struct {
		section  map[string]any
		by       string
		requests []*http.Request
		want     string // statuses
	}{
		"the same twice":      {map[string]any{"bodyHash": hash, "maxAge": "10m"}, "signature", []*http.Request{bound("{}", nil), bound("{}", nil)}, "202 200"},
		"another body":        {map[string]any{"bodyHash": hash, "maxAge": "10m"}, "signature", []*http.Request{bound("{}", nil), bound("[]", nil)}, "202 202"},
		"by jti":              {map[string]any{"bodyHash": hash, "maxAge": "10m", "idField": "jwt:jti"}, "delivery", []*http.Request{bound("{}", map[string]any{"jti": "1"}), bound("[]", map[string]any{"jti": "1"}), bound("[]", map[string]any{"jti": "2"})}, "202 200 202"},
		"jti of two issuers":  {map[string]any{"bodyHash": hash, "maxAge": "10m", "idField": "jwt:jti", "issuers": "a,b"}, "delivery", []*http.Request{bound("{}", map[string]any{"jti": "1", "iss": "a"}), bound("{}", map[string]any{"jti": "1", "iss": "b"}), bound("{}", map[string]any{"jti": "1", "iss": "b"})}, "202 202 200"},
		"events are told 202": {map[string]any{"bodyHash": hash, "maxAge": "10m", "refusal": "secevent"}, "signature", []*http.Request{bound("{}", nil), bound("{}", nil)}, "202 202"},
		"a token once":        {map[string]any{"perDelivery": "true", "maxAge": "10m"}, "signature", []*http.Request{hooktest.NewPost("{}", "Authorization: Bearer "+token), hooktest.NewPost("[]", "Authorization: Bearer "+token)}, "202 200"},
		"signed once more":    {map[string]any{"field": "json:t", "perDelivery": "true", "maxAge": "10m"}, "signature", []*http.Request{hooktest.NewPost(`{"t":"` + token + `"}`), hooktest.NewPost(`{"t":"` + token + `","x":1}`)}, "202 200"},
		"made per delivery":   {map[string]any{"perDelivery": "true", "maxAge": "10m"}, "signature", []*http.Request{bound("{}", map[string]any{"jti": "1"}), bound("{}", map[string]any{"jti": "2"}), bound("{}", map[string]any{"jti": "2"})}, "202 202 200"},
	} {
		h := newTestHandler(t, (&hooktest.Backend{}).Handler(), jwtOptions(c.section, map[string]any{"replay": map[string]any{"by": c.by}}))
		statuses := []string{}
		for _, r := range c.requests {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			statuses = append(statuses, fmt.Sprint(w.Code))
		}
		if got := strings.Join(statuses, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		gates.Restart()
	}
}

// What a user says in a section of a row's leaves the rest of that section as it is.
func TestJWTOfARow(t *testing.T) {
	o, problems := config.Decode(map[string]any{"provider": "apple-appstore", "jwt": map[string]any{"certificates": map[string]any{"roots": "file:/a.pem"}, "maxAge": "1h"}})
	if len(problems) > 0 || o.JWT.Certificates.LeafOID != "1.2.840.113635.100.6.11.1" || o.JWT.Certificates.IntermediateOID == "" || o.JWT.MaxAge != time.Hour || o.JWT.AgeClaim != "signedDate" {
		t.Errorf("%q, %+v, %+v", problems, o.JWT, o.JWT.Certificates)
	}
	o, _ = config.Decode(map[string]any{"provider": "livekit", "jwt": map[string]any{"bodyHash": map[string]any{"algorithm": "sha512"}}})
	if o.JWT.BodyHash.Claim != "sha256" || o.JWT.BodyHash.Encoding != "base64" || o.JWT.Scheme != "none" {
		t.Errorf("%+v, %+v", o.JWT, o.JWT.BodyHash)
	}
	// Another place is the only one, and keys of one's own are the only ones.
	o, _ = config.Decode(map[string]any{"provider": "livekit", "jwt": map[string]any{"query": "access_token"}})
	if o.JWT.Header != "" || o.JWT.Scheme != "" {
		t.Errorf("%+v", o.JWT)
	}
	o, _ = config.Decode(map[string]any{"provider": "fireblocks", "publicKeys": "x"})
	if o.JWT.JWKS != nil || !o.JWT.Detached {
		t.Errorf("%+v", o.JWT)
	}
}

// What stands beside jwt, and contradicts it.
func TestJWTBesideOthers(t *testing.T) {
	for want, raw := range map[string]map[string]any{
		"jwt: contradicts signature, token and messageSignature":         jwtOptions(nil, map[string]any{"signature": map[string]any{"header": "X"}}),
		"jwt: contradicts signature, token and messageSignature; a":      jwtOptions(nil, map[string]any{"token": map[string]any{"header": "X"}}),
		"jwt: contradicts signature, token and messageSignature; a gate": jwtOptions(nil, map[string]any{"messageSignature": map[string]any{"components": "@method"}}),
		"oauth2: contradicts signature, token, jwt and messageSignature": {"oauth2": map[string]any{"issuers": "https://a.example", "audiences": "a", "jwks": map[string]any{"discovery": "true"}}, "messageSignature": map[string]any{"components": "@method"}},
		"replay: would lose deliveries":                                  jwtOptions(nil, map[string]any{"replay": "true"}),
		"replay.by: can't be delivery":                                   jwtOptions(map[string]any{"perDelivery": "true", "idHeader": "X-Id", "maxAge": "5m"}, map[string]any{"replay": map[string]any{"by": "delivery"}}),
		"replay.window: must be at least 24h3m":                          jwtOptions(map[string]any{"perDelivery": "true"}, map[string]any{"replay": "true"}),
		"audit.payload: can't be full":                                   jwtOptions(map[string]any{"body": "true"}, map[string]any{"audit": map[string]any{"payload": "full"}}),
		"secrets: has no effect":                                         {"secrets": jwtSecret, "publicKeys": hooktest.TestRSAKey, "jwt": map[string]any{"algorithms": "RS256", "audiences": "a"}},
		"publicURL: has no effect":                                       jwtOptions(nil, map[string]any{"publicURL": "https://a.example/in"}),
		"provider: is required, or signature":                            {"secrets": jwtSecret},
	} {
		problems := config.Sentences(policy.Compile(raw).Problems)
		if len(problems) == 0 || !strings.Contains(strings.Join(problems, "\n"), want) {
			t.Errorf("%q, want %q", problems, want)
		}
	}
}
