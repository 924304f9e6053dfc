package signer

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/hooktest"
)

// A delivery whose signature is a field of a form in multipart/form-data is written and
// signed, whatever of it is there already, and passes the gate.
func TestSignerMultipart(t *testing.T) {
	raw := map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{
		"field": "multipart:signature", "signs": "{timestamp}{multipart:token}", "timestampField": "multipart:timestamp"}}
	s, err := NewSigner(&hookward.Config{Raw: raw}, nil)
	if err != nil {
		t.Fatal(err)
	}
	gate := plainGate(t, raw)
	form := http.Header{"Content-Type": {"multipart/form-data; boundary=b1"}}
	part := func(head, value string) string {
		return "--b1\r\nContent-Disposition: form-data; name=" + head + "\r\n\r\n" + value + "\r\n"
	}
	file := part(`"a"; filename="a.txt"`, "\r\n--\x00")
	for name, c := range map[string]struct {
		d      Delivery
		status int
		keeps  string
	}{
		"one of ours":     {Delivery{}, http.StatusOK, `name="test"`},
		"forged":          {Delivery{Forged: true}, http.StatusUnauthorized, ""},
		"a file":          {Delivery{Header: form, Body: []byte(file + "--b1--\r\n")}, http.StatusOK, file},
		"with its token":  {Delivery{Header: form, Body: []byte(file + part(`"token"`, "mine") + "--b1--")}, http.StatusOK, "\r\n\r\nmine\r\n"},
		"signed once":     {Delivery{Header: form, Body: []byte(part(`"signature"`, "old") + part(`"timestamp"`, "1") + "--b1--\r\n")}, http.StatusOK, `name="token"`},
		"other signature": {Delivery{Forged: true, Header: form, Body: []byte(file + "--b1--\r\n")}, http.StatusUnauthorized, ""},
	} {
		c.d.URL = "https://hooks.example.com/in"
		signed, err := s.Sign(c.d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if status := statusOf(t, gate, signed); status != c.status || !bytes.Contains(signed.Body, []byte(c.keeps)) {
			t.Errorf("%s: status %d for %q", name, status, signed.Body)
		}
	}
	for name, body := range map[string]string{
		"no form":         `{"a":1}`,
		"the token twice": part(`"token"`, "a") + part(`"token"`, "b") + "--b1--\r\n",
		"a file's name":   part(`"timestamp"; filename="a"`, "a") + "--b1--\r\n",
		"written by hand": "--b1\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"timestamp\"\r\n\r\n1\r\n--b1--\r\n",
	} {
		_, err := s.Sign(Delivery{URL: "https://hooks.example.com/in", Header: form, Body: []byte(body)})
		if err == nil || !strings.Contains(err.Error(), "multipart:") && !strings.Contains(err.Error(), "signed_field_missing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
