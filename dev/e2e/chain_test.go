package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// TestChains has what surrounds a gate on a request's way: itself, and the middleware
// errors, which hands what is refused to another backend.
func TestChains(t *testing.T) {
	s := start(t, nil, []gate{{name: "once", options: `{provider: github, secrets: ["env:GH"], replay: {required: true}}`}}, gateway.Settings{})
	err := s.Configure("chains.yml", `http:
  middlewares:
    again: {chain: {middlewares: ["once@file"]}}
    page: {errors: {status: ["401"], service: "backend@file", query: "/page"}}
  routers:
    twice: {rule: "PathPrefix(`+"`/twice/`"+`)", service: "backend@file", middlewares: ["once@file", again]}
    erring: {rule: "PathPrefix(`+"`/erring/`"+`)", service: "backend@file", middlewares: [page, "once@file"]}
`)
	if err != nil {
		t.Fatal(err)
	}
	send := func(path, body string, lines ...string) int {
		r, _ := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(body))
		for _, line := range lines {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	eventually(t, "the chains are there", func() bool {
		return send("/twice/unsigned", hello) == http.StatusUnauthorized && len(s.backend.at("/page")) == 0 &&
			send("/erring/unsigned", hello, "X-Hookward-Provider: github", "X_hookward_event: push", "X-Other: kept") == http.StatusUnauthorized
	})
	for i, want := range []int{1, 1} {
		if status := send("/twice/signed", hello, helloSignature, "X-HTTP-Method-Override: DELETE"); status != http.StatusOK || len(s.backend.at("/twice/signed")) != want {
			t.Fatalf("attempt %d: %d, %d at the backend", i, status, len(s.backend.at("/twice/signed")))
		}
	}
	got := s.backend.at("/twice/signed")[0].Header
	if got.Get("X-HTTP-Method-Override") != "" || got.Get("X-Hookward-Provider") != "github" {
		t.Errorf("VULNERABLE: %v", got)
	}
	pages := s.backend.at("/page")
	if len(pages) == 0 || pages[0].Header.Get("X-Other") != "kept" {
		t.Fatalf("%d pages", len(pages))
	}
	for name := range pages[0].Header {
		if strings.Contains(strings.ToLower(name), "hookward") {
			t.Errorf("VULNERABLE: %s goes to the error service", name)
		}
	}
}
