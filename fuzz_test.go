package hookward

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
)

// Oracle: whatever stands under the plugin's key compiles to a policy or to
// problems, never to both or to neither; nothing panics, and no problem and no
// warning shows the secret.
func FuzzConfiguration(f *testing.F) {
	f.Add(`{"provider":"github"}`)
	f.Add(`{"signature":{"header":"X","format":"t={timestamp},v1={hex},...","signs":"{timestamp}{body}"},"tolerance":"1h"}`)
	f.Add(`{"signature":[[1]],"methods":{"a":null},"maxBodyBytes":1e99,"observeOnly":7}`)
	f.Add(`{"PROVIDER":"github","provider":"github"}`)
	const canary = "c4n4ry-7h47-m4y-n07-b3-s33n"
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]any
		if json.Unmarshal([]byte(text), &raw) != nil || raw == nil {
			return
		}
		raw["secrets"] = []any{canary, canary + " "}
		c := policy.Compile(raw)
		if (c.Policy == nil) != (len(c.Problems) > 0) {
			t.Fatalf("policy %v, problems %q", c.Policy, c.Problems)
		}
		if strings.Contains(strings.Join(config.Sentences(c.Problems), "")+strings.Join(config.Sentences(c.Warnings), ""), canary) {
			t.Fatalf("VULNERABLE: the secret is shown: %q %q", c.Problems, c.Warnings)
		}
		if c.Policy != nil && (len(c.Policy.Schemes)+len(c.Policy.Handshakes) == 0 && c.Policy.Token == nil || c.Policy.MaxBodyBytes <= 0 || c.Policy.BodyTimeout <= 0) {
			t.Fatalf("a policy that is not whole: %+v", c.Policy)
		}
	})
}

// Oracle: a request passes exactly when an independent calculation accepts it,
// and then its body reaches the backend unchanged; there is one record either
// way, and it is valid JSON on one line. Where no signature is given the right
// one is sent, with one bit flipped if flip is not negative.
func FuzzHandler(f *testing.F) {
	f.Add("POST", hooktest.DocsBody, hooktest.DocsSignature, "X-Hub-Signature-256", int64(13), -1)
	f.Add("POST", hooktest.DocsBody, hooktest.DocsSignature, "X_Hub_Signature_256", int64(-1), -1)
	f.Add("POST", hooktest.DocsBody, "", "X-Hub-Signature-256", int64(13), -1)
	f.Add("POST", "", "", "x-hub-signature-256", int64(-1), 100)
	f.Add("GET", "", "sha256=", "X-Hub-Signature-256", int64(0), -1)
	f.Add("POST", "\x00\xff", "", "Transfer-Encoding", int64(1), -1)
	f.Fuzz(func(t *testing.T, method, body, signature, headerOption string, length int64, flip int) {
		if !header.IsName(headerOption) || !header.IsName(method) || length > int64(len(body)) {
			return
		}
		mac := hmac.New(sha256.New, []byte(hooktest.DocsSecret))
		mac.Write([]byte(body))
		right := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if signature == "" {
			sent := []byte(right)
			if flip >= 0 {
				sent[flip/8%len(sent)] ^= 1 << (flip % 8)
			}
			signature = string(sent)
		}
		records, _ := capture(t)
		b := &hooktest.Backend{}
		raw := hooktest.GithubOptions()
		raw["maxBodyBytes"] = "64"
		r := hooktest.NewPost(body)
		r.Method = method
		r.Header = http.Header{}
		r.Header.Set(headerOption, signature)
		if length < 0 {
			r.ContentLength = -1
		}
		rw := serve(newTestHandler(t, b.Handler(), raw), r)

		want := method == "POST" && len(body) <= 64 && http.CanonicalHeaderKey(headerOption) == "X-Hub-Signature-256" &&
			strings.HasPrefix(signature, "sha256=") && strings.ToLower(signature) == right
		if passed := len(b.Requests) == 1; passed != want || passed != (rw.Code == 202) {
			t.Fatalf("VULNERABLE: passed %v, want %v, status %d", passed, want, rw.Code)
		}
		if want && b.Bodies[0] != body {
			t.Fatalf("the backend got %q", b.Bodies[0])
		}
		if record := hooktest.OnlyRecord(t, records); (record["event.reason"] == verdict.Verified) != want {
			t.Fatalf("record %v", record)
		}
	})
}

// Oracle: whatever strangers write, a record is one line of
// printable JSON below 16 KiB, with its own fields and the decision of the gate.
func FuzzRecord(f *testing.F) {
	f.Add("POST", "/hooks", "a=1&token=x", "hooks.example.com", "id", "application/json", "note")
	f.Add("P\n", "/\u2028", "%zz&a=\xff", "\x1b[2J", `","hookward.decision":"pass`, "\x00", "\U0010ffff")
	records := &hooktest.LockedBuffer{}
	key := "c4n4ry-secret-of-the-gate"
	b := &hooktest.Backend{}
	f.Fuzz(func(t *testing.T, method, path, query, host, id, contentType, note string) {
		hooktest.Record(records)
		report.Redirect(io.Discard)
		records.Reset()
		gates.Restart()
		raw := map[string]any{"provider": "github", "secrets": key, "ban": "false", "audit": map[string]any{"headers": "X-Note"}}
		g := newTestGate("fuzz", raw, hooktest.TestTime)
		r := hooktest.NewPost("x")
		r.Method, r.URL.Path, r.URL.RawQuery, r.Host = method, path, query, host
		r.Header["X-Github-Delivery"], r.Header["Content-Type"], r.Header["X-Note"] = []string{id + key}, []string{contentType}, []string{note}
		through(g, b.Handler(), r)
		line := records.String()
		record := hooktest.OnlyRecord(t, records)
		if len(line) > 16<<10 || record["hookward.decision"] != "refuse" || strings.Contains(line, key) {
			t.Fatalf("VULNERABLE: %d bytes: %s", len(line), line)
		}
		for _, c := range line[:len(line)-1] {
			if c < ' ' || c > '~' {
				t.Fatalf("VULNERABLE: %q in %s", c, line)
			}
		}
		for name := range record {
			if !recordNames[name] {
				t.Fatalf("VULNERABLE: a field %q in %s", name, line)
			}
		}
	})
}

// recordNames are the fields that a record can have.
var recordNames = func() map[string]bool {
	names := map[string]bool{}
	fields := reflect.TypeOf(audit.Record{})
	for i := 0; i < fields.NumField(); i++ {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}()
