package hookward

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	testToken = "a token of thirty characters!!"
	oldToken  = "the token that was used before"
)

func tokenGate(t *testing.T, token map[string]any, secrets ...any) *gate {
	t.Helper()
	capture(t)
	raw := map[string]any{"token": token, "secrets": secrets}
	g := newTestGate(t.Name(), raw, compile, testTime)
	if g.policy == nil {
		t.Fatalf("%v: %q", token, compile(raw).problems)
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
		{header, testToken, "X-Token: " + testToken, verified},
		{header, testToken + "|" + oldToken, "X-Token: " + oldToken, verified},
		{header, testToken, "", tokenMissing},
		{header, testToken, "X-Token: ", tokenMissing},
		{header, testToken, "X-Token: " + testToken + "|X-Token: " + testToken, tokenDuplicated},
		{header, testToken, "X-Token: " + testToken + "|X-Token: other", tokenDuplicated},
		{header, testToken, "X-Token: " + oldToken, tokenMismatch},
		{header, testToken, "X-Token: " + testToken[:29], tokenMismatch},
		{header, testToken, "X-Token: " + testToken + "!", tokenMismatch},
		{header, testToken, "X-Token: " + strings.ToUpper(testToken), tokenMismatch},
		{header, testToken, "X-Token: " + strings.Repeat("x", 5000), tokenMismatch},
		{header, testToken, "X_Token: " + testToken, tokenMissing},
		{bearer, testToken, "Authorization: Bearer " + testToken, verified},
		{bearer, testToken, "Authorization: bearer " + testToken, verified},
		{bearer, testToken, "Authorization: Bearer  " + testToken, tokenMismatch},
		{bearer, testToken, "Authorization: Bearer\t" + testToken, tokenMalformed},
		{bearer, testToken, "Authorization: Bearer ", tokenMalformed},
		{bearer, testToken, "Authorization: Bearer", tokenMalformed},
		{bearer, testToken, "Authorization: " + testToken, tokenMalformed},
		{bearer, testToken, "Authorization: ", tokenMissing},
		{bearer, testToken, basic(testToken), tokenMalformed},
		{bearer, testToken, "Authorization: Bearer " + testToken + "|Authorization: Bearer " + testToken, tokenDuplicated},
		{pairs, "hooks:" + testToken, basic("hooks:" + testToken), verified},
		{pairs, "hooks:pass:word and more", basic("hooks:pass:word and more"), verified},
		{pairs, "hooks:" + testToken, basic("hooks:" + oldToken), tokenMismatch},
		{pairs, "hooks:" + testToken, basic("other:" + testToken), tokenMismatch},
		{pairs, "hooks:" + testToken, basic("hooks:"), tokenMismatch},
		{pairs, "hooks:" + testToken, basic(":" + testToken), tokenMismatch},
		{pairs, "hooks:" + testToken, basic(""), tokenMalformed},
		{pairs, "hooks:" + testToken, "Authorization: Basic ????", tokenMalformed},
		{pairs, "hooks:" + testToken, "Authorization: Bearer " + testToken, tokenMalformed},
		{map[string]any{"basicUser": "hooks"}, testToken, basic("hooks:" + testToken), verified},
		{map[string]any{"basicUser": "hooks"}, testToken, basic("hook:s" + testToken), tokenMismatch},
		{map[string]any{"bearer": "true", "header": "X-Token"}, testToken, "X-Token: " + testToken, verified},
		{map[string]any{"bearer": "true", "header": "X-Token"}, testToken, "X-Token: " + testToken + "|Authorization: Bearer " + testToken, tokenDuplicated},
		{map[string]any{"bearer": "true", "header": "X-Token"}, testToken, "X-Token: " + testToken + "|Authorization: Digest x", tokenMalformed},
	}
	for _, c := range cases {
		secrets := []any{}
		for _, s := range strings.Split(c.secrets, "|") {
			secrets = append(secrets, s)
		}
		r := newPost("any body")
		for _, line := range strings.Split(c.lines, "|") {
			name, value, ok := strings.Cut(line, ": ")
			if ok {
				r.Header[http.CanonicalHeaderKey(name)] = append(r.Header[http.CanonicalHeaderKey(name)], value)
			}
		}
		d := decide(tokenGate(t, c.token, secrets...), r, testTime)
		if d.reason != c.want || (d.reason == verified) != (d.proof.secret > 0) {
			t.Errorf("%v %q: %s (secret %d), want %s", c.token, c.lines, d.reason, d.proof.secret, c.want)
		}
	}
}

func TestTokensInQueryAndBody(t *testing.T) {
	query := tokenGate(t, map[string]any{"query": "token"}, testToken)
	for text, want := range map[string]string{
		"token=" + url.QueryEscape(testToken): verified,
		"":                                    tokenMissing,
		"token=":                              tokenMissing,
		"Token=" + url.QueryEscape(testToken): tokenMissing,
		"token=x":                             tokenMismatch,
		"token=" + url.QueryEscape(testToken) + "&token=x": tokenDuplicated,
		"token=" + url.QueryEscape(testToken) + "&x=%zz":   tokenMissing, // a query that others may read otherwise
		"token=" + url.QueryEscape(testToken) + ";x=1":     tokenMissing,
	} {
		r := newPost("")
		r.URL.RawQuery = text
		if d := decide(query, r, testTime); d.reason != want {
			t.Errorf("query %q: %s, want %s", text, d.reason, want)
		}
	}
	body := tokenGate(t, map[string]any{"field": "json:value[].clientState"}, testToken)
	state := `{"clientState":"` + testToken + `"}`
	for text, want := range map[string]string{
		`{"value":[` + state + `]}`:                         verified,
		`{"value":[` + state + `,` + state + `]}`:           verified,
		`{"value":[` + state + `,{"clientState":"x"}]}`:     tokenMismatch,
		`{"value":[` + state + `,{}]}`:                      tokenMissing,
		`{"value":[` + state + `,null]}`:                    tokenMissing,
		`{"value":[` + state + `,{"clientState":""}]}`:      tokenMissing,
		`{"value":[{"clientState":["` + testToken + `"]}]}`: tokenMissing,
		`{"value":[]}`:                           tokenMissing,
		`{}`:                                     tokenMissing,
		``:                                       tokenMissing,
		`[`:                                      tokenMissing,
		`{"value":[` + state + `]} x`:            tokenMissing,
		`{"value":[` + state + `],"Value":[{}]}`: bodyMalformed,
		`{"value":[{}],"value":[` + state + `]}`: bodyMalformed,
		`{"value":[{"clientState":"x","clientState":"` + testToken + `"}]}`: bodyMalformed,
	} {
		if d := decide(body, newPost(text), testTime); d.reason != want {
			t.Errorf("body %q: %s, want %s", text, d.reason, want)
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
		{map[string]any{"provider": "gitlab", "secrets": testToken, "publicKeys": testEdwardsKey}, "publicKeys: has no effect"},
		{map[string]any{"provider": "gitlab", "secrets": testToken, "publicURL": "https://x"}, "publicURL: has no effect"},
		{map[string]any{"provider": "gitlab", "secrets": testToken, "signature": map[string]any{"header": "X-Sig"}}, "token: contradicts signature"},
		{map[string]any{"provider": "github", "secrets": testToken, "token": map[string]any{"header": "X"}}, "token: contradicts signature"},
		{map[string]any{"token": map[string]any{"header": "X Y"}, "secrets": testToken}, "token.header: \"X Y\" is not"},
		{map[string]any{"token": map[string]any{"field": "body"}, "secrets": testToken}, "token.field: \"body\" is not a place"},
		{map[string]any{"token": map[string]any{"basic": "true", "header": "X"}, "secrets": "a:b"}, "token.basic: contradicts"},
		{map[string]any{"token": map[string]any{"basic": "true"}, "secrets": testToken}, "secrets[0]: is not user:password"},
		{map[string]any{"token": map[string]any{"basicUser": "a:b"}, "secrets": testToken}, "token.basicUser: can't contain a colon"},
		{map[string]any{"provider": "postmark", "secrets": testToken}, "secrets[0]: is not user:password"},
	} {
		got := compile(c.raw)
		if got.policy != nil || len(got.problems) == 0 || !strings.HasPrefix(sentence(got.problems[0]), c.want) {
			t.Errorf("%v: %q, want %s", c.raw, got.problems, c.want)
		}
		if strings.Contains(strings.Join(sentences(got.problems), " "), testToken) {
			t.Errorf("VULNERABLE: a secret is shown: %q", got.problems)
		}
	}
}
