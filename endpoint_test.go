package hookward

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
)

const scrapeToken = "a-token-of-sixteen-bytes-and-more"

// newEndpoint returns what New makes of a section metrics and what stands beside it. What
// it would let pass fails the test.
func newEndpoint(t *testing.T, name string, raw map[string]any) http.Handler {
	t.Helper()
	h, _ := New(context.Background(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s has passed", r.Method, r.URL)
	}), &Config{Raw: raw}, name)
	return h
}

func ask(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	rw := httptest.NewRecorder()
	h.ServeHTTP(rw, hooktest.NewRequest(method, target, "", headers...))
	return rw
}

func withToken(more map[string]any) map[string]any {
	raw := map[string]any{"metrics": map[string]any{"token": scrapeToken}}
	for name, value := range more {
		raw[name] = value
	}
	return raw
}

func TestScrapeIsProtected(t *testing.T) {
	_, told := capture(t)
	h := newEndpoint(t, t.Name(), withToken(nil))
	right := "Authorization: Bearer " + scrapeToken
	for _, c := range []struct {
		method, target string
		headers        []string
		want           int
	}{
		{"GET", "/metrics", nil, 401},
		{"GET", "/metrics?token=" + scrapeToken + "&access_token=" + scrapeToken, nil, 401},
		{"GET", "/metrics", []string{"Authorization: Bearer " + scrapeToken + "x"}, 401},
		{"GET", "/metrics", []string{"Authorization: Bearer "}, 401},
		{"GET", "/metrics", []string{"Authorization: Bearer"}, 401},
		{"GET", "/metrics", []string{"Authorization: " + scrapeToken}, 401},
		{"GET", "/metrics", []string{"Authorization: Basic " + scrapeToken}, 401},
		{"GET", "/metrics", []string{right, right}, 401},
		{"GET", "/metrics", []string{right + ", Bearer x"}, 401},
		{"POST", "/metrics", nil, 401},
		{"GET", "/elsewhere", nil, 401},
		{"GET", "/metrics", []string{right}, 200},
		{"GET", "/metrics", []string{"Authorization: bearer " + scrapeToken}, 200},
		{"HEAD", "/metrics", []string{right}, 200},
		{"POST", "/metrics", []string{right}, 405},
		{"PUT", "/metrics", []string{right}, 405},
		{"GET", "/", []string{right}, 404},
		{"GET", "/metrics/", []string{right}, 404},
		{"GET", "/github", []string{right}, 404},
		{"POST", "/github", []string{right}, 404},
	} {
		rw := ask(h, c.method, c.target, c.headers...)
		if rw.Code != c.want {
			t.Errorf("%s %s %q: %d, want %d", c.method, c.target, c.headers, rw.Code, c.want)
		}
		isText := strings.Contains(rw.Body.String(), "hookward_")
		if isText != (c.want == 200 && c.method == "GET") || rw.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %v %.100q", c.method, c.target, rw.Header(), rw.Body)
		}
		if (rw.Header().Get("Www-Authenticate") != "") != (c.want == 401) || (rw.Header().Get("Allow") != "") != (c.want == 405) {
			t.Errorf("%s %s: %v", c.method, c.target, rw.Header())
		}
	}
	if strings.Contains(told.String(), scrapeToken) || !strings.Contains(told.String(), "without the right token") {
		t.Error(told.String())
	}
}

// Nobody learns anything from a middleware with a mistake, and the log says what it is.
func TestScrapeRefusesMistakes(t *testing.T) {
	section := func(options map[string]any) map[string]any { return map[string]any{"metrics": options} }
	for i, c := range []struct {
		raw  map[string]any
		says string
	}{
		{map[string]any{"metrics": "true"}, "metrics: would be open to everybody; give token, or allowlist beside it"},
		{map[string]any{"METRICS": ""}, "metrics: would be open to everybody"},
		{map[string]any{"metrics": "false"}, "metrics: must be a section"},
		{section(map[string]any{"path": "/metrics"}), "metrics: would be open"},
		{section(map[string]any{"insecure": "false"}), "metrics: would be open"},
		{section(map[string]any{"token": "short"}), "metrics.token: has less than 16 bytes"},
		{section(map[string]any{"token": "env:HOOKWARD_NO_SUCH_VARIABLE"}), "metrics.token: "},
		{section(map[string]any{"token": ""}), "metrics.token: is empty"},
		{section(map[string]any{"insecure": "true", "token": scrapeToken}), "metrics.insecure: contradicts token"},
		{section(map[string]any{"insecure": "true", "path": "metrics"}), `metrics.path: \"metrics\" is no path`},
		{section(map[string]any{"insecure": "true", "pfad": "/metrics"}), "metrics.pfad: "},
		{section(map[string]any{"outputs": "false"}), "metrics: would be open"},
		{section(map[string]any{"outputs": map[string]any{"type": "stdout"}}), "metrics.outputs[0].type: must be otlp"},
		{section(map[string]any{"outputs": map[string]any{"type": "otlp"}}), "metrics.outputs[0].url: is required"},
		{section(map[string]any{"outputs": map[string]any{"type": "otlp", "url": "http://127.0.0.1:1", "interval": "10ms"}}), "metrics.outputs[0].interval: must be between 1s and 1h"},
		{section(map[string]any{"outputs": map[string]any{"type": "otlp", "url": "http://127.0.0.1:1", "index": "x"}}), "metrics.outputs[0].index: "},
		{section(map[string]any{"outputs": []any{map[string]any{"type": "otlp", "url": "http://127.0.0.1:1"}, map[string]any{"type": "otlp", "url": "http://127.0.0.1:1"}}}), "metrics.outputs[1]: goes to the same place"},
		{withToken(map[string]any{"provider": "github", "secrets": hooktest.DocsSecret}), "metrics: contradicts provider"},
		{withToken(map[string]any{"secrets": hooktest.DocsSecret}), "metrics: contradicts secrets"},
		{withToken(map[string]any{"signature": map[string]any{"header": "X"}}), "metrics: contradicts signature"},
		{withToken(map[string]any{"token": map[string]any{"header": "X"}}), "metrics: contradicts token"},
		{withToken(map[string]any{"observeOnly": "true"}), "metrics: contradicts observeOnly"},
		{withToken(map[string]any{"ban": "false"}), "metrics: contradicts ban"},
		{withToken(map[string]any{"allowlist": map[string]any{"alone": "true", "sourceRange": "10.0.0.0/8"}}), "allowlist.alone: has no effect beside metrics"},
		{withToken(map[string]any{"allowlist": map[string]any{"allowAll": "true", "sourceRange": "0.0.0.0/0"}}), "allowlist.allowAll: contradicts metrics"},
		{map[string]any{"metrics": map[string]any{}, "allowlist": map[string]any{}}, "allowlist: is empty"},
	} {
		_, told := capture(t)
		h := newEndpoint(t, fmt.Sprint(t.Name(), i), c.raw)
		for _, method := range []string{"GET", "POST"} {
			rw := ask(h, method, "/metrics", "Authorization: Bearer "+scrapeToken)
			if rw.Code != 503 || rw.Body.String() != "Service Unavailable\n" {
				t.Errorf("%v: %d %q", c.raw, rw.Code, rw.Body)
			}
		}
		if !strings.Contains(told.String(), c.says) || strings.Contains(told.String(), scrapeToken) {
			t.Errorf("%v: it says %s", c.raw, told.String())
		}
	}
}

func TestScrapeByAddress(t *testing.T) {
	capture(t)
	h := newEndpoint(t, t.Name(), map[string]any{"metrics": map[string]any{"path": "/numbers"}, "allowlist": map[string]any{"sourceRange": "192.0.2.0/24"}})
	for source, want := range map[string]int{"192.0.2.7:1": 200, "192.0.3.7:1": 403, "[::1]:1": 403, "nonsense": 403, "": 403} {
		r := hooktest.NewRequest("GET", "/numbers", "")
		r.RemoteAddr = source
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, r)
		if rw.Code != want {
			t.Errorf("%q: %d, want %d", source, rw.Code, want)
		}
	}
	open := newEndpoint(t, t.Name()+" open", map[string]any{"metrics": map[string]any{"insecure": "true"}})
	if rw := ask(open, "GET", "/metrics"); rw.Code != 200 || rw.Header().Get("Content-Type") != exposition.TextType {
		t.Error(rw.Code, rw.Header())
	}
}

// With outputs alone nobody gets the numbers here.
func TestOutputsAlone(t *testing.T) {
	capture(t)
	h := newEndpoint(t, t.Name(), map[string]any{"metrics": map[string]any{"outputs": map[string]any{"type": "otlp", "url": "http://127.0.0.1:1", "interval": "1h"}}})
	rw := ask(h, "GET", "/metrics")
	if rw.Code != 404 || strings.Contains(rw.Body.String(), "hookward") {
		t.Errorf("%d %q", rw.Code, rw.Body)
	}
	s := gates.Look(time.Now())
	if len(s.Others) != 1 {
		t.Errorf("%d pushers", len(s.Others))
	}
	newEndpoint(t, t.Name(), withToken(nil))
	if s := gates.Look(time.Now()); len(s.Others) != 0 {
		t.Errorf("%d pushers without outputs", len(s.Others))
	}
}

// Whoever takes the policy of such a middleware for that of a gate lets nothing pass.
func TestPolicyOfNumbersPassesNothing(t *testing.T) {
	p := mustCompile(t, withToken(nil))
	for _, r := range []*http.Request{github(), hooktest.NewRequest("GET", "/metrics", "", "Authorization: Bearer "+scrapeToken)} {
		if o := Judge(p, r, hooktest.TestTime); o.Passes || o.Status != http.StatusMethodNotAllowed {
			t.Errorf("%+v", o)
		}
	}
	if p.Passes == "" {
		t.Error("no reason passes")
	}
}
