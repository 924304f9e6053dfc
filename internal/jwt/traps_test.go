package jwt

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/verdict"
)

// Whatever the token says of its algorithm, the configuration's counts.
func TestAlgorithmIsTheConfigurations(t *testing.T) {
	v := mustCompile(t, bearer(nil))
	for _, algorithm := range []any{"none", "None", "nOnE", "", "hs256", "HS384", "RS256", "ES256", 256, []string{"HS256"}, map[string]any{"a": 1}, nil, true} {
		want := verdict.TokenMalformed
		if _, isText := algorithm.(string); isText {
			want = verdict.AlgorithmRefused
		}
		for _, token := range []string{hs256(map[string]any{"alg": algorithm}, usual(nil)), inputOf(map[string]any{"alg": algorithm}, usual(nil)) + "."} {
			if got := reasonOf(v, token); got != want {
				t.Errorf("alg %v: %s, want %s", algorithm, got, want)
			}
		}
	}
	if got := reasonOf(v, hs256(map[string]any{"typ": "JWT"}, usual(nil))); got != verdict.TokenMalformed {
		t.Errorf("without alg: %s", got)
	}
}

// A public key is known to everybody, so nothing is a MAC with it.
func TestPublicKeyIsNoSecret(t *testing.T) {
	key := privateKeys["RS256"]
	der, _ := x509.MarshalPKIXPublicKey(key.Public())
	public, _ := jwk.FromPublic(key.Public())
	v := mustCompile(t, map[string]any{"secrets": testSecret, "publicKeys": publicPEM(key), "jwt": map[string]any{"algorithms": "RS256,HS256", "audiences": "https://hooks.example.com", "issuers": "a"}})
	for _, secret := range []string{
		publicPEM(key), strings.TrimSpace(publicPEM(key)), string(der), base64.StdEncoding.EncodeToString(der), string(public.Rsa.N.Bytes()), rawURL.EncodeToString(public.Rsa.N.Bytes()),
		fmt.Sprintf(`{"kty":"RSA","n":"%s","e":"AQAB"}`, rawURL.EncodeToString(public.Rsa.N.Bytes())),
	} {
		token := signHMAC(crypto.SHA256, secret, inputOf(plainHeader, usual(map[string]any{"iss": "a"})))
		if got := reasonOf(v, token); got != verdict.SignatureMismatch {
			t.Errorf("%.20q as the secret: %s", secret, got)
		}
	}
	if got := reasonOf(v, signedBy(key, "RS256", inputOf(map[string]any{"alg": "RS256"}, usual(map[string]any{"iss": "a"})))); got != verdict.Verified {
		t.Errorf("the key's own signature: %s", got)
	}
}

// A key verifies its family, and where it names an algorithm, that one.
func TestKeyOfAnotherFamily(t *testing.T) {
	keys := ""
	for _, name := range []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"} {
		keys += "," + textOfJSON(jwkOf(name, map[string]any{"kid": name}))
	}
	set := `{"keys":[` + keys[1:] + "," + textOfJSON(jwkOf("PS256", map[string]any{"kid": "PS", "alg": "PS256"})) + `]}`
	v := mustCompile(t, map[string]any{"publicKeys": set, "jwt": map[string]any{"algorithms": "RS256,RS512,PS256,ES256,ES384,ES512,EdDSA", "issuers": "a", "audiences": "https://hooks.example.com"}})
	claims := usual(map[string]any{"iss": "a"})
	for _, c := range []struct{ alg, kid, signer, want string }{
		{"RS256", "RS256", "RS256", verdict.Verified},
		{"RS512", "RS256", "RS512", verdict.Verified},
		{"PS256", "PS", "PS256", verdict.Verified},
		{"PS256", "RS256", "PS256", verdict.Verified}, // it names no algorithm
		{"ES256", "ES256", "ES256", verdict.Verified},
		{"ES384", "ES384", "ES384", verdict.Verified},
		{"ES512", "ES512", "ES512", verdict.Verified},
		{"EdDSA", "EdDSA", "EdDSA", verdict.Verified},
		{"RS256", "PS", "RS256", verdict.AlgorithmRefused},
		{"ES256", "ES384", "ES384", verdict.AlgorithmRefused},
		{"ES384", "ES256", "ES256", verdict.AlgorithmRefused},
		{"EdDSA", "ES256", "ES256", verdict.AlgorithmRefused},
		{"ES256", "ES256", "ES384", verdict.SignatureMismatch},
		{"RS256", "ES256", "RS256", verdict.AlgorithmRefused},
		{"RS256", "nobody", "RS256", verdict.KeyUnknown},
		{"RS256", "", "RS256", verdict.KeyUnknown},
		{"PS384", "PS", "PS384", verdict.AlgorithmRefused},
	} {
		got := reasonOf(v, signedBy(privateKeys[c.signer], c.signer, inputOf(map[string]any{"alg": c.alg, "kid": c.kid}, claims)))
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	// Without a kid, each of the family is tried.
	if got := reasonOf(v, signedBy(privateKeys["ES384"], "ES384", inputOf(map[string]any{"alg": "ES384"}, claims))); got != verdict.Verified {
		t.Errorf("without kid: %s", got)
	}
}

// jwkOf writes the public half of a key, with more members.
func jwkOf(name string, more map[string]any) map[string]any {
	public, problem := jwk.FromPublic(privateKeys[name].Public())
	if problem != "" {
		panic(problem)
	}
	members := more
	switch public.Family {
	case jwk.RSA:
		members["kty"] = "RSA"
		members["n"] = rawURL.EncodeToString(public.Rsa.N.Bytes())
		members["e"] = "AQAB"
	case jwk.Ed25519:
		members["kty"] = "OKP"
		members["crv"] = "Ed25519"
		members["x"] = rawURL.EncodeToString(public.Edwards)
	default:
		size := (public.Ecdsa.Curve.Params().BitSize + 7) / 8
		members["kty"] = "EC"
		members["crv"] = public.Family
		members["x"] = rawURL.EncodeToString(fill(public.Ecdsa.X, size))
		members["y"] = rawURL.EncodeToString(fill(public.Ecdsa.Y, size))
	}
	return members
}

// What a header says of keys, of names and of itself.
func TestHeader(t *testing.T) {
	v := mustCompile(t, bearer(nil))
	with := func(more string) string { return `{"alg":"HS256","typ":"JWT"` + more + `}` }
	for name, c := range map[string]struct{ header, want string }{
		"its own keys":      {with(`,"jku":"https://evil.example/keys","x5u":"https://evil.example/c","jwk":{"kty":"oct","k":"AAAA"},"x5c":["AAAA"]`), verdict.Verified},
		"provider's names":  {with(`,"iss":"x","ts":1,"tl_version":"2","tl_headers":"a"`), verdict.Verified},
		"kid":               {with(`,"kid":"../../etc/passwd' OR 1=1"`), verdict.Verified}, // one shared key has no name
		"kid a number":      {with(`,"kid":1`), verdict.TokenMalformed},
		"kid a list":        {with(`,"kid":["a"]`), verdict.TokenMalformed},
		"kid an object":     {with(`,"kid":{}`), verdict.TokenMalformed},
		"kid twice":         {with(`,"kid":"a","kid":"b"`), verdict.TokenMalformed},
		"kid in other case": {with(`,"kid":"a","KID":"b"`), verdict.TokenMalformed},
		"kid of 10 KiB":     {with(`,"kid":"` + strings.Repeat("k", 10<<10) + `"`), verdict.TokenMalformed},
		"crit":              {with(`,"crit":["exp"]`), verdict.TokenMalformed},
		"crit empty":        {with(`,"crit":[]`), verdict.TokenMalformed},
		"crit b64":          {with(`,"crit":["b64"],"b64":true`), verdict.TokenMalformed},
		"b64 alone":         {with(`,"b64":false`), verdict.TokenMalformed},
		"a token in it":     {with(`,"cty":"JWT"`), verdict.TokenMalformed},
		"cty otherwise":     {with(`,"cty":"application/jwt"`), verdict.TokenMalformed},
		"text behind":       {with(``) + "x", verdict.TokenMalformed},
		"mark before":       {"\ufeff" + with(``), verdict.TokenMalformed},
		"no UTF-8":          {with(`,"a":"` + "\xff" + `"`), verdict.TokenMalformed},
		"deep":              {with(`,"a":` + strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000)), verdict.TokenMalformed},
		"a list":            {`["HS256"]`, verdict.TokenMalformed},
		"null":              {`null`, verdict.TokenMalformed},
		"empty":             {``, verdict.TokenMalformed},
	} {
		if got := reasonOf(v, hs256(c.header, usual(nil))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// What claims may be, to the letter.
func TestClaims(t *testing.T) {
	v := mustCompile(t, bearer(map[string]any{"issuers": "https://a.example", "claims": []any{"email=h@example.com", "email=i@example.com", "email_verified=true", "data.id=7", "https://a.example/role=hook"}, "requiredClaims": "exp,jti"}))
	good := usual(map[string]any{"iss": "https://a.example", "email": "i@example.com", "email_verified": true, "data": map[string]any{"id": 7}, "https://a.example/role": []string{"x", "hook"}, "jti": "1"})
	with := func(name string, value any) map[string]any {
		claims := map[string]any{}
		for name, value := range good {
			claims[name] = value
		}
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
		return claims
	}
	many := make([]string, 100)
	many[0] = "https://hooks.example.com"
	for i, c := range []struct {
		claims any
		want   string
	}{
		{good, verdict.Verified},
		{with("iss", nil), verdict.IssuerMismatch},
		{with("iss", "https://a.example/"), verdict.IssuerMismatch},
		{with("iss", "https://A.example"), verdict.IssuerMismatch},
		{with("iss", []string{"https://a.example"}), verdict.IssuerMismatch},
		{with("aud", nil), verdict.AudienceMismatch},
		{with("aud", []string{"x", "https://hooks.example.com"}), verdict.Verified},
		{with("aud", "https://hooks.example.com/"), verdict.AudienceMismatch},
		{with("aud", "https://hooks.example.co"), verdict.AudienceMismatch},
		{with("aud", "https://hooks.example.com.evil.example"), verdict.AudienceMismatch},
		{with("aud", []any{"https://hooks.example.com", 1}), verdict.AudienceMismatch},
		{with("aud", many), verdict.AudienceMismatch},
		{with("aud", []string{}), verdict.AudienceMismatch},
		{with("email", nil), verdict.ClaimMismatch},
		{with("email", "I@example.com"), verdict.ClaimMismatch},
		{with("email_verified", "true"), verdict.Verified},
		{with("email_verified", false), verdict.ClaimMismatch},
		{with("email_verified", 1), verdict.ClaimMismatch},
		{with("data", map[string]any{"id": 8}), verdict.ClaimMismatch},
		{with("data", map[string]any{"id": nil}), verdict.ClaimMismatch},
		{with("data.id", 7), verdict.Verified},
		{with("data.id", 8), verdict.ClaimMismatch}, // a name counts before a path
		{with("https://a.example/role", "x"), verdict.ClaimMismatch},
		{with("jti", nil), verdict.ClaimMismatch},
		{with("cnf", map[string]any{"jkt": "x"}), verdict.ClaimMismatch},
		{with("cnf", false), verdict.ClaimMismatch},
		{strings.Replace(textOfJSON(good), "{", `{"exp":99999999999,`, 1), verdict.TokenMalformed},
		{strings.Replace(textOfJSON(good), "{", `{"EXP":99999999999,`, 1), verdict.TokenMalformed},
		{strings.Replace(textOfJSON(good), "{", `{"\u0065xp":99999999999,`, 1), verdict.TokenMalformed},
		{`[]`, verdict.TokenMalformed},
		{`"text"`, verdict.TokenMalformed},
	} {
		if got := reasonOf(v, hs256(plainHeader, c.claims)); got != c.want {
			t.Errorf("%d %.80v: %s, want %s", i, c.claims, got, c.want)
		}
	}
}

// How times may be written, and where they end.
func TestTimes(t *testing.T) {
	v := mustCompile(t, bearer(map[string]any{"requiredClaims": "exp", "maxAge": "10m", "maxLifetime": "1h"}))
	now := present.Unix()
	for i, c := range []struct{ claims, want string }{
		{fmt.Sprintf(`"exp":%d`, now+60), verdict.ClaimMismatch}, // of no age
		{fmt.Sprintf(`"iat":%d`, now), verdict.ClaimMismatch},    // without an end
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now, now+60), verdict.Verified},
		{fmt.Sprintf(`"iat":%d.25,"exp":%d.5`, now, now+60), verdict.Verified},
		{fmt.Sprintf(`"iat":%d,"exp":"%d"`, now, now+60), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":1e400`, now), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":NaN`, now), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":-1`, now), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":9223372036854775808`, now), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":[%d]`, now, now+60), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":true`, now), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":0`, now), verdict.TokenExpired},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now-100, now-59), verdict.Verified},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now-100, now-60), verdict.TokenExpired},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now+60, now+61), verdict.Verified},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now+61, now+62), verdict.TokenNotYetValid},
		{fmt.Sprintf(`"iat":%d,"nbf":%d,"exp":%d`, now, now+60, now+99), verdict.Verified},
		{fmt.Sprintf(`"iat":%d,"nbf":%d,"exp":%d`, now, now+61, now+99), verdict.TokenNotYetValid},
		{fmt.Sprintf(`"iat":%d,"nbf":"x","exp":%d`, now, now+99), verdict.TokenMalformed},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now-660, now+60), verdict.Verified},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now-661, now+60), verdict.TimestampTooOld},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now, now+3600), verdict.Verified},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now, now+3601), verdict.TokenLifetimeTooLong},
		{fmt.Sprintf(`"iat":%d,"exp":%d`, now, now+90_000_000_000), verdict.TokenLifetimeTooLong},
	} {
		if got := reasonOf(v, hs256(plainHeader, `{"aud":"https://hooks.example.com",`+c.claims+`}`)); got != c.want {
			t.Errorf("%d %s: %s, want %s", i, c.claims, got, c.want)
		}
	}
	v = mustCompile(t, map[string]any{"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "body": "true", "maxAge": "10m", "ageClaim": "signedDate"}})
	for text, want := range map[string]string{
		fmt.Sprint(present.UnixMilli()): verdict.Verified, fmt.Sprint(now): verdict.Verified, fmt.Sprint(present.Add(-12 * time.Minute).UnixMilli()): verdict.TimestampTooOld,
		fmt.Sprint(present.Add(2 * time.Minute).UnixMilli()): verdict.TokenNotYetValid, `"x"`: verdict.TokenMalformed,
	} {
		if got := Verify(v, post(hs256(plainHeader, `{"iat":1,"signedDate":`+text+`}`), "", ""), nil, present).Reason; got != want {
			t.Errorf("signedDate %s: %s, want %s", text, got, want)
		}
	}
}

// What a type is for.
func TestTypes(t *testing.T) {
	for _, c := range []struct{ types, typ, want string }{
		{"", "", verdict.Verified}, {"", "JWT", verdict.Verified}, {"", "at+jwt", verdict.TypeMismatch}, {"", "application/secevent+JWT", verdict.TypeMismatch},
		{"at+jwt", "at+jwt", verdict.Verified}, {"at+jwt", "application/at+jwt", verdict.Verified}, {"at+jwt", "AT+JWT", verdict.Verified},
		{"at+jwt", "JWT", verdict.TypeMismatch}, {"at+jwt", "", verdict.TypeMismatch}, {"none,JWT", "", verdict.Verified}, {"secevent+jwt", "at+jwt", verdict.TypeMismatch},
	} {
		section := map[string]any{}
		if c.types != "" {
			section["types"] = c.types
		}
		header := map[string]any{"alg": "HS256"}
		if c.typ != "" {
			header["typ"] = c.typ
		}
		if got := reasonOf(mustCompile(t, bearer(section)), hs256(header, usual(nil))); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	v := mustCompile(t, bearer(map[string]any{"types": "secevent+jwt", "requiredClaims": "iat,jti", "maxAge": "10m"}))
	header := map[string]any{"alg": "HS256", "typ": "secevent+jwt"}
	for i, c := range []struct {
		more map[string]any
		want string
	}{
		{map[string]any{"jti": "1", "events": map[string]any{"https://schemas.openid.net/secevent/caep/event-type/session-revoked": map[string]any{}}}, verdict.Verified},
		{map[string]any{"jti": "1"}, verdict.ClaimMismatch},
		{map[string]any{"jti": "1", "events": map[string]any{}}, verdict.ClaimMismatch},
		{map[string]any{"jti": "1", "events": "{}"}, verdict.ClaimMismatch},
		{map[string]any{"jti": "1", "events": []string{"a"}}, verdict.ClaimMismatch},
		{map[string]any{"events": map[string]any{"a": 1}}, verdict.ClaimMismatch},
	} {
		if got := reasonOf(v, hs256(header, usual(c.more))); got != c.want {
			t.Errorf("event %d: %s, want %s", i, got, c.want)
		}
	}
	if got := reasonOf(mustCompile(t, bearer(nil)), hs256(map[string]any{"alg": "HS256", "typ": 7}, usual(nil))); got != verdict.TypeMismatch {
		t.Errorf("a type that is a number: %s", got)
	}
}
