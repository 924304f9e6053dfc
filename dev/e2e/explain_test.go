package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// tap is a relay that keeps what clients send through it, as tcpdump would.
type tap struct {
	net.Listener
	mu   sync.Mutex
	sent bytes.Buffer
}

// newTap relays to an address until the test ends.
func newTap(t *testing.T, address string) *tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", address)
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
			// It is kept before it goes on: an answer comes after that.
			go func() { _, _ = io.Copy(io.MultiWriter(p, server), client); _ = server.Close() }()
		}
	}()
	return p
}

func (p *tap) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent.Write(b)
}

// taken returns what was sent, and forgets it.
func (p *tap) taken() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := p.sent.String()
	p.sent.Reset()
	return text
}

// What Traefik refuses is captured on its way there, and the command gives the same
// reason, and the cause.
func TestVerifyCommand(t *testing.T) {
	gates := []gate{
		{name: "gh", options: github},
		{name: "slack", options: `{provider: slack, secrets: ["env:GH"]}`},
		{name: "spaced", options: `{provider: github, secrets: ["env:SPACED"]}`},
		{name: "small", options: `{provider: github, secrets: ["env:GH"], maxBodyBytes: 5}`},
		{name: "token", options: `{provider: gitlab, secrets: ["env:GH"]}`},
	}
	variables := []string{"SPACED= " + secret}
	s := start(t, nil, gates, gateway.Settings{Env: variables})
	p := newTap(t, strings.TrimPrefix(s.URL, "http://"))

	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	command := filepath.Join(directory, "hookward")
	build := exec.Command("go", "build", "-o", command, "./cmd/hookward")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	config := "http:\n  middlewares:\n"
	for _, g := range gates {
		config += fmt.Sprintf("    %s: {plugin: {hookward: %s}}\n", g.name, g.options)
	}
	if err := os.WriteFile(filepath.Join(directory, "dynamic.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}

	stamp := func(at time.Time) []string {
		n := strconv.FormatInt(at.Unix(), 10)
		return []string{"X-Slack-Request-Timestamp: " + n, fmt.Sprintf("X-Slack-Signature: v0=%x", testkit.HMAC(secret, "v0:"+n+":"+hello))}
	}
	for _, c := range []struct {
		gate, body string
		lines      []string
		status     int
		reason     string
		cause      string
		chunked    bool
	}{
		{"gh", hello, []string{helloSignature}, 200, "verified", "", false},
		{"gh", hello, []string{helloSignature}, 200, "verified", "", true},
		{"gh", hello + "\n", []string{helloSignature}, 401, "signature_mismatch", "cause: the body is right without the newline at its end", false},
		{"gh", hello + "\n", []string{helloSignature}, 401, "signature_mismatch", "cause: the body is right without the newline at its end", true},
		{"spaced", hello, []string{helloSignature}, 401, "signature_mismatch", "cause: secret 1 is right without the white space around it", false},
		{"gh", hello, []string{signed("another", hello)}, 401, "signature_mismatch", "hint: another secret than the sender's", false},
		{"gh", hello, nil, 401, "signature_missing", "hint: set the secret at the sender", false},
		{"gh", hello, []string{helloSignature + "0"}, 401, "signature_malformed", "has 65 characters", false},
		{"slack", hello, []string{helloSignature}, 401, "signature_missing", "cause: it is signed as a delivery of github", false},
		{"slack", hello, stamp(time.Now()), 200, "verified", "", false},
		{"slack", hello, stamp(time.Now().Add(-time.Hour)), 401, "timestamp_too_old", "cause: the signature is right, and 1h0m", false},
		{"small", hello, []string{helloSignature}, 413, "body_too_large", "cure: maxBodyBytes: 13", false},
		{"token", hello, []string{"X-Gitlab-Token: another"}, 401, "token_mismatch", "hint: the sender has another token", false},
	} {
		r := s.request(c.gate, c.body, c.lines...)
		r.URL.Host = p.Addr().String()
		if c.chunked {
			r.ContentLength = -1
		}
		a := exchange(t, &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DisableKeepAlives: true}}, r)
		record := s.record(t, a.path)
		if a.StatusCode != c.status || record.Reason != c.reason {
			t.Errorf("%s: Traefik says %d and %s, want %d and %s", a.path, a.StatusCode, record.Reason, c.status, c.reason)
		}
		judge := exec.Command(command, "verify", "--config", filepath.Join(directory, "dynamic.yml"), "--middleware", c.gate, "--request", "-", "--now")
		judge.Env = append(append(os.Environ(), "GH="+secret), variables...)
		judge.Stdin = strings.NewReader(p.taken())
		out, err := judge.CombinedOutput()
		if _, ended := err.(*exec.ExitError); err != nil && !ended {
			t.Fatal(err)
		}
		last := fmt.Sprintf("\nREFUSED: %s, the caller gets %d ", record.Reason, a.StatusCode)
		want := 1
		if record.Reason == "verified" {
			last, want = "\nPASSES: verified", 0
		}
		if judge.ProcessState.ExitCode() != want || !strings.Contains(string(out), last) || !strings.Contains(string(out), c.cause) {
			t.Errorf("%s: the command ends with %d, and has not %q, or not %q:\n%s", a.path, judge.ProcessState.ExitCode(), last, c.cause, out)
		}
		if strings.Contains(string(out), secret) || strings.Contains(string(out), strings.TrimPrefix(helloSignature, "X-Hub-Signature-256: sha256=")) {
			t.Errorf("%s: the command shows a secret, or a signature:\n%s", a.path, out)
		}
	}
}
