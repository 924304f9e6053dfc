package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

func TestVerify(t *testing.T) {
	s := start(t, nil, []gate{{name: "gh", options: github}}, gateway.Settings{})
	otherSignature := signed("Another Secret to Everybody", hello)

	refusals := []struct {
		name   string
		body   string
		lines  []string
		reason string
	}{
		{"unsigned", hello, nil, "signature_missing"},
		{"tampered", hello + "!", []string{helloSignature}, "signature_mismatch"},
		{"emptied", "", []string{helloSignature}, "signature_mismatch"},
		{"another secret", hello, []string{otherSignature}, "signature_mismatch"},
		{"no secret", hello, []string{signed("", hello)}, "signature_mismatch"},
		{"empty header", hello, []string{"X-Hub-Signature-256: "}, "signature_missing"},

		{"good, then bad", hello, []string{helloSignature, otherSignature}, "signature_duplicated"},
		{"bad, then good", hello, []string{otherSignature, helloSignature}, "signature_duplicated"},
		{"good, twice", hello, []string{helloSignature, helloSignature}, "signature_duplicated"},
		{"good, then empty", hello, []string{helloSignature, "X-Hub-Signature-256: "}, "signature_duplicated"},
		{"both in one line", hello, []string{otherSignature + ", " + value(helloSignature)}, "signature_malformed"},

		{"underscores", hello, []string{"X_Hub_Signature_256: " + value(helloSignature)}, "signature_missing"},
		{"SHA-1's header", hello, []string{"X-Hub-Signature: " + value(helloSignature)}, "signature_missing"},

		{"upper-case prefix", hello, []string{strings.Replace(helloSignature, "sha256=", "SHA256=", 1)}, "signature_malformed"},
		{"no prefix", hello, []string{strings.Replace(helloSignature, "sha256=", "", 1)}, "signature_malformed"},
		{"prefix alone", hello, []string{"X-Hub-Signature-256: sha256="}, "signature_malformed"},
		{"truncated by a digit", hello, []string{helloSignature[:len(helloSignature)-1]}, "signature_malformed"},
		{"truncated by a byte", hello, []string{helloSignature[:len(helloSignature)-2]}, "signature_malformed"},
		{"extended by a byte", hello, []string{helloSignature + "00"}, "signature_malformed"},
		{"not hexadecimal", hello, []string{helloSignature[:len(helloSignature)-1] + "g"}, "signature_malformed"},
		{"space within", hello, []string{strings.Replace(helloSignature, "sha256=", "sha256= ", 1)}, "signature_malformed"},
	}
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			r := s.refused(t, s.post(t, "gh", c.body, c.lines...), http.StatusUnauthorized, c.reason)
			checkRecord(t, r, c.body)
		})
	}
	t.Run("in a trailer", func(t *testing.T) {
		request := s.request("gh", hello)
		request.ContentLength = -1
		request.Trailer = http.Header{"X-Hub-Signature-256": {value(helloSignature)}}
		s.refused(t, exchange(t, s.client, request), http.StatusUnauthorized, "signature_missing")
	})
	t.Run("in the query", func(t *testing.T) {
		request := s.request("gh", hello)
		request.URL.RawQuery = "X-Hub-Signature-256=" + value(helloSignature)
		s.refused(t, exchange(t, s.client, request), http.StatusUnauthorized, "signature_missing")
	})
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, "PROPFIND"} {
		t.Run(method, func(t *testing.T) {
			request := s.request("gh", hello, helloSignature)
			request.Method = method
			a := exchange(t, s.client, request)
			if method == http.MethodHead {
				a.body = []byte(http.StatusText(a.StatusCode) + "\n") // it has none
			}
			r := s.refused(t, a, http.StatusMethodNotAllowed, "method_not_allowed")
			if a.Header.Get("Allow") != "POST" || r.Method != method {
				t.Errorf("Allow is %q, and the record says %q", a.Header.Get("Allow"), r.Method)
			}
		})
	}

	for _, line := range []string{helloSignature, "x-hub-signature-256: sha256=" + strings.ToUpper(value(helloSignature)[len("sha256="):])} {
		t.Run("signed", func(t *testing.T) {
			a := s.post(t, "gh", hello, line, "X-GitHub-Delivery: 72d3162e", "X-GitHub-Event: push")
			arrived, r := s.passed(t, a)
			if string(arrived.body) != hello || string(a.body) != hello {
				t.Errorf("the backend got %q, the client %q", arrived.body, a.body)
			}
			checkRecord(t, r, hello)
			if r.DeliveryID != "72d3162e" || r.EventType != "push" || r.Secret != 1 {
				t.Errorf("the record lacks the delivery: %+v", r)
			}
		})
	}

	// No request above offered this text in full; it is what the secret makes
	// of a body that a stranger chooses.
	s.post(t, "gh", "a stranger's body")
	s.Stop()
	s.notPrinted(t, signed(secret, "a stranger's body")[len("X-Hub-Signature-256: sha256="):])
	s.notPrinted(t, value(helloSignature)[len("sha256="):])
}

// checkRecord checks what every record of this test's requests must say.
func checkRecord(t *testing.T, r *record, body string) {
	t.Helper()
	if r.Middleware != "gh@file" || r.Provider != "github" || r.Client != "127.0.0.1" || r.Host != "127.0.0.1" || r.Method != http.MethodPost {
		t.Errorf("the record is of another request: %+v", r)
	}
	if r.BodyBytes == nil || *r.BodyBytes != int64(len(body)) || r.BodyHash != sum(body) {
		t.Errorf("the record is of another body: %+v", r)
	}
}

// value returns a header line's value.
func value(line string) string {
	_, v, _ := strings.Cut(line, ": ")
	return v
}
