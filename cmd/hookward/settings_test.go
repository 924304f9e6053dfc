package main

import (
	"encoding/json"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/inspect"
)

// Settings have a space between them.
func TestSettings(t *testing.T) {
	const configured = `{"Provider": "github", "secrets": ["env:A", "env:B"], "Signature": {"Format": "x"}, "senders": "a,b", "handshakes": [{"method": "GET"}, "text"]}`
	for _, c := range []struct{ before, settings, want string }{
		{`{}`, "a=b", `{"a":"b"}`},
		{`{}`, "a=", `{"a":""}`},
		{`{}`, "a=b=c", `{"a":"b=c"}`},
		{`{}`, "a.b.c=x a.b.d=y", `{"a":{"b":{"c":"x","d":"y"}}}`},
		{`{}`, "a[0]=x a[1]=y a[0]=z", `{"a":["z","y"]}`},
		{`{}`, "a[]=x a[]=y", `{"a":["x","y"]}`},
		{`{}`, "a=x a=y A=z", `{"a":["x","y","z"]}`},
		{`{}`, "a[]=x a=y", `{"a":["x","y"]}`},
		{`{}`, "a[0].b=x a[0].c=y a[].b=z", `{"a":[{"b":"x","c":"y"},{"b":"z"}]}`},
		{`{}`, "a[0].b=x a[0].b=y a[1].b=z", `{"a":[{"b":["x","y"]},{"b":"z"}]}`},
		{`{}`, "a.b[0].c=x a.B[0].C=y", `{"a":{"b":[{"c":["x","y"]}]}}`},
		// What a configuration has is replaced, in whatever case it is written.
		{`{"A":"b"}`, "a=c", `{"A":"c"}`},
		{`{"A":["b"]}`, "a=c a=d", `{"A":["c","d"]}`},
		{`{"A":["b"]}`, "a[]=c", `{"A":["b","c"]}`},
		{`{"A":["b"]}`, "a[0]=c", `{"A":["c"]}`},
		{`{"S":{"F":"x"}}`, "s.f=y s.g=z", `{"S":{"F":"y","g":"z"}}`},
		{`{"L":[{"M":"x"}]}`, "l[0].m=y", `{"L":[{"M":"y"}]}`},
		// Escapes, where a scheme is described.
		{`{}`, `signature.signs={timestamp}\n{body}\\n`, `{"signature":{"signs":"{timestamp}\n{body}\\n"}}`},
		{`{}`, `handshakes[].answer=a\tb`, `{"handshakes":[{"answer":"a\tb"}]}`},
		{`{}`, `secrets=file:/a\new`, `{"secrets":"file:/a\\new"}`},
		// Refusals.
		{`{}`, "a", `number 1 must be NAME=VALUE`},
		{`{}`, "a=b =c", `number 2 must be NAME=VALUE`},
		{`{}`, ".a=b", `a name in it is empty`},
		{`{}`, "a..b=c", `a name in it is empty`},
		{`{}`, "a.=b", `a name in it is empty`},
		{`{}`, "[0]=b", `a name in it is empty`},
		{`{}`, "a[1]=b", `a has 0 items, so the next one is [0]`},
		{`{}`, "a[x]=b", `"a[x]" must have a position in brackets, from 0 on and below 64`},
		{`{}`, "a[-1]=b", `must have a position`},
		{`{}`, "a[64]=b", `must have a position`},
		{`{}`, "a[0=b", `must have a position`},
		{`{}`, "a[0]x=b", `must have a position`},
		{`{}`, "a[0][0]=b", `must have a position`},
		{configured, "provider.x=y", `provider is no section`},
		{configured, "provider[0]=y", `is no list`},
		{configured, "senders[]=y", `senders is no list`},
		{configured, "signature=y", `is a section; name an option in it`},
		{configured, "handshakes[1].method=y", `handshakes[1] is no section`},
	} {
		raw := map[string]any{}
		if err := json.Unmarshal([]byte(c.before), &raw); err != nil {
			t.Fatal(err)
		}
		o := schemeOptions{settings: strings.Split(c.settings, " ")}
		err := o.into(raw)
		text, _ := json.Marshal(raw)
		got := string(text)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s, want %s", c.settings, got, c.want)
		}
	}
}

func TestSchemeOptions(t *testing.T) {
	here, err := filepath.Abs("x")
	if err != nil {
		t.Fatal(err)
	}
	const hush = "a-secret-in-clear"
	for _, c := range []struct {
		o            schemeOptions
		before, want string
	}{
		{schemeOptions{provider: "github", secrets: texts{"env:A", "file:x"}}, `{}`, `{"provider":"github","secrets":["env:A","file:` + here + `"]}`},
		{schemeOptions{provider: "github", secrets: texts{"env:A"}}, `{"Provider":"x","SECRETS":"env:B"}`, `{"Provider":"github","SECRETS":["env:A"]}`},
		{schemeOptions{publicKeys: texts{"abc", "file:x", "env:A"}}, `{"publickeys":["y"]}`, `{"publickeys":["abc","file:` + here + `","env:A"]}`},
		{schemeOptions{settings: texts{"secrets=file:x", "verifyToken=env:A"}}, `{}`, `{"secrets":"file:` + here + `","verifyToken":"env:A"}`},
		{schemeOptions{settings: texts{"token.header=X", "publicKeys=abc"}}, `{}`, `{"publicKeys":"abc","token":{"header":"X"}}`},
		{schemeOptions{}, `{"a":"b"}`, `{"a":"b"}`},
		{schemeOptions{secrets: texts{"env:A", hush}}, `{}`, "--secret: must be env:NAME or file:/path; every user"},
		{schemeOptions{secrets: texts{""}}, `{}`, "--secret: must be env:NAME"},
		{schemeOptions{secrets: texts{"env:"}}, `{}`, "--secret: must be env:NAME"},
		{schemeOptions{secrets: texts{"file:"}}, `{}`, "--secret: must be env:NAME"},
		{schemeOptions{secrets: texts{"ENV:" + hush}}, `{}`, "--secret: must be env:NAME"},
		{schemeOptions{settings: texts{"secrets=" + hush}}, `{}`, "--set secrets: must be env:NAME"},
		{schemeOptions{settings: texts{"Secrets[0]=" + hush}}, `{}`, "--set Secrets[0]: must be env:NAME"},
		{schemeOptions{settings: texts{"audit.outputs[0].token=" + hush}}, `{}`, "must be env:NAME"},
		{schemeOptions{provider: "github", settings: texts{"Provider=gitlab"}}, `{}`, "--set provider contradicts --provider"},
		{schemeOptions{provider: "github", settings: texts{"provider.x=y"}}, `{}`, "provider is no section"},
		{schemeOptions{secrets: texts{"env:A"}, settings: texts{"secrets[]=env:B"}}, `{}`, "--set secrets contradicts --secret"},
		{schemeOptions{publicKeys: texts{"a"}, settings: texts{"publicKeys[0]=b"}}, `{}`, "--set publicKeys contradicts --public-key"},
	} {
		raw := map[string]any{}
		if err := json.Unmarshal([]byte(c.before), &raw); err != nil {
			t.Fatal(err)
		}
		err := c.o.into(raw)
		text, _ := json.Marshal(raw)
		got := string(text)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) || err != nil && strings.Contains(got, hush) {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
}

// Whatever the plugin takes for a secret may not stand on a command line.
func TestHoldsSecret(t *testing.T) {
	const everything = `{"provider": "meta", "secrets": ["env:A"], "verifyToken": "env:V", "rateLimit": {"average": "1"},
		"redis": {"endpoints": ["127.0.0.1:6379"], "password": "a", "tls": {"ca": "/a", "cert": "/a", "key": "env:A"}},
		"audit": {"outputs": [
			{"type": "file", "path": "/a", "chainKey": "a"},
			{"type": "splunk", "url": "https://a", "token": "a", "tls": {"cert": "/a", "key": "env:A"}},
			{"type": "elasticsearch", "url": "https://a", "apiKey": "a"},
			{"type": "http", "url": "https://a", "username": "a", "password": "a"}]}}`
	raw := map[string]any{}
	if err := json.Unmarshal([]byte(everything), &raw); err != nil {
		t.Fatal(err)
	}
	found := []string{}
	inspection := inspect.Inspect(raw, func(string) bool { return true })
	if len(inspection.Problems) > 0 {
		t.Fatal(inspection.Problems)
	}
	for _, s := range inspection.Secrets {
		if holdsSecret(s.Path) == s.Public {
			t.Errorf("%s: public %t", s.Path, s.Public)
		}
		if !s.Public {
			found = append(found, s.Path[strings.LastIndex(s.Path, ".")+1:])
		}
	}
	sort.Strings(found)
	if got := strings.Join(found, " "); got != "apiKey chainKey key key password password secrets[0] token verifyToken" {
		t.Errorf("the plugin has the secrets %s", got)
	}
	for _, path := range []string{"token", "Token", "token.header", "signature.header", "provider", "tokens"} {
		if holdsSecret(path) {
			t.Errorf("%s is no secret", path)
		}
	}
}
