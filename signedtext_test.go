package hookward

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// signedOver compiles a scheme of one's own over a template, with a body, and
// returns what a sender must have signed, or the reason to refuse.
func signedOver(t *testing.T, signs, contentType, body, query string) string {
	t.Helper()
	s := mustCompile(t, map[string]any{"secrets": docsSecret, "signature": map[string]any{"header": "X-Sig", "signs": signs}}).schemes[0]
	r := newPost(body, "X-A: a value", "X-List: x-b, X-C", "X-Empty: ", "X-B:  b ", "X-C: c:d", "X-Semi: x;y", "X-Fine: x-semi", "X-Colon: x;x-c:y", "X-Bad: x-colon", "X-Twice: x-b,x-none", "X-Same: x-b,X-B", "X-Huge: x-large", "X-Large: "+strings.Repeat(";", maxHeaderBytes+1))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.URL.RawQuery = query
	texts, reason := signedTexts(s, r, &decision{body: []byte(body)}, &proof{})
	if reason != textsReady {
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
		{"{form:payload}", "application/json", "payload=x", "", signedFieldMissing},
		{"{form:payload}", "", "payload=x", "", signedFieldMissing},
		{"{form:payload}", "multipart/form-data", "payload=x", "", signedFieldMissing},
		{"{form:payload}", form, "payload=x&payload=y", "", signedFieldMissing},
		{"{form:payload}", form, "payload=x;y=z", "", signedFieldMissing},
		{"{form:payload}", form, "payload=%zz", "", signedFieldMissing},
		{"{form:payload}", form, "Payload=x", "", signedTextAmbiguous},
		{"{form:payload}", form, "payload=x", "payload=y", signedTextAmbiguous},
		{"{query:id}", "", "", "id=A&ID=B", signedTextAmbiguous},
		{"{query:id}", form, "id=B", "id=A", "A"},
		{"{headers:X-Same}\n{body}", "", "x", "", signedFieldMissing},
		{"{headers:X-Huge}\n{body}", "", "x", "", signedFieldMissing},
		{"{form:payload}", form, "payload=", "", signedFieldMissing},
		{"{sorted:form}", form, "b=2&a=1&c=", "", "a1b2c"},
		{"{sorted:form}", form, "Digits=5678&Digits=1234&Digits=1234&a=1", "", "Digits1234Digits5678a1"},
		{"{sorted:form}", form, "", "", ""},
		{"{sorted:form}", "application/json", `{"a":1}`, "", signedFieldMissing},
		{"{sorted:form}", form, "a=%", "", signedFieldMissing},
		{"{sorted:query}", "", "", "b=2&a=1&a=0", "a=1&a=0&b=2"},
		{"{query:id}", "", "", "id=ABC", "ABC"},
		{"{lower:query:id}", "", "", "id=ABC", "abc"},
		{"{query:id}", "", "", "id=A&id=B", signedFieldMissing},
		{"{query:id}", "", "", "x=%zz&id=A", signedFieldMissing},
		{"[id:{query:id};][x:{query:x};]end", "", "", "id=A", "id:A;end"},
		{"[id:{query:id};][x:{query:x};]end", "", "", "x=B", "x:B;end"},
		{"[id:{query:id};][x:{query:x};]end", "", "", "", "end"},
		{"[id:{query:id};][x:{query:x};]end", "", "", "id=A;x:B", signedFieldMissing}, // a semicolon is malformed in a query
		{"[id:{query:id};]end", "", "", "id=A%3Bend", "id:A;end;end"},                 // the only value, so it may hold anything
		{"[id:{query:id};][x:{query:x};]end", "", "", "id=A%3Bend&x=1", signedTextAmbiguous},
		{"[id:{query:id};]end", "", "", "id=A&id=B", signedFieldMissing}, // twice is not absent
		{"[id:{query:id};]end", "", "", "id=A&x=%zz", signedFieldMissing},
		{"[{json:a}]:{json:b}", "", `{"b":"x"}`, "", ":x"},
		{"[{json:a}]:{json:b}", "", `{"a":null,"b":"x"}`, "", ":x"},
		{"[{json:a}]:{json:b}", "", `{"a":"","b":"x"}`, "", ":x"},
		{"[{json:a}]:{json:b}", "", `{"a":{},"b":"x"}`, "", signedFieldMissing},
		{"[{json:a.c}]:{json:b}", "", `{"b":"x"}`, "", ":x"},
		{"[{json:a.c}]:{json:b}", "", `{"a":{},"b":"x"}`, "", ":x"},
		{"[{json:a.c}]:{json:b}", "", `{"a":"9 EUR","b":"x"}`, "", signedFieldMissing}, // no object, but not nothing
		{"[{json:a.c}]:{json:b}", "", `{"a":[],"b":"x"}`, "", signedFieldMissing},
		{"[{json:a[0]}]:{json:b}", "", `{"a":[],"b":"x"}`, "", ":x"},
		{"{form:p}{query:q==}", "application/json", `{}`, "", signedFieldMissing},
		{"{query:q==}{body}", "application/json", `{}`, "", "{}"},
		{"[[{query:id}]]", "", "", "id=A", "[A]"},
		{"{json:a.b}|{json:list[0].c}|{json:n}|{json:t}", "", `{"a":{"b":"x"},"list":[{"c":"y"}],"n":1.50,"t":true}`, "", "x|y|1.50|true"},
		{"{json:a.b}", "", `{"a":{"b":null}}`, "", signedFieldMissing},
		{"{json:a.b}", "", `{"a":{"b":{"c":1}}}`, "", signedFieldMissing},
		{"{json:a.b}", "", `{"a":"x","b":"y"}`, "", signedFieldMissing},
		{"{json:a[0]}", "", `{"a":[]}`, "", signedFieldMissing},
		{"{json:a[]}", "", `{"a":["x","y"]}`, "", signedFieldMissing}, // which of the two?
		{"{json:a}", "", `{"a":"x"}{"a":"y"}`, "", signedFieldMissing},
		{"{json:n}", "", `{"n":1e999}`, "", "1e999"},
		{"{json:a}.{json:b}", "", `{"a":"x.y","b":"z"}`, "", signedTextAmbiguous},
		{"{free:json:a}.{json:b}", "", `{"a":"x.y","b":"z"}`, "", "x.y.z"},
		{"{free:json:a}.{json:b}", "", `{"a":"x","b":"y.z"}`, "", signedTextAmbiguous},
		{"{sha256:body}", "", "abc", "", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"{sha256base64:body}", "", "abc", "", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
		{"{ascii:body}", "", `{"a":"é😀"}`, "", `{"a":"\u00e9\ud83d\ude00"}`},
		{"{ascii:body}", "", `{"a":"\u00e9 \n"}`, "", `{"a":"\u00e9 \n"}`},
		{"{headers:X-List}\n{body}", "", "x", "", "x-b:b;x-c:c:d\nx"},
		{"{headers:X-Bad}\n{body}", "", "x", "", signedTextAmbiguous},
		{"{headers:X-Fine}\n{body}", "", "x", "", "x-semi:x;y\nx"},
		{"{headers:X-Twice}\n{body}", "", "x", "", signedFieldMissing},
		{"{headers:X-None}\n{body}", "", "x", "", signedFieldMissing},
		{"{body}{header:X-A==a value}", "", "x", "", "x"},
		{"{body}{header:X-A==another}", "", "x", "", signedFieldMissing},
		{"{body}{header:X-None==x}", "", "x", "", signedFieldMissing},
		{"{body}{query:d==sha256:body}", "", "abc", "d=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc"},
		{"{body}{query:d==sha256:body}", "", "abd", "d=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", signedFieldMissing},
		{"{body}{query:d==sha256:body}", "", "abc", "", signedFieldMissing},
		{"{header:X-None==}{body}", "", "x", "", "x"},
		{"{header:X-A==}{body}", "", "x", "", signedFieldMissing},
		{"{header:X-Empty==}{body}", "", "x", "", signedFieldMissing},
		{"{query:a==}{body}", "", "x", "b=1", "x"},
		{"{query:a==}{body}", "", "x", "a=", signedFieldMissing},
		{"{query:a==}{body}", "", "x", "b=%zz", signedFieldMissing},
		{"{only:form:p}", form, "p=x", "", "x"},
		{"{only:form:p}", form, "p=x&q=y", "", signedFieldMissing},
		{"{only:form:p}", form, "p=x&+p=y", "", signedFieldMissing},
		{"{only:form:p}", form, "p=x&p%5B%5D=y", "", signedFieldMissing},
		{"{only:form:p}", form, "p=x&P=y", "", signedFieldMissing},
		{"{only:form:p}", form, "p=x&p=x", "", signedFieldMissing},
		{"{only:form:p}", form, "p=x", "p=y", signedFieldMissing},
		{"{only:form:p}", form, "p=x", "%zz", signedFieldMissing},
		{"{only:form:p}", form, "p=x", "other=y", "x"},
		{"{only:form:p}", form + ";charset=utf-16", "p=x", "", signedFieldMissing},
		{"{sorted:form}", form, "=&=", "", signedFieldMissing},
		{"{sorted:query}", "", "", "a=1&admin=true;x&b=%zz", signedFieldMissing},
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
		c := compile(map[string]any{"secrets": docsSecret, "signature": map[string]any{"header": "X-Sig", "signs": signs}})
		if c.policy != nil || !strings.HasPrefix(c.problems[0], "signature.signs: ") {
			t.Errorf("%q is accepted: %q", signs, c.problems)
		}
	}
}

// A whole publicURL is the signed text to the letter, so that nobody can move
// bytes between it and what follows, and no query passes that it does not have.
func TestPinnedURL(t *testing.T) {
	const public = "https://hooks.example.com/hooks?tenant=1"
	options := map[string]any{"provider": "square", "secrets": docsSecret, "publicURL": public}
	for path, want := range map[string]string{"/hooks": verified, "/": verified, "/x/hooks": verified, "/x.php/hooks": urlMismatch, "/x;/hooks": urlMismatch, "/x//hooks": urlMismatch, "/admin": urlMismatch, "/hooks/x": urlMismatch, "/hook": urlMismatch} {
		capture(t)
		g := newGate(t.Name(), options, compile, testTime)
		r := newPost(`{"a":1}`, "X-Square-Hmacsha256-Signature: "+base64MACOf(docsSecret, public+`{"a":1}`))
		r.URL.Path = path
		r.URL.RawQuery = "tenant=1"
		if d := decide(g, r, testTime); d.reason != want {
			t.Errorf("%s: %s, want %s", path, d.reason, want)
		}
	}
	if c := compile(options); len(c.warnings) != 1 {
		t.Errorf("warnings: %q", c.warnings)
	}
	body := `{"a":1}`
	sig := "X-Square-Hmacsha256-Signature: " + base64MACOf(docsSecret, public+body)
	for query, c := range map[string]struct{ body, want string }{
		"tenant=1":                {body, verified},
		"tenant=2":                {body, urlMismatch},
		"":                        {body, urlMismatch},
		"tenant=1&x=2":            {body, urlMismatch},
		"tenant=1" + body[:3]:     {body[3:], urlMismatch},
		"tenant=" + "1%":          {body, urlMismatch},
		"x=1&tenant=1":            {body, urlMismatch},
		"tenant=1&tenant=1":       {body, urlMismatch},
		"tenant=1&bodySHA256=abc": {body, urlMismatch},
	} {
		capture(t)
		g := newGate(t.Name(), options, compile, testTime)
		r := newPost(c.body, sig)
		r.URL.RawQuery = query
		if d := decide(g, r, testTime); d.reason != c.want {
			t.Errorf("%q: %s, want %s", query, d.reason, c.want)
		}
	}
	// The root, with a query.
	options = map[string]any{"provider": "square", "secrets": docsSecret, "publicURL": "https://hooks.example.com/?tenant=1"}
	for path, want := range map[string]string{"/": verified, "/admin/": urlMismatch, "/x//": urlMismatch} {
		capture(t)
		r := newPost(body, "X-Square-Hmacsha256-Signature: "+base64MACOf(docsSecret, "https://hooks.example.com/?tenant=1"+body))
		r.URL.Path, r.URL.RawQuery = path, "tenant=1"
		if d := decide(newGate(t.Name(), options, compile, testTime), r, testTime); d.reason != want {
			t.Errorf("%s: %s, want %s", path, d.reason, want)
		}
	}
	// Twilio adds the digest of a JSON body wherever it likes.
	sum := string(bodyDigest("", []byte(body)))
	options = map[string]any{"provider": "twilio", "secrets": docsSecret, "publicURL": public}
	for query, want := range map[string]string{
		"tenant=1&bodySHA256=" + sum: verified, "bodySHA256=" + sum + "&tenant=1": verified, "tenant=1&bodySHA256=" + strings.Repeat("0", 64): urlMismatch,
		"bodySHA256=" + sum: urlMismatch, "tenant=1&x=1&bodySHA256=" + sum: urlMismatch, "tenant=1&bodySHA256=" + sum + "&bodySHA256=" + sum: urlMismatch,
		"tenant=1": urlMismatch,
	} {
		capture(t)
		g := newGate(t.Name(), options, compile, testTime)
		mac := hexMACOf("hmac-sha1", docsSecret, "https://hooks.example.com/hooks?"+query)
		r := newPost(body, "Content-Type: application/json", "X-Twilio-Signature: "+base64Of(t, mac))
		r.URL.RawQuery = query
		got := decide(g, r, testTime).reason
		if got != want && !(want == urlMismatch && got == signedFieldMissing) {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

// What whoever has seen one delivery could make of it.
func TestAdvisories(t *testing.T) {
	capture(t)
	form := "Content-Type: application/x-www-form-urlencoded"
	// A JSON delivery of Twilio's, with its body taken away.
	twilio := map[string]any{"provider": "twilio", "secrets": docsSecret, "publicURL": "https://hooks.example.com"}
	query := "bodySHA256=" + string(bodyDigest("", []byte(`{"a":1}`)))
	mac := base64Of(t, hexMACOf("hmac-sha1", docsSecret, "https://hooks.example.com/hooks?"+query))
	for body, want := range map[string]bool{`{"a":1}`: true, "": false, "=&=": false, "a=1": false} {
		r := newPost(body, form, "X-Twilio-Signature: "+mac)
		r.URL.RawQuery = query
		if d := decide(newGate(t.Name(), twilio, compile, testTime), r, testTime); (d.reason == verified) != want {
			t.Errorf("VULNERABLE: Twilio's JSON with the body %q: %s", body, d.reason)
		}
	}
	// HubSpot's plain hash, hashed on from its result.
	hubspot := map[string]any{"provider": "hubspot-v1", "secrets": docsSecret}
	if d := decide(newGate(t.Name(), hubspot, compile, testTime), newPost("{}\x80\x00\x00", "X-HubSpot-Signature: "+strings.Repeat("0", 64)), testTime); d.reason != bodyMalformed {
		t.Errorf("VULNERABLE: padding in a body: %s", d.reason)
	}
	// A signature of Coinbase's v1 as one of v0.
	stamp := "1772366400"
	v1 := hexMACOf("hmac-sha256", docsSecret, stamp+`.x-event-id x-event-type.evt1.order.created.{"amount":1}`)
	coinbase := map[string]any{"provider": "coinbase-cdp", "secrets": docsSecret}
	headers := []string{"X-Event-Id: evt1", "X-Event-Type: order.created"}
	for body, header := range map[string]string{
		`{"amount":1}`: "t=" + stamp + ",v0=00,h=x-event-id x-event-type,v1=" + v1,
		`x-event-id x-event-type.evt1.order.created.{"amount":1}`: "t=" + stamp + ",v0=" + v1,
		`created.{"amount":1}`: "t=" + stamp + ",h=x-event-id x-event-type.evt1,v1=" + v1,
	} {
		d := decide(newGate(t.Name(), coinbase, compile, testTime), newPost(body, append(headers, "X-Hook0-Signature: "+header)...), testTime)
		if (d.reason == verified) != (body == `{"amount":1}`) {
			t.Errorf("VULNERABLE: %s: %s", body, d.reason)
		}
	}
	// Of two forms of headers, the backend sees the one that was verified.
	svix := map[string]any{"provider": "svix", "secrets": "whsec_" + base64Text(docsSecret)}
	b := &backend{}
	r := newPost("{}", "Svix-Id: msg_1", "Webhook-Id: forged", "Webhook-Timestamp: 1")
	now := fmt.Sprint(time.Now().Unix())
	r.Header.Set("Svix-Timestamp", now)
	r.Header.Set("Svix-Signature", "v1,"+base64MACOf(docsSecret, "msg_1."+now+".{}"))
	newTestHandler(t, b.handler(), svix).ServeHTTP(httptest.NewRecorder(), r)
	if len(b.requests) != 1 || b.requests[0].Header.Get("Webhook-Id") != "" || b.requests[0].Header.Get("Svix-Id") != "msg_1" {
		t.Errorf("VULNERABLE: the backend got %v", b.requests)
	}
}

func TestRenderURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://a.example.com/x?y=1": "https://a.example.com:443/x?y=1", "http://a/": "http://a:80/", "https://a": "https://a:443",
		"https://a:8443/x": "https://a:8443/x", "https://a?x=:": "https://a:443?x=:", "https://[::1]/x": "https://[::1]:443/x", "https://[::1]:80/x": "https://[::1]:80/x",
	} {
		if got := renderURL("portURL", text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	decoded := renderURL("decodedURL", "https://a/%2F%3a?b=%40%26%3D%2B%20%25%23%21%24%27%28%29%2A%2C%3B%3F")
	if want := "https://a//:?b=@%26%3D%2B%20%25%23!$'()*,;?"; decoded != want {
		t.Errorf("%s, want %s", decoded, want)
	}
	if _, err := url.Parse(decoded); err != nil {
		t.Error(err)
	}
}

// Names that stand twice, however they are spelt.
func TestTwins(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`: false, `{"a":1,"a":2}`: true, `{"a":1,"A":2}`: true, `{"k":1,"\u212a":2}`: true, `{"s":1,"\u017f":2}`: true,
		`{"a":1,"\u0061":2}`: true, `{"a":{"b":1,"b":2}}`: true, `[{"a":1,"a":1}]`: true, `{"a":"a","b":"a"}`: false, `"x"`: false, ``: false, `{`: true, `{"a"`: true, `x`: true,
		`{"a":1}{"b":1}`: false, strings.Repeat("[", 30000): true, "[" + strings.Repeat("1,", 30000) + "1]": true,
	} {
		if got := hasTwins([]byte(text), nil); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
	// Where it is known what is signed, other names are anybody's.
	signed := addPath(nil, 0, []step{{name: "a"}, {item: everyItem}, {name: "b"}})
	for text, want := range map[string]bool{
		`{"a":[{"b":1}],"c":1,"C":2,"c":3}`: false, `{"a":[{"b":1,"c":2,"C":3}]}`: false, `{"a":[{"b":{"b":1,"B":2}}]}`: false,
		`{"a":[{"b":1,"B":2}]}`: true, `{"a":[{"B":2}]}`: true, `{"a":[],"A":[]}`: true, `{"a":[],"a":[]}`: true, `{"A":[]}`: true, `{"a":"` + "\xff" + `"}`: true,
	} {
		if got := hasTwins([]byte(text), signed); got != want {
			t.Errorf("%.60s: %v", text, got)
		}
	}
}
