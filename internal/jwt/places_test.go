package jwt

import (
	"crypto"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// Where a token may be, to the letter.
func TestPlaces(t *testing.T) {
	good := hs256(plainHeader, usual(nil))
	other := hs256(plainHeader, usual(map[string]any{"jti": "1"}))
	long := hs256(plainHeader, usual(map[string]any{"a": strings.Repeat("a", 8<<10)}))
	section := func(more map[string]any) map[string]any { return more }
	for name, c := range map[string]struct {
		section map[string]any
		url     string
		headers []string // each NAME: VALUE
		body    string
		want    string
	}{
		"none":                    {nil, "/", nil, "", verdict.TokenMissing},
		"empty":                   {nil, "/", []string{"Authorization: "}, "", verdict.TokenMissing},
		"bearer":                  {nil, "/", []string{"Authorization: Bearer " + good}, "", verdict.Verified},
		"in small letters":        {nil, "/", []string{"Authorization: bearer " + good}, "", verdict.Verified},
		"two spaces":              {nil, "/", []string{"Authorization: Bearer  " + good}, "", verdict.TokenMalformed},
		"a tab":                   {nil, "/", []string{"Authorization: Bearer\t" + good}, "", verdict.TokenMalformed},
		"a comma behind":          {nil, "/", []string{"Authorization: Bearer " + good + ","}, "", verdict.TokenMalformed},
		"a space behind":          {nil, "/", []string{"Authorization: Bearer " + good + " "}, "", verdict.TokenMalformed},
		"the word alone":          {nil, "/", []string{"Authorization: Bearer"}, "", verdict.TokenMalformed},
		"no word":                 {nil, "/", []string{"Authorization: " + good}, "", verdict.TokenMalformed},
		"another word":            {nil, "/", []string{"Authorization: JWT " + good}, "", verdict.TokenMalformed},
		"two headers":             {nil, "/", []string{"Authorization: Bearer " + good, "Authorization: Bearer " + good}, "", verdict.TokenDuplicated},
		"in the query":            {nil, "/?access_token=" + good, nil, "", verdict.TokenMissing},
		"JWT":                     {section(map[string]any{"scheme": "JWT"}), "/", []string{"Authorization: JWT " + good}, "", verdict.Verified},
		"JWT asked, Bearer given": {section(map[string]any{"scheme": "JWT"}), "/", []string{"Authorization: Bearer " + good}, "", verdict.TokenMalformed},
		"no word asked":           {section(map[string]any{"scheme": "none"}), "/", []string{"Authorization: " + good}, "", verdict.Verified},
		"no word asked, given":    {section(map[string]any{"scheme": "none"}), "/", []string{"Authorization: Bearer " + good}, "", verdict.TokenMalformed},
		"own header":              {section(map[string]any{"header": "X-Token"}), "/", []string{"X-Token: " + good}, "", verdict.Verified},
		"own header too long":     {section(map[string]any{"header": "X-Token"}), "/", []string{"X-Token: " + long}, "", verdict.TokenMalformed},
		"query":                   {section(map[string]any{"query": "jwt"}), "/?jwt=" + good, nil, "", verdict.Verified},
		"query twice":             {section(map[string]any{"query": "jwt"}), "/?jwt=" + good + "&jwt=" + good, nil, "", verdict.TokenDuplicated},
		"query and header":        {section(map[string]any{"query": "jwt", "header": "Authorization"}), "/?jwt=" + good, []string{"Authorization: Bearer " + good}, "", verdict.TokenDuplicated},
		"query or header":         {section(map[string]any{"query": "jwt", "header": "Authorization"}), "/?jwt=" + good, nil, "", verdict.Verified},
		"field":                   {section(map[string]any{"field": "json:a.token"}), "/", nil, `{"a":{"token":"` + good + `"}}`, verdict.Verified},
		"field long":              {section(map[string]any{"field": "json:a.token"}), "/", nil, `{"a":{"token":"` + long + `"}}`, verdict.Verified},
		"field twice":             {section(map[string]any{"field": "json:token"}), "/", nil, `{"token":"` + good + `","token":"x"}`, verdict.TokenMalformed},
		"field twice, the last":   {section(map[string]any{"field": "json:token"}), "/", nil, `{"token":"x","token":"` + good + `"}`, verdict.BodyMalformed},
		"field in other case":     {section(map[string]any{"field": "json:token"}), "/", nil, `{"Token":"x","token":"` + good + `"}`, verdict.BodyMalformed},
		"field missing":           {section(map[string]any{"field": "json:token"}), "/", nil, `{}`, verdict.TokenMissing},
		"list":                    {section(map[string]any{"field": "json:tokens[]"}), "/", nil, `{"tokens":["` + good + `","` + other + `"]}`, verdict.Verified},
		"list with a bad one":     {section(map[string]any{"field": "json:tokens[]"}), "/", nil, `{"tokens":["` + good + `","` + signHMAC(crypto.SHA256, "another", inputOf(plainHeader, usual(nil))) + `"]}`, verdict.SignatureMismatch},
		"empty list":              {section(map[string]any{"field": "json:tokens[]"}), "/", nil, `{"tokens":[]}`, verdict.TokenMissing},
		"long list":               {section(map[string]any{"field": "json:tokens[]"}), "/", nil, `{"tokens":["` + strings.Repeat(good+`","`, 16) + good + `"]}`, verdict.TokenMalformed},
		"body":                    {section(map[string]any{"body": "true"}), "/", nil, good, verdict.Verified},
		"body and a line end":     {section(map[string]any{"body": "true"}), "/", nil, good + "\n", verdict.TokenMalformed},
		"empty body":              {section(map[string]any{"body": "true"}), "/", nil, "", verdict.TokenMissing},
		"five parts":              {nil, "/", []string{"Authorization: Bearer " + good + ".a.b"}, "", verdict.TokenMalformed},
		"two parts":               {nil, "/", []string{"Authorization: Bearer a.b"}, "", verdict.TokenMalformed},
		"dots":                    {section(map[string]any{"body": "true"}), "/", nil, strings.Repeat(".", 1<<20), verdict.TokenMalformed},
		"10 MB":                   {section(map[string]any{"body": "true"}), "/", nil, strings.Repeat("a", 10<<20), verdict.TokenMalformed},
		"10 MB header":            {section(map[string]any{"body": "true"}), "/", nil, strings.Repeat("a", 10<<20) + ".a.a", verdict.TokenMalformed},
		"padding":                 {nil, "/", []string{"Authorization: Bearer " + good + "="}, "", verdict.TokenMalformed},
		"line end in it":          {section(map[string]any{"body": "true"}), "/", nil, strings.Replace(good, ".", "\n.", 1), verdict.TokenMalformed},
		"plus":                    {nil, "/", []string{"Authorization: Bearer " + good + "+"}, "", verdict.TokenMalformed},
		"unused bits":             {nil, "/", []string{"Authorization: Bearer " + withUnusedBits(good)}, "", verdict.TokenMalformed},
		"detached form":           {nil, "/", []string{"Authorization: Bearer " + strings.Split(good, ".")[0] + ".." + strings.Split(good, ".")[2]}, "", verdict.TokenMalformed},
	} {
		r := httptest.NewRequest("POST", c.url, strings.NewReader(c.body))
		for _, line := range c.headers {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Add(name, value)
		}
		v := mustCompile(t, bearer(c.section))
		if got := Verify(v, &message.Message{Request: r, Body: []byte(c.body)}, nil, present).Reason; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// withUnusedBits writes the last character of a signature of 32 bytes as another one that
// means the same to a lenient decoder.
func withUnusedBits(token string) string {
	last := strings.IndexByte(segmentAlphabet, token[len(token)-1])
	return token[:len(token)-1] + segmentAlphabet[last|1:][:1]
}

const segmentAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Two tokens that are good can't be put together to a third.
func TestPartsOfTwo(t *testing.T) {
	v := mustCompile(t, bearer(nil))
	one := strings.Split(hs256(plainHeader, usual(map[string]any{"jti": "1"})), ".")
	two := strings.Split(hs256(map[string]any{"alg": "HS256"}, usual(map[string]any{"jti": "2"})), ".")
	for _, parts := range [][]string{{one[0], one[1], two[2]}, {one[0], two[1], one[2]}, {two[0], one[1], one[2]}, {two[0], one[1], two[2]}} {
		if got := reasonOf(v, strings.Join(parts, ".")); got != verdict.SignatureMismatch {
			t.Errorf("%.40q: %s", parts, got)
		}
	}
}

// Which of several secrets it was is said.
func TestSecrets(t *testing.T) {
	raw := bearer(nil)
	raw["secrets"] = []any{"another secret, another secret, another", testSecret}
	if got := verdictOf(Verify(mustCompile(t, raw), post("", "Authorization", "Bearer "+hs256(plainHeader, usual(nil))), nil, present)); got != "verified, secret 2, key 0" {
		t.Error(got)
	}
	raw = map[string]any{"publicKeys": []any{publicPEM(privateKeys["RS256"]), publicPEM(privateKeys["ES256"])}, "jwt": map[string]any{"algorithms": "ES256", "audiences": "https://hooks.example.com"}}
	token := signedBy(privateKeys["ES256"], "ES256", inputOf(map[string]any{"alg": "ES256", "kid": "any"}, usual(nil)))
	if got := verdictOf(Verify(mustCompile(t, raw), post("", "Authorization", "Bearer "+token), nil, present)); got != "verified, secret 0, key 2" {
		t.Error(got)
	}
}
