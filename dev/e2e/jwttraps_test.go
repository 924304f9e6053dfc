package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/hooktest"
)

// ecJWK writes a public key as a JWK.
func ecJWK(key *ecdsa.PublicKey, kid string) string {
	size := (key.Params().BitSize + 7) / 8
	return fmt.Sprintf(`{"kty":"EC","crv":%q,"kid":%q,"x":%q,"y":%q}`, key.Params().Name, kid, b64(key.X.FillBytes(make([]byte, size))), b64(key.Y.FillBytes(make([]byte, size))))
}

// jwsTraps are those of the algorithm, the key and the encoding, of which jwtTraps has some.
func jwsTraps(k *jwtKeys, jku string) []jwtTrap {
	const hs, rs = `{"alg":"HS256","typ":"JWT"}`, `{"alg":"RS256"}`
	sign := func(header, claims any) string { return "Bearer " + hooktest.HS256(jwtSecret, header, claims) }
	good := sign(hs, goodClaims(nil))
	parts := strings.Split(strings.TrimPrefix(good, "Bearer "), ".")
	modulus := k.modulus.N.Bytes()
	jwk := fmt.Sprintf(`{"kty":"RSA","n":%q,"e":"AQAB"}`, b64(modulus))
	unused := func(text string) string { // with bits set that nobody reads
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		at := strings.IndexByte(alphabet, text[len(text)-1])
		return text[:len(text)-1] + string(alphabet[at|1])
	}
	traps := []jwtTrap{
		{"J05 followed by nobody", "rs", "Bearer " + k.rs256(fmt.Sprintf(`{"alg":"RS256","jku":%q,"x5u":%q,"jwk":%s}`, jku, jku, jwk), goodClaims(nil)), "{}", "verified"},
		{"J10 a fraction", "hs", sign(hs, strings.Replace(jsonText(goodClaims(map[string]any{"exp": nil})), "{", fmt.Sprintf(`{"exp":%d.5,`, time.Now().Unix()+60), 1)), "{}", "verified"},
		{"J11 64 audiences", "hs", sign(hs, goodClaims(map[string]any{"aud": append(strings.Split(strings.Repeat("a ", 62)+"a", " "), "hooks")})), "{}", "verified"},
		{"J11 65 audiences", "hs", sign(hs, goodClaims(map[string]any{"aud": append(strings.Split(strings.Repeat("a ", 63)+"a", " "), "hooks")})), "{}", "audience_mismatch"},
		{"J13 b64 where it is not asked for", "hs", sign(`{"alg":"HS256","b64":false,"crit":["b64"]}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J13 an empty crit", "hs", sign(`{"alg":"HS256","crit":[]}`, goodClaims(nil)), "{}", "token_malformed"},
		{"J19 a tab", "hs", strings.Replace(good, " ", "\t", 1), "{}", "token_malformed"},
		{"J19 the scheme twice", "hs", "Bearer " + good, "{}", "token_malformed"},
		{"J19 two in one line", "hs", good + ", " + good, "{}", "token_malformed"},
		{"J20 9 KiB", "hs", sign(hs, goodClaims(map[string]any{"x": strings.Repeat("x", 9<<10)})), "{}", "token_malformed"},
		{"J20 a header of 20 KiB", "body", "", hooktest.HS256(jwtSecret, `{"alg":"HS256","typ":"secevent+jwt","x":"`+strings.Repeat("x", 20<<10)+`"}`, "{}"), "token_malformed"},
		{"J33 unused bits", "hs", good[:len(good)-1] + unused(good[len(good)-1:]), "{}", "token_malformed"},
		{"J33 a slash", "hs", strings.Replace(good, ".", "/.", 1), "{}", "token_malformed"},
		{"J33 a line's end", "body", "", strings.TrimPrefix(good, "Bearer ") + "\n", "token_malformed"},
		{"J34 no UTF-8", "hs", sign(hs, strings.Replace(jsonText(goodClaims(nil)), "robot", "robot\xff", 1)), "{}", "token_malformed"},
		{"J34 no UTF-8 in the header", "hs", sign("{\"alg\":\"HS256\",\"x\":\"\xc0\xaf\"}", goodClaims(nil)), "{}", "token_malformed"},
		{"J34 depth", "body", "", hooktest.HS256(jwtSecret, `{"alg":"HS256","typ":"secevent+jwt"}`, `{"a":`+strings.Repeat("[", 10001)+strings.Repeat("]", 10001)+`}`), "token_malformed"},
		{"J34 a list", "hs", sign(hs, `[`+jsonText(goodClaims(nil))+`]`), "{}", "token_malformed"},
		{"J34 two objects", "hs", sign(hs, jsonText(goodClaims(nil))+`{}`), "{}", "token_malformed"},
		{"J01 the header is empty", "hs", "Bearer ." + parts[1] + "." + parts[2], "{}", "token_malformed"},
		{"J04 RS256 with a key of PS256", "ps", "Bearer " + k.rs256(`{"alg":"RS256","kid":"p"}`, goodClaims(nil)), "{}", "algorithm_refused"},
		{"J04 no kid, either", "ps", "Bearer " + k.rs256(rs, goodClaims(nil)), "{}", "signature_mismatch"},
	}
	for _, alg := range []string{`"None"`, `"NONE"`, `""`, `"none "`, `"HS256 "`, `"hs256"`, `"HS512"`, `"HMAC"`} {
		traps = append(traps, jwtTrap{"J01 " + alg, "hs", sign(`{"alg":`+alg+`}`, goodClaims(nil)), "{}", "algorithm_refused"})
	}
	for _, alg := range []string{`["HS256"]`, `{"a":"HS256"}`, `null`, `true`, `"HS256","alg":"none"`, `"none","ALG":"HS256"`} {
		traps = append(traps, jwtTrap{"J01 " + alg, "hs", sign(`{"alg":`+alg+`}`, goodClaims(nil)), "{}", "token_malformed"})
	}
	for name, secret := range map[string]string{"the modulus": string(modulus), "the modulus in base64url": b64(modulus), "the modulus in hexadecimal": hex.EncodeToString(modulus), "a JWK": jwk, "a JWK set": `{"keys":[` + jwk + `]}`, "nothing": ""} {
		traps = append(traps, jwtTrap{"J02 " + name, "both", "Bearer " + hooktest.HS256(secret, hs, goodClaims(nil)), "{}", "signature_mismatch"})
	}
	for _, exp := range []string{"1e400", "NaN", "-1", "1e30", `"4102444800"`, "true", "[4102444800]", "{}"} {
		reason := "token_malformed"
		traps = append(traps, jwtTrap{"J10 " + exp, "hs", sign(hs, strings.Replace(jsonText(goodClaims(map[string]any{"exp": nil})), "{", `{"exp":`+exp+`,`, 1)), "{}", reason})
	}
	for _, aud := range []string{"hook", "hooks2", "Hooks", " hooks", "hooks\u0000", "https://hooks"} {
		traps = append(traps, jwtTrap{fmt.Sprintf("J11 %q", aud), "hs", sign(hs, goodClaims(map[string]any{"aud": aud})), "{}", "audience_mismatch"})
	}
	for _, iss := range []string{"https://a.example/", "http://a.example", "https://a.example ", "a.example", "https://a.example.evil"} {
		traps = append(traps, jwtTrap{fmt.Sprintf("J12 %q", iss), "hs", sign(hs, goodClaims(map[string]any{"iss": iss})), "{}", "issuer_mismatch"})
	}
	return traps
}

// claimTraps are those of the time, the body and the address.
func claimTraps() []jwtTrap {
	const hs = `{"alg":"HS256","typ":"JWT"}`
	now := time.Now().Unix()
	sign := func(claims any) string { return "Bearer " + hooktest.HS256(jwtSecret, hs, claims) }
	digest := func(body string) string { return sum(body) }
	bytes := func(body string) []byte { b, _ := hex.DecodeString(sum(body)); return b }
	bound := func(jti, h string) string { return sign(goodClaims(map[string]any{"jti": jti, "h": h})) }
	long := sha512.Sum512([]byte("{}"))
	return []jwtTrap{
		{"J15 capitals", "hash", bound("c1", strings.ToUpper(digest("{}"))), "{}", "verified"},
		{"J15 base64", "hash", bound("c2", base64.StdEncoding.EncodeToString(bytes("{}"))), "{}", "body_mismatch"},
		{"J15 sha-512", "hash", bound("c3", hex.EncodeToString(long[:])), "{}", "body_mismatch"},
		{"J15 half of it", "hash", bound("c4", digest("{}")[:32]), "{}", "body_mismatch"},
		{"J15 a list", "hash", sign(goodClaims(map[string]any{"jti": "c5", "h": []string{digest("{}")}})), "{}", "body_mismatch"},
		{"J15 base64url", "hash64", bound("c6", b64(bytes("{}"))), "{}", "verified"},
		{"J15 base64url, padded", "hash64", bound("c7", b64(bytes("{}"))+"="), "{}", "verified"},
		{"J15 the other alphabet", "hash64", bound("c8", base64.StdEncoding.EncodeToString(bytes("~~1"))), "~~1", "body_mismatch"},
		{"J15 a line's end", "hash64", bound("c9", b64(bytes("{}"))+"\n"), "{}", "body_mismatch"},
		{"J15 hexadecimal", "hash64", bound("c10", digest("{}")), "{}", "body_mismatch"},
		{"J16 of nothing", "hash", bound("c11", digest("")), "", "verified"},
		{"J16 of something else", "hash", bound("c12", digest("{}")), "", "body_mismatch"},
		{"J17 another token's body", "hash", bound("c13", digest(`{"a":1}`)), `{"a":2}`, "body_mismatch"},
		{"J30 ends half a minute ago", "hs", sign(goodClaims(map[string]any{"iat": now - 600, "exp": now - 30})), "{}", "verified"},
		{"J30 made half a minute ahead", "hs", sign(goodClaims(map[string]any{"iat": now + 30})), "{}", "verified"},
		{"J30 two minutes ahead", "hs", sign(goodClaims(map[string]any{"iat": now + 120})), "{}", "token_not_yet_valid"},
		{"J30 nbf half a minute ahead", "hs", sign(goodClaims(map[string]any{"nbf": now + 30})), "{}", "verified"},
		{"J30 nbf two minutes ahead", "hs", sign(goodClaims(map[string]any{"nbf": now + 120})), "{}", "token_not_yet_valid"},
		{"J30 too old for maxAge", "hash", sign(goodClaims(map[string]any{"jti": "c14", "h": digest("{}"), "iat": now - 720})), "{}", "timestamp_too_old"},
		{"J27 an access token", "body", "", hooktest.HS256(jwtSecret, `{"alg":"HS256","typ":"at+jwt"}`, goodClaims(nil)), "type_mismatch"},
		{"J32 of any kind", "hs", sign(goodClaims(map[string]any{"cnf": "x"})), "{}", "claim_mismatch"},
	}
}

// TestTokenTraps holds the real Traefik against the rest of the traps: see jwtTraps.
func TestTokenTraps(t *testing.T) {
	k := newJWTKeys(t)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	var asked atomic.Int64
	jku, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { asked.Add(1) }))
	must(t, err)
	ps := fmt.Sprintf(`{"keys":[{"kty":"RSA","alg":"PS256","kid":"p","n":%q,"e":"AQAB"}]}`, b64(k.modulus.N.Bytes()))
	gates := append(jwtGates(k),
		gate{name: "ps", options: jsonText(map[string]any{"publicKeys": ps, "jwt": map[string]any{"algorithms": []string{"PS256", "RS256"}, "audiences": "hooks", "issuers": "https://a.example"}})},
		gate{name: "hash64", options: jsonText(map[string]any{"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "maxAge": "10m", "bodyHash": map[string]any{"claim": "h", "encoding": "base64url"}}})},
	)
	// A key for PS256 alone makes RS256 a mistake where it is the only one.
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	gates[len(gates)-2].options = strings.Replace(gates[len(gates)-2].options, `{\"keys\":[`, `{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"`+b64(newJWTKeys(t).modulus.N.Bytes())+`\",\"e\":\"AQAB\"},`+strings.ReplaceAll(ecJWK(&other.PublicKey, "e"), `"`, `\"`)+`,`, 1)
	s := start(t, nil, gates, gateway.Settings{})
	for _, c := range append(jwsTraps(k, jku), claimTraps()...) {
		t.Run(c.name, func(t *testing.T) {
			lines := []string{}
			if c.token != "" {
				lines = append(lines, "Authorization: "+c.token)
			}
			a := s.post(t, c.gate, c.body, lines...)
			if c.reason == "verified" {
				arrived, _ := s.passed(t, a)
				unchanged(t, arrived, c.body)
				return
			}
			checkJWTRefusal(t, s, a, &c)
		})
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("VULNERABLE: the address in a token was asked %d times", n)
	}
}

// Atlassian's qsh: J28.
func TestCanonicalQuery(t *testing.T) {
	k := newJWTKeys(t)
	s := start(t, nil, jwtGates(k), gateway.Settings{})
	for _, c := range []struct{ query, canonical, reason string }{
		{"", "", "verified"},
		{"a=1&b=2", "a=1&b=2", "verified"},
		{"b=2&a=1", "a=1&b=2", "verified"},
		{"a=2&a=1", "a=1,2", "verified"},
		{"a=x%20y", "a=x%20y", "verified"},
		{"a=x+y", "a=x%20y", "verified"},
		{"a=1&jwt=a.b.c", "a=1", "verified"},
		{"b=2&a=1", "b=2&a=1", "url_mismatch"},
		{"a=2&a=1", "a=1&a=2", "url_mismatch"},
		{"a=1", "", "url_mismatch"},
		{"a=1&x=2", "a=1", "url_mismatch"},
		{"a=1;b=2", "a=1;b=2", "url_mismatch"},
		{"a=%zz", "a=%zz", "url_mismatch"},
	} {
		r := s.request("jwt", "{}")
		path := strings.TrimPrefix(r.URL.Path, "")
		r.URL.RawQuery = c.query
		token := hooktest.HS256(jwtSecret, `{"alg":"HS256"}`, goodClaims(map[string]any{"qsh": sum("POST&" + path + "&" + c.canonical)}))
		r.Header["Authorization"] = []string{"JWT " + token}
		a := exchange(t, s.client, r)
		if c.reason == "verified" {
			s.passed(t, a)
			continue
		}
		s.refused(t, a, http.StatusUnauthorized, c.reason)
	}
}

// A token in the query counts only where that is asked for, and not beside another: J18.
func TestTokenInTheQuery(t *testing.T) {
	s := start(t, nil, []gate{{name: "q", options: jsonText(map[string]any{"secrets": jwtSecret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "hooks", "query": "t", "header": "Authorization"}})}}, gateway.Settings{})
	good := hooktest.HS256(jwtSecret, `{"alg":"HS256"}`, goodClaims(nil))
	send := func(query, header string) *answer {
		r := s.request("q", "{}")
		r.URL.RawQuery = query
		if header != "" {
			r.Header["Authorization"] = []string{header}
		}
		return exchange(t, s.client, r)
	}
	arrived, _ := s.passed(t, send("a=1&t="+good+"&b=2", ""))
	if arrived.URL.RawQuery != "a=1&b=2" {
		t.Errorf("the backend got the query %q", arrived.URL.RawQuery)
	}
	s.passed(t, send("", "Bearer "+good))
	for _, c := range []struct{ query, header, reason string }{
		{"t=" + good, "Bearer " + good, "token_duplicated"},
		{"t=" + good + "&t=" + good, "", "token_duplicated"},
		{"t=" + good + "&%74=x", "", "token_duplicated"},
		{"T=" + good, "", "token_missing"},
		{"t=", "", "token_missing"},
		{"t=Bearer%20" + good, "", "token_malformed"},
		{"t=" + good + ";t=x", "", "token_duplicated"}, // Traefik takes it for an ampersand
	} {
		t.Run(c.reason, func(t *testing.T) {
			s.refused(t, send(c.query, c.header), http.StatusUnauthorized, c.reason)
		})
	}
}

// Two issuers whose keys have the same id: a token of one that names the other passes
// nowhere (J08). A delivery that comes twice at once passes once, and the same id of two
// issuers is two deliveries (J31).
func TestTwoIssuers(t *testing.T) {
	keys := map[string]*jwtKeys{"a": newJWTKeys(t), "b": newJWTKeys(t)}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	base := ""
	base, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[1:2]
		if strings.HasSuffix(r.URL.Path, "/jwks") {
			fmt.Fprintf(rw, `{"keys":[%s]}`, ecJWK(&keys[name].point.PublicKey, "1"))
			return
		}
		fmt.Fprintf(rw, `{"issuer":%q,"jwks_uri":%q}`, "http://"+r.Host+"/"+name, "http://"+r.Host+"/"+name+"/jwks")
	}))
	must(t, err)
	issuers := []string{base + "/a", base + "/b"}
	section := map[string]any{"algorithms": "ES256", "issuers": issuers, "maxAge": "10m", "bodyHash": map[string]any{"claim": "h"}, "idField": "jwt:jti", "jwks": map[string]any{"discovery": true, "plainHTTP": true}}
	s := start(t, nil, []gate{
		{name: "two", options: jsonText(map[string]any{"jwt": section})},
		{name: "once", options: jsonText(map[string]any{"jwt": section, "replay": map[string]any{"by": "delivery", "onDuplicate": "reject"}})},
	}, gateway.Settings{})
	line := func(by, named, jti string) string {
		claims := goodClaims(map[string]any{"iss": base + "/" + named, "h": sum(hello), "jti": jti})
		return "Authorization: Bearer " + keys[by].es256(`{"alg":"ES256","kid":"1"}`, claims)
	}
	s.passed(t, s.post(t, "two", hello, line("a", "a", "1")))
	s.passed(t, s.post(t, "two", hello, line("b", "b", "1")))
	s.refused(t, s.post(t, "two", hello, line("a", "b", "1")), http.StatusUnauthorized, "signature_mismatch")
	s.refused(t, s.post(t, "two", hello, line("b", "a", "1")), http.StatusUnauthorized, "signature_mismatch")
	s.refused(t, s.post(t, "two", hello, line("a", "c", "1")), http.StatusUnauthorized, "issuer_mismatch")
	s.refused(t, s.post(t, "two", hello, line("a", "a/", "1")), http.StatusUnauthorized, "issuer_mismatch")

	var passed, duplicates atomic.Int64
	var wg sync.WaitGroup
	one := line("a", "a", "at once")
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			switch s.status(t, "once", one) {
			case http.StatusOK:
				passed.Add(1)
			case http.StatusConflict, http.StatusServiceUnavailable: // the first is still under way
				duplicates.Add(1)
			}
		}()
	}
	wg.Wait()
	if passed.Load() != 1 || duplicates.Load() != 7 {
		t.Errorf("of eight at once %d passed, %d were duplicates", passed.Load(), duplicates.Load())
	}
	s.passed(t, s.post(t, "once", hello, line("b", "b", "at once")))
	if status := s.status(t, "once", line("b", "b", "at once")); status != http.StatusConflict {
		t.Errorf("again: %d", status)
	}
}
