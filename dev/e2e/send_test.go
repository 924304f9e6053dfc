package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

const sendSecret = "a secret of the command, long enough to be found"

// command builds cmd/hookward, and returns its path.
func command(t *testing.T) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "hookward")
	build := exec.Command("go", "build", "-o", path, "./cmd/hookward")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// runSend runs the command, and returns its exit status and what it prints.
func runSend(t *testing.T, path string, arguments ...string) (int, string) {
	t.Helper()
	c := exec.Command(path, append([]string{"send"}, arguments...)...)
	c.Env = append(os.Environ(), "SEND="+sendSecret, "OTHER=another secret that the gate does not have", "BASIC=hooks:"+sendSecret)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte(sendSecret)) {
		t.Errorf("hookward send %q prints the secret: %s", arguments, out)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// What the command signs passes the real Traefik, and what it spoils does not.
func TestSend(t *testing.T) {
	secrets := `secrets: ["env:SEND"], ban: false`
	s := start(t, nil, []gate{
		{name: "github", options: "{provider: github, " + secrets + "}"},
		{name: "stripe", options: "{provider: stripe, " + secrets + "}"},
		{name: "slack", options: "{provider: slack, " + secrets + "}"},
		{name: "twilio", options: "{provider: twilio, publicURL: 'https://hooks.example.com', " + secrets + "}"},
		{name: "gitlab", options: "{provider: gitlab, " + secrets + "}"},
		{name: "braintree", options: "{provider: braintree, senders: [key], " + secrets + "}"},
		{name: "mailgun", options: "{provider: mailgun, " + secrets + "}"},
		{name: "basic", options: `{provider: chargebee, secrets: ["env:BASIC"], ban: false}`},
		{name: "once", options: "{provider: github, replay: true, " + secrets + "}"},
		{name: "paystack", options: "{provider: paystack, replay: true, " + secrets + "}"},
		{name: "own", options: "{signature: {header: X-Sig, format: 't={timestamp},v1={hex},...', signs: '{timestamp}.{method}.{path}.{body}'}, " + secrets + "}"},
	}, gateway.Settings{Env: []string{"SEND=" + sendSecret, "BASIC=hooks:" + sendSecret}})
	path := command(t)
	url := func(name string) string { return s.URL + "/" + name + "/in" }
	scheme := map[string][]string{
		"twilio":    {"--provider", "twilio", "--set", "publicURL=https://hooks.example.com"},
		"braintree": {"--provider", "braintree", "--set", "senders=key"},
		"basic":     {"--provider", "chargebee"},
		"once":      {"--provider", "github"},
		"own":       {"--set", "signature.header=X-Sig", "--set", "signature.format=t={timestamp},v1={hex},...", "--set", "signature.signs={timestamp}.{method}.{path}.{body}"},
	}
	for _, test := range []struct {
		gate, more string
		exit       int
		status     string
		passes     int
	}{
		{"github", "", 0, "200 OK", 1},
		{"github", "--event ping", 0, "200 OK", 1},
		{"github", "--tamper body", 1, "401 Unauthorized", 0},
		{"github", "--tamper signature", 1, "401 Unauthorized", 0},
		{"github", "--secret env:OTHER", 1, "401 Unauthorized", 0},
		{"stripe", "--event invoice.paid", 0, "200 OK", 1},
		{"stripe", "--age 4m", 0, "200 OK", 1},
		{"stripe", "--age 6m", 1, "401 Unauthorized", 0},
		{"stripe", "--age=-6m", 1, "401 Unauthorized", 0},
		{"slack", "", 0, "200 OK", 1},
		{"twilio", "", 0, "200 OK", 1},
		{"twilio", `--data {"a":1}`, 0, "200 OK", 1},
		{"twilio", "--tamper body", 1, "401 Unauthorized", 0},
		{"gitlab", "", 0, "200 OK", 1},
		{"gitlab", "--tamper signature", 1, "401 Unauthorized", 0},
		{"braintree", "", 0, "200 OK", 1},
		{"mailgun", "", 0, "200 OK", 1},
		{"basic", "--secret env:BASIC", 0, "200 OK", 1},
		{"own", "--data text", 0, "200 OK", 1},
		{"own", "--data text --tamper body", 1, "401 Unauthorized", 0},
		// A gate with replay takes no two for one, but those with the same id.
		{"once", "", 0, "200 OK", 1},
		{"once", "", 0, "200 OK", 1},
		{"once", "--count 3", 0, "200 OK  3", 3},
		{"once", "--id d", 0, "200 OK", 1},
		{"once", "--id d", 0, "200 OK", 0},
		{"once", "--data {} --count 3 --concurrency 1", 0, "takes all of these for one", 1},
		{"paystack", "", 0, "200 OK", 1},
		{"paystack", "", 0, "200 OK", 1},
		{"slack", "--count 60 --rate 600/s", 0, "200 OK  60", 60},
		{"slack", "--count 20 --tamper signature", 1, "401 Unauthorized  20", 0},
	} {
		before := s.backend.count()
		arguments := scheme[test.gate]
		if arguments == nil {
			arguments = []string{"--provider", test.gate}
		}
		if !strings.Contains(test.more, "--secret") {
			arguments = append(arguments, "--secret", "env:SEND")
		}
		arguments = append(append(arguments, strings.Fields(test.more)...), url(test.gate))
		exit, out := runSend(t, path, arguments...)
		if exit != test.exit || !strings.Contains(out, test.status) || s.backend.count()-before != test.passes {
			t.Errorf("%s %s: exit status %d, %d at the backend\n%s", test.gate, test.more, exit, s.backend.count()-before, out)
		}
	}
	exit, out := runSend(t, path, "--provider", "stripe", "--secret", "env:SEND", "--count", "10", "--json", url("stripe"))
	report := struct {
		Sent     int
		Statuses map[string]int
		Latency  struct {
			P95 float64 `json:"p95_ms"`
		}
	}{}
	if err := json.Unmarshal([]byte(out), &report); err != nil || exit != 0 || report.Sent != 10 || report.Statuses["200"] != 10 || report.Latency.P95 <= 0 {
		t.Errorf("--json: %d %v %s", exit, err, out)
	}

	// What is printed does the same in a shell, which does not have the secret.
	exit, printed := runSend(t, path, "--provider", "slack", "--secret", "env:SEND", "--data", "it's\n`a` \"b\" $c\x01\r\n", "--print", url("slack"))
	if exit != 0 {
		t.Fatalf("--print: %d %s", exit, printed)
	}
	before := s.backend.count()
	shell := exec.Command("bash", "-c", printed)
	answer, err := shell.CombinedOutput()
	if err != nil || !bytes.Contains(answer, []byte("200 OK")) || s.backend.count() != before+1 {
		t.Errorf("the printed command: %v\n%s\n%s", err, printed, answer)
	}
}

// count returns how many requests have arrived.
func (b *backend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, arrivals := range b.arrivals {
		n += len(arrivals)
	}
	return n
}
