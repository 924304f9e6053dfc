package hookward

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// sent is a request of these tests.
type sent struct {
	body    string
	query   string
	headers []string
}

func reasonToSent(g *gates.Gate, s sent) string {
	r := hooktest.NewPost(s.body, s.headers...)
	r.URL.RawQuery = s.query
	return decide(g, r, hooktest.TestTime).reason
}

// Whoever has seen one delivery must not get another one through. Each of these
// got through once, in an attack on a version before its release.
func TestAlteredDeliveries(t *testing.T) {
	const form = "Content-Type: application/x-www-form-urlencoded"
	stamp := fmt.Sprint(hooktest.TestTime.Unix())
	mac := func(text string) string { return hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, text) }
	signs := func(template string, more ...string) map[string]any {
		section := map[string]any{"header": "X-Sig", "signs": template}
		for i := 0; i+1 < len(more); i += 2 {
			section[more[i]] = more[i+1]
		}
		return map[string]any{"secrets": hooktest.DocsSecret, "signature": section}
	}
	row := func(slug string) map[string]any {
		return map[string]any{"provider": slug, "secrets": hooktest.DocsSecret}
	}
	mercado := []string{"X-Request-Id: r1", "X-Signature: ts=" + stamp + ",v1=" + mac("id:5;request-id:r1;ts:"+stamp+";")}
	mercadoNone := []string{"X-Request-Id: r1", "X-Signature: ts=" + stamp + ",v1=" + mac("request-id:r1;ts:"+stamp+";")}
	gitea := "X-Gitea-Signature: " + mac(`{"a":1}`)
	commit := `{"message":"x&payload=%7B%22evil%22%3A1%7D&"}`
	cdp := []string{"Content-Type: application/json", "X-Event-Id: evt1", "X-Hook0-Signature: t=" + stamp + ",h=content-type x-event-id x-event-type,v1=" +
		mac(stamp+`.content-type x-event-id x-event-type.application/json.evt1.onchain.activity.{"a":1}`)}
	listed := "X-Sig: t=" + stamp + ",h=x-a,v1=" + mac(stamp+".x-a.v|text|{}")

	for name, c := range map[string]struct {
		options map[string]any
		genuine sent
		altered []sent
	}{
		"a parameter that PHP or ASP.NET takes for the signed one": {row("mercado-pago"), sent{"{}", "data.id=5", mercado}, []sent{
			{"{}", "data.id=5&data_id=EVIL", mercado}, {"{}", "data.id=5&data%5Bid=EVIL", mercado}, {"{}", "data.id=5&+data.id=EVIL", mercado},
			{"{}", "data.id=5&Data.Id=EVIL", mercado}, {"{}", "data.id=5&data_id%5B%5D=EVIL", mercado}, {"{}", "data.id=5&data.id%00x=EVIL", mercado}, {"{}", "data.id=5&data.id=6", mercado}}},
		"the same where the parameter is absent": {row("mercado-pago"), sent{"{}", "x=1", mercadoNone}, []sent{
			{"{}", "data_id=EVIL", mercadoNone}, {"{}", "Data.Id=EVIL", mercadoNone}, {"{}", strings.Repeat("x&", 9) + manyFields(), mercadoNone}}},
		"the field of a form, in the query": {row("gitea"), sent{"payload=%7B%22a%22%3A1%7D", "", []string{form, gitea}}, []sent{
			{"payload=%7B%22a%22%3A1%7D", "payload=EVIL", []string{form, gitea}}, {"payload=%7B%22a%22%3A1%7D", "Payload=EVIL", []string{form, gitea}},
			{"payload=%7B%22a%22%3A1%7D", "+payload=EVIL", []string{form, gitea}}, {"payload=%7B%22a%22%3A1%7D", "payload%5B%5D=EVIL", []string{form, gitea}}}},
		"a JSON text as a form": {row("gitea"), sent{commit, "", []string{"Content-Type: application/json", "X-Gitea-Signature: " + mac(commit)}}, []sent{
			{commit, "", []string{form, "X-Gitea-Signature: " + mac(commit)}}, {commit, "", []string{form + "; charset=ibm037", "X-Gitea-Signature: " + mac(commit)}},
			{commit, "", []string{"Content-Type: application/json", form, "X-Gitea-Signature: " + mac(commit)}},
			{commit, "", []string{"Content-Type: Multipart/Form-Data; boundary=x", "X-Gitea-Signature: " + mac(commit)}}}},
		"the end of a header, in the body": {row("coinbase-cdp"), sent{`{"a":1}`, "", append(cdp, "X-Event-Type: onchain.activity")}, []sent{
			{`activity.{"a":1}`, "", append(cdp, "X-Event-Type: onchain")}, {`.activity.{"a":1}`, "", append(cdp, "X-Event-Type: onchain")}}},
		"a listed header and another delimiter": {signs("{timestamp}.{headers}.{headerValues}|{body}", "format", "t={timestamp},h={headers},v1={hex},..."),
			sent{"text|{}", "", []string{listed, "X-A: v"}}, []sent{{"{}", "", []string{listed, "X-A: v|text"}}}},
		"one of two values that may be left out": {signs("[a={header:X-A};b={header:X-B};]c={body}"), sent{"{}", "", []string{"X-Sig: " + mac("c={}")}}, []sent{
			{"{}", "", []string{"X-Sig: " + mac("c={}"), "X-A: EVIL"}}, {"{}", "", []string{"X-Sig: " + mac("c={}"), "X-B: EVIL"}}}},
		"an id that takes an old timestamp": {signs("{id}-{timestamp}-{body}", "idHeader", "X-Id", "timestampHeader", "X-Ts"),
			sent{"{}", "", []string{"X-Id: a", "X-Ts: " + stamp, "X-Sig: " + mac("a-"+stamp+"-{}")}},
			[]sent{{"EVIL", "", []string{"X-Id: a-1772000000-note", "X-Ts: " + stamp, "X-Sig: " + mac("a-1772000000-note-"+stamp+"-EVIL")}}}},
		"an id that takes an old timestamp which nothing separates": {signs("{id}{timestamp}{body}", "idHeader", "X-Id", "timestampHeader", "X-Ts"),
			sent{"{}", "", []string{"X-Id: a", "X-Ts: " + stamp, "X-Sig: " + mac("a"+stamp+"{}")}},
			[]sent{{"EVIL", "", []string{"X-Id: a1772000000", "X-Ts: " + stamp, "X-Sig: " + mac("a1772000000"+stamp+"EVIL")}}}},
	} {
		capture(t)
		g := newTestGate(name, c.options, hooktest.TestTime)
		if got := reasonToSent(g, c.genuine); got != verdict.Verified {
			t.Errorf("%s: the genuine delivery: %s", name, got)
		}
		for _, s := range c.altered {
			if got := reasonToSent(g, s); verdict.Depths[got] == 0 && got != verdict.SignatureMissing || got == verdict.Verified {
				t.Errorf("VULNERABLE: %s: %+v: %s", name, s, got)
			}
		}
	}
}

// What whoever has seen one delivery could make of it.
func TestAdvisories(t *testing.T) {
	capture(t)
	form := "Content-Type: application/x-www-form-urlencoded"
	// A JSON delivery of Twilio's, with its body taken away.
	twilio := map[string]any{"provider": "twilio", "secrets": hooktest.DocsSecret, "publicURL": "https://hooks.example.com"}
	query := "bodySHA256=" + string(signature.BodyDigest("", []byte(`{"a":1}`)))
	mac := hooktest.Base64Of(t, hooktest.HexMACOf("hmac-sha1", hooktest.DocsSecret, "https://hooks.example.com/hooks?"+query))
	for body, want := range map[string]bool{`{"a":1}`: true, "": false, "=&=": false, "a=1": false} {
		r := hooktest.NewPost(body, form, "X-Twilio-Signature: "+mac)
		r.URL.RawQuery = query
		if x := decide(newTestGate(t.Name(), twilio, hooktest.TestTime), r, hooktest.TestTime); (x.reason == verdict.Verified) != want {
			t.Errorf("VULNERABLE: Twilio's JSON with the body %q: %s", body, x.reason)
		}
	}
	// HubSpot's plain hash, hashed on from its result.
	hubspot := map[string]any{"provider": "hubspot-v1", "secrets": hooktest.DocsSecret}
	if x := decide(newTestGate(t.Name(), hubspot, hooktest.TestTime), hooktest.NewPost("{}\x80\x00\x00", "X-HubSpot-Signature: "+strings.Repeat("0", 64)), hooktest.TestTime); x.reason != verdict.BodyMalformed {
		t.Errorf("VULNERABLE: padding in a body: %s", x.reason)
	}
	// A signature of Coinbase's v1 as one of v0.
	stamp := "1772366400"
	v1 := hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, stamp+`.x-event-id x-event-type.evt1.order.created.{"amount":1}`)
	coinbase := map[string]any{"provider": "coinbase-cdp", "secrets": hooktest.DocsSecret}
	headers := []string{"X-Event-Id: evt1", "X-Event-Type: order.created"}
	for body, header := range map[string]string{
		`{"amount":1}`: "t=" + stamp + ",v0=00,h=x-event-id x-event-type,v1=" + v1,
		`x-event-id x-event-type.evt1.order.created.{"amount":1}`: "t=" + stamp + ",v0=" + v1,
		`created.{"amount":1}`: "t=" + stamp + ",h=x-event-id x-event-type.evt1,v1=" + v1,
	} {
		x := decide(newTestGate(t.Name(), coinbase, hooktest.TestTime), hooktest.NewPost(body, append(headers, "X-Hook0-Signature: "+header)...), hooktest.TestTime)
		if (x.reason == verdict.Verified) != (body == `{"amount":1}`) {
			t.Errorf("VULNERABLE: %s: %s", body, x.reason)
		}
	}
	// Of two forms of headers, the backend sees the one that was verified.
	svix := map[string]any{"provider": "svix", "secrets": "whsec_" + hooktest.Base64Text(hooktest.DocsSecret)}
	b := &hooktest.Backend{}
	r := hooktest.NewPost("{}", "Svix-Id: msg_1", "Webhook-Id: forged", "Webhook-Timestamp: 1")
	now := fmt.Sprint(time.Now().Unix())
	r.Header.Set("Svix-Timestamp", now)
	r.Header.Set("Svix-Signature", "v1,"+hooktest.Base64MACOf(hooktest.DocsSecret, "msg_1."+now+".{}"))
	newTestHandler(t, b.Handler(), svix).ServeHTTP(httptest.NewRecorder(), r)
	if len(b.Requests) != 1 || b.Requests[0].Header.Get("Webhook-Id") != "" || b.Requests[0].Header.Get("Svix-Id") != "msg_1" {
		t.Errorf("VULNERABLE: the backend got %v", b.Requests)
	}
}

// manyFields is a query of more fields than are looked through.
func manyFields() string {
	text := ""
	for i := 0; i < 1000; i++ {
		text += fmt.Sprintf("&k%d", i)
	}
	return text
}

// Genuine deliveries that look odd must not be lost.
func TestOddDeliveries(t *testing.T) {
	capture(t)
	const key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
	adyen := newTestGate("adyen", map[string]any{"provider": "adyen", "secrets": key}, hooktest.TestTime)
	item := func(reference, more string) string {
		text := "psp::acct:" + reference + ":1000:EUR:AUTHORISATION:true"
		mac := hooktest.Base64Of(t, hooktest.HexMACOf("hmac-sha256", string(secrets.Decode(key, "hex").Key), text))
		return `{"notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":"` + mac + `"` + more + `},"pspReference":"psp","merchantAccountCode":"acct","merchantReference":"` +
			reference + `","amount":{"value":1000,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true"}}]}`
	}
	for body, want := range map[string]string{
		item("caf\ufffd", ""):                                  verdict.Verified,
		item("ref", `,"metadata.ID":"1","metadata.id":"2"`):    verdict.Verified,
		item("ref", `,"note":"\ud800"`):                        verdict.Verified,
		item("caf\ufffd", `,"note":"\ud800"`):                  verdict.SignedTextAmbiguous, // which of the two is signed?
		item("ref", `,"HmacSignature":"x"`):                    verdict.BodyMalformed,
		strings.Replace(item("ref", ""), `"psp"`, `"psp2"`, 1): verdict.SignatureMismatch,
	} {
		if got := decide(adyen, hooktest.NewPost(body), hooktest.TestTime); got.reason != want || want != verdict.Verified && got.proof.Secret != 0 {
			t.Errorf("%s: %s, want %s", body, got.reason, want)
		}
	}

	// Newer Svix sends each header by two names; what the backend gets by the other
	// one is the same, or nothing.
	svix := map[string]any{"provider": "svix", "secrets": "whsec_" + hooktest.Base64Text(hooktest.DocsSecret)}
	now := fmt.Sprint(time.Now().Unix())
	signature := "v1," + hooktest.Base64MACOf(hooktest.DocsSecret, "msg_1."+now+".{}")
	for other, want := range map[string]string{"msg_1": "msg_1", "msg_2": "", now: ""} {
		b := &hooktest.Backend{}
		r := hooktest.NewPost("{}", "Svix-Id: msg_1", "Svix-Timestamp: "+now, "Svix-Signature: "+signature, "Webhook-Id: "+other, "Webhook-Timestamp: "+now, "Webhook-Signature: "+signature)
		newTestHandler(t, b.Handler(), svix).ServeHTTP(httptest.NewRecorder(), r)
		if len(b.Requests) != 1 || b.Requests[0].Header.Get("Webhook-Id") != want || b.Requests[0].Header.Get("Webhook-Signature") != signature {
			t.Errorf("Webhook-Id %s: the backend got %v", other, b.Requests)
		}
	}
}

// A name that a struct's tag can't have is read the long way, not from another
// field.
func TestOddNames(t *testing.T) {
	body := []byte(`{"a":"wrong","A":"wrong","it's":"right","😀":"right","a b":"right","b-c_d":"right"}`)
	for _, name := range []string{"it's", "😀", "a b", "b-c_d", "none\x7f"} {
		p := mustCompile(t, map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig", "idField": "json:" + name}})
		x := &exchange{Message: message.Message{Request: hooktest.NewPost(string(body)), Body: body}, proof: signature.Proof{Scheme: p.Schemes[0]}}
		noteDelivery(p, x)
		if x.deliveryID != "right" && (x.deliveryID != "" || name != "none\x7f") {
			t.Errorf("%q: %q", name, x.deliveryID)
		}
	}
}

// Templates that leave bytes to be moved are told of.
func TestLooseTemplates(t *testing.T) {
	for signs, want := range map[string]string{
		"{header:Digest==sha256:body}{timestamp}":       "does not contain {body}",
		"{query:d==sha256:body}{timestamp}":             "does not contain {body}",
		"{header:Digest==sha256:body}{header:Digest}":   "",
		"{query:d==sha256:body}{path}?{query}":          "",
		"[.{header:X-A}].{header:X-B}.{body}":           "[...]",
		"[x:{header:X-A};][x:{header:X-B};]y:{body}":    "[...]",
		"[xy:{header:X-A};]x{body}":                     "[...]",
		"[{header:X-A}.]v{header:X-B}.{body}":           "[...]",
		"[a:{header:X-A};][b:{header:X-B};]c:{body}":    "",
		"{timestamp}{body}":                             "epoch has two lengths",
		"{timestamp}0{body}":                            "epoch has two lengths",
		"{timestamp}.{body}":                            "",
		"{header:X-A}{body}":                            "{header:X-A}",
		"v:{header:X-A}[;{header:X-B}].{body}":          "{header:X-A}",
		"{timestamp}.{headers}.{headerValues}{body}":    "{headerValues}",
		"{body}.{timestamp}":                            "",
		"{header:X-A}.{sha256:body}":                    "",
		"{query:d==sha256:body}{url}{header:X-A==text}": "",
	} {
		section := map[string]any{"header": "X-Sig", "signs": signs}
		if strings.Contains(signs, "{timestamp}") {
			section["timestampHeader"] = "X-Ts"
			section["timestampUnit"] = "epoch"
		}
		if strings.Contains(signs, "{headers}") {
			section["format"] = "h={headers},v1={hex},..."
		}
		raw := map[string]any{"secrets": "0123456789abcdef0123456789abcdef", "signature": section}
		if strings.Contains(signs, "{url}") {
			raw["publicURL"] = "https://hooks.example.com"
		}
		c := policy.Compile(raw)
		if c.Policy == nil {
			t.Errorf("%s: %q", signs, c.Problems)
			continue
		}
		found := []string{}
		for _, w := range c.Warnings {
			if w.Path == "signature.signs" {
				found = append(found, w.Text)
			}
		}
		if want == "" && len(found) > 0 || want != "" && !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("%s: %q, want %q", signs, found, want)
		}
	}
}
