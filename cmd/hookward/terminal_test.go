package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	stdlog "log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A server's own words, in an error, move nothing on the terminal, and make no line of
// their own.
func TestSendErrorsOfOthers(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"evil\x1b[2J\nPASSES"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	arguments := []string{"send", "--provider", "github", "--secret", "env:SEND_SECRET", "--connect-to", server.Listener.Addr().String(), "https://hooks.example.com/"}
	status, stdout, stderr := hookward(arguments...)
	if status != exitUsage || stdout != "" || !strings.Contains(stderr, "evil\ufffd[2J\ufffdPASSES") || hasControl(stderr, "\n") {
		t.Errorf("one: %d %q %q", status, stdout, stderr)
	}
	status, stdout, _ = hookward(append(arguments, "--count", "2")...)
	if status != exitUsage || !strings.Contains(stdout, "evil\ufffd[2J\ufffdPASSES") || hasControl(stdout, "\n") {
		t.Errorf("many: %d %q", status, stdout)
	}
}

// What is JSON says the same, and has nothing in it that a terminal acts upon.
func TestPrintJSON(t *testing.T) {
	text := "é <&> \x1b \x7f \u009b2J \u202e \u2028 \U000e0041 \U0001f600 \\u009b"
	stdout := bytes.Buffer{}
	if err := printJSON(&stdout, map[string]string{"x": text}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil || got["x"] != text {
		t.Errorf("%v %q", err, got)
	}
	if printable(stdout.String()) != stdout.String() || !strings.Contains(stdout.String(), "é <&>") {
		t.Errorf("%q", stdout.String())
	}
}

// A capture is a stranger's, too: neither its mistakes nor its list reach the terminal
// as they are.
func TestVerifyEscapes(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.har":  `{"log":{"entries":[{"request":{"method":"GET","url":"http://h/\u001b[2J\n  9  GET http://x/"}},{"request":{"method":"GET","url":"http://h/\u009b"}}]}}`,
		"b.curl": "curl http://h/ -d @/\x1b[2J/none",
		"c.curl": "curl http://h/ -H '\x1b[2J'",
		"d.raw":  "POST / HTTP/1.1\nX\x1b[2J: 1\n\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		option := map[string]string{".har": "--har", ".curl": "--curl", ".raw": "--request"}[filepath.Ext(name)]
		status, stdout, stderr := hookward("verify", "--provider", "github", "--secret", "env:SEND_SECRET", option, file)
		if hasControl(stdout+stderr, "\n") || strings.Contains(stderr, "\n  9") {
			t.Errorf("%s: %d %q %q", name, status, stdout, stderr)
		}
	}
}

// Neither does what somebody has written into a log.
func TestAuditEscapes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a\x1b[2J.log")
	line := `{"event.sequence":%,"hookward.middleware":"m\u001b[2J\n\u009b","hookward.epoch":"e"}` + "\n"
	text := strings.Replace(line, "%", "1", 1) + strings.Replace(line, "%", "5", 1) + "\x1b[2J\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"--json=false", "--json"} {
		status, stdout, stderr := hookward("audit", more, file)
		if status != exitBroken || !strings.Contains(stdout, "missing") || hasControl(stdout+stderr, "\n") {
			t.Errorf("%d %q %q", status, stdout, stderr)
		}
	}
}
