package e2e

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

const mailgunSecret = "k3-secret-of-32-characters-long-x"

// route is a mail as a route of Mailgun's posts it, signed some time ago: name, value.
func route(age time.Duration) [][2]string {
	stamp, token := fmt.Sprint(time.Now().Add(-age).Unix()), strings.Repeat("c0", 25)
	return [][2]string{
		{"recipient", "you@example.com"}, {"Subject", "Grüße"}, {"body-plain", "Hello\r\n\r\n--\r\nme"},
		{"timestamp", stamp}, {"token", token}, {"signature", hex.EncodeToString(testkit.HMAC(mailgunSecret, stamp+token))},
	}
}

// written is a form as Go's own writer makes it, with one attachment.
func written(t *testing.T, fields [][2]string, file string) (string, string) {
	t.Helper()
	b := &bytes.Buffer{}
	w := multipart.NewWriter(b)
	for _, f := range fields {
		if err := w.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile(file, "a (1); b.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte("%PDF-1.4\r\n\x00\xff\r\n--\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), "Content-Type: " + w.FormDataContentType()
}

// A form in multipart/form-data passes by its signed fields and arrives as it was sent, and
// one in which a backend may find others does not pass.
func TestMultipart(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "mailgun", options: `{provider: mailgun, secrets: ["env:MG"], ban: false}`},
		{name: "own", options: `{secrets: ["env:MG"], ban: false, signature: {header: X-Sig, signs: "{multipart:token}.{multipart:recipient}"}}`},
	}, gateway.Settings{Env: []string{"MG=" + mailgunSecret}})

	body, kind := written(t, route(0), "attachment-1")
	arrived, _ := s.passed(t, s.post(t, "mailgun", body, kind))
	unchanged(t, arrived, body)
	own := "X-Sig: " + hex.EncodeToString(testkit.HMAC(mailgunSecret, strings.Repeat("c0", 25)+".you@example.com"))
	arrived, _ = s.passed(t, s.post(t, "own", body, kind, own))
	unchanged(t, arrived, body)

	with := func(name, value string) [][2]string { return append(route(0), [2]string{name, value}) }
	for name, c := range map[string]struct {
		fields       [][2]string
		file, reason string
	}{
		"twice":         {with("token", "x"), "f", "signed_field_missing"},
		"once more":     {with("Token", "x"), "f", "signed_text_ambiguous"},
		"brackets":      {with("token[]", "x"), "f", "signed_text_ambiguous"},
		"a file":        {route(0), "token", "signed_field_missing"},
		"charset":       {with("_charset_", "utf-16"), "f", "body_malformed"},
		"no signature":  {route(0)[:5], "f", "body_malformed"},
		"another token": {append(with("x", "y")[:4], [2]string{"token", "x"}, route(0)[5]), "f", "signature_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			body, kind := written(t, c.fields, c.file)
			s.refused(t, s.post(t, "mailgun", body, kind), http.StatusUnauthorized, c.reason)
		})
	}
	s.refused(t, s.post(t, "mailgun", strings.ReplaceAll(body, "\r\n", "\n"), kind), http.StatusUnauthorized, "body_malformed")
	s.refused(t, s.post(t, "mailgun", body, kind, kind), http.StatusUnauthorized, "body_malformed")
	s.refused(t, s.post(t, "own", body, "Content-Type: application/x-www-form-urlencoded", own), http.StatusUnauthorized, "signed_field_missing")
}

// A delivery that no later attempt can bring through is answered as its sender wants it, and
// all else as ever.
func TestStaleStatus(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "mailgun", options: `{provider: mailgun, secrets: ["env:MG"], ban: false}`},
		{name: "wide", options: `{provider: mailgun, secrets: ["env:MG"], ban: false, replay: {window: 24h}}`},
		{name: "chosen", options: `{provider: mailgun, secrets: ["env:MG"], ban: false, staleStatusCode: 410}`},
		{name: "own", options: `{secrets: ["env:MG"], ban: false, staleStatusCode: 422, signature: {header: X-Sig, format: "{timestamp}:{hex}", signs: "{timestamp}.{body}"}}`},
		{name: "none", options: `{provider: github, secrets: ["env:MG"], staleStatusCode: 406}`},
		{name: "wrong", options: `{provider: mailgun, secrets: ["env:MG"], staleStatusCode: 200}`},
	}, gateway.Settings{Env: []string{"MG=" + mailgunSecret}})

	send := func(gate string, age time.Duration) *answer {
		body, kind := written(t, route(age), "f")
		return s.post(t, gate, body, kind)
	}
	s.refused(t, send("mailgun", 10*time.Minute), http.StatusNotAcceptable, "timestamp_too_old")
	s.refused(t, send("mailgun", -10*time.Minute), http.StatusUnauthorized, "timestamp_too_new")
	s.refused(t, send("chosen", 10*time.Minute), http.StatusGone, "timestamp_too_old")
	s.passed(t, send("wide", 10*time.Minute))
	s.refused(t, send("wide", 9*time.Hour), http.StatusUnauthorized, "timestamp_too_old")

	own := func(age time.Duration, body string) *answer {
		stamp := fmt.Sprint(time.Now().Add(-age).Unix())
		return s.post(t, "own", hello, "X-Sig: "+stamp+":"+hex.EncodeToString(testkit.HMAC(mailgunSecret, stamp+"."+body)))
	}
	s.refused(t, own(10*time.Minute, hello), http.StatusUnprocessableEntity, "timestamp_too_old")
	s.refused(t, own(10*time.Minute, "other"), http.StatusUnauthorized, "signature_mismatch")
	s.passed(t, own(0, hello))

	for gate, text := range map[string]string{
		"none":  "staleStatusCode: has no effect, because the scheme signs no timestamp",
		"wrong": "staleStatusCode: 200 is not a status from 400 to 499",
	} {
		s.refused(t, s.post(t, gate, hello), http.StatusServiceUnavailable, "config_invalid")
		if len(s.Stderr.Lines(text)) == 0 {
			t.Errorf("%s: stderr does not say %q", gate, text)
		}
	}
}
