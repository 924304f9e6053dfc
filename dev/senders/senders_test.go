package senders

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

const githubSecret = "It's a Secret to Everybody, 256 bits of it"

const githubConfiguration = `http:
  routers:
    hooks: {rule: "PathPrefix(` + "`/`" + `)", service: backend, middlewares: [github]}
  middlewares:
    github:
      plugin:
        hookward:
          provider: github
          secrets: ["env:GITHUB_WEBHOOK_SECRET"]
          ban: false
  services:
    backend: {loadBalancer: {servers: [{url: %q}]}}
`

// What @octokit/webhooks-examples 7.6.1 holds. The numbers stand here so that a
// package which has lost its examples can't pass.
const (
	wantExamples = 726
	wantForms    = 146 // every fifth example is sent as a form, too
)

// sent is a line of the sender's ledger.
type sent struct {
	ID      string `json:"id"`
	Event   string `json:"event"`
	Type    string `json:"type"`
	SHA256  string `json:"sha256"`
	Changed bool   `json:"changed"`
	Status  int    `json:"status"`
}

// What GitHub's own code has signed reaches the backend byte for byte, and what
// differs from it in one byte never does.
func TestGitHub(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	backend := &ledger{}
	g := startGateway(ctx, t, backend)

	file := filepath.Join(t.TempDir(), "ledger")
	sender := exec.CommandContext(ctx, "node", "github.mjs", g.URL+"/hooks/github", "--ledger", file)
	sender.Env = append(os.Environ(), "GITHUB_WEBHOOK_SECRET="+githubSecret)
	var stdout, stderr bytes.Buffer
	sender.Stdout, sender.Stderr = &stdout, &stderr
	runError := sender.Run()
	t.Logf("the sender's summary, with the seed that repeats it (--seed): %s", stdout.String())
	if runError != nil {
		t.Errorf("the sender: %v\n%s", runError, firstLines(stderr.String(), 20))
	}

	summary := struct{ Examples, Sent, Accepted, Refused, Surprises, Connections int }{}
	if err := json.Unmarshal(stdout.Bytes(), &summary); err != nil {
		t.Fatalf("the sender's summary: %v", err)
	}
	pairs := wantExamples + wantForms
	if summary.Examples != wantExamples || summary.Sent != 2*pairs || summary.Accepted != pairs || summary.Refused != pairs || summary.Surprises != 0 {
		t.Errorf("want %d examples, %d requests accepted and as many refused", wantExamples, pairs)
	}
	// More would mean that refusing a request costs its connection.
	if summary.Connections > 8 {
		t.Errorf("%d connections for 8 at a time: they were not kept alive", summary.Connections)
	}
	compare(t, readLedger(t, file), backend.received())
}

// compare holds what was sent against what the backend has got.
func compare(t *testing.T, all []sent, received map[string][]delivery) {
	t.Helper()
	forms, accepted := 0, 0
	for _, s := range all {
		got := received[s.ID]
		if s.Changed {
			if s.Status != http.StatusUnauthorized || len(got) != 0 {
				t.Errorf("changed %s %s: status %d, and the backend has seen it %d times; want 401, and never", s.Event, s.ID, s.Status, len(got))
			}
			continue
		}
		accepted++
		if strings.HasPrefix(s.Type, "application/x-www-form-urlencoded") {
			forms++
		}
		if s.Status != http.StatusOK || len(got) != 1 {
			t.Errorf("%s %s: status %d, and the backend has seen it %d times; want 200, and once", s.Event, s.ID, s.Status, len(got))
			continue
		}
		want := delivery{event: s.Event, contentType: s.Type, sha256: s.SHA256, signed: true}
		if got[0] != want {
			t.Errorf("%s: the backend got %+v, want %+v", s.ID, got[0], want)
		}
	}
	if forms != wantForms {
		t.Errorf("%d forms were sent, want %d", forms, wantForms)
	}
	if len(received) != accepted {
		t.Errorf("the backend has seen %d deliveries, want the %d that were signed", len(received), accepted)
	}
}

// startGateway starts Traefik and returns when the gate guards the backend.
func startGateway(ctx context.Context, t *testing.T, backend http.Handler) *gateway.Gateway {
	t.Helper()
	g := startTraefik(ctx, t, backend, githubConfiguration, "GITHUB_WEBHOOK_SECRET="+githubSecret)
	// Traefik answers 404 until it has applied the dynamic configuration.
	status := 0
	for wait := time.Now(); time.Since(wait) < 30*time.Second; time.Sleep(50 * time.Millisecond) {
		response, err := http.Post(g.URL, "text/plain", nil)
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		status = response.StatusCode
		if status == http.StatusUnauthorized {
			return g
		}
	}
	t.Fatalf("an unsigned request is answered with %d, want 401", status)
	return nil
}

// startTraefik starts Traefik in front of a backend, whose address is put into the
// configuration.
func startTraefik(ctx context.Context, t *testing.T, backend http.Handler, configuration string, env ...string) *gateway.Gateway {
	t.Helper()
	url, err := gateway.Serve(ctx, "127.0.0.1:0", backend)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := gateway.Build(ctx, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gateway.Start(ctx, binary, fmt.Sprintf(configuration, url), gateway.Settings{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("traefik's stderr:\n%s", firstLines(g.Stderr.String(), 20))
		}
		g.Stop()
	})
	return g
}

// delivery is what the backend notes of a request.
type delivery struct {
	event, contentType, sha256 string
	signed                     bool // the signature is that of the body, by Go's own code
}

// ledger is a backend that notes what it gets, by the delivery's id.
type ledger struct {
	mu         sync.Mutex
	deliveries map[string][]delivery
}

func (l *ledger) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	mac := hmac.New(sha256.New, []byte(githubSecret))
	mac.Write(body)
	sum := sha256.Sum256(body)
	d := delivery{
		event:       r.Header.Get("X-GitHub-Event"),
		contentType: r.Header.Get("Content-Type"),
		sha256:      hex.EncodeToString(sum[:]),
		signed:      r.Header.Get("X-Hub-Signature-256") == "sha256="+hex.EncodeToString(mac.Sum(nil)),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deliveries == nil {
		l.deliveries = map[string][]delivery{}
	}
	id := r.Header.Get("X-GitHub-Delivery")
	l.deliveries[id] = append(l.deliveries[id], d)
}

func (l *ledger) received() map[string][]delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.deliveries
}

func readLedger(t *testing.T, file string) []sent {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := []sent{}
	for lines := json.NewDecoder(bytes.NewReader(text)); lines.More(); {
		var s sent
		if err := lines.Decode(&s); err != nil {
			t.Fatalf("the sender's ledger: %v", err)
		}
		all = append(all, s)
	}
	return all
}

// firstLines keeps a failure's text readable.
func firstLines(text string, n int) string {
	lines := strings.SplitAfterN(text, "\n", n+1)
	if len(lines) > n {
		lines[n] = "...\n"
	}
	return strings.Join(lines, "")
}
