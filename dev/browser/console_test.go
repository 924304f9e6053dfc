package browser

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

const (
	key    = "It's a Secret to Everybody"
	forged = "sha256=0000000000000000000000000000000000000000000000000000000000000000"
	viewer = "viewer-token-0123456789abcdef"
	reader = "reader-token-0123456789abcdef"
)

// gates are five senders, one gate with a mistake, and the console beside them.
const gates = `http:
  routers:
    github: {rule: "Path(%[1]s/github%[1]s)", service: backend, middlewares: [github]}
    gitea: {rule: "Path(%[1]s/gitea%[1]s)", service: backend, middlewares: [gitea]}
    shopify: {rule: "Path(%[1]s/shopify%[1]s)", service: backend, middlewares: [shopify]}
    gitlab: {rule: "Path(%[1]s/gitlab%[1]s)", service: backend, middlewares: [gitlab]}
    own: {rule: "Path(%[1]s/own%[1]s)", service: backend, middlewares: [own]}
    kept: {rule: "Path(%[1]s/kept%[1]s)", service: backend, middlewares: [kept]}
    broken: {rule: "Path(%[1]s/broken%[1]s)", service: backend, middlewares: [broken]}
    console: {rule: "PathPrefix(%[1]s/hookward%[1]s)", service: noop@internal, middlewares: [console]}
  middlewares:
    github: {plugin: {hookward: {provider: github, secrets: ["env:KEY"], ban: false, audit: {payload: redacted, refusedPayload: true}}}}
    gitea: {plugin: {hookward: {provider: gitea, secrets: ["env:KEY"], ban: false}}}
    shopify: {plugin: {hookward: {provider: shopify, secrets: ["env:KEY"], ban: false}}}
    gitlab: {plugin: {hookward: {provider: gitlab, secrets: ["env:KEY"], ban: false}}}
    own: {plugin: {hookward: {secrets: ["env:KEY"], ban: false, signature: {header: X-Signature}}}}
    kept: {plugin: {hookward: {provider: github, secrets: ["env:KEY"], ban: false, replay: true, stateDirectory: %[4]q, delivery: {retry: {schedule: [2s, 1s, 1s], jitter: "0"}}}}}
    broken: {plugin: {hookward: {provider: github, sekrets: ["env:KEY"]}}}
    console: {plugin: {hookward: {console: {hosts: [%[2]q], viewers: ["env:VIEWER"], readers: ["env:READER"]}}}}
  services:
    backend: {loadBalancer: {servers: [{url: %[3]q}]}}
`

// scene is a Traefik with gates and a console, in front of a backend that fails on demand.
type scene struct {
	*gateway.Gateway
	configuration string
	settings      gateway.Settings
	fails         atomic.Bool
}

func begin(t *testing.T) *scene {
	t.Helper()
	s := &scene{}
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if s.fails.Load() {
			rw.WriteHeader(http.StatusBadGateway)
		}
		if status, _ := strconv.Atoi(r.Header.Get("X-Answer-" + r.Header.Get("X-Hookward-Attempt"))); status > 0 {
			rw.WriteHeader(status)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	address := testkit.Addresses(t, 1)[0]
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s.settings = gateway.Settings{Web: address, Env: []string{"KEY=" + key, "VIEWER=" + viewer, "READER=" + reader}}
	s.configuration = fmt.Sprintf(gates, "`", "localhost:"+port, backend, t.TempDir())
	s.start(t)
	t.Cleanup(func() { s.Stop() })
	return s
}

func (s *scene) start(t *testing.T) {
	t.Helper()
	var err error
	s.Gateway, err = gateway.Start(context.Background(), binary, s.configuration, s.settings)
	if err != nil {
		t.Fatal(err)
	}
}

// page is the console's address, by the name that it lets in.
func (s *scene) page() string {
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) + "/hookward/"
}

// send sends a delivery and returns the status. Where the signature is empty, it is right.
func (s *scene) send(t *testing.T, gate, body, signature string, headers ...string) int {
	t.Helper()
	if signature != "" {
		headers = append(headers, "X-Hub-Signature-256", signature)
	}
	status := s.deliver(gate, body, headers...)
	if status == 0 {
		t.Fatal("there is no answer")
	}
	return status
}

// deliver sends a delivery with the right signature, unless the headers have another one, and
// returns the status, or 0. It may be called from any goroutine.
func (s *scene) deliver(gate, body string, headers ...string) int {
	r, err := http.NewRequest(http.MethodPost, s.URL+"/"+gate, strings.NewReader(body))
	if err != nil {
		return 0
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	signature := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hub-Signature-256", signature)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// login opens the console and logs in.
func (s *scene) login(b *tab, token string) {
	b.t.Helper()
	b.run(chromedp.Navigate(s.page()))
	b.await(`document.querySelector('input[name=token]')`)
	b.run(chromedp.SendKeys(`input[name=token]`, token), chromedp.Click(`form button[type=submit]`))
	b.shows("Charts")
}

func (s *scene) visit(b *tab, page, shows string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(fmt.Sprintf(`location.hash = %q; 1`, "#/"+page), nil))
	b.shows(shows)
}

func TestConsole(t *testing.T) {
	s := begin(t)
	b := open(t)
	b.run(chromedp.Navigate(s.page()))
	b.await(`document.querySelector('input[name=token]')`)
	b.run(chromedp.SendKeys(`input[name=token]`, "guess-guess-guess-guess"), chromedp.Click(`form button[type=submit]`))
	b.shows("That is no token of this console.")
	b.accessible()
	s.login(b, reader)

	for i := range 20 {
		if status := s.send(t, "github", fmt.Sprintf(`{"number":%d,"api_key":"a-secret-of-theirs"}`, i), "", "X-GitHub-Event", "push", "X-GitHub-Delivery", fmt.Sprintf("delivery-%d", i)); status != 200 {
			t.Fatalf("delivery %d: %d", i, status)
		}
	}
	if s.send(t, "github", "{}", forged, "X-GitHub-Delivery", "forged") != 401 || s.send(t, "broken", "{}", "") != 503 || s.send(t, "gitlab", "{}", "", "X-Gitlab-Token", key) != 200 {
		t.Fatal("the gates don't do what they should")
	}
	s.fails.Store(true)
	if s.send(t, "github", `{"late":true}`, "", "X-GitHub-Delivery", "unlucky") != 502 {
		t.Fatal("the backend does not fail")
	}
	s.fails.Store(false)

	s.visit(b, "deliveries", "delivery-19")
	for _, text := range []string{"forged", "signature_mismatch", "config_invalid", "unlucky", "502"} {
		b.shows(text)
	}
	s.visit(b, "deliveries?decision=refuse", "config_invalid")
	if eval[bool](b, `document.body.innerText.includes('delivery-19')`) {
		t.Error("a filter lets through what it should not")
	}
	s.visit(b, "deliveries?text=delivery-7", "delivery-7")
	b.run(chromedp.Click(`tbody a`))
	for _, text := range []string{"Passed, or not asked for: configuration", "Show the payload", "X-Hub-Signature-256", "masked"} {
		b.shows(text)
	}
	b.run(chromedp.Click(`//button[contains(., "Show the payload")]`))
	b.shows("number: 7")
	b.shows("[REDACTED]")
	if text := b.text(); strings.Contains(text, "a-secret-of-theirs") || strings.Contains(text, "sha256=") {
		t.Error("the page shows a secret")
	}
	s.visit(b, "deliveries?text=forged", "forged")
	b.run(chromedp.Click(`tbody a`))
	b.shows("signature or token: stopped here.")
	b.looks(1100, "light")
	b.shoot("refused")
	b.accessible()
	s.visit(b, "health", "refuses everything")
	b.shows("sekrets")
	s.visit(b, "overview", "Charts")
	b.shows("Refuses everything")

	for _, page := range []struct{ name, path, shows string }{{"overview", "overview", "Charts"}, {"deliveries", "deliveries", "delivery-19"}, {"health", "health", "What they depend on"}, {"live", "live", "Live"}} {
		s.visit(b, page.path, page.shows)
		if page.name == "live" {
			b.await(`document.getElementById('state').textContent === 'live'`)
			s.send(t, "github", `{"late":true}`, "", "X-GitHub-Event", "pull_request_review_comment", "X-GitHub-Delivery", "0191c5a4-4bd0-7cc0-a6ad-3a4ef2d1b7f3")
			s.send(t, "github", "{}", forged, "X-GitHub-Delivery", "forged-again")
			s.send(t, "kept", "{}", "", "X-GitHub-Delivery", "kept-for-later", "X-Answer-1", "503", "X-Answer-2", "503")
			b.shows("forged-again")
			b.shows("stored, 2 attempts")
		}
		b.everyLook(page.name)
	}
	b.run(chromedp.Click(`#logout`))
	b.await(`document.querySelector('input[name=token]')`)
}

// What comes is on the page by itself, also after a reload and a restart of Traefik.
func TestLive(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, viewer)
	s.visit(b, "live", "Nothing yet")
	b.await(`document.getElementById('state').textContent === 'live'`)
	s.send(t, "github", "{}", "", "X-GitHub-Delivery", "the-first")
	b.shows("the-first")
	b.run(chromedp.Click(`//button[contains(., "Pause")]`))
	s.send(t, "github", "{}", forged, "X-GitHub-Delivery", "while-paused")
	b.shows("Go on (1 held)")
	if eval[bool](b, `document.body.innerText.includes('while-paused')`) {
		t.Error("the pause is none")
	}
	b.run(chromedp.Click(`//button[contains(., "Go on")]`))
	b.shows("while-paused")

	if err := s.Configure("more.yml", "http: {routers: {more: {rule: \"Path(`/more`)\", service: backend@file, middlewares: [github@file]}}}\n"); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the reload", func() bool { return s.send(t, "more", "{}", "", "X-GitHub-Delivery", "after-the-reload") == 200 })
	b.shows("after-the-reload")

	s.Kill()
	b.shows("connection lost")
	s.start(t)
	s.send(t, "github", "{}", "", "X-GitHub-Delivery", "after-the-restart")
	b.await(`document.querySelector('input[name=token]') || document.body.innerText.includes('after-the-restart')`)
	if eval[bool](b, `!!document.querySelector('input[name=token]')`) { // sessions end with the process
		s.login(b, viewer)
		s.visit(b, "deliveries", "after-the-restart")
	}
}
