package examples

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// caller sends requests to the host of the examples at one address.
type caller struct {
	client *http.Client
	url    string
}

// post sends a request and returns the status, and which backend has answered.
func (c caller) post(path, text string, lines ...string) (string, error) {
	r, err := http.NewRequest(http.MethodPost, c.url+path, strings.NewReader(text))
	if err != nil {
		return "", err
	}
	r.Host = host
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	response, err := c.client.Do(r)
	if err != nil {
		return "", err
	}
	_ = response.Body.Close()
	return strings.TrimSpace(fmt.Sprint(response.StatusCode, " ", response.Header.Get("X-Backend"))), nil
}

// applied waits until Traefik answers for the website, at any other host, and
// for the hooks' host as given: not every provider is ready at the same moment.
// What the website has received by then does not count.
func (c caller) applied(t *testing.T, w *backend, answer string) {
	t.Helper()
	testkit.Await(t, "Traefik applies its dynamic configuration", func() bool {
		response, err := c.client.Get(c.url)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		got, err := c.post("/", "")
		return response.Header.Get("X-Backend") == w.name && err == nil && got == answer
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies = nil
}

// answers checks the answer to a request.
func (c caller) answers(t *testing.T, want, path, text string, lines ...string) {
	t.Helper()
	if got, err := c.post(path, text, lines...); got != want {
		t.Errorf("%s %v: the answer is %q (%v), want %q", path, lines, got, err, want)
	}
}

// guarded checks what every example promises: what is signed passes, once and
// to its own backend, and all else is refused.
func (c caller) guarded(t *testing.T, ci, shop *backend) {
	t.Helper()
	stripe := stripeSigned(stripeSecret, body)
	c.answers(t, "401", "/github", body)
	c.answers(t, "401", "/github", body, githubSigned(stripeSecret, body))
	c.answers(t, "401", "/github", body+" ", githubSigned(githubSecret, body))
	c.answers(t, "401", "/github", body, stripe)
	c.answers(t, "401", "/stripe", body)
	c.answers(t, "401", "/stripe", body, stripeSigned(githubSecret, body))
	c.answers(t, "401", "/stripe", body, githubSigned(githubSecret, body))
	for _, path := range []string{"/", "/other", "/github/", "/GitHub", "/github;x", "/stripe/x"} {
		c.answers(t, "418", path, body, githubSigned(githubSecret, body), stripe)
	}
	ci.arrived(t)
	shop.arrived(t)
	c.answers(t, "200 ci", "/github", body, githubSigned(githubSecret, body))
	c.answers(t, "200 shop", "/stripe", body, stripe)
	// Acknowledged, and not forwarded: the examples remember what has passed.
	c.answers(t, "200", "/github", body, githubSigned(githubSecret, body))
	ci.arrived(t, body)
	shop.arrived(t, body)
}

// Both signatures are computed here, by the providers' rules, and not by the
// plugin, so that both must agree.
func githubSigned(key, text string) string {
	return fmt.Sprintf("X-Hub-Signature-256: sha256=%x", testkit.HMAC(key, text))
}

func stripeSigned(key, text string) string {
	at := fmt.Sprint(time.Now().Unix())
	return fmt.Sprintf("Stripe-Signature: t=%s,v1=%x", at, testkit.HMAC(key, at+"."+text))
}
