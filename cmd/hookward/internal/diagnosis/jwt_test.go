package diagnosis

import (
	"strings"
	"testing"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/explain"
	"github.com/hookward/hookward/internal/hooktest"
)

// Why a token is refused is found where it is a mistake of the configuration's.
func TestJWTCauses(t *testing.T) {
	const text = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	const key = "0123456789abcdef0123456789abcdef"
	now := hooktest.TestTime.Unix()
	claims := func(iat, exp int64) map[string]any {
		return map[string]any{"aud": "hooks", "iat": iat, "exp": exp}
	}
	token := func(key string, claims map[string]any) string { return hooktest.HS256(key, `{"alg":"HS256"}`, claims) }
	for name, c := range map[string]struct {
		secret, header, cause string
		hint                  string
	}{
		"base64":       {text, "Authorization: Bearer " + token(key, claims(now, now+60)), "secret-encoding", ""},
		"another key":  {key, "Authorization: Bearer " + token("another", claims(now, now+60)), "", "another secret"},
		"a header":     {key, "X-Token: " + token(key, claims(now, now+60)), "token-place", ""},
		"another word": {key, "Authorization: JWT " + token(key, claims(now, now+60)), "token-place", ""},
		"late":         {key, "Authorization: Bearer " + token(key, claims(now-900, now-600)), "clock", ""},
		"another aud":  {key, "Authorization: Bearer " + token(key, map[string]any{"aud": "x", "exp": now + 60}), "", "another service"},
	} {
		raw := map[string]any{"secrets": c.secret, "jwt": map[string]any{"algorithms": "HS256", "audiences": "hooks"}}
		configuration := &hookward.Config{Raw: raw}
		r := hooktest.NewPost("{}", c.header)
		verdict := explain.Explain(configuration, r, []byte("{}"), hooktest.TestTime)
		found := Find(Case{Config: configuration, Request: r, Body: []byte("{}"), Declared: -1, At: hooktest.TestTime, Present: hooktest.TestTime, Verdict: verdict})
		if c.cause != "" && (len(found.Causes) == 0 || found.Causes[0].Name != c.cause) {
			t.Errorf("%s: %s, %+v, want %s", name, verdict.Reason, found, c.cause)
		}
		if hints := strings.Join(found.Hints, "\n"); c.hint != "" && !strings.Contains(hints, c.hint) {
			t.Errorf("%s: %s, %q, want %q", name, verdict.Reason, hints, c.hint)
		}
	}
}
