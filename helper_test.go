package hookward

import (
	"bytes"
	"context"
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

	"github.com/hookward/hookward/internal/outbox"
)

// The example of GitHub's documentation, "Testing the webhook payload
// validation".
const (
	docsSecret    = "It's a Secret to Everybody"
	docsBody      = "Hello, World!"
	docsSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

// testTime is the present of tests that have one.
var testTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// githubOptions is a configuration which accepts the documentation's example.
func githubOptions() map[string]any {
	return map[string]any{"provider": "github", "secrets": []any{docsSecret}}
}

// mustCompile returns the policy of a configuration without mistakes.
func mustCompile(t *testing.T, raw map[string]any) *policy {
	t.Helper()
	c := compile(raw)
	if len(c.problems) > 0 {
		t.Fatalf("problems: %s", strings.Join(sentences(c.problems), "\n"))
	}
	return c.policy
}

// newPost returns a POST as the server would deliver it.
func newPost(body string, headers ...string) *http.Request {
	return newRequest(http.MethodPost, "/hooks", body, headers...)
}

func newRequest(method, target, body string, headers ...string) *http.Request {
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

// hexMACOf signs a text.
func hexMACOf(algorithm, key, text string) string {
	mac := hmac.New(hashes[algorithm], []byte(key))
	_, _ = io.WriteString(mac, text)
	return hex.EncodeToString(mac.Sum(nil))
}

// setenv sets a variable for the time of a test. Not t.Setenv: an interpreted
// plugin has an environment of its own.
func setenv(t *testing.T, name, value string) {
	t.Helper()
	if err := os.Setenv(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Unsetenv(name) })
}

// backend is a next handler that notes what reached it.
type backend struct {
	requests []*http.Request
	bodies   []string
}

func (b *backend) handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = []byte("error: " + err.Error())
		}
		b.requests = append(b.requests, r)
		b.bodies = append(b.bodies, string(body))
		rw.Header().Set("Content-Length", "3")
		rw.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(rw, "ok\n")
	})
}

// newTestHandler returns what New would return, whatever the configuration.
func newTestHandler(t *testing.T, next http.Handler, raw map[string]any) http.Handler {
	t.Helper()
	h, err := New(context.Background(), next, &Config{Raw: unbanned(raw)}, t.Name())
	if err != nil || h == nil {
		t.Fatalf("New returned %v, %v", h, err)
	}
	return h
}

// unbanned returns a configuration that bans nobody, unless it says something of
// bans itself: what tests send comes from one address, and is bad for the most
// part.
func unbanned(raw map[string]any) map[string]any {
	if len(raw) == 0 || raw["ban"] != nil {
		return raw
	}
	more := map[string]any{"ban": "false"}
	for name, value := range raw {
		more[name] = value
	}
	return more
}

// newTestGate is newGate for a gate that nothing ends.
func newTestGate(name string, raw map[string]any, compile func(map[string]any) *compilation, now time.Time) *gate {
	return newGate(name, unbanned(raw), func(raw map[string]any) (*compilation, *state) {
		c := compile(raw)
		if c.policy == nil {
			return c, nil
		}
		return c, testState(context.Background(), name, c.policy, now)
	}, now)
}

// testState returns the state of a policy, as that of a gate of some name.
func testState(ctx context.Context, name string, p *policy, now time.Time) *state {
	registryMu.Lock()
	m := middlewareOf(ctx, name, now)
	registryMu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	return useState(ctx, name, m, p, now)
}

// forgetMiddleware lets a name begin anew, as a restart does.
func forgetMiddleware(name string) {
	registryMu.Lock()
	delete(middlewares, name)
	registryMu.Unlock()
}

// listen collects what the plugin prints while a test runs: records, and lines for the
// operator.
func listen(t *testing.T) (*bytes.Buffer, *lockedBuffer) {
	records, reports := &bytes.Buffer{}, &lockedBuffer{}
	redirectRecords(records)
	redirect(reports)
	t.Cleanup(func() {
		redirectRecords(os.Stdout)
		redirect(os.Stderr)
	})
	return records, reports
}

// capture is listen for a test whose gates write records.
func capture(t *testing.T) (*bytes.Buffer, *lockedBuffer) {
	shutOutputs()
	freshOutputs()
	t.Cleanup(func() {
		shutOutputs()
		freshOutputs()
	})
	return listen(t)
}

// usedOutputs are all that tests have had: gates keep those that were forgotten.
var usedOutputs = map[*output]bool{}

// shutOutputs has every output look anew where its records go.
func shutOutputs() {
	registryMu.Lock()
	defer registryMu.Unlock()
	for _, o := range outputsByKey {
		if o.direct != nil {
			usedOutputs[o] = true
		}
	}
	for o := range usedOutputs {
		outbox.Shut(o.direct)
	}
}

// freshOutputs forgets outputs that a test has left in trouble.
func freshOutputs() {
	registryMu.Lock()
	outputsByKey = map[string]*output{}
	registryMu.Unlock()
}

// settleOutputs waits until no record is under way any more: who finds another at
// it leaves its own with that one.
func settleOutputs(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !outputsIdle(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("records are still under way")
		}
	}
}

func outputsIdle() bool {
	registryMu.Lock()
	defer registryMu.Unlock()
	for _, o := range outputsByKey {
		if idle, _ := isIdle(o); !idle {
			return false
		}
	}
	return true
}

// onlyRecord decodes the one record that was written, and forgets it.
func onlyRecord(t *testing.T, records *bytes.Buffer) map[string]any {
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

// base64MACOf signs a text with HMAC-SHA256.
func base64MACOf(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(mac, text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// base64Of writes hexadecimal bytes in base64.
func base64Of(t *testing.T, text string) string {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func base64Text(text string) string {
	return base64.StdEncoding.EncodeToString([]byte(text))
}
