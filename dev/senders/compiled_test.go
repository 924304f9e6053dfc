package senders

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hookward/hookward"
)

// TestCatalogueCompiled sends what TestCatalogue sends through the real Traefik
// to the compiled plugin: what only one of the two refuses is a fault of the
// interpreter's, or of ours in knowing it.
func TestCatalogueCompiled(t *testing.T) {
	passes := 0
	for _, s := range loadSenders(t) {
		arrived := 0
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			arrived++
		})
		s.Options["ban"] = "false" // all of it comes from one address
		gate, err := hookward.New(context.Background(), next, &hookward.Config{Raw: s.Options}, s.Slug)
		if err != nil {
			t.Fatal(err)
		}
		send := func(m message) int {
			r := httptest.NewRequest(m.Method, m.Target, bytes.NewReader(m.Body))
			for _, header := range m.Headers {
				r.Header[http.CanonicalHeaderKey(header[0])] = append(r.Header[http.CanonicalHeaderKey(header[0])], header[1])
			}
			rw := httptest.NewRecorder()
			arrived = 0
			gate.ServeHTTP(rw, r)
			return rw.Code
		}
		for _, e := range plan(t, &s) {
			status := send(e.message)
			if e.origin {
				continue // for a gate with other options
			}
			if (arrived == 1) != e.pass || (status == http.StatusOK) != e.pass || status >= http.StatusInternalServerError {
				t.Errorf("%s: status %d, at the backend: %v; want it to pass: %v", e.what, status, arrived == 1, e.pass)
			}
			if e.pass {
				passes++
			}
		}
		for _, h := range s.Handshakes {
			if status := send(h.Request); status != h.Response.Status || arrived != 0 {
				t.Errorf("%s: handshake %s: status %d, want %d", s.Slug, h.Name, status, h.Response.Status)
			}
			for i, m := range h.Refuse {
				if status := send(m); status < http.StatusBadRequest || arrived != 0 {
					t.Errorf("VULNERABLE: %s: handshake %s, wrong in way %d: status %d", s.Slug, h.Name, i+1, status)
				}
			}
		}
	}
	t.Logf("%d passed", passes)
}
