package interpreted

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// passThrough is what any plugin costs: a handler that does nothing.
const passThrough = `package bare

import "net/http"

func New(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { next.ServeHTTP(rw, r) })
}
`

// BenchmarkDelivery measures a delivery of 1 KiB from its arrival at the plugin
// to the next handler and the audit record, interpreted as in Traefik, for some
// providers. "bare" is a plugin that does nothing; the difference is the gate's.
//
//	go test ./interpreted -run '^$' -bench Delivery -benchmem
func BenchmarkDelivery(b *testing.B) {
	next := http.HandlerFunc(accept)
	i := interp.New(interp.Options{})
	if err := i.Use(stdlib.Symbols); err != nil {
		b.Fatal(err)
	}
	if _, err := i.Eval(passThrough); err != nil {
		b.Fatal(err)
	}
	bare, err := i.Eval("bare.New")
	if err != nil {
		b.Fatal(err)
	}
	build := load(b)
	for _, d := range deliveries(b) {
		b.Run(d.name, func(b *testing.B) {
			handler := build(next, d.options)
			if d.options == nil {
				handler = bare.Call([]reflect.Value{reflect.ValueOf(next)})[0].Interface().(http.Handler)
			}
			b.ReportAllocs()
			for b.Loop() {
				pass(b, handler, d.url, d.header.Clone(), d.body)
			}
		})
	}
}

// accept is a backend that takes everything.
func accept(rw http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	rw.Header()["Content-Length"] = []string{"0"}
	rw.WriteHeader(http.StatusOK)
}

// pass sends a delivery through a handler, to the backend and back.
func pass(b testing.TB, handler http.Handler, address *url.URL, header http.Header, body []byte) {
	r := &http.Request{Method: http.MethodPost, URL: address, Host: "hooks.example.com", RemoteAddr: "192.0.2.1:1234",
		ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}
	rw := httptest.NewRecorder()
	handler.ServeHTTP(rw, r)
	if rw.Code != http.StatusOK {
		b.Fatalf("status %d", rw.Code)
	}
}

// BenchmarkLoad measures what loading the plugin costs a start of Traefik.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		load(b)
	}
}

// BenchmarkNew measures what a gate with a configuration of its own costs a start. That
// no two are the same matters: gates share what they compile.
func BenchmarkNew(b *testing.B) {
	build := load(b)
	next := http.HandlerFunc(accept)
	for _, d := range deliveries(b) {
		if d.options != nil {
			b.Run(d.name, func(b *testing.B) {
				b.ReportAllocs()
				for size := 1 << 20; b.Loop(); size++ {
					options := maps.Clone(d.options)
					options["maxBodyBytes"] = size
					build(next, options)
				}
			})
		}
	}
}

// load interprets the plugin as Traefik does, with its output thrown away, and
// returns its New.
func load(b testing.TB) func(http.Handler, map[string]any) http.Handler {
	b.Helper()
	goPath := linkedPath(b)
	stdout, stderr := os.Stdout, os.Stderr
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	os.Stdout, os.Stderr = null, null
	defer func() { os.Stdout, os.Stderr = stdout, stderr }()
	i := interp.New(interp.Options{GoPath: goPath, Env: os.Environ()})
	if err := i.Use(stdlib.Symbols); err != nil {
		b.Fatal(err)
	}
	if _, err := i.Eval(fmt.Sprintf("import %q", module)); err != nil {
		b.Fatal(err)
	}
	create, err := i.Eval("hookward.CreateConfig")
	if err != nil {
		b.Fatal(err)
	}
	build, err := i.Eval("hookward.New")
	if err != nil {
		b.Fatal(err)
	}
	return func(next http.Handler, options map[string]any) http.Handler {
		config := create.Call(nil)[0]
		config.Elem().FieldByName("Raw").Set(reflect.ValueOf(options))
		return build.Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf(next), config, reflect.ValueOf("bench@file")})[0].Interface().(http.Handler)
	}
}

// githubSignature signs as GitHub does.
func githubSignature(secret, body string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

// delivery is one that a provider would send.
type delivery struct {
	name    string
	options map[string]any
	url     *url.URL
	header  http.Header
	body    []byte
}

// deliveries are signed here, with bodies of 1 KiB.
func deliveries(b testing.TB) []delivery {
	const secret = "0123456789abcdef0123456789abcdef"
	body := `{"id":"evt_1","type":"invoice.paid","data":"` + strings.Repeat("x", 1024-46) + `"}`
	now := fmt.Sprint(time.Now().Unix())
	form := "Body=" + strings.Repeat("x", 900) + "&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
	values, err := url.ParseQuery(form)
	if err != nil {
		b.Fatal(err)
	}
	signed := "https://hooks.example.com/hooks"
	for _, name := range []string{"Body", "CallSid", "Caller", "Digits", "From", "To"} {
		signed += name + values.Get(name)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte(now + body))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	code := base64.StdEncoding.EncodeToString
	mac := func(h func() hash.Hash, key, text string) []byte {
		m := hmac.New(h, []byte(key))
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	address, err := url.Parse("/hooks")
	if err != nil {
		b.Fatal(err)
	}
	all := []delivery{
		{name: "bare", header: http.Header{}, body: []byte(body)},
		{name: "github", header: http.Header{
			"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac(sha256.New, secret, body))},
			"X-Github-Event":      {"push"}, "X-Github-Delivery": {"72d3162e-cc78-11e3-81ab-4c9367dc0958"},
		}},
		{name: "stripe", header: http.Header{
			"Stripe-Signature": {"t=" + now + ",v1=" + hex.EncodeToString(mac(sha256.New, secret, now+"."+body)) + ",v0=" + strings.Repeat("0", 64)},
		}},
		{name: "standard-webhooks", header: http.Header{
			"Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {now},
			"Webhook-Signature": {"v1," + code(mac(sha256.New, secret, "msg_1."+now+"."+body))},
		}},
		{name: "slack", header: http.Header{
			"X-Slack-Request-Timestamp": {now}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac(sha256.New, secret, "v0:"+now+":"+body))},
		}},
		{name: "twilio", body: []byte(form), header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "X-Twilio-Signature": {code(mac(sha1.New, secret, signed))},
		}},
		{name: "sendgrid", header: http.Header{
			"X-Twilio-Email-Event-Webhook-Timestamp": {now}, "X-Twilio-Email-Event-Webhook-Signature": {code(signature)},
		}},
	}
	for i := range all {
		d := &all[i]
		d.url = address
		if d.body == nil {
			d.body = []byte(body)
		}
		if d.name != "bare" {
			d.options = map[string]any{"provider": d.name, "secrets": []any{secret}}
		}
		switch d.name {
		case "standard-webhooks":
			d.options["secrets"] = []any{"whsec_" + code([]byte(secret))}
		case "twilio":
			d.options["publicURL"] = "https://hooks.example.com/hooks"
		case "sendgrid":
			delete(d.options, "secrets")
			d.options["publicKeys"] = []any{code(der)}
		}
	}
	return append(all, messageDelivery(address, []byte(body)))
}

// messageDelivery is one that is signed by RFC 9421, with Ed25519.
func messageDelivery(address *url.URL, body []byte) delivery {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))
	sum := sha256.Sum256(body)
	digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	params := fmt.Sprintf(`("@method" "@target-uri" "content-digest");created=%d;keyid="k";alg="ed25519"`, time.Now().Unix())
	text := "\"@method\": POST\n\"@target-uri\": http://hooks.example.com/hooks\n\"content-digest\": " + digest + "\n\"@signature-params\": " + params
	return delivery{
		name: "rfc9421", url: address, body: body,
		options: map[string]any{"publicKeys": []any{hex.EncodeToString(key.Public().(ed25519.PublicKey))}, "messageSignature": "true"},
		header: http.Header{"Content-Digest": {digest}, "Signature-Input": {"sig1=" + params},
			"Signature": {"sig1=:" + base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(text))) + ":"}},
	}
}
