package hookward

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

const (
	testToken = "a token of thirty characters!!"
	oldToken  = "the token that was used before"
)

func tokenGate(t *testing.T, token map[string]any, secrets ...any) *gates.Gate {
	t.Helper()
	capture(t)
	raw := map[string]any{"token": token, "secrets": secrets}
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	if g.Fixed.Policy == nil {
		t.Fatalf("%v: %q", token, policy.Compile(raw).Problems)
	}
	return g
}

func TestTokens(t *testing.T) {
	basic := func(text string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	header := map[string]any{"header": "X-Token"}
	bearer := map[string]any{"bearer": "true"}
	pairs := map[string]any{"basic": "true"}
	cases := []struct {
		token   map[string]any
		secrets string // with bars between
		lines   string // of headers, with bars between
		want    string
	}{
		{header, testToken, "X-Token: " + testToken, verdict.Verified},
		{header, testToken + "|" + oldToken, "X-Token: " + oldToken, verdict.Verified},
		{header, testToken, "", verdict.TokenMissing},
		{header, testToken, "X-Token: ", verdict.TokenMissing},
		{header, testToken, "X-Token: " + testToken + "|X-Token: " + testToken, verdict.TokenDuplicated},
		{header, testToken, "X-Token: " + testToken + "|X-Token: other", verdict.TokenDuplicated},
		{header, testToken, "X-Token: " + oldToken, verdict.TokenMismatch},
		{header, testToken, "X-Token: " + testToken[:29], verdict.TokenMismatch},
		{header, testToken, "X-Token: " + testToken + "!", verdict.TokenMismatch},
		{header, testToken, "X-Token: " + strings.ToUpper(testToken), verdict.TokenMismatch},
		{header, testToken, "X-Token: " + strings.Repeat("x", 5000), verdict.TokenMismatch},
		{header, testToken, "X_Token: " + testToken, verdict.TokenMissing},
		{bearer, testToken, "Authorization: Bearer " + testToken, verdict.Verified},
		{bearer, testToken, "Authorization: bearer " + testToken, verdict.Verified},
		{bearer, testToken, "Authorization: Bearer  " + testToken, verdict.TokenMismatch},
		{bearer, testToken, "Authorization: Bearer\t" + testToken, verdict.TokenMalformed},
		{bearer, testToken, "Authorization: Bearer ", verdict.TokenMalformed},
		{bearer, testToken, "Authorization: Bearer", verdict.TokenMalformed},
		{bearer, testToken, "Authorization: " + testToken, verdict.TokenMalformed},
		{bearer, testToken, "Authorization: ", verdict.TokenMissing},
		{bearer, testToken, basic(testToken), verdict.TokenMalformed},
		{bearer, testToken, "Authorization: Bearer " + testToken + "|Authorization: Bearer " + testToken, verdict.TokenDuplicated},
		{pairs, "hooks:" + testToken, basic("hooks:" + testToken), verdict.Verified},
		{pairs, "hooks:pass:word and more", basic("hooks:pass:word and more"), verdict.Verified},
		{pairs, "hooks:" + testToken, basic("hooks:" + oldToken), verdict.TokenMismatch},
		{pairs, "hooks:" + testToken, basic("other:" + testToken), verdict.TokenMismatch},
		{pairs, "hooks:" + testToken, basic("hooks:"), verdict.TokenMismatch},
		{pairs, "hooks:" + testToken, basic(":" + testToken), verdict.TokenMismatch},
		{pairs, "hooks:" + testToken, basic(""), verdict.TokenMalformed},
		{pairs, "hooks:" + testToken, "Authorization: Basic ????", verdict.TokenMalformed},
		{pairs, "hooks:" + testToken, "Authorization: Bearer " + testToken, verdict.TokenMalformed},
		{map[string]any{"basicUser": "hooks"}, testToken, basic("hooks:" + testToken), verdict.Verified},
		{map[string]any{"basicUser": "hooks"}, testToken, basic("hook:s" + testToken), verdict.TokenMismatch},
		{map[string]any{"bearer": "true", "header": "X-Token"}, testToken, "X-Token: " + testToken, verdict.Verified},
		{map[string]any{"bearer": "true", "header": "X-Token"}, testToken, "X-Token: " + testToken + "|Authorization: Bearer " + testToken, verdict.TokenDuplicated},
		{map[string]any{"bearer": "true", "header": "X-Token"}, testToken, "X-Token: " + testToken + "|Authorization: Digest x", verdict.TokenMalformed},
	}
	for _, c := range cases {
		secrets := []any{}
		for _, s := range strings.Split(c.secrets, "|") {
			secrets = append(secrets, s)
		}
		r := hooktest.NewPost("any body")
		for _, line := range strings.Split(c.lines, "|") {
			name, value, ok := strings.Cut(line, ": ")
			if ok {
				r.Header[http.CanonicalHeaderKey(name)] = append(r.Header[http.CanonicalHeaderKey(name)], value)
			}
		}
		x := decide(tokenGate(t, c.token, secrets...), r, hooktest.TestTime)
		if x.reason != c.want || (x.reason == verdict.Verified) != (x.proof.Secret > 0) {
			t.Errorf("%v %q: %s (secret %d), want %s", c.token, c.lines, x.reason, x.proof.Secret, c.want)
		}
	}
}

func TestTokensInQueryAndBody(t *testing.T) {
	query := tokenGate(t, map[string]any{"query": "token"}, testToken)
	for text, want := range map[string]string{
		"token=" + url.QueryEscape(testToken): verdict.Verified,
		"":                                    verdict.TokenMissing,
		"token=":                              verdict.TokenMissing,
		"Token=" + url.QueryEscape(testToken): verdict.TokenMissing,
		"token=x":                             verdict.TokenMismatch,
		"token=" + url.QueryEscape(testToken) + "&token=x": verdict.TokenDuplicated,
		"token=" + url.QueryEscape(testToken) + "&x=%zz":   verdict.TokenMissing, // a query that others may read otherwise
		"token=" + url.QueryEscape(testToken) + ";x=1":     verdict.TokenMissing,
	} {
		r := hooktest.NewPost("")
		r.URL.RawQuery = text
		if x := decide(query, r, hooktest.TestTime); x.reason != want {
			t.Errorf("query %q: %s, want %s", text, x.reason, want)
		}
	}
	body := tokenGate(t, map[string]any{"field": "json:value[].clientState"}, testToken)
	state := `{"clientState":"` + testToken + `"}`
	for text, want := range map[string]string{
		`{"value":[` + state + `]}`:                         verdict.Verified,
		`{"value":[` + state + `,` + state + `]}`:           verdict.Verified,
		`{"value":[` + state + `,{"clientState":"x"}]}`:     verdict.TokenMismatch,
		`{"value":[` + state + `,{}]}`:                      verdict.TokenMissing,
		`{"value":[` + state + `,null]}`:                    verdict.TokenMissing,
		`{"value":[` + state + `,{"clientState":""}]}`:      verdict.TokenMissing,
		`{"value":[{"clientState":["` + testToken + `"]}]}`: verdict.TokenMissing,
		`{"value":[]}`:                           verdict.TokenMissing,
		`{}`:                                     verdict.TokenMissing,
		``:                                       verdict.TokenMissing,
		`[`:                                      verdict.TokenMissing,
		`{"value":[` + state + `]} x`:            verdict.TokenMissing,
		`{"value":[` + state + `],"Value":[{}]}`: verdict.BodyMalformed,
		`{"value":[{}],"value":[` + state + `]}`: verdict.BodyMalformed,
		`{"value":[{"clientState":"x","clientState":"` + testToken + `"}]}`: verdict.BodyMalformed,
	} {
		if x := decide(body, hooktest.NewPost(text), hooktest.TestTime); x.reason != want {
			t.Errorf("body %q: %s, want %s", text, x.reason, want)
		}
	}
}

func TestTokenMistakes(t *testing.T) {
	for _, c := range []struct {
		raw  map[string]any
		want string
	}{
		{map[string]any{"token": "", "secrets": testToken}, "token.header: is required"},
		{map[string]any{"provider": "datadog", "secrets": testToken}, "token.header: is required"},
		{map[string]any{"provider": "azure-event-grid", "secrets": testToken}, "token.header: is required"},
		{map[string]any{"provider": "gitlab"}, "secrets: is required"},
		{map[string]any{"provider": "gitlab", "secrets": testToken, "tolerance": "5m"}, "tolerance: has no effect"},
		{map[string]any{"provider": "gitlab", "secrets": testToken, "senders": "x"}, "senders: has no effect"},
		{map[string]any{"provider": "gitlab", "secrets": testToken, "publicKeys": hooktest.TestEdwardsKey}, "publicKeys: has no effect"},
		{map[string]any{"provider": "gitlab", "secrets": testToken, "publicURL": "https://x"}, "publicURL: has no effect"},
		{map[string]any{"provider": "gitlab", "secrets": testToken, "signature": map[string]any{"header": "X-Sig"}}, "token: contradicts signature"},
		{map[string]any{"provider": "github", "secrets": testToken, "token": map[string]any{"header": "X"}}, "token: contradicts signature"},
		{map[string]any{"token": map[string]any{"header": "X Y"}, "secrets": testToken}, "token.header: \"X Y\" is not"},
		{map[string]any{"token": map[string]any{"field": "body"}, "secrets": testToken}, "token.field: \"body\" is not a location"},
		{map[string]any{"token": map[string]any{"basic": "true", "header": "X"}, "secrets": "a:b"}, "token.basic: contradicts"},
		{map[string]any{"token": map[string]any{"basic": "true"}, "secrets": testToken}, "secrets[0]: is not user:password"},
		{map[string]any{"token": map[string]any{"basicUser": "a:b"}, "secrets": testToken}, "token.basicUser: can't contain a colon"},
		{map[string]any{"provider": "postmark", "secrets": testToken}, "secrets[0]: is not user:password"},
	} {
		got := policy.Compile(c.raw)
		if got.Policy != nil || len(got.Problems) == 0 || !strings.HasPrefix(config.Sentence(got.Problems[0]), c.want) {
			t.Errorf("%v: %q, want %s", c.raw, got.Problems, c.want)
		}
		if strings.Contains(strings.Join(config.Sentences(got.Problems), " "), testToken) {
			t.Errorf("VULNERABLE: a secret is shown: %q", got.Problems)
		}
	}
}
