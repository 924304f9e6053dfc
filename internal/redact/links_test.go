package redact

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// The canary is the value of a secret's name in the query of a link.
func TestSecretsInLinks(t *testing.T) {
	r := compiled(t, "", "", "by_name")
	for text, want := range map[string]string{
		"https://x/?access_token=canary":                                  "https://x/?access_token=[REDACTED]",
		"https://x/?access_token=canary&x=1":                              "https://x/?access_token=[REDACTED]&x=1",
		"/back?x=1&code=canary#top":                                       "/back?x=1&code=[REDACTED]#top",
		"https://x/#id_token=canary&state=canary":                         "https://x/#id_token=[REDACTED]&state=[REDACTED]",
		"https://x/?ACCESS%5FTOKEN=canary":                                "https://x/?ACCESS%5FTOKEN=[REDACTED]",
		"https://x/?by_name=canary&BY_NAME=1":                             "https://x/?by_name=[REDACTED]&BY_NAME=1",
		"https://x/?a[key]=1&user[password]=canary":                       "https://x/?a[key]=1&user[password]=[REDACTED]",
		"https://x/?token=canary?canary;canary%26canary==&y=2":            "https://x/?token=[REDACTED]&y=2",
		"https://x/?a=1;token=canary":                                     "https://x/?a=1;token=[REDACTED]",
		"https://x/?a=1&amp;token=canary":                                 "https://x/?a=1&amp;token=[REDACTED]",
		"https://x/?%zz=canary":                                           "https://x/?%zz=[REDACTED]",
		"see <https://x/?sig=canary> and https://y/?b=c, key=d":           "see <https://x/?sig=[REDACTED]> and https://y/?b=c, key=d",
		"https://x/?to=https%3A%2F%2Fy%2F%3Ftoken%3Dcanary%26a%3Db&c=d":   "https://x/?to=https%3A%2F%2Fy%2F%3Ftoken%3D[REDACTED]%26a%3Db&c=d",
		"https://x/?to=%2Fy%3Fto%3D%252Fz%253Fto%25256Ben%253Dcanary&c=d": "https://x/?to=%2Fy%3Fto%3D%252Fz%253Fto%25256Ben%253D[REDACTED]&c=d",
		"https://x/?token=":                                               "https://x/?token=",
		"https://avatars.example.com/u/1?v=4&size=20":                     "https://avatars.example.com/u/1?v=4&size=20",
		"key=a&token=b, or is it? No: code = 7":                           "key=a&token=b, or is it? No: code = 7",
	} {
		quoted := jsonText(text)
		for name, body := range map[string]string{
			"as it is":   `{"a":1,"callback":` + quoted + `}`,
			"in a list":  `[[` + quoted + `]]`,
			"escaped":    `{"callback":` + strings.NewReplacer("?", `\u003f`, "&", `\u0026`, "=", `\u003D`, "o", `\u006f`, "/", `\/`).Replace(`"`+text+`"`) + `}`,
			"a document": `{"a":` + jsonText(`{"callback":`+quoted+`}`) + `}`,
			"a name":     `{` + quoted + `:{}}`,
		} {
			got, _, ok := Body(r, []byte(body), false, much)
			if !ok || !json.Valid([]byte(got)) || strings.Contains(got, "canary") {
				t.Errorf("VULNERABLE: %s, %s: %s", text, name, got)
			}
			if name == "as it is" && got != `{"a":1,"callback":`+jsonText(want)+`}` && show(parse(got)) != show(parse(`{"a":1,"callback":`+jsonText(want)+`}`)) {
				t.Errorf("%s: %s", text, got)
			}
		}
		for _, got := range []string{Query(r, "a=b&c="+url.QueryEscape(text), much), form(t, r, "a=b&c="+url.QueryEscape(text))} {
			values, err := url.ParseQuery(got)
			if err != nil || values.Get("c") != want {
				t.Errorf("%s: %s, want %s", text, got, want)
			}
		}
	}
}

func form(t *testing.T, r *Rules, body string) string {
	t.Helper()
	text, _, ok := Body(r, []byte(body), true, much)
	if !ok {
		t.Errorf("%s has no rendition", body)
	}
	return text
}

// What a pattern matches beside a secret leaves nothing of the secret.
func TestSecretsInLinksBesidePatterns(t *testing.T) {
	r := compiled(t, "", "email card")
	got, _, _ := Body(r, []byte(`["/?a=1%3Ftoken%3Dab%40example.com-!canary","https://x/?token=canary&to=j@example.com","https://x/?code=4111111111111111canary"]`), false, much)
	if strings.Contains(got, "canary") || strings.Contains(got, "example.com") {
		t.Errorf("VULNERABLE: %s", got)
	}
}
