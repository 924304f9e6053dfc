package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

func TestObserveOnly(t *testing.T) {
	// The backend keeps its answer short: Traefik itself, without any gate, now
	// and then cuts a long answer to a request whose large body it streams.
	short := func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("seen")) }
	s := start(t, short, []gate{
		{name: "gh", options: github},
		{name: "watch", options: `{provider: github, secrets: ["env:GH"], observeOnly: true, maxBodyBytes: 1000, bodyTimeout: 1s}`},
	}, gateway.Settings{})

	// observed checks a request that the checks refused and that was forwarded
	// all the same, whole and without a word that it was verified.
	observed := func(t *testing.T, a *answer, body, reason string) *record {
		t.Helper()
		arrivals := s.backend.at(a.path)
		if a.StatusCode != http.StatusOK || string(a.body) != "seen" || len(arrivals) != 1 {
			t.Fatalf("the answer is %d %q (%v), after %d requests to the backend; the record says %+v",
				a.StatusCode, a.body, a.err, len(arrivals), s.record(t, a.path))
		}
		if string(arrivals[0].body) != body || arrivals[0].err != nil {
			t.Errorf("the backend got %d of %d bytes (%v)", len(arrivals[0].body), len(body), arrivals[0].err)
		}
		for _, headers := range []http.Header{arrivals[0].Header, arrivals[0].Trailer} {
			if got := asCGI(headers, "X-Hookward-Provider"); len(got) > 0 {
				t.Errorf("an unverified request reached the backend as verified by %q", got)
			}
		}
		r := s.record(t, a.path)
		if r.Reason != reason || r.Decision != "refuse" || !r.Observed || r.Status != http.StatusOK || r.Outcome != "failure" ||
			strings.Join(r.Type, " ") != "denied" || r.Aborted {
			t.Errorf("the record says %+v, want %s", r, reason)
		}
		return r
	}
	// The option is one gate's alone.
	s.refused(t, s.post(t, "gh", hello), http.StatusUnauthorized, "signature_missing")

	t.Run("unsigned", func(t *testing.T) {
		observed(t, s.post(t, "watch", hello), hello, "signature_missing")
		observed(t, s.post(t, "watch", hello, "X-Hookward-Provider: github", "x_hookward_provider: github"), hello, "signature_missing")
		observed(t, s.post(t, "watch", hello, signed("Another Secret to Everybody", hello)), hello, "signature_mismatch")
		w := s.dial(t, "watch", "HTTP/1.1", "Transfer-Encoding: chunked", "Trailer: X-Hookward-Provider")
		w.send(t, "\r\nd\r\n"+hello+"\r\n0\r\nX-Hookward-Provider: github\r\n\r\n")
		observed(t, w.receive(t), hello, "signature_missing")
	})
	t.Run("method", func(t *testing.T) {
		request := s.request("watch", hello)
		request.Method = http.MethodPut
		observed(t, exchange(t, s.client, request), hello, "method_not_allowed")
	})
	t.Run("signed", func(t *testing.T) {
		arrived, _ := s.passed(t, s.post(t, "watch", hello, helloSignature, "X_Hookward_Provider: stripe"))
		onlyOurs(t, arrived)
	})
	for _, size := range []int{1001, 100_000, 2_000_000} {
		body := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		for name, client := range protocols() {
			t.Run(fmt.Sprintf("%d bytes, %s", size, name), func(t *testing.T) {
				for _, length := range []int64{int64(size), -1} {
					for _, line := range []string{"X-Nothing: ", signed(secret, body)} {
						request := s.request("watch", body, line)
						request.ContentLength = length
						if strings.HasSuffix(name, "TLS") {
							request.URL.Scheme, request.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
						}
						r := observed(t, exchange(t, client, request), body, "body_too_large")
						if r.BodyHash != "" {
							t.Errorf("the record has the sum of a body that was not read whole: %+v", r)
						}
						if length >= 0 {
							if arrived := s.backend.at(request.URL.Path)[0]; arrived.ContentLength != length {
								t.Errorf("the length %d became %d", length, arrived.ContentLength)
							}
						}
					}
				}
			})
		}
	}
	t.Run("too large, with a trailer", func(t *testing.T) {
		body := strings.Repeat("x", 5000)
		request := s.request("watch", body)
		request.ContentLength = -1
		request.Trailer = http.Header{"X-Checksum": {"abc"}, "X-Hookward-Provider": {"github"}}
		// Traefik itself keeps no trailers of a body that it streams.
		observed(t, exchange(t, s.client, request), body, "body_too_large")
	})
	t.Run("nothing to forward", func(t *testing.T) {
		w := s.dial(t, "watch", "HTTP/1.1", "Content-Length: 50")
		w.send(t, "\r\nxxxxx")
		s.refused(t, w.receive(t), http.StatusRequestTimeout, "body_timeout")
		w = s.dial(t, "watch", "HTTP/1.1", "Content-Length: 50")
		w.send(t, "\r\nxxxxx")
		_ = w.CloseWrite()
		s.refused(t, w.receive(t), http.StatusBadRequest, "body_incomplete")
	})
	t.Run("warning", func(t *testing.T) {
		lines := s.Stderr.Lines("PROTECTS NOTHING")
		if len(lines) != 1 || !strings.Contains(lines[0], `"log.level":"warn"`) || !strings.Contains(lines[0], `"hookward.middleware":"watch@file"`) {
			t.Errorf("the operator is warned %d times: %q", len(lines), lines)
		}
	})
}
