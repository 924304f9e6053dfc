package hookward

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// signedOver compiles a scheme of one's own over a template, with a body, and
// returns what a sender must have signed, or the reason to refuse.
func signedOver(t *testing.T, signs, contentType, body, query string) string {
	t.Helper()
	s := mustCompile(t, map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig", "signs": signs}}).Schemes[0]
	r := hooktest.NewPost(body, "X-A: a value", "X-List: x-b, X-C", "X-Empty: ", "X-B:  b ", "X-C: c:d", "X-Semi: x;y", "X-Fine: x-semi", "X-Colon: x;x-c:y", "X-Bad: x-colon", "X-Twice: x-b,x-none", "X-Same: x-b,X-B", "X-Huge: x-large", "X-Large: "+strings.Repeat(";", signature.MaxHeaderBytes+1))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.URL.RawQuery = query
	texts, reason := signature.SignedTexts(s, &message.Message{Request: r, Body: []byte(body)}, &signature.Candidate{})
	if reason != verdict.TextsReady {
		return reason
	}
	text := ""
	for _, piece := range texts {
		text += string(piece)
	}
	return text
}

func TestSignedPlaces(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	cases := []struct{ signs, contentType, body, query, want string }{
		{"{form:payload}", form, "payload=%7B%22a%22%3A1%7D&x=y", "", `{"a":1}`},
		{"{form:payload}", form + "; charset=utf-8", "payload=a+b", "", "a b"},
		{"{form:payload}", "application/json", "payload=x", "", verdict.SignedFieldMissing},
		{"{form:payload}", "", "payload=x", "", verdict.SignedFieldMissing},
		{"{form:payload}", "multipart/form-data", "payload=x", "", verdict.SignedFieldMissing},
		{"{form:payload}", form, "payload=x&payload=y", "", verdict.SignedFieldMissing},
		{"{form:payload}", form, "payload=x;y=z", "", verdict.SignedFieldMissing},
		{"{form:payload}", form, "payload=%zz", "", verdict.SignedFieldMissing},
		{"{form:payload}", form, "Payload=x", "", verdict.SignedTextAmbiguous},
		{"{form:payload}", form, "payload=x", "payload=y", verdict.SignedTextAmbiguous},
		{"{query:id}", "", "", "id=A&ID=B", verdict.SignedTextAmbiguous},
		{"{query:id}", form, "id=B", "id=A", "A"},
		{"{headers:X-Same}\n{body}", "", "x", "", verdict.SignedFieldMissing},
		{"{headers:X-Huge}\n{body}", "", "x", "", verdict.SignedFieldMissing},
		{"{form:payload}", form, "payload=", "", verdict.SignedFieldMissing},
		{"{sorted:form}", form, "b=2&a=1&c=", "", "a1b2c"},
		{"{sorted:form}", form, "Digits=5678&Digits=1234&Digits=1234&a=1", "", "Digits1234Digits5678a1"},
		{"{sorted:form}", form, "", "", ""},
		{"{sorted:form}", "application/json", `{"a":1}`, "", verdict.SignedFieldMissing},
		{"{sorted:form}", form, "a=%", "", verdict.SignedFieldMissing},
		{"{sorted:query}", "", "", "b=2&a=1&a=0", "a=1&a=0&b=2"},
		{"{query:id}", "", "", "id=ABC", "ABC"},
		{"{lower:query:id}", "", "", "id=ABC", "abc"},
		{"{query:id}", "", "", "id=A&id=B", verdict.SignedFieldMissing},
		{"{query:id}", "", "", "x=%zz&id=A", verdict.SignedFieldMissing},
		{"[id:{query:id};][x:{query:x};]end", "", "", "id=A", "id:A;end"},
		{"[id:{query:id};][x:{query:x};]end", "", "", "x=B", "x:B;end"},
		{"[id:{query:id};][x:{query:x};]end", "", "", "", "end"},
		{"[id:{query:id};][x:{query:x};]end", "", "", "id=A;x:B", verdict.SignedFieldMissing}, // a semicolon is malformed in a query
		{"[id:{query:id};]end", "", "", "id=A%3Bend", "id:A;end;end"},                         // the only value, so it may hold anything
		{"[id:{query:id};][x:{query:x};]end", "", "", "id=A%3Bend&x=1", verdict.SignedTextAmbiguous},
		{"[id:{query:id};]end", "", "", "id=A&id=B", verdict.SignedFieldMissing}, // twice is not absent
		{"[id:{query:id};]end", "", "", "id=A&x=%zz", verdict.SignedFieldMissing},
		{"[{json:a}]:{json:b}", "", `{"b":"x"}`, "", ":x"},
		{"[{json:a}]:{json:b}", "", `{"a":null,"b":"x"}`, "", ":x"},
		{"[{json:a}]:{json:b}", "", `{"a":"","b":"x"}`, "", ":x"},
		{"[{json:a}]:{json:b}", "", `{"a":{},"b":"x"}`, "", verdict.SignedFieldMissing},
		{"[{json:a.c}]:{json:b}", "", `{"b":"x"}`, "", ":x"},
		{"[{json:a.c}]:{json:b}", "", `{"a":{},"b":"x"}`, "", ":x"},
		{"[{json:a.c}]:{json:b}", "", `{"a":"9 EUR","b":"x"}`, "", verdict.SignedFieldMissing}, // no object, but not nothing
		{"[{json:a.c}]:{json:b}", "", `{"a":[],"b":"x"}`, "", verdict.SignedFieldMissing},
		{"[{json:a[0]}]:{json:b}", "", `{"a":[],"b":"x"}`, "", ":x"},
		{"{form:p}{query:q==}", "application/json", `{}`, "", verdict.SignedFieldMissing},
		{"{query:q==}{body}", "application/json", `{}`, "", "{}"},
		{"[[{query:id}]]", "", "", "id=A", "[A]"},
		{"{json:a.b}|{json:list[0].c}|{json:n}|{json:t}", "", `{"a":{"b":"x"},"list":[{"c":"y"}],"n":1.50,"t":true}`, "", "x|y|1.50|true"},
		{"{json:a.b}", "", `{"a":{"b":null}}`, "", verdict.SignedFieldMissing},
		{"{json:a.b}", "", `{"a":{"b":{"c":1}}}`, "", verdict.SignedFieldMissing},
		{"{json:a.b}", "", `{"a":"x","b":"y"}`, "", verdict.SignedFieldMissing},
		{"{json:a[0]}", "", `{"a":[]}`, "", verdict.SignedFieldMissing},
		{"{json:a[]}", "", `{"a":["x","y"]}`, "", verdict.SignedFieldMissing}, // which of the two?
		{"{json:a}", "", `{"a":"x"}{"a":"y"}`, "", verdict.SignedFieldMissing},
		{"{json:n}", "", `{"n":1e999}`, "", "1e999"},
		{"{json:a}.{json:b}", "", `{"a":"x.y","b":"z"}`, "", verdict.SignedTextAmbiguous},
		{"{free:json:a}.{json:b}", "", `{"a":"x.y","b":"z"}`, "", "x.y.z"},
		{"{free:json:a}.{json:b}", "", `{"a":"x","b":"y.z"}`, "", verdict.SignedTextAmbiguous},
		{"{sha256:body}", "", "abc", "", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"{sha256base64:body}", "", "abc", "", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
		{"{ascii:body}", "", `{"a":"é😀"}`, "", `{"a":"\u00e9\ud83d\ude00"}`},
		{"{ascii:body}", "", `{"a":"\u00e9 \n"}`, "", `{"a":"\u00e9 \n"}`},
		{"{headers:X-List}\n{body}", "", "x", "", "x-b:b;x-c:c:d\nx"},
		{"{headers:X-Bad}\n{body}", "", "x", "", verdict.SignedTextAmbiguous},
		{"{headers:X-Fine}\n{body}", "", "x", "", "x-semi:x;y\nx"},
		{"{headers:X-Twice}\n{body}", "", "x", "", verdict.SignedFieldMissing},
		{"{headers:X-None}\n{body}", "", "x", "", verdict.SignedFieldMissing},
		{"{body}{header:X-A==a value}", "", "x", "", "x"},
		{"{body}{header:X-A==another}", "", "x", "", verdict.SignedFieldMissing},
		{"{body}{header:X-None==x}", "", "x", "", verdict.SignedFieldMissing},
		{"{body}{query:d==sha256:body}", "", "abc", "d=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc"},
		{"{body}{query:d==sha256:body}", "", "abd", "d=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", verdict.SignedFieldMissing},
		{"{body}{query:d==sha256:body}", "", "abc", "", verdict.SignedFieldMissing},
		{"{header:X-None==}{body}", "", "x", "", "x"},
		{"{header:X-A==}{body}", "", "x", "", verdict.SignedFieldMissing},
		{"{header:X-Empty==}{body}", "", "x", "", verdict.SignedFieldMissing},
		{"{query:a==}{body}", "", "x", "b=1", "x"},
		{"{query:a==}{body}", "", "x", "a=", verdict.SignedFieldMissing},
		{"{query:a==}{body}", "", "x", "b=%zz", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x", "", "x"},
		{"{only:form:p}", form, "p=x&q=y", "", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x&+p=y", "", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x&p%5B%5D=y", "", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x&P=y", "", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x&p=x", "", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x", "p=y", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x", "%zz", verdict.SignedFieldMissing},
		{"{only:form:p}", form, "p=x", "other=y", "x"},
		{"{only:form:p}", form + ";charset=utf-16", "p=x", "", verdict.SignedFieldMissing},
		{"{sorted:form}", form, "=&=", "", verdict.SignedFieldMissing},
		{"{sorted:query}", "", "", "a=1&admin=true;x&b=%zz", verdict.SignedFieldMissing},
		{"{uri}\n{body}", "", "x", "a=%2F", "/hooks?a=%2F\nx"},
	}
	for _, c := range cases {
		if got := signedOver(t, c.signs, c.contentType, c.body, c.query); got != c.want {
			t.Errorf("%s of %q %q: got %q, want %q", c.signs, c.body, c.query, got, c.want)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	for _, signs := range []string{
		"[{header:X}[", "[{header:X==sha256:body}]{header:Y}", "[{timestamp}.]{body}", "[{sha256:body}]", "{only:json:a}", "[{body}", "{body}]", "[[{body}]", "[{query:a}[{query:b}]]", "[{body}]", "{free:json:a}{free:json:b}", "{free:json:a}{body}",
		"{json:a..b}", "{json:a[x]}", "{json:a[0}", "{json:}", "{form:}", "{query:}", "{lower:x}", "{sha1:body}", "{sorted:json}", "{headers:X Y}",
		"{headers}.{body}", "{secret}{body}", "{json:" + strings.Repeat("a.", 17) + "b}", "{ascii:body}{body}", "x[]{body}", "{only:form:a}.{only:form:b}",
	} {
		c := policy.Compile(map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig", "signs": signs}})
		if c.Policy != nil || !strings.HasPrefix(config.Sentence(c.Problems[0]), "signature.signs: ") {
			t.Errorf("%q is accepted: %q", signs, c.Problems)
		}
	}
}
