package redact

import "testing"

// A JSON Web Token is in no rendition, wherever it stands and however it is written.
func TestTokens(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	const detached = "eyJhbGciOiJIUzI1NiJ9..c2lnbmF0dXJl"
	rules, problems := Compile(nil, nil, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for body, want := range map[string]string{
		`{"a":"` + token + `"}`:                               `{"a":"[REDACTED]"}`,
		`{"a":"` + detached + `"}`:                            `{"a":"[REDACTED]"}`,
		`{"a":"` + token + `.x.y"}`:                           `{"a":"[REDACTED]"}`,
		`{"a":["see ` + token + `, please"]}`:                 `{"a":["see [REDACTED], please"]}`,
		`{"a":"Bearer ` + token + `"}`:                        `{"a":"Bearer [REDACTED]"}`,
		`{"a":"\u0065yJhbGciOiJIUzI1NiJ9` + token[20:] + `"}`: `{"a":"[REDACTED]"}`,
		`{"a":"{\"b\":\"` + token + `\"}"}`:                   `{"a":"{\"b\":\"[REDACTED]\"}"}`,
		`{"` + token + `":1}`:                                 `{"[REDACTED]":1}`,
		`{"a":"` + token[:36] + `"}`:                          `{"a":"` + token[:36] + `"}`, // two parts sign nothing
		`{"a":"eyJhbGciOiJIUzI1NiJ9"}`:                        `{"a":"eyJhbGciOiJIUzI1NiJ9"}`,
	} {
		if got, _, ok := Body(rules, []byte(body), false, 1000); !ok || got != want {
			t.Errorf("%s: %q, %v, want %q", body, got, ok, want)
		}
	}
	if got, _, ok := Body(rules, []byte("a=1&b="+token+"&c=x+"+token+"+y"), true, 1000); !ok || got != "a=1&b=[REDACTED]&c=x+[REDACTED]+y" {
		t.Errorf("a form: %q, %v", got, ok)
	}
}
