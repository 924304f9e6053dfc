// Package hooktest has the configurations, deliveries and backends that tests of
// several packages use. It must not know the gate, whose own tests use it: nothing but
// tests imports it.
package hooktest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/report"
)

// options returns GitHub's configuration with more in it.
func GithubWith(more map[string]any) map[string]any {
	raw := GithubOptions()
	for name, value := range more {
		raw[name] = value
	}
	return raw
}

func SignedPost(body string, headers ...string) *http.Request {
	return NewPost(body, append(headers, "X-Hub-Signature-256: sha256="+HexMACOf("hmac-sha256", DocsSecret, body), "X-GitHub-Delivery: 72d3162e", "X-GitHub-Event: push")...)
}

// NewRequestOf returns a request of its own for the gate itself.
func NewRequestOf(r *http.Request, body string) *http.Request {
	other := httptest.NewRequest(r.Method, r.URL.RequestURI(), strings.NewReader(body))
	other.Header = r.Header.Clone()
	other.RemoteAddr = r.RemoteAddr
	return other
}

func NewRequestWithoutPeer(body string) *http.Request {
	r := NewPost(body)
	r.RemoteAddr = ""
	return r
}

// The example of GitHub's documentation, "Testing the webhook payload
// validation".
const (
	DocsSecret    = "It's a Secret to Everybody"
	DocsBody      = "Hello, World!"
	DocsSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

// TestTime is the present of tests that have one.
var TestTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// GithubOptions is a configuration which accepts the documentation's example.
func GithubOptions() map[string]any {
	return map[string]any{"provider": "github", "secrets": []any{DocsSecret}}
}

// NewPost returns a POST as the server would deliver it.
func NewPost(body string, headers ...string) *http.Request {
	return NewRequest(http.MethodPost, "/hooks", body, headers...)
}

func NewRequest(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// hashes are those of HMAC, by the names of the option signature.algorithm.
var hashes = map[string]func() hash.Hash{
	"hmac-md5": md5.New, "hmac-sha1": sha1.New, "hmac-sha256": sha256.New, "hmac-sha384": sha512.New384, "hmac-sha512": sha512.New,
}

// HexMACOf signs a text.
func HexMACOf(algorithm, key, text string) string {
	mac := hmac.New(hashes[algorithm], []byte(key))
	_, _ = io.WriteString(mac, text)
	return hex.EncodeToString(mac.Sum(nil))
}

// Setenv sets a variable for the time of a test. Not t.Setenv: an interpreted
// plugin has an environment of its own.
func Setenv(t *testing.T, name, value string) {
	t.Helper()
	if err := os.Setenv(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Unsetenv(name) })
}

// Unbanned returns a configuration that bans nobody, unless it says something of
// bans itself: what tests send comes from one address, and is bad for the most
// part.
func Unbanned(raw map[string]any) map[string]any {
	if len(raw) == 0 || raw["ban"] != nil {
		return raw
	}
	more := map[string]any{"ban": "false"}
	for name, value := range raw {
		more[name] = value
	}
	return more
}

// Directory returns a directory in which a gate may still be at work when the test ends:
// whoever removes one of testing's own then fails.
func Directory(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "hookward-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

// Listen collects what the plugin prints while a test runs: records, and lines for the
// operator.
func Listen(t *testing.T) (*LockedBuffer, *LockedBuffer) {
	records, reports := &LockedBuffer{}, &LockedBuffer{}
	Record(records)
	report.Redirect(reports)
	t.Cleanup(func() {
		Record(os.Stdout)
		report.Redirect(os.Stderr)
	})
	return records, reports
}

// OnlyRecord decodes the one record that was written, and forgets it.
func OnlyRecord(t *testing.T, records *LockedBuffer) map[string]any {
	t.Helper()
	text := records.String()
	records.Reset()
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		t.Fatalf("want one record, got %q", text)
	}
	fields := map[string]any{}
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatalf("record %q: %v", text, err)
	}
	return fields
}

// Base64MACOf signs a text with HMAC-SHA256.
func Base64MACOf(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(mac, text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Base64Of writes hexadecimal bytes in base64.
func Base64Of(t *testing.T, text string) string {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func Base64Text(text string) string {
	return base64.StdEncoding.EncodeToString([]byte(text))
}

func SignedPlain(more map[string]any) map[string]any {
	raw := map[string]any{"secrets": DocsSecret, "ban": "false", "signature": map[string]any{"header": "X-Signature", "eventField": "json:type", "uncompressed": "true"}}
	for option, value := range more {
		raw[option] = value
	}
	return raw
}
