package signer

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/signature"
)

func TestPutJSON(t *testing.T) {
	for _, c := range []struct{ document, path, text, want string }{
		{`{"a":1}`, "a", "2", `{"a":2}`},
		{`{"a":1}`, "a", "x", `{"a":"x"}`},
		{`{"a":"1"}`, "a", "2", `{"a":"2"}`},
		{`{"a":true}`, "a", "2", `{"a":"2"}`},
		{`{"a":null}`, "a", "2", `{"a":2}`},
		{`{"a":1}`, "a", "007", `{"a":"007"}`},
		{`{"a":1}`, "a", "", `{"a":""}`},
		{"{ \"b\" : [1,\n2] , \"a\"\t: \"x\" }\n", "a", "y", "{ \"b\" : [1,\n2] , \"a\"\t: \"y\" }\n"},
		{`{}`, "a", "<é\"", `{"a":"<é\""}`},
		{"{ }", "a.b[0].c", "1", `{ "a":{"b":[{"c":1}]}}`},
		{"{\"x\":1\n}", "a", "1", "{\"x\":1,\"a\":1\n}"},
		{`{"a":{"b":1}}`, "a.c", "x", `{"a":{"b":1,"c":"x"}}`},
		{`{"l":[{"a":1},{"a":"2"}, {}]}`, "l[].a", "9", `{"l":[{"a":9},{"a":"9"}, {"a":9}]}`},
		{`{"l":[]}`, "l[].a", "x", `{"l":[{"a":"x"}]}`},
		{`{"l":[ 1 , 2 ]}`, "l[1]", "x", `{"l":[ 1 , "x" ]}`},
		{`{"l":[1]}`, "l[1]", "x", `{"l":[1,"x"]}`},
		{`{"l":[1]}`, "l[2]", "x", ``},
		{``, "a", "x", `{"a":"x"}`},
		{`{"a":{"b":1}}`, "a", "x", ``},
		{`{"a":[1]}`, "a.b", "x", ``},
		{`[1]`, "a", "x", ``},
		{`{"a":1`, "a", "x", ``},
		{`text`, "a", "x", ``},
	} {
		path, problem := jsonpath.Parse(c.path)
		if problem != "" {
			t.Fatal(problem)
		}
		got, ok := putJSON([]byte(c.document), path, scalar{text: c.text, number: true})
		if string(got) != c.want && ok || ok != (c.want != "") {
			t.Errorf("%s, %s = %s: %q %v, want %q", c.document, c.path, c.text, got, ok, c.want)
		}
	}
	got, _ := putJSON([]byte(`{}`), []jsonpath.Step{{Name: "a"}}, scalar{text: "1"})
	if string(got) != `{"a":"1"}` {
		t.Errorf("a text is written as %s", got)
	}
}

func TestPutField(t *testing.T) {
	for _, c := range []struct{ encoded, name, text, want string }{
		{"", "a b", "c&d", "a+b=c%26d"},
		{"x=1&a=2&y", "a", "3", "x=1&a=3&y"},
		{"a=1&a=2", "a", "3", "a=3"},
		{"x=%zz", "a", "3", "x=%zz&a=3"},
		{"a%2Eb=1", "a.b", "2", "a.b=2"},
	} {
		if got := putField(c.encoded, c.name, c.text); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.encoded, c.name, got, c.want)
		}
	}
}

// forms are deliveries that need another than a row's first form, or more than one
// value.
func TestSignerForms(t *testing.T) {
	hooktest.Listen(t)
	const target = "https://hooks.example.com/in"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, c := range []struct {
		name   string
		raw    map[string]any
		d      Delivery
		url    string // what the signed delivery's ends with
		header string
		body   string // what it contains
	}{
		{"twilio with JSON", map[string]any{"provider": "twilio", "publicURL": target}, Delivery{Body: []byte(`{"a":1}`)}, "?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862", "", `{"a":1}`},
		{"gitea with a form", map[string]any{"provider": "gitea"}, Delivery{Header: form, Body: []byte(`payload=%7B%7D`)}, "/in", "", "payload=%7B%7D"},
		{"travis' way, from JSON", map[string]any{"secrets": "x", "signature": map[string]any{"header": "X-Sig", "signs": "{only:form:payload}"}}, Delivery{Body: []byte(`{"a":1}`)}, "/in", "", "payload=%7B%22a%22%3A1%7D"},
		{"mailgun with a form", map[string]any{"provider": "mailgun"}, Delivery{Header: form, Body: []byte("event=x")}, "/in", "", "event=x&"},
		{"a batch", map[string]any{"provider": "adyen"}, Delivery{Body: []byte(`{"notificationItems":[{"NotificationRequestItem":{"pspReference":"1","originalReference":"","merchantReference":"a:b"}},{"NotificationRequestItem":{"pspReference":"2"}}]}`)}, "/in", "", `"pspReference":"2"`},
		{"numbered headers", map[string]any{"provider": "docusign"}, Delivery{}, "/in", "X-Docusign-Signature-1", ""},
		{"a query", map[string]any{"secrets": "x", "signature": map[string]any{"field": "query:sig", "signs": "{body}{path}"}}, Delivery{}, "", "", ""},
		{"a host", map[string]any{"secrets": "x", "signature": map[string]any{"header": "X-Sig", "signs": "{method} {host} {uri}\n{body}"}}, Delivery{Method: "PUT", URL: "https://hooks.example.com/a%2Fb?c=d"}, "?c=d", "", ""},
		{"a digest in a header", map[string]any{"secrets": "x", "signature": map[string]any{"header": "X-Sig", "signs": "{timestamp}\n{header:X-Digest==sha256:body}{header:X-Digest}", "timestampHeader": "X-At", "timestampUnit": "http"}}, Delivery{}, "/in", "X-Digest", ""},
		{"basicUser", map[string]any{"token": map[string]any{"basicUser": "hooks"}}, Delivery{}, "/in", "Authorization", ""},
	} {
		raw := map[string]any{"ban": "false", "methods": "POST,PUT", "secrets": "0123456789abcdef0123456789abcdef"}
		for name, value := range c.raw {
			raw[name] = value
		}
		raw["secrets"] = "0123456789abcdef0123456789abcdef"
		s, err := NewSigner(&hookward.Config{Raw: raw}, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.d.URL == "" {
			c.d.URL = target
		}
		d, err := s.Sign(c.d)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		status := statusOf(t, plainGate(t, raw), d)
		if status != http.StatusOK || !strings.HasSuffix(d.URL, c.url) || c.header != "" && d.Header.Get(c.header) == "" || !strings.Contains(string(d.Body), c.body) {
			t.Errorf("%s: status %d, %s %s %s", c.name, status, d.URL, d.Header, d.Body)
		}
	}
}

// What can't be signed is said, and by what option; and no secret is part of it.
func TestSignerRefuses(t *testing.T) {
	const secret = "a secret that nobody may see 123"
	rsa := hooktest.TestPrivateKeys()["rsa"]
	for _, c := range []struct {
		raw  map[string]any
		key  crypto.Signer
		want string
	}{
		{nil, nil, "there is no configuration"},
		{map[string]any{"provider": "gihub", "secrets": secret}, nil, "did you mean github"},
		{map[string]any{"provider": "github"}, nil, "secrets: is required"},
		{map[string]any{"provider": "github", "secrets": secret, "signature": map[string]any{"hedaer": "x"}}, nil, "did you mean header"},
		{map[string]any{"provider": "github", "secrets": secret}, rsa, "the private key: has no effect"},
		{map[string]any{"provider": "discord"}, nil, "a private key is required"},
		{map[string]any{"provider": "discord", "publicKeys": hooktest.TestEdwardsKey}, nil, "a private key is required"},
		{map[string]any{"provider": "discord"}, rsa, "the private key: is not a key for ed25519"},
		{map[string]any{"provider": "aws-sns", "senders": "arn:aws:sns:us-east-1:123456789012:topic"}, nil, "a private key is required"},
		{map[string]any{"provider": "standard-webhooks", "publicKeys": hooktest.TestEdwardsKey}, nil, "a private key is required"},
		{map[string]any{"allowlist": map[string]any{"alone": "true", "sourceRange": "192.0.2.0/24"}}, nil, "there is nothing to sign"},
	} {
		s, err := NewSigner(&hookward.Config{Raw: c.raw}, c.key)
		if s != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%v: %v, want %q", c.raw, err, c.want)
		}
	}
	if _, err := NewSigner(nil, nil); err == nil {
		t.Error("no configuration at all is one")
	}

	for _, c := range []struct {
		raw  map[string]any
		d    Delivery
		want string
	}{
		{map[string]any{"provider": "github"}, Delivery{URL: "/in"}, "scheme and host"},
		{map[string]any{"provider": "github"}, Delivery{URL: "https://u:p@a/"}, "no password"},
		{map[string]any{"provider": "linear"}, Delivery{Body: []byte("text")}, "no place for the timestamp"},
		{map[string]any{"provider": "linear"}, Delivery{Body: []byte("[]")}, "no place for the timestamp"},
		{map[string]any{"provider": "mailgun"}, Delivery{Body: []byte(`{"signature":1}`)}, "no place for the timestamp"},
		{map[string]any{"provider": "mailgun"}, Delivery{Body: []byte(`{"signature":{"token":"t"},"Signature":{}}`)}, "body_malformed"},
		{map[string]any{"provider": "twitch"}, Delivery{Body: []byte("text")}, "signed_text_ambiguous"},
		{map[string]any{"provider": "twitch"}, Delivery{ID: "a b"}, "signed_text_ambiguous"},
		{map[string]any{"provider": "adyen"}, Delivery{Body: []byte(`{"notificationItems":[1]}`)}, "no list of items"},
		{map[string]any{"provider": "adyen"}, Delivery{Body: []byte(`{"notificationItems":{}}`)}, "no list of items"},
		{map[string]any{"provider": "square", "publicURL": "https://hooks.example.com/other"}, Delivery{}, "url_mismatch"},
		{map[string]any{"provider": "microsoft-graph"}, Delivery{Body: []byte("text")}, "no place for the token"},
		{map[string]any{"provider": "microsoft-graph"}, Delivery{Body: []byte(`{"value":[{}],"Value":[{}]}`)}, "body_malformed"},
	} {
		c.raw["secrets"] = strings.Repeat("0123456789abcdef", 4)
		s, err := NewSigner(&hookward.Config{Raw: c.raw}, nil)
		if err != nil {
			t.Errorf("%v: %v", c.raw, err)
			continue
		}
		if c.d.URL == "" {
			c.d.URL = "https://hooks.example.com/in"
		}
		_, err = s.Sign(c.d)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %q: %v, want %q", c.raw["provider"], c.d.Body, err, c.want)
		}
	}
}

// A time that is there already stays as it is written.
func TestSignerKeepsTime(t *testing.T) {
	s, err := NewSigner(&hookward.Config{Raw: map[string]any{"provider": "zendesk", "secrets": "0123456789abcdef"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := Delivery{URL: "https://hooks.example.com/in", Header: http.Header{"X-Zendesk-Webhook-Signature-Timestamp": {"2026-03-01T13:00:00+01:00"}}, Time: hooktest.TestTime}
	signed, err := s.Sign(d)
	if err != nil || signed.Header.Get("X-Zendesk-Webhook-Signature-Timestamp") != "2026-03-01T13:00:00+01:00" {
		t.Errorf("%v %v", err, signed.Header)
	}
	d.Time = hooktest.TestTime.Add(time.Second)
	signed, err = s.Sign(d)
	if err != nil || signed.Header.Get("X-Zendesk-Webhook-Signature-Timestamp") != "2026-03-01T12:00:01.000Z" {
		t.Errorf("%v %v", err, signed.Header)
	}
	if len(d.Header) != 1 || d.Header.Get("X-Zendesk-Webhook-Signature-Timestamp") != "2026-03-01T13:00:00+01:00" {
		t.Errorf("the caller's header has changed: %v", d.Header)
	}
}

func TestEncodeMAC(t *testing.T) {
	mac := []byte{0xfb, 0xff, 0x00, 0x3e}
	for _, encoding := range []string{"hex", "base64", "base64url", "base64json:signature"} {
		if got := signature.DecodeMAC(encoding, encodeMAC(encoding, mac), len(mac)); string(got) != string(mac) {
			t.Errorf("%s: %x", encoding, got)
		}
	}
	if want := base64.RawURLEncoding.EncodeToString(mac); encodeMAC("base64url", mac) != want {
		t.Errorf("base64url has padding")
	}
}

// The documentation's own example of GitHub, signed as its test would be.
func ExampleSigner() {
	signer, err := NewSigner(&hookward.Config{Raw: map[string]any{"provider": "github", "secrets": "It's a Secret to Everybody"}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := signer.Sign(Delivery{URL: "https://hooks.example.com/github", ID: "1", Event: "push", Body: []byte("Hello, World!")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Method, d.URL)
	fmt.Println(d.Header.Get("X-GitHub-Event"), d.Header.Get("X-Hub-Signature-256"))
	// Output:
	// POST https://hooks.example.com/github
	// push sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17
}
