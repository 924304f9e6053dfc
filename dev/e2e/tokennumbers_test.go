package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/hooktest"
)

// hashRow is a provider whose token has the digest of the body.
type hashRow struct {
	provider, options, header, claim string
	claims                           map[string]any
	encode                           func(body string) string
	mayOmit                          bool // where the body is empty
}

// hashRows are those of the catalogue.
func hashRows(k *jwtKeys) []hashRow {
	digest := func(body string) []byte { b := sha256.Sum256([]byte(body)); return b[:] }
	inHex := func(body string) string { return hex.EncodeToString(digest(body)) }
	standard := func(body string) string { return base64.StdEncoding.EncodeToString(digest(body)) }
	shared := fmt.Sprintf("secrets: %q", jwtSecret)
	return []hashRow{
		{"fusionauth", shared + ", jwt: {algorithms: HS256}", "X-FusionAuth-Signature-JWT: ", "request_body_sha256", nil, standard, false},
		{"lago", fmt.Sprintf("publicKeys: %q, jwt: {issuers: lago}", publicPEM(&k.modulus.PublicKey)), "X-Lago-Signature: ", "data", map[string]any{"iss": "lago"}, func(body string) string { return body }, false},
		{"livekit", shared, "Authorization: ", "sha256", nil, standard, false},
		{"messagebird", shared + `, publicURL: "https://hooks.example.com"`, "MessageBird-Signature-JWT: ", "payload_hash", map[string]any{"iss": "MessageBird"}, inHex, true},
		{"netlify", shared, "X-Webhook-Signature: ", "sha256", map[string]any{"iss": "netlify"}, inHex, false},
		{"plaid", fmt.Sprintf("publicKeys: %q", publicPEM(&k.point.PublicKey)), "Plaid-Verification: ", "request_body_sha256", nil, inHex, false},
		{"upstash-qstash", shared + `, publicURL: "https://hooks.example.com"`, "Upstash-Signature: ", "body", map[string]any{"iss": "Upstash"},
			func(body string) string { return base64.URLEncoding.EncodeToString(digest(body)) }, false},
		{"vonage", shared, "Authorization: Bearer ", "payload_hash", map[string]any{"iss": "Vonage"}, inHex, false},
	}
}

// J16: in which rows a token may be silent about a body that is empty. What a claim says of
// it has to be true in all of them.
func TestEmptyBodies(t *testing.T) {
	k := newJWTKeys(t)
	gates := []gate{}
	for _, row := range hashRows(k) {
		gates = append(gates, gate{name: row.provider, options: "{provider: " + row.provider + ", " + row.options + "}"})
	}
	s := start(t, nil, gates, gateway.Settings{})
	for _, row := range hashRows(k) {
		silent := "body_mismatch"
		if row.mayOmit {
			silent = "verified"
		}
		for _, c := range []struct {
			name, body string
			value      any
			reason     string
		}{
			{"silent about nothing", "", nil, silent},
			{"of nothing", "", row.encode(""), "verified"},
			{"of something, with nothing", "", row.encode("{}"), "body_mismatch"},
			{"a number, with nothing", "", 0, "body_mismatch"},
			{"a list, with nothing", "", []string{}, "body_mismatch"},
			{"silent about something", "{}", nil, "body_mismatch"},
			{"of nothing, with something", "{}", row.encode(""), "body_mismatch"},
			{"of something", "{}", row.encode("{}"), "verified"},
		} {
			t.Run(row.provider+" "+c.name, func(t *testing.T) {
				r := s.request(row.provider, c.body)
				whole := "https://hooks.example.com" + r.URL.Path
				claims := goodClaims(map[string]any{"url_hash": sum(whole), "aud": nil, "jti": "1", row.claim: c.value})
				for name, value := range row.claims {
					claims[name] = value
				}
				if row.provider == "upstash-qstash" {
					claims["sub"] = whole
				}
				name, before, _ := strings.Cut(row.header, ": ")
				r.Header[name] = []string{before + row.sign(k, claims)}
				a := exchange(t, s.client, r)
				if c.reason != "verified" {
					s.refused(t, a, http.StatusUnauthorized, c.reason)
					return
				}
				arrived, _ := s.passed(t, a)
				unchanged(t, arrived, c.body)
			})
		}
	}
}

func (row *hashRow) sign(k *jwtKeys, claims map[string]any) string {
	switch row.provider {
	case "lago":
		return k.rs256(`{"alg":"RS256"}`, claims)
	case "plaid":
		return k.es256(`{"alg":"ES256"}`, claims)
	}
	return hooktest.HS256(jwtSecret, `{"alg":"HS256"}`, claims)
}

// longToken is a token of a length, with good claims and one that is long.
func longToken(t *testing.T, length int) string {
	t.Helper()
	for pad := range 4 { // not every length is one of a base64url
		header := b64([]byte(`{"alg":"HS256","x":"` + strings.Repeat("x", pad) + `"}`))
		claims := jsonText(goodClaims(map[string]any{"x": ""}))
		room := length - len(header) - 2 - 43
		claims = strings.Replace(claims, `"x":""`, `"x":"`+strings.Repeat("x", max(0, room*3/4-len(claims)))+`"`, 1)
		input := header + "." + b64([]byte(claims))
		mac := hmac.New(sha256.New, []byte(jwtSecret))
		mac.Write([]byte(input))
		if token := input + "." + b64(mac.Sum(nil)); len(token) == length {
			return token
		}
	}
	t.Fatalf("there is no token of %d bytes", length)
	return ""
}

// J20 in a body: a token as large as a body may be is one like any other, and a byte more is
// too large a body.
func TestLongTokensInBodies(t *testing.T) {
	const most = 10 << 20
	s := start(t, nil, []gate{{name: "long", options: jsonText(map[string]any{"secrets": jwtSecret, "maxBodyBytes": fmt.Sprint(most), "jwt": map[string]any{"algorithms": "HS256", "audiences": "hooks", "body": true}})}}, gateway.Settings{})
	good := longToken(t, most)
	arrived, _ := s.passed(t, s.post(t, "long", good))
	unchanged(t, arrived, good)
	at := strings.LastIndexByte(good, '.') - 2
	for _, c := range []struct {
		name, body, reason string
		status             int
	}{
		{"a byte more", longToken(t, most+1), "body_too_large", http.StatusRequestEntityTooLarge},
		{"changed near its end", good[:at] + "A" + good[at+1:], "signature_mismatch", http.StatusUnauthorized},
		{"dots", strings.Repeat(".", most), "token_malformed", http.StatusUnauthorized},
		{"one part", strings.Repeat("A", most), "token_malformed", http.StatusUnauthorized},
		{"a header alone", strings.Repeat("e", most-2) + "..", "token_malformed", http.StatusUnauthorized},
		{"a signature alone", "e30.e30." + strings.Repeat("A", most-8), "token_malformed", http.StatusUnauthorized},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.refused(t, s.post(t, "long", c.body), c.status, c.reason)
		})
	}
	s.passed(t, s.post(t, "long", longToken(t, 1<<10)))
	if now := residentMB(t, s); now > 1024 {
		t.Errorf("Traefik has %d MiB now", now)
	}
}

// J20 in a header: up to what Traefik reads of a head, a token that is too long is refused
// by the gate; beyond it Traefik answers, and no gate hears of it.
func TestLongTokensInHeaders(t *testing.T) {
	s := start(t, nil, []gate{{name: "hs", options: jsonText(map[string]any{"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "hooks"}})}}, gateway.Settings{})
	s.passed(t, s.post(t, "hs", "{}", "Authorization: Bearer "+longToken(t, 8<<10)))
	for _, length := range []int{8<<10 + 1, 64 << 10, 1000 << 10} {
		s.refused(t, s.post(t, "hs", "{}", "Authorization: Bearer "+longToken(t, length)), http.StatusUnauthorized, "token_malformed")
	}
	w := s.connect(t)
	w.path = s.path("hs")
	s.paths = s.paths[:len(s.paths)-1] // it leaves no record
	token := longToken(t, 10<<20)
	go func() { // Traefik answers before it has read all of it, and closes
		_, _ = io.WriteString(w, "POST "+w.path+" HTTP/1.1\r\nHost: hooks.example.com\r\nAuthorization: Bearer "+token+"\r\nContent-Length: 2\r\n\r\n{}")
	}()
	a := w.final(t)
	if a.StatusCode != http.StatusRequestHeaderFieldsTooLarge || strings.Contains(string(a.body), "hookward") {
		t.Errorf("10 MiB: %d %q", a.StatusCode, a.body)
	}
	s.passed(t, s.post(t, "hs", "{}", "Authorization: Bearer "+longToken(t, 1<<10))) // and whoever comes next passes
	if n, found := len(s.backend.at(w.path)), s.records(t, w.path); n != 0 || len(found) != 0 {
		t.Errorf("the backend got it %d times, and there are the records %+v", n, found)
	}
}

// A key server whose set is too large, to a gate of OAuth2: before there was a good one
// nothing passes, and after it the good one stays. J21.
func TestHugeKeySets(t *testing.T) {
	unsteadily(t)
	k := newJWTKeys(t)
	good := `{"keys":[` + ecJWK(&k.point.PublicKey, "good") + `]}`
	page := bytes.Repeat([]byte(" "), 1<<20)
	other := ecJWK(&newJWTKeys(t).point.PublicKey, "other")
	sets := map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"a good one behind 512 KiB": {func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, strings.Repeat(" ", 512<<10)+good) }, "is larger than 524288 bytes"},
		"a terabyte, as it says": {func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Length", fmt.Sprint(int64(1)<<40))
			fmt.Fprint(rw, good)
			for r.Context().Err() == nil {
				if _, err := rw.Write(page); err != nil {
					return
				}
			}
		}, "is larger than 524288 bytes"},
		"without an end": {func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprint(rw, good)
			for r.Context().Err() == nil {
				if _, err := rw.Write(page); err != nil {
					return
				}
			}
		}, "is larger than 524288 bytes"},
		"101 keys": {func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(rw, `{"keys":[%s%s]}`, strings.Repeat(other+",", 100), ecJWK(&k.point.PublicKey, "good"))
		}, "has 101 keys; allowed: 100"},
		"a key with much in it": {func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(rw, strings.Replace(good, `{"kty"`, `{"x5c":["`+strings.Repeat("A", 600<<10)+`"],"kty"`, 1))
		}, "is larger than 524288 bytes"},
	}
	p := newPublisher(t)
	gates := []gate{}
	for _, name := range []string{"first", "kept"} {
		gates = append(gates, gate{name: name, options: fmt.Sprintf(`{oauth2: {issuers: "https://a.example", audiences: hooks, algorithms: ES256, jwks: {url: %q, plainHTTP: true, refresh: 1s, minRefresh: 1s}}}`, p.url+"/"+name)})
	}
	token := "Authorization: Bearer " + k.es256(`{"alg":"ES256","typ":"at+jwt","kid":"good"}`, goodClaims(map[string]any{"client_id": "sender", "jti": "1"}))
	serve := func(first, kept http.HandlerFunc) {
		answer := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/kept" {
				kept(rw, r)
				return
			}
			first(rw, r)
		})
		p.answer.Store(&answer)
	}
	whole := func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, good) }
	serve(http.NotFound, whole)
	s := start(t, nil, gates, gateway.Settings{})
	eventually(t, "the set is there", func() bool { return s.status(t, "kept", token) == http.StatusOK })
	for name, c := range sets {
		t.Run(name, func(t *testing.T) {
			before := p.asked.Load()
			serve(c.answer, c.answer)
			eventually(t, "both were fetched", func() bool {
				s.status(t, "first", token)
				return p.asked.Load() >= before+6
			})
			s.said(t, "/kept", c.says)
			s.said(t, "/first", c.says)
			s.passed(t, s.post(t, "kept", hello, token))
			s.refused(t, s.post(t, "first", hello, token), http.StatusServiceUnavailable, "key_unavailable")
		})
	}
	if now := residentMB(t, s); now > 1024 {
		t.Errorf("Traefik has %d MiB now", now)
	}
	serve(whole, whole)
	eventually(t, "the first good set is there", func() bool { return s.status(t, "first", token) == http.StatusOK })
}
