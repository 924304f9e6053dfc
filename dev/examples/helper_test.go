// Package examples runs what stands in examples/ in the real Traefik. Only what
// belongs to a reader's machine is exchanged: addresses, paths, secrets, and
// the services behind the gates.
package examples

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/hookward/hookward/dev/gateway"
)

const (
	host         = "hooks.example.com"
	githubSecret = "9c3f1b7e5d2a4086b1f3d5e7a9c0b2d4"
	stripeSecret = "whsec_4f6a8c0e2b4d6f8a0c2e4b6d8f0a2c4e"
	body         = `{"zen":"Keep it logically awesome."}`
	website      = "website" // the backend that no hook is for
)

// patience is how long a test waits for what must happen. Only a test that fails
// ever waits so long.
const patience = 20 * time.Second

var binary string

func TestMain(m *testing.M) {
	var err error
	binary, err = gateway.Build(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// They would send Traefik to a real Docker or a real cluster.
	for _, name := range []string{"DOCKER_HOST", "DOCKER_API_VERSION", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
		"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBECONFIG"} {
		_ = os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

// example reads a file of examples/.
func example(t *testing.T, name ...string) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(append([]string{root, "examples"}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// edit exchanges texts for others. What is not there is a mistake: the example
// is then another than the one this test is about.
func edit(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q in\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// addresses returns free addresses on loopback.
func addresses(t *testing.T, n int) []string {
	t.Helper()
	wanted := make([]string, n)
	for i := range wanted {
		wanted[i] = "127.0.0.1:0"
	}
	found, err := gateway.FreeAddresses(wanted...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// run starts Traefik until the test ends.
func run(t *testing.T, dir, ping string, arguments []string, env ...string) *gateway.Gateway {
	t.Helper()
	g, err := gateway.Run(t.Context(), binary, dir, "http://"+ping+"/ping", arguments, gateway.Settings{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Stop()
		for _, secret := range []string{githubSecret, stripeSecret} {
			if strings.Contains(g.Stdout.String()+g.Stderr.String(), secret) {
				t.Errorf("Traefik has printed the secret %q", secret)
			}
		}
		if t.Failed() {
			t.Logf("stdout:\n%s\nstderr:\n%s", g.Stdout, g.Stderr)
		}
	})
	return g
}

// backend answers with its name in X-Backend, and keeps the bodies that arrive.
type backend struct {
	name string
	url  string
	port int

	mu     sync.Mutex
	bodies []string
}

func (b *backend) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.bodies = append(b.bodies, string(text))
	b.mu.Unlock()
	rw.Header().Set("X-Backend", b.name)
}

func serve(t *testing.T, name string) *backend {
	t.Helper()
	b := &backend{name: name}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: b, ReadHeaderTimeout: patience}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	b.url, b.port = "http://"+listener.Addr().String(), listener.Addr().(*net.TCPAddr).Port
	return b
}

// arrived checks what a backend has received, in order.
func (b *backend) arrived(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.Join(b.bodies, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s has received %q, want %q", b.name, b.bodies, want)
	}
}

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
	eventually(t, "Traefik applies its dynamic configuration", func() bool {
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
	return "X-Hub-Signature-256: sha256=" + sum(key, text)
}

func stripeSigned(key, text string) string {
	at := fmt.Sprint(time.Now().Unix())
	return "Stripe-Signature: t=" + at + ",v1=" + sum(key, at+"."+text)
}

func sum(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// pinned returns the version of Traefik that dev/go.mod pins.
func pinned(t *testing.T) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "dev", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range module.Require {
		if r.Mod.Path == "github.com/traefik/traefik/v3" {
			return r.Mod.Version
		}
	}
	t.Fatal("dev/go.mod pins no Traefik")
	return ""
}
