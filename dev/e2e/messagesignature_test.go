package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// sender signs by RFC 9421, written from the RFC: each component is a line that the test
// spells out.
type sender struct {
	edwards ed25519.PrivateKey
	curve   *ecdsa.PrivateKey
}

func newSender(t *testing.T) sender {
	t.Helper()
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sender{edwards, curve}
}

// keys are the option publicKeys.
func (k sender) keys(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&k.curve.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	return fmt.Sprintf("[%q, %q]", hex.EncodeToString(k.edwards.Public().(ed25519.PublicKey)), block)
}

// sign returns a signature over the lines of components and the parameters.
func (k sender) sign(params string, lines []string) []byte {
	return ed25519.Sign(k.edwards, []byte(strings.Join(append(append([]string{}, lines...), `"@signature-params": `+params), "\n")))
}

func contentDigest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

const coveredUsually = `("@method" "@target-uri" "content-digest")`

// signedMessage is a request with a signature, which a test may change.
func (s *site) signedMessage(k sender, gate, body, params string, more ...string) *http.Request {
	r := s.request(gate, body, "Content-Digest: "+contentDigest(body), "Content-Type: application/json")
	r.Host = "Hooks.Example.com"
	lines := append([]string{`"@method": POST`, `"@target-uri": http://hooks.example.com` + r.URL.Path, `"content-digest": ` + contentDigest(body)}, more...)
	r.Header["Signature-Input"] = []string{"sig1=" + params}
	r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(k.sign(params, lines)) + ":"}
	return r
}

func createdAt(at time.Time) string {
	return fmt.Sprintf(";created=%d", at.Unix())
}

func TestMessageSignatures(t *testing.T) {
	k := newSender(t)
	keys := k.keys(t)
	s := start(t, nil, []gate{
		{name: "ms", options: `{publicKeys: ` + keys + `, messageSignature: {}}`},
		{name: "more", options: `{publicKeys: ` + keys + `, messageSignature: {coverIfPresent: ["@query", idempotency-key], tags: ["t/v1"], parameters: [created, expires, nonce], maxLifetime: 5m, minNonceBytes: "16", wwwAuthenticate: adcp}}`},
		{name: "url", options: `{publicKeys: ` + keys + `, messageSignature: {}, publicURL: "https://hooks.example.com"}`},
		{name: "once", options: `{publicKeys: ` + keys + `, messageSignature: {}, replay: {onDuplicate: reject}}`},
		{name: "nonce", options: `{publicKeys: ` + keys + `, messageSignature: {parameters: [created, nonce]}, replay: {onDuplicate: reject}}`},
		{name: "ucp", options: `{provider: ucp, publicKeys: ` + keys + `, replay: {onDuplicate: reject}}`},
		{name: "inbox", options: `{provider: activitypub-rfc9421, publicKeys: ` + keys + `}`},
		{name: "cavage", options: `{publicKeys: ` + keys + `, messageSignature: {dialect: cavage}}`},
	}, gateway.Settings{})
	body := `{"id":"a"}`
	now := createdAt(time.Now())

	t.Run("passes", func(t *testing.T) {
		r := s.signedMessage(k, "ms", body, coveredUsually+now+`;keyid="k";alg="ed25519"`)
		signature := r.Header["Signature"][0]
		a := exchange(t, s.client, r)
		arrived, _ := s.passed(t, a)
		unchanged(t, arrived, body)
		if arrived.Header.Get("Signature") != signature || arrived.Header.Get("Signature-Input") == "" {
			t.Errorf("the signature has become %q", arrived.Header["Signature"])
		}
		if r := s.records(t, a.path); len(r) != 1 || r[0].SignatureLabel != "sig1" || r[0].SignatureKeyID != "k" || r[0].SignatureAlgorithm != "ed25519" || r[0].PublicKey != 1 {
			t.Errorf("the record is %+v", r)
		}
	})
	t.Run("traps", func(t *testing.T) { s.messageTraps(t, k, body, now) })
	t.Run("profile", func(t *testing.T) { s.messageProfile(t, k, body) })
	t.Run("protocols", func(t *testing.T) { s.messageProtocols(t, k, body, now) })
	t.Run("encodings", func(t *testing.T) { s.messageEncodings(t, k, now) })
	t.Run("replays", func(t *testing.T) { s.messageReplays(t, k, body) })
	t.Run("rows", func(t *testing.T) { s.messageRows(t, k) })
	t.Run("cavage", func(t *testing.T) { s.messageCavage(t, k, body) })
}

// messageTraps are S01 to S10, S14, S18 to S21 and S30 of what others' verifiers have let
// pass: each is signed rightly but for what it is about.
func (s *site) messageTraps(t *testing.T, k sender, body, now string) {
	usual := coveredUsually + now
	other := `{"id":"b"}`
	query := `("@method" "@target-uri" "content-digest" "@query-param";name="a")` + now
	for _, c := range []struct {
		name, params, reason string
		lines                []string
		change               func(r *http.Request)
	}{
		{"S01 nothing", `()` + now, "component_missing", nil, nil},
		{"S01 the host alone", `("@authority")` + now, "component_missing", nil, nil},
		{"S02 another body", usual, "digest_mismatch", nil, func(r *http.Request) { replaceBody(r, other) }},
		{"S03 another body, and digest", `("@method" "@target-uri")` + now, "component_missing", nil, func(r *http.Request) {
			replaceBody(r, other)
			r.Header["Content-Digest"] = []string{contentDigest(other)}
		}},
		{"S03 another digest", usual, "signature_mismatch", nil, func(r *http.Request) {
			replaceBody(r, other)
			r.Header["Content-Digest"] = []string{contentDigest(other)}
		}},
		{"S04 two digests", usual, "digest_missing", nil, func(r *http.Request) { r.Header.Add("Content-Digest", contentDigest(body)) }},
		{"S04 md5", usual, "digest_missing", nil, func(r *http.Request) { r.Header["Content-Digest"] = []string{"md5=:AAAA:"} }},
		{"S05 no signature", usual, "signature_missing", nil, func(r *http.Request) { delete(r.Header, "Signature") }},
		{"S05 no input", usual, "signature_missing", nil, func(r *http.Request) { delete(r.Header, "Signature-Input") }},
		{"S05 other label", usual, "signature_missing", nil, func(r *http.Request) { r.Header["Signature-Input"] = []string{"sig2=" + usual} }},
		{"S05 two inputs", usual, "signature_malformed", nil, func(r *http.Request) { r.Header.Add("Signature-Input", "sig1="+usual) }},
		{"S05 in a string", usual, "signature_missing", nil, func(r *http.Request) {
			r.Header["Signature-Input"] = []string{`x=("@method");nonce="sig1=` + strings.ReplaceAll(usual, `"`, `\"`) + `"`}
		}},
		{"S06 twice", `("@method" "@method" "@target-uri" "content-digest")` + now, "signature_malformed", nil, nil},
		{"S06 status", `("@status" "@method" "@target-uri" "content-digest")` + now, "signature_malformed", nil, nil},
		{"S06 of a response", `("@method";req "@target-uri" "content-digest")` + now, "signature_malformed", nil, nil},
		{"S06 a trailer", `("@method" "@target-uri" "content-digest" "x";tr)` + now, "signature_malformed", nil, nil},
		{"S07 created is a string", coveredUsually + `;created="1"`, "signature_malformed", nil, nil},
		{"S07 created is true", coveredUsually + `;created`, "signature_malformed", nil, nil},
		{"S07 no created", coveredUsually, "parameter_missing", nil, nil},
		{"S08 absent", `("@method" "@target-uri" "content-digest" "x-absent")` + now, "component_missing", []string{`"x-absent": `}, nil},
		{"S08 two types", `("@method" "@target-uri" "content-digest" "content-type")` + now, "signed_text_ambiguous", []string{`"content-type": application/json, text/xml`}, func(r *http.Request) { r.Header.Add("Content-Type", "text/xml") }},
		{"S09 a MAC", usual + `;alg="hmac-sha256"`, "algorithm_refused", nil, nil},
		{"S09 none", usual + `;alg="none"`, "algorithm_refused", nil, nil},
		{"S09 another key's", usual + `;alg="ecdsa-p256-sha256"`, "signature_mismatch", nil, nil},
		{"S10 63 bytes", usual, "signature_mismatch", nil, func(r *http.Request) {
			r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(make([]byte, 63)) + ":"}
		}},
		{"S14 late", coveredUsually + createdAt(time.Now().Add(-time.Hour)), "timestamp_too_old", nil, nil},
		{"S14 early", coveredUsually + createdAt(time.Now().Add(3*time.Minute)), "timestamp_too_new", nil, nil},
		{"S14 ends before", usual + `;expires=1`, "timestamp_malformed", nil, nil},
		{"S18 twice", query, "signed_text_ambiguous", []string{`"@query-param";name="a": 1`}, func(r *http.Request) { r.URL.RawQuery = "a=1&a=1" }},
		{"S19 forwarded", usual, "signature_mismatch", nil, func(r *http.Request) {
			r.Host = "elsewhere.example.com"
			r.Header["X-Forwarded-Host"] = []string{"hooks.example.com"}
		}},
		{"S20 no padding", usual, "signature_malformed", nil, func(r *http.Request) {
			r.Header["Signature"][0] = strings.ReplaceAll(r.Header["Signature"][0], "=:", ":")
		}},
		{"S21 labels", usual, "signature_malformed", nil, func(r *http.Request) {
			for i := range 100 {
				r.Header.Add("Signature-Input", fmt.Sprintf("l%d=()", i))
			}
		}},
		{"S21 components", `(` + strings.Repeat(`"a" `, 5000) + `)` + now, "signature_malformed", nil, nil},
		{"Connection takes it away", usual, "signature_missing", nil, func(r *http.Request) { r.Header["Connection"] = []string{"signature"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.signedMessage(k, "ms", body, c.params, c.lines...)
			if c.change != nil {
				c.change(r)
			}
			a := exchange(t, s.client, r)
			s.refused(t, a, http.StatusUnauthorized, c.reason)
			if a.Header.Get("WWW-Authenticate") != "" {
				t.Errorf("a stranger is told %q", a.Header.Get("WWW-Authenticate"))
			}
		})
	}
	// S30: the second of two is right.
	r := s.signedMessage(k, "ms", body, usual)
	r.Header["Signature-Input"] = []string{"bad=" + usual + ", " + r.Header["Signature-Input"][0]}
	r.Header["Signature"] = []string{"bad=:AAAA:, " + r.Header["Signature"][0]}
	a := exchange(t, s.client, r)
	s.passed(t, a)
	if found := s.records(t, a.path); found[0].SignatureLabel != "sig1" {
		t.Errorf("label %q", found[0].SignatureLabel)
	}
}

func replaceBody(r *http.Request, body string) {
	r.Body = io.NopCloser(strings.NewReader(body))
	r.ContentLength = int64(len(body))
	r.GetBody = nil
}

// messageProfile is S12, S14 and S15, and what AdCP's senders are told.
func (s *site) messageProfile(t *testing.T, k sender, body string) {
	at := func(life time.Duration) string {
		return createdAt(time.Now()) + fmt.Sprintf(";expires=%d", time.Now().Add(life).Unix())
	}
	const nonce = `;nonce="AAAAAAAAAAAAAAAAAAAAAA"`
	whole := coveredUsually + at(4*time.Minute) + nonce + `;tag="t/v1"`
	s.passed(t, exchange(t, s.client, s.signedMessage(k, "more", body, whole)))
	for _, c := range []struct {
		params, reason, said string
		header               string
	}{
		{strings.Replace(whole, "t/v1", "request/v1", 1), "tag_mismatch", "tag_invalid", ""},
		{coveredUsually + at(6*time.Minute) + nonce + `;tag="t/v1"`, "timestamp_malformed", "window_invalid", ""},
		{strings.Replace(whole, "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAA", 1), "nonce_malformed", "params_incomplete", ""},
		{strings.Replace(whole, nonce, "", 1), "parameter_missing", "params_incomplete", ""},
		{whole, "component_missing", "components_incomplete", "idempotency-key"},
		{strings.Replace(whole, `"content-digest"`, `"@authority"`, 1), "component_missing", "components_incomplete", ""},
		{whole + `;x=1;alg="rsa-pss-sha512"`, "algorithm_refused", "alg_not_allowed", ""},
	} {
		r := s.signedMessage(k, "more", body, c.params)
		if c.header != "" {
			r.Header.Set(c.header, "someone else's")
		}
		a := exchange(t, s.client, r)
		s.refused(t, a, http.StatusUnauthorized, c.reason)
		if got, want := a.Header.Get("WWW-Authenticate"), `Signature error="webhook_signature_`+c.said+`"`; got != want {
			t.Errorf("%s: %s, want %s", c.reason, got, want)
		}
	}
}

// messageProtocols is S29, and the URL as it is called: with and without TLS.
func (s *site) messageProtocols(t *testing.T, k sender, body, now string) {
	params := coveredUsually + now
	for name, client := range protocols() {
		for gate, scheme := range map[string]string{"ms": "http", "url": "https"} {
			r := s.signedMessage(k, gate, body, params)
			if strings.HasSuffix(name, "TLS") {
				r.URL.Scheme, r.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
				scheme = "https"
			}
			lines := []string{`"@method": POST`, `"@target-uri": ` + scheme + `://hooks.example.com` + r.URL.Path, `"content-digest": ` + contentDigest(body)}
			r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(k.sign(params, lines)) + ":"}
			arrived, _ := s.passed(t, exchange(t, client, r))
			unchanged(t, arrived, body)
		}
	}
}

// messageEncodings is S24: a digest is of the bytes as they came.
func (s *site) messageEncodings(t *testing.T, k sender, now string) {
	buffer := &bytes.Buffer{}
	w := gzip.NewWriter(buffer)
	_, _ = io.WriteString(w, `{"id":"compressed"}`)
	_ = w.Close()
	r := s.signedMessage(k, "ms", buffer.String(), coveredUsually+now)
	r.Header["Content-Encoding"] = []string{"gzip"}
	arrived, _ := s.passed(t, exchange(t, s.client, r))
	unchanged(t, arrived, buffer.String())
	r = s.signedMessage(k, "ms", `{"id":"compressed"}`, coveredUsually+now)
	r.Header["Content-Encoding"] = []string{"gzip"}
	replaceBody(r, buffer.String())
	s.refused(t, exchange(t, s.client, r), http.StatusUnauthorized, "digest_mismatch")
	// S25: a digest in a trailer is none.
	r = s.signedMessage(k, "ms", `{}`, coveredUsually+now)
	delete(r.Header, "Content-Digest")
	r.ContentLength = -1
	r.Trailer = http.Header{"Content-Digest": {contentDigest(`{}`)}}
	s.refused(t, exchange(t, s.client, r), http.StatusUnauthorized, "digest_missing")
}

// messageReplays is S11 and S12: what is the same delivery.
func (s *site) messageReplays(t *testing.T, k sender, body string) {
	again := func(r *http.Request) *http.Request {
		copied := r.Clone(r.Context())
		replaceBody(copied, body)
		return copied
	}
	first := s.signedMessage(k, "once", body, coveredUsually+createdAt(time.Now())+`;alg="ecdsa-p256-sha256"`)
	text := strings.Join([]string{`"@method": POST`, `"@target-uri": http://hooks.example.com` + first.URL.Path, `"content-digest": ` + contentDigest(body), `"@signature-params": ` + strings.TrimPrefix(first.Header["Signature-Input"][0], "sig1=")}, "\n")
	sum := sha256.Sum256([]byte(text))
	one, two, err := ecdsa.Sign(rand.Reader, k.curve, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	encode := func(b []byte) []string {
		return []string{"sig1=:" + base64.StdEncoding.EncodeToString(b) + ":"}
	}
	first.Header["Signature"] = encode(append(one.FillBytes(make([]byte, 32)), two.FillBytes(make([]byte, 32))...))
	changed := again(first)
	changed.Header["Signature"] = encode(append(one.FillBytes(make([]byte, 32)), two.Sub(k.curve.Params().N, two).FillBytes(make([]byte, 32))...))
	if status := s.statusOf(t, first); status != http.StatusOK {
		t.Fatalf("the first: %d", status)
	}
	if status := s.statusOf(t, again(first)); status != http.StatusConflict {
		t.Errorf("again: %d", status)
	}
	if status := s.statusOf(t, changed); status != http.StatusConflict {
		t.Errorf("with the other half of the curve: %d", status)
	}
	// Of one nonce, whatever else is signed.
	for i, want := range []int{http.StatusOK, http.StatusConflict, http.StatusOK} {
		params := coveredUsually + createdAt(time.Now().Add(-time.Duration(i)*time.Second)) + `;nonce="` + []string{"n", "n", "m"}[i] + `";keyid="k"`
		if status := s.statusOf(t, s.signedMessage(k, "nonce", body, params)); status != want {
			t.Errorf("delivery %d: %d, want %d", i, status, want)
		}
	}
}

// statusOf sends a request of which there may be others at its path.
func (s *site) statusOf(t *testing.T, r *http.Request) int {
	t.Helper()
	for i, path := range s.paths {
		if path == r.URL.Path {
			s.paths = append(s.paths[:i], s.paths[i+1:]...)
			break
		}
	}
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// messageRows are UCP's order webhooks, as its specification has them, also with the
// additions of Web Bot Auth, and an ActivityPub inbox.
func (s *site) messageRows(t *testing.T, k sender) {
	body := `{"id":"order_1"}`
	order := func(more []string, params string, headers ...string) *http.Request {
		r := s.request("ucp", body, append(headers, "Content-Digest: "+contentDigest(body), "Content-Type: application/json")...)
		r.Host = "hooks.example.com"
		lines := append([]string{`"@method": POST`, `"@authority": hooks.example.com`, `"@path": ` + r.URL.Path, `"content-digest": ` + contentDigest(body), `"content-type": application/json`}, more...)
		names := []string{}
		for _, line := range lines {
			name, _, _ := strings.Cut(line, ": ")
			names = append(names, name)
		}
		params = "(" + strings.Join(names, " ") + ")" + params
		r.Header["Signature-Input"] = []string{"sig1=" + params}
		r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(k.sign(params, lines)) + ":"}
		return r
	}
	const agent = `profile="https://merchant.example/.well-known/ucp"`
	const wba = `sig1="https://merchant.example/.well-known/ucp";type=jwks_uri`
	s.passed(t, exchange(t, s.client, order([]string{`"ucp-agent": ` + agent}, `;keyid="k"`, "UCP-Agent: "+agent)))
	s.passed(t, exchange(t, s.client, order([]string{`"ucp-agent": ` + agent, `"signature-agent";key="sig1": "https://merchant.example/.well-known/ucp";type=jwks_uri`},
		createdAt(time.Now())+`;keyid="k";tag="web-bot-auth"`, "UCP-Agent: "+agent, "Signature-Agent: "+wba)))
	s.refused(t, exchange(t, s.client, order(nil, `;keyid="k"`, "UCP-Agent: "+agent)), http.StatusUnauthorized, "component_missing")
	s.refused(t, exchange(t, s.client, order([]string{`"signature-agent";key="other": "x"`}, `;keyid="k"`, `Signature-Agent: other="x"`)), http.StatusUnauthorized, "component_missing")
	s.refused(t, exchange(t, s.client, order(nil, createdAt(time.Now()))), http.StatusUnauthorized, "parameter_missing")

	inbox := `{"id":"https://fedi.example/1","type":"Create"}`
	a := exchange(t, s.client, s.signedMessage(k, "inbox", inbox, coveredUsually+createdAt(time.Now())+`;keyid="https://fedi.example/actor#main-key"`))
	_, r := s.passed(t, a)
	if r.DeliveryID != "https://fedi.example/1" || r.EventType != "Create" {
		t.Errorf("the record is %+v", r)
	}
}

// messageCavage is S26 and S27.
func (s *site) messageCavage(t *testing.T, k sender, body string) {
	request := func(parameters, lines string) *http.Request {
		r := s.request("cavage", body, "Date: "+time.Now().UTC().Format(http.TimeFormat))
		r.Host = "hooks.example.com"
		r.Header["Digest"] = []string{"SHA-256=" + strings.Trim(strings.TrimPrefix(contentDigest(body), "sha-256="), ":")}
		lines = strings.NewReplacer("TARGET", "(request-target): post "+r.URL.Path, "HOST", "host: "+r.Host, "DATE", "date: "+r.Header["Date"][0], "DIGEST", "digest: "+r.Header["Digest"][0]).Replace(lines)
		r.Header["Signature"] = []string{parameters + `,signature="` + base64.StdEncoding.EncodeToString(ed25519.Sign(k.edwards, []byte(lines))) + `"`}
		return r
	}
	const usual, lines = `keyId="k",headers="(request-target) host date digest"`, "TARGET\nHOST\nDATE\nDIGEST"
	arrived, _ := s.passed(t, exchange(t, s.client, request(usual, lines)))
	unchanged(t, arrived, body)
	r := request(usual, lines)
	r.Header["Authorization"] = []string{"Signature " + r.Header["Signature"][0]}
	delete(r.Header, "Signature")
	s.passed(t, exchange(t, s.client, r))
	for _, c := range []struct{ parameters, lines, reason string }{
		{`keyId="k",headers="(request-target) host date"`, "TARGET\nHOST\nDATE", "component_missing"},
		{`keyId="k",headers="(request-target) host digest"`, "TARGET\nHOST\nDIGEST", "parameter_missing"},
		{`keyId="k",algorithm="rsa-sha256",created=1,headers="(request-target) host (created) digest"`, "TARGET\nHOST\n(created): 1\nDIGEST", "signature_malformed"},
		{usual + `,algorithm="hmac-sha256"`, lines, "algorithm_refused"},
	} {
		s.refused(t, exchange(t, s.client, request(c.parameters, c.lines)), http.StatusUnauthorized, c.reason)
	}
	r = request(usual, lines)
	replaceBody(r, `{"id":"b"}`)
	s.refused(t, exchange(t, s.client, r), http.StatusUnauthorized, "digest_mismatch")
	r = s.signedMessage(k, "cavage", body, coveredUsually+createdAt(time.Now()))
	s.refused(t, exchange(t, s.client, r), http.StatusUnauthorized, "signature_malformed")
}
