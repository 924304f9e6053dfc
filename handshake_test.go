package hookward

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// asked sends a request to a gate, in front of a backend that must see nothing.
func asked(t *testing.T, raw map[string]any, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	b := &hooktest.Backend{}
	rw := httptest.NewRecorder()
	newTestHandler(t, b.Handler(), raw).ServeHTTP(rw, r)
	if len(b.Requests) != 0 {
		t.Errorf("VULNERABLE: %s %s reached the backend", r.Method, r.URL)
	}
	return rw
}

func TestMetaHandshake(t *testing.T) {
	const word = "the word to repeat"
	raw := map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": word}
	for query, want := range map[string]int{
		"hub.mode=subscribe&hub.verify_token=the+word+to+repeat&hub.challenge=1158201444":                               200,
		"hub.mode=subscribe&hub.verify_token=another+word&hub.challenge=1158201444":                                     403,
		"hub.mode=subscribe&hub.verify_token=&hub.challenge=1158201444":                                                 403,
		"hub.mode=subscribe&hub.challenge=1158201444":                                                                   403,
		"hub.mode=subscribe&hub.verify_token=" + strings.ReplaceAll(hooktest.DocsSecret, " ", "+") + "&hub.challenge=1": 403,
		"hub.mode=subscribe&hub.verify_token=the+word+to+repeat&hub.verify_token=x&hub.challenge=1":                     403,
		"hub.mode=subscribe&hub.verify_token=the+word+to+repeat&hub.challenge=%3Cscript%3E":                             403,
		"hub.mode=subscribe&hub.verify_token=the+word+to+repeat&hub.challenge=a%0D%0AX-Evil%3A1":                        403,
		"hub.mode=subscribe&hub.verify_token=the+word+to+repeat&hub.challenge=" + strings.Repeat("1", 513):              403,
		"hub.mode=subscribe&hub.verify_token=the+word+to+repeat&hub.challenge=1&hub.challenge=2":                        403,
		"hub.mode=unsubscribe&hub.verify_token=the+word+to+repeat&hub.challenge=1158201444":                             405,
		"": 405,
	} {
		records, _ := capture(t)
		rw := asked(t, raw, httptest.NewRequest(http.MethodGet, "/hooks?"+query, nil))
		body := rw.Body.String()
		if rw.Code != want || (want == 200) != (body == "1158201444") {
			t.Errorf("%s: %d %q, want %d", query, rw.Code, body, want)
		}
		text := records.String()
		record := hooktest.OnlyRecord(t, records)
		if (want == 200) != (record["hookward.decision"] == "handshake") || strings.Contains(text, "1158201444") || strings.Contains(text, word) {
			t.Errorf("%s: the record is %s", query, text)
		}
		if rw.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(rw.Header().Get("Content-Type"), "text/plain") || rw.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", query, rw.Header())
		}
	}
	// The word verifies no delivery, and without it the question is not answered.
	capture(t)
	for key, want := range map[string]string{word: verdict.SignatureMismatch, hooktest.DocsSecret: verdict.Verified} {
		g := newTestGate(t.Name(), raw, hooktest.TestTime)
		if x := decide(g, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", key, hooktest.DocsBody)), hooktest.TestTime); x.reason != want {
			t.Errorf("VULNERABLE: signed with %q: %s", key, x.reason)
		}
	}
	rw := asked(t, map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret}, httptest.NewRequest(http.MethodGet, "/?hub.mode=subscribe&hub.verify_token=&hub.challenge=1", nil))
	if rw.Code != http.StatusMethodNotAllowed {
		t.Errorf("VULNERABLE: without a verify token: %d", rw.Code)
	}
	off := map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "handshakes": "false"}
	if rw := asked(t, off, httptest.NewRequest(http.MethodGet, "/?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1", nil)); rw.Code != http.StatusMethodNotAllowed || rw.Header().Get("Allow") != "POST" {
		t.Errorf("switched off: %d %v", rw.Code, rw.Header())
	}
}

// What is answered with the key of the deliveries must be no delivery's
// signature: the answer to a question is of no use as one.
func TestHandshakesAreNoOracle(t *testing.T) {
	for provider, c := range map[string]struct{ query, challenge string }{
		"x-twitter": {"crc_token", "e30="}, "linkedin": {"challengeCode", "890e4665-4dfe-4ab1-b689-ed553bceeed0"},
	} {
		raw := map[string]any{"provider": provider, "secrets": hooktest.DocsSecret}
		capture(t)
		rw := asked(t, raw, httptest.NewRequest(http.MethodGet, "/?"+c.query+"="+c.challenge, nil))
		if rw.Code != 200 || rw.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v", provider, rw.Code, rw.Header())
		}
		for _, challenge := range []string{"%7B%22a%22%3A1%7D", "v0%3A1%3Ax", "hmacsha256%3D%7B%7D", "%22", "a%20b", strings.Repeat("a", 600)} {
			if rw := asked(t, raw, httptest.NewRequest(http.MethodGet, "/?"+c.query+"="+challenge, nil)); rw.Code != 403 {
				t.Errorf("VULNERABLE: %s answers %s: %d %s", provider, challenge, rw.Code, rw.Body)
			}
		}
	}
	// A body that could have been a challenge, signed by the answer to it.
	capture(t)
	mac := "sha256=" + hooktest.Base64MACOf(hooktest.DocsSecret, "e30=")
	g := newTestGate(t.Name(), map[string]any{"provider": "x-twitter", "secrets": hooktest.DocsSecret}, hooktest.TestTime)
	if x := decide(g, hooktest.NewPost("e30=", "X-Twitter-Webhooks-Signature: "+mac), hooktest.TestTime); x.reason != verdict.SignedTextAmbiguous {
		t.Errorf("VULNERABLE: the answer to a question signs a delivery: %s", x.reason)
	}
	if x := decide(g, hooktest.NewPost(`{"a":1}`, "X-Twitter-Webhooks-Signature: sha256="+hooktest.Base64MACOf(hooktest.DocsSecret, `{"a":1}`)), hooktest.TestTime); x.reason != verdict.Verified {
		t.Errorf("a delivery: %s", x.reason)
	}
}

// A question that a provider signs is answered to nobody else.
func TestSignedHandshakes(t *testing.T) {
	raw := map[string]any{"provider": "slack", "secrets": hooktest.DocsSecret}
	body := `{"type":"url_verification","token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`
	stamp := "X-Slack-Request-Timestamp: 1772366400"
	signed := "X-Slack-Signature: v0=" + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, "v0:1772366400:"+body)
	for _, c := range []struct {
		body, signature, want string
	}{
		{body, signed, verdict.HandshakeAnswered},
		{body, "X-Slack-Signature: v0=" + strings.Repeat("0", 64), verdict.SignatureMismatch},
		{body, "X-None: x", verdict.SignatureMissing},
		{strings.Replace(body, "url_verification", "event_callback", 1), signed, verdict.SignatureMismatch},
		{strings.Replace(body, "3eZ", "<b>", 1), "X-Slack-Signature: v0=" + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, "v0:1772366400:"+strings.Replace(body, "3eZ", "<b>", 1)), verdict.HandshakeRefused},
	} {
		capture(t)
		g := newTestGate(t.Name(), raw, hooktest.TestTime)
		x := decide(g, hooktest.NewPost(c.body, stamp, c.signature), hooktest.TestTime)
		if x.reason != c.want || x.forward || (x.answer != nil) != (c.want == verdict.HandshakeAnswered) {
			t.Errorf("%.40s: %s, want %s", c.body, x.reason, c.want)
		}
	}
}

// The answer reflects nothing but the challenge, in the place that is meant.
func TestHandshakesReflectNothingElse(t *testing.T) {
	for provider, request := range map[string]*http.Request{
		"asana":       hooktest.NewPost("", "X-Hook-Secret: b537207f20cbfa02357cf448134da559"),
		"trello":      httptest.NewRequest(http.MethodHead, "/?x=evil", nil),
		"cloudevents": httptest.NewRequest(http.MethodOptions, "/?x=evil", nil),
		"okta":        httptest.NewRequest(http.MethodGet, "/?x=evil", nil),
	} {
		request.Header.Set("WebHook-Request-Origin", "eventgrid.azure.net")
		request.Header.Set("X-Okta-Verification-Challenge", "8ac84c1d-3f37-43f8")
		request.Header.Set("X-Evil", "evil")
		raw := map[string]any{"provider": provider, "secrets": hooktest.DocsSecret}
		if provider == "trello" {
			raw["publicURL"] = "https://hooks.example.com/"
		}
		capture(t)
		rw := asked(t, raw, request)
		text := rw.Body.String()
		for name, values := range rw.Header() {
			text += "\n" + name + ": " + strings.Join(values, ",")
		}
		if rw.Code != 200 || strings.Contains(text, "evil") {
			t.Errorf("%s: %d %s", provider, rw.Code, text)
		}
	}
	capture(t)
	rw := asked(t, map[string]any{"provider": "asana", "secrets": hooktest.DocsSecret}, hooktest.NewPost("", "X-Hook-Secret: a, b"))
	if rw.Code != 403 || rw.Header().Get("X-Hook-Secret") != "" {
		t.Errorf("VULNERABLE: %d %v", rw.Code, rw.Header())
	}
}

func TestHandshakeMistakes(t *testing.T) {
	with := func(pairs ...string) map[string]any {
		h := map[string]any{"method": "GET", "unsigned": "true", "challenge": "query:c", "answer": "{challenge}"}
		for i := 0; i+1 < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "handshakes": []any{h}}
	}
	for _, c := range []struct {
		raw  map[string]any
		want string
	}{
		{with("method", "PUT"), "handshakes[0].method: \"PUT\" is not one of"},
		{with("unsigned", "false"), "handshakes[0].unsigned: must be true"},
		{with("when", "body=1"), "handshakes[0].when[0]: \"body\" is not a location"},
		{with("challenge", "c"), "handshakes[0].challenge: \"c\" is not a location"},
		{map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "handshakes": []any{map[string]any{"when": "json:type=ping", "unsigned": "true", "digest": "hmac-sha256", "answer": "{hex}"}}}, "handshakes[0].challenge: is required"},
		{map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "handshakes": []any{map[string]any{"when": "json:type=ping", "answer": "{challenge}"}}}, "handshakes[0].challenge: is required"},
		{map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "handshakes": []any{map[string]any{"when": "json:type=ping", "answerHeaders": "X-A: {challenge}"}}}, "handshakes[0].challenge: is required"},
		{with("pattern", "any"), "handshakes[0].pattern: \"any\" is not known"},
		{with("answer", "{hex}"), "handshakes[0].answer: {hex} can't stand here"},
		{with("answer", "{body}"), "handshakes[0].answer: {body} can't stand here"},
		{with("answer", "{challenge"), "handshakes[0].answer: has a brace"},
		{with("answerHeaders", "X-A"), "handshakes[0].answerHeaders[0]: \"X-A\" is not a header"},
		{map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "handshakes": []any{map[string]any{"status": "200"}}}, "handshakes[0].when: is required"},
		{map[string]any{"provider": "trello", "publicURL": "https://x/", "secrets": hooktest.DocsSecret, "methods": "HEAD,POST"}, "handshakes[0].when: is required"},
		{with("status", "302"), "handshakes[0].status: must be from 200 to 299"},
		{with("digest", "ed25519"), "handshakes[0].digest: \"ed25519\" is not known"},
		{with("digest", "hmac-sha256", "digestOf", "{secret}"), "handshakes[0].digestOf: {secret} can't stand here"},
		{with("digest", "hmac-sha256", "pattern", "text"), "handshakes[0].pattern: can't be text"},
		{with("digest", "hash-sha256", "digestOf", "{url}"), "publicURL: is required"},
		{map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "verifyToken": "x"}, "verifyToken: has no effect"},
		{map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": hooktest.DocsSecret}, "verifyToken: is one of secrets too"},
	} {
		got := policy.Compile(c.raw)
		if got.Policy != nil || len(got.Problems) == 0 || !strings.HasPrefix(config.Sentence(got.Problems[0]), c.want) {
			t.Errorf("%v: %q, want %s", c.raw["handshakes"], got.Problems, c.want)
		}
	}
}

// Oracle: to look at a verified request once more. A policy that does not ask for it
// would learn nothing from it.
func TestAsksVerified(t *testing.T) {
	capture(t)
	spared := 0
	for _, v := range hooktest.ReadVectors(t) {
		g := newTestGate("vector", v.Options, v.Now)
		if v.Expect != verdict.Verified || g.Fixed.Policy.AsksVerified || g.Fixed.Policy.Replay != nil {
			continue
		}
		spared++
		asks := *g.Fixed.Policy
		asks.AsksVerified = true
		want := decide(g, hooktest.RequestOf(v), v.Now)
		got := decide(&gates.Gate{Name: g.Name, Fixed: &gates.InForce{Policy: &asks, State: g.Fixed.State}}, hooktest.RequestOf(v), v.Now)
		if got.reason != verdict.Verified || got.deliveryID != want.deliveryID || got.eventType != want.eventType {
			t.Errorf("%s: %s %q %q, want %s %q %q", v.Name, got.reason, got.deliveryID, got.eventType, want.reason, want.deliveryID, want.eventType)
		}
	}
	if spared < 10 {
		t.Errorf("only %d are spared", spared)
	}
}

// Of several texts for one place one is enough, and nothing that has them in it is.
func TestTextsForOnePlace(t *testing.T) {
	raw := map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig"}, "handshakes": []any{map[string]any{
		"when": []any{"json:kind=ping_one", "json:kind=ping_two", "json:from", "json:from=here"}, "answer": "pong", "unsigned": "true"}}}
	for body, want := range map[string]int{
		`{"kind":"ping_one","from":"here"}`:              200,
		`{"kind":"ping_two","from":"here"}`:              200,
		`{"kind":"ping_two","from":"there"}`:             401,
		`{"kind":"ping_two"}`:                            401,
		`{"kind":"ping_three","from":"here"}`:            401,
		`{"kind":"ping_one=ping_two","from":"here"}`:     401,
		`{"kind":["ping_one","ping_two"],"from":"here"}`: 401,
	} {
		capture(t)
		if rw := asked(t, hooktest.Unbanned(raw), hooktest.NewPost(body)); rw.Code != want {
			t.Errorf("%s: %d, want %d", body, rw.Code, want)
		}
	}
}

// A form in which strangers ask has the fields that the handshake reads and no others, in
// either of its encodings: else it is a delivery that nobody has signed.
func TestFormsOfStrangers(t *testing.T) {
	raw := map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig"}, "handshakes": []any{map[string]any{
		"when": []any{"multipart:check=1"}, "answer": "pong", "unsigned": "true"}}}
	const part = "--b1\r\nContent-Disposition: form-data; name="
	check := part + "\"check\"\r\n\r\n1\r\n"
	for body, want := range map[string]int{
		check + "--b1--":                                         200,
		check + part + "\"x\"\r\n\r\n\r\n--b1--":                 401,
		check + part + "\"x\"; filename=\"a\"\r\n\r\n\r\n--b1--": 401,
		check + check + "--b1--":                                 401,
		part + "\"check\"\r\n\r\n2\r\n--b1--":                    401,
		"check=1":                                                401,
	} {
		capture(t)
		if rw := asked(t, hooktest.Unbanned(raw), hooktest.NewPost(body, "Content-Type: multipart/form-data; boundary=b1")); rw.Code != want {
			t.Errorf("%q: %d, want %d", body, rw.Code, want)
		}
	}
}

// A 405 does not name the method that it refuses.
func TestAllowNamesOthers(t *testing.T) {
	raw := map[string]any{"provider": "azure-event-grid", "secrets": hooktest.DocsSecret, "token": map[string]any{"query": "code"}}
	for method, want := range map[string]string{"OPTIONS": "POST", "PUT": "POST, OPTIONS"} {
		capture(t)
		rw := asked(t, raw, httptest.NewRequest(method, "/", nil))
		if rw.Code != http.StatusMethodNotAllowed || rw.Header().Get("Allow") != want {
			t.Errorf("%s: %d, Allow: %q, want %q", method, rw.Code, rw.Header().Get("Allow"), want)
		}
	}
}

// Xero's intent to receive takes no answer with a body, of a refusal neither.
func TestRefusalsWithoutBody(t *testing.T) {
	const body = `{"events":[],"firstEventSequence":0,"lastEventSequence":0}`
	for provider, want := range map[string]string{"xero": "", "shopify": "Unauthorized\n"} {
		capture(t)
		rw := asked(t, map[string]any{"provider": provider, "secrets": hooktest.DocsSecret}, hooktest.NewPost(body, "X-Xero-Signature: "+hooktest.Base64MACOf("another", body)))
		if rw.Code != http.StatusUnauthorized || rw.Body.String() != want || provider == "xero" && rw.Header().Get("Content-Type") != "" {
			t.Errorf("%s: %d %q %v", provider, rw.Code, rw.Body, rw.Header())
		}
	}
}
