package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	plugin "github.com/hookward/hookward"
)

const sendSecret = "It's a Secret to Everybody, of 38 bytes"

// guarded is a server with a gate in front of it, which notes what has passed.
type guarded struct {
	*httptest.Server
	mu      sync.Mutex
	passed  []*http.Request
	bodies  []string
	waiting int
	most    int
}

// guard starts a server with a gate, whose configuration comes in JSON.
func guard(t *testing.T, configuration string) *guarded {
	t.Helper()
	raw := map[string]any{}
	if err := json.Unmarshal([]byte(configuration), &raw); err != nil {
		t.Fatal(err)
	}
	raw["ban"] = "false"
	g := &guarded{}
	next := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		g.passed = append(g.passed, r.Clone(context.Background()))
		g.bodies = append(g.bodies, string(body))
		g.mu.Unlock()
		rw.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(rw, "thanks\x1b[31m\u009b31m")
	})
	gate, err := plugin.New(context.Background(), next, &plugin.Config{Raw: raw}, t.TempDir()) // a name that no other has
	if err != nil {
		t.Fatal(err)
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.waiting++
		if g.waiting > g.most {
			g.most = g.waiting
		}
		g.mu.Unlock()
		gate.ServeHTTP(rw, r)
		g.mu.Lock()
		g.waiting--
		g.mu.Unlock()
	}))
	t.Cleanup(g.Close)
	return g
}

// forget forgets what has passed. It takes the lock, as take does: what another
// process sends is in step with nothing else.
func (g *guarded) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passed, g.bodies, g.most = nil, nil, 0
}

// take returns what has passed.
func (g *guarded) take() ([]*http.Request, []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed, g.bodies
}

// different returns how many different values a header had in what passed.
func (g *guarded) different(name string) int {
	seen := map[string]bool{}
	for _, r := range g.passed {
		seen[r.Header.Get(name)] = true
	}
	return len(seen)
}

const githubGate = `{"provider": "github", "secrets": ["env:SEND_SECRET"]}`

func TestSendUsage(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	t.Setenv("BLANK", " ")
	dir := t.TempDir()
	github := "send --provider github --secret env:SEND_SECRET "
	for _, c := range []struct{ arguments, stderr string }{
		{"send", "name one URL"},
		{github + "http://a/ http://b/", "name one URL"},
		{github + "ftp://a/", "must have scheme and host"},
		{github + "http://user:pass@a/", "no password"},
		{github + "/path", "must have scheme and host"},
		{"send http://a/", "--provider: is required"},
		{"send --middleware x --provider github http://a/", "--middleware and --plugin belong to --config"},
		{"send --config x.yml --provider github http://a/", "--provider contradicts --config"},
		{"send --config " + dir + "/none.yml http://a/", "none.yml: can't be read: no such file"},
		{"send --provider gihub http://a/", "did you mean github"},
		{"send --provider nothing-of-it --secret env:SEND_SECRET http://a/", "'hookward providers' lists"},
		{"send --provider github http://a/", "--secret: is required"},
		{"send --provider github --secret " + strings.Fields(sendSecret)[2] + " http://a/", "must be env:NAME or file:/path"},
		{"send --provider github --secret env:NO_SUCH_SECRET http://a/", "NO_SUCH_SECRET is not set, or empty\n"},
		{"send --provider github --secret env:BLANK http://a/", "is empty or blank"},
		{"send --provider github --secret file:" + dir + "/none http://a/", "can't be found, or not by you"},
		{"send --provider svix --secret env:SEND_SECRET http://a/", "is not base64"},
		{"send --provider discord http://a/", "--key: is required"},
		{"send --provider aws-sns http://a/", "--key: is required"},
		{"send --provider discord --key env:SEND_SECRET http://a/", "--key: is neither PEM"},
		{"send --provider discord --key abc http://a/", "--key: must be env:NAME or file:/path"},
		{github + "--key env:BLANK http://a/", "--key: is empty"},
		{github + "--set secrets=abc http://a/", "--set secrets: must be env:NAME or file:/path"},
		{github + "--set Secrets[0]=abc http://a/", "must be env:NAME or file:/path"},
		{github + "--set secrets[]=env:OTHER http://a/", "--set secrets contradicts --secret"},
		{github + "--set audit.output=stdout http://a/", "allowed: provider"},
		{github + "--set signature http://a/", "must be NAME=VALUE"},
		{github + "--set signature.hedaer=X http://a/", "did you mean header?"},
		{github + "--set signature.format={hexx} http://a/", "signature.format"},
		{github + "--set signature.alternatives[1].format=x http://a/", "the next one is [0]"},
		{github + "--set signature.alternatives[x].format=x http://a/", "from 0 on"},
		{github + "--set signature.=x http://a/", "not the path of an option"},
		{github + "--set publicURL=http://b/ http://a/", "publicURL: has no effect"},
		{github + "--age 10m http://a/", "--age: has no effect"},
		{github + "--count 0 http://a/", "--count: must be"},
		{github + "--count x http://a/", "--count: \"x\" is not a whole NUMBER"},
		{github + "--concurrency 1001 http://a/", "--concurrency: must be"},
		{github + "--timeout 0s http://a/", "--timeout: must be"},
		{github + "--tamper header http://a/", "--tamper: must be"},
		{github + "--rate 50 http://a/", "--rate: must be"},
		{github + "--rate 0/s http://a/", "--rate: must be"},
		{github + "--rate NaN/s http://a/", "--rate: must be"},
		{github + "--rate -1/s http://a/", "--rate: must be"},
		{github + "--rate 5/d http://a/", "--rate: must be"},
		{github + "--header X-A http://a/", "--header"},
		{github + "--header Host:b http://a/", "--header Host: follows from"},
		{github + "--header content-length:1 http://a/", "follows from"},
		{github + "--method P(ST http://a/", "--method"},
		{github + "--data @" + dir + "/none http://a/", "--data: open"},
		{github + "--connect-to 127.0.0.1 http://a/", "--connect-to: must be"},
		{github + "--connect-to :80 http://a/", "--connect-to: must be"},
		{github + "--print --count 2 http://a/", "leave --count out"},
		{github + "--print --json http://a/", "leave --json out"},
		{"send --provider gitlab --secret env:SEND_SECRET --print http://a/", "is never printed"},
		{"send --provider adyen --secret env:SEND_SECRET --data [] http://a/", "is not hex"},
		{github + "http://127.0.0.1:1/", "no answer: connection refused"},
	} {
		status, stdout, stderr := hookward(strings.Fields(c.arguments)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, c.stderr) || !strings.HasPrefix(stderr, "hookward send: ") {
			t.Errorf("%s: %d\n%s\n%s", c.arguments, status, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, sendSecret) {
			t.Errorf("%s: prints the secret", c.arguments)
		}
	}
}

func TestSend(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	t.Setenv("OTHER_SECRET", "another secret of 32 bytes, or so")
	g := guard(t, githubGate)
	github := []string{"send", "--provider", "github", g.URL, "--secret"}
	for _, c := range []struct {
		more   string
		status int
		answer string
	}{
		{"env:SEND_SECRET", exitGood, "200 OK in "},
		{"env:SEND_SECRET --secret env:OTHER_SECRET", exitGood, "thanks\ufffd[31m\ufffd31m\n"},
		{"env:SEND_SECRET --event ping --id one --header X-More:yes", exitGood, "Content-Type: text/plain"},
		{"env:SEND_SECRET --data text", exitGood, "200 OK"},
		{"env:SEND_SECRET --data @-", exitGood, "200 OK"},
		{"env:OTHER_SECRET", exitBroken, "401 Unauthorized"},
		{"env:OTHER_SECRET --secret env:SEND_SECRET", exitBroken, "401 Unauthorized"},
		{"env:SEND_SECRET --tamper body", exitBroken, "401 Unauthorized"},
		{"env:SEND_SECRET --tamper signature", exitBroken, "401 Unauthorized"},
		{"env:SEND_SECRET --method PUT", exitBroken, "405 Method Not Allowed"},
	} {
		status, stdout, stderr := hookward(append(github, strings.Fields(c.more)...)...)
		if status != c.status || !strings.Contains(stdout, c.answer) || stderr != "" {
			t.Errorf("%s: %d\n%s\n%s", c.more, status, stdout, stderr)
		}
	}
	if len(g.passed) != 5 {
		t.Fatalf("%d have passed", len(g.passed))
	}
	if h := g.passed[2].Header; h.Get("X-GitHub-Event") != "ping" || h.Get("X-GitHub-Delivery") != "one" || h.Get("X-More") != "yes" || g.bodies[2] != fill(githubPing, "one") || h.Get("User-Agent") != "hookward-send" {
		t.Errorf("the ping: %v %s", h, g.bodies[2])
	}
	if g.passed[0].Header.Get("X-GitHub-Event") != "push" || g.bodies[0] != fill(githubPush, g.passed[0].Header.Get("X-GitHub-Delivery")) || g.bodies[3] != "text" || g.passed[3].Header.Get("Content-Type") != "text/plain" || g.bodies[4] != "" {
		t.Errorf("bodies: %q", g.bodies)
	}
	status, stdout, _ := hookward(append(github, "env:SEND_SECRET", "--json")...)
	report := sendReport{}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || status != exitGood || report.Response == nil || report.Response.Status != 200 || report.Response.Body != "thanks\x1b[31m\u009b31m" || strings.Contains(stdout, "\u009b") || !strings.Contains(stdout, `\u009b31m`) || report.Latency.Max <= 0 {
		t.Errorf("JSON: %d %v %s", status, err, stdout)
	}
}

// The id, the timestamp and the event are written into a body of the user's, of which
// nothing else changes.
func TestSendIntoBody(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	stripe := guard(t, `{"provider": "stripe", "secrets": ["env:SEND_SECRET"]}`)
	linear := guard(t, `{"provider": "linear", "secrets": ["env:SEND_SECRET"]}`)
	body := "{ \"id\" : \"evt_1\",\t\"type\":\"a.b\", \"amount\": 1.50, \"x\": \"<\\u00e9>\" }\n"
	file := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ more, want string }{
		{"", body},
		{"--id evt_2", strings.Replace(body, "evt_1", "evt_2", 1)},
		{"--event c.d", strings.Replace(body, "a.b", "c.d", 1)},
	} {
		stripe.forget()
		status, stdout, stderr := hookward(append([]string{"send", "--provider", "stripe", "--secret", "env:SEND_SECRET", "--data", "@" + file, stripe.URL}, strings.Fields(c.more)...)...)
		if status != exitGood || len(stripe.bodies) != 1 || stripe.bodies[0] != c.want {
			t.Errorf("%s: %d %s%s %q", c.more, status, stdout, stderr, stripe.bodies)
		}
	}
	// Of several, each has its own id, also in a body of the user's.
	stripe.forget()
	status, stdout, stderr := hookward("send", "--provider", "stripe", "--secret", "env:SEND_SECRET", "--data", "@"+file, "--count", "3", stripe.URL)
	ids := map[string]bool{}
	for _, b := range stripe.bodies {
		ids[b] = true
	}
	if status != exitGood || len(ids) != 3 || ids[body] {
		t.Errorf("three: %d %s%s %q", status, stdout, stderr, stripe.bodies)
	}
	status, stdout, stderr = hookward("send", "--provider", "linear", "--secret", "env:SEND_SECRET", linear.URL)
	if status != exitGood || strings.Contains(linear.bodies[0], `"webhookTimestamp":0`) {
		t.Errorf("linear: %d %s%s %q", status, stdout, stderr, linear.bodies)
	}
	for _, age := range []string{"10m", "-10m"} {
		status, stdout, _ = hookward("send", "--provider", "linear", "--secret", "env:SEND_SECRET", "--age="+age, linear.URL)
		if status != exitBroken || !strings.HasPrefix(stdout, "401 ") {
			t.Errorf("--age %s: %d %s", age, status, stdout)
		}
	}
}

// Redirects are told, not followed; names are resolved as --connect-to says.
func TestSendElsewhere(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	hosts := []string{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Host)
		http.Redirect(rw, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	status, stdout, _ := hookward("send", "--provider", "github", "--secret", "env:SEND_SECRET", "--connect-to", address, "http://hooks.example.com/in")
	if status != exitBroken || !strings.Contains(stdout, "Location: /elsewhere") || len(hosts) != 1 || hosts[0] != "hooks.example.com" {
		t.Errorf("%d %s %q", status, stdout, hosts)
	}
	secure := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {}))
	defer secure.Close()
	status, _, stderr := hookward("send", "--provider", "github", "--secret", "env:SEND_SECRET", secure.URL)
	if status != exitUsage || !strings.Contains(stderr, "certificate") {
		t.Errorf("an unknown certificate: %d %s", status, stderr)
	}
	status, _, stderr = hookward("send", "--provider", "github", "--secret", "env:SEND_SECRET", "--insecure", secure.URL)
	if status != exitGood || !strings.Contains(stderr, "NOT VERIFIED") {
		t.Errorf("--insecure: %d %s", status, stderr)
	}
}

// A scheme of one's own, a private key, and a URL that is signed.
func TestSendSchemes(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKCS8PrivateKey(private)
	t.Setenv("PRIVATE_KEY", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	t.Setenv("PRIVATE_SEED", fmt.Sprintf("%x", private.Seed()))
	for _, c := range []struct{ gate, arguments string }{
		{`{"secrets": ["env:SEND_SECRET"], "signature": {"header": "X-Sig", "format": "t={timestamp},v1={hex},...", "signs": "{timestamp}.{header:X-Nonce}.{body}", "alternatives": [{"algorithm": "hmac-sha512"}]}}`,
			"--secret env:SEND_SECRET --set signature.header=X-Sig --set signature.format=t={timestamp},v1={hex},... --set signature.signs={timestamp}.{header:X-Nonce}.{body} --set signature.alternatives[0].algorithm=hmac-sha512"},
		{fmt.Sprintf(`{"provider": "discord", "publicKeys": ["%x"]}`, []byte(public)), "--provider discord --key env:PRIVATE_KEY"},
		{fmt.Sprintf(`{"provider": "discord", "publicKeys": ["%x"]}`, []byte(public)), "--provider discord --key env:PRIVATE_SEED"},
		{`{"provider": "twilio", "publicURL": "https://hooks.example.com/in", "secrets": ["env:SEND_SECRET"]}`, "--provider twilio --set publicURL=https://hooks.example.com/in --secret env:SEND_SECRET"},
		{`{"provider": "gitlab", "secrets": ["env:SEND_SECRET"]}`, "--provider gitlab --secret env:SEND_SECRET"},
	} {
		g := guard(t, c.gate)
		for _, more := range []string{"--tamper=none", "--tamper=signature"} {
			want := exitGood
			if more == "--tamper=signature" {
				want = exitBroken
			}
			status, stdout, stderr := hookward(append([]string{"send", g.URL + "/in", more}, strings.Fields(c.arguments)...)...)
			if status != want || stderr != "" {
				t.Errorf("%s %s: %d %s%s", c.arguments, more, status, stdout, stderr)
			}
		}
	}
}
