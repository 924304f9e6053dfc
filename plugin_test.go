package hookward

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
)

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rw := httptest.NewRecorder()
	h.ServeHTTP(rw, r)
	return rw
}

func TestServeHTTP(t *testing.T) {
	signed := "X-Hub-Signature-256: " + hooktest.DocsSignature
	get := httptest.NewRequest(http.MethodGet, "/hooks", nil)
	lower := hooktest.NewPost(hooktest.DocsBody, signed)
	lower.Method = "post"
	large := hooktest.NewPost(strings.Repeat("x", 101), "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, strings.Repeat("x", 101)))
	chunked := hooktest.NewPost(strings.Repeat("x", 101), "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, strings.Repeat("x", 101)))
	chunked.ContentLength = -1
	huge := hooktest.NewPost(strings.Repeat("x", 64<<10+1))
	hesitant := hooktest.NewPost(strings.Repeat("x", 101), "Expect: 100-continue")
	limit := hooktest.NewPost(strings.Repeat("x", 100), "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, strings.Repeat("x", 100)))
	limit.ContentLength = -1
	short := hooktest.NewPost("", signed)
	short.Body = io.NopCloser(io.MultiReader(strings.NewReader("Hello"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	short.ContentLength = 13
	panicking := hooktest.NewPost("", signed)
	panicking.Body = panickingReader()
	panicking.ContentLength = 13

	cases := []struct {
		name    string
		request *http.Request
		status  int
		reason  string
		header  string // of the answer
	}{
		{"unsigned", hooktest.NewPost(hooktest.DocsBody), 401, verdict.SignatureMissing, ""},
		{"signature empty", hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "), 401, verdict.SignatureMissing, ""},
		{"signature malformed", hooktest.NewPost(hooktest.DocsBody, signed+"x"), 401, verdict.SignatureMalformed, ""},
		{"signature twice", hooktest.NewPost(hooktest.DocsBody, signed, signed), 401, verdict.SignatureDuplicated, ""},
		{"body changed", hooktest.NewPost("Hello, World?", signed), 401, verdict.SignatureMismatch, ""},
		{"GET", get, 405, verdict.MethodNotAllowed, "Allow: POST"},
		{"post", lower, 405, verdict.MethodNotAllowed, "Allow: POST"},
		{"over the limit by its length", large, 413, verdict.BodyTooLarge, "Connection: close"}, // a recorder has no connection; dev/e2e/drain_test.go has
		{"over the limit, not sent yet", hesitant, 413, verdict.BodyTooLarge, "Connection: close"},
		{"far over the limit by its length", huge, 413, verdict.BodyTooLarge, "Connection: close"},
		{"over the limit in chunks", chunked, 413, verdict.BodyTooLarge, "Connection: close"},
		{"body cut short", short, 400, verdict.BodyIncomplete, "Connection: close"},
		{"body panics", panicking, 503, verdict.InternalError, "Connection: close"},
		{"signed", hooktest.NewPost(hooktest.DocsBody, signed), 202, verdict.Verified, ""},
		{"at the limit in chunks", limit, 202, verdict.Verified, ""},
	}
	raw := hooktest.GithubOptions()
	raw["maxBodyBytes"] = 100
	for _, c := range cases {
		records, _ := capture(t)
		b := &hooktest.Backend{}
		rw := serve(newTestHandler(t, b.Handler(), raw), c.request)
		if rw.Code != c.status {
			t.Errorf("%s: status %d, want %d", c.name, rw.Code, c.status)
		}
		if (len(b.Requests) == 1) != (c.reason == verdict.Verified) {
			t.Errorf("%s: VULNERABLE: %d requests reached the backend", c.name, len(b.Requests))
		}
		record := hooktest.OnlyRecord(t, records)
		if record["event.reason"] != c.reason || record["http.response.status_code"] != float64(c.status) {
			t.Errorf("%s: record %v, want %s", c.name, record, c.reason)
		}
		if c.reason != verdict.Verified && (rw.Body.String() != http.StatusText(c.status)+"\n" || rw.Header().Get("Cache-Control") != "no-store") {
			t.Errorf("%s: a stranger sees %q %v", c.name, rw.Body, rw.Header())
		}
		name, value, _ := strings.Cut(c.header, ": ")
		if rw.Header().Get(name) != value {
			t.Errorf("%s: header %q is %q", c.name, c.header, rw.Header().Get(name))
		}
	}
}

// panickingReader is a body as some middleware in front could leave it.
func panickingReader() io.ReadCloser {
	return io.NopCloser(io.TeeReader(strings.NewReader("x"), (*bytes.Buffer)(nil)))
}

func TestBrokenConfigurationRefusesEverything(t *testing.T) {
	records, reports := capture(t)
	b := &hooktest.Backend{}
	h := newTestHandler(t, b.Handler(), map[string]any{"provider": "github", "sekrets": hooktest.DocsSecret, "observeOnly": true})
	for _, r := range []*http.Request{hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature), hooktest.NewPost(hooktest.DocsBody), httptest.NewRequest("GET", "/", nil)} {
		rw := serve(h, r)
		if rw.Code != 503 || rw.Header().Get("Retry-After") != "30" || len(b.Requests) != 0 {
			t.Errorf("VULNERABLE: status %d, %v, %d forwarded", rw.Code, rw.Header(), len(b.Requests))
		}
		if record := hooktest.OnlyRecord(t, records); record["event.reason"] != verdict.ConfigInvalid {
			t.Errorf("record %v", record)
		}
	}
	if strings.Count(reports.String(), "sekrets: is not an option, did you mean secrets?") != 1 {
		t.Errorf("reports: %s", reports)
	}
	if strings.Contains(reports.String(), hooktest.DocsSecret) {
		t.Errorf("VULNERABLE: the report shows the secret: %s", reports)
	}
}

func TestAPanickingCheckRefuses(t *testing.T) {
	records, reports := capture(t)
	b := &hooktest.Backend{}
	g := newTestGate("panicking", hooktest.GithubOptions(), hooktest.TestTime)
	g.Fixed.Policy.ObserveOnly = true
	g.Fixed.Policy.Fast.NewHash = nil // hmac.New panics
	rw := serve(handler(g, b.Handler()), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
	if rw.Code != 503 || len(b.Requests) != 0 {
		t.Errorf("VULNERABLE: status %d, %d forwarded", rw.Code, len(b.Requests))
	}
	if record := hooktest.OnlyRecord(t, records); record["event.reason"] != verdict.InternalError {
		t.Errorf("record %v", record)
	}
	if !strings.Contains(reports.String(), "a check panicked") {
		t.Errorf("reports: %s", reports)
	}
}

func TestBodyIsForwardedAsItWas(t *testing.T) {
	body := string([]byte{0, 1, 2, 253, 254, 255}) + strings.Repeat("\r\n", 70000)
	for _, c := range []struct {
		name   string
		body   string
		length int64
		want   int64
	}{
		{"length known", body, int64(len(body)), int64(len(body))},
		{"chunked", body, -1, int64(len(body))},
		{"empty", "", 0, 0},
		{"empty, chunked", "", -1, 0},
	} {
		capture(t)
		b := &hooktest.Backend{}
		r := hooktest.NewPost(c.body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, c.body))
		r.ContentLength = c.length
		if c.length < 0 {
			r.TransferEncoding = []string{"chunked"}
		}
		rw := serve(newTestHandler(t, b.Handler(), hooktest.GithubOptions()), r)
		if rw.Code != 202 || len(b.Bodies) != 1 || b.Bodies[0] != c.body {
			t.Errorf("%s: status %d, %d bodies", c.name, rw.Code, len(b.Bodies))
			continue
		}
		if b.Requests[0].ContentLength != c.want || len(b.Requests[0].TransferEncoding) != 0 {
			t.Errorf("%s: forwarded length %d, encoding %v", c.name, b.Requests[0].ContentLength, b.Requests[0].TransferEncoding)
		}
	}
}

func TestObserveOnly(t *testing.T) {
	raw := hooktest.GithubOptions()
	raw["observeOnly"] = true
	raw["maxBodyBytes"] = 10
	long := hooktest.NewPost(strings.Repeat("x", 40000))
	chunked := hooktest.NewPost(strings.Repeat("x", 40000))
	chunked.ContentLength = -1
	broken := hooktest.NewPost("")
	broken.ContentLength = 5
	broken.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
	for _, c := range []struct {
		name    string
		request *http.Request
		reason  string
		body    string
		forward bool
	}{
		{"unsigned", hooktest.NewPost("x", "X-Hookward-Provider: forged"), verdict.SignatureMissing, "x", true},
		{"too large", long, verdict.BodyTooLarge, strings.Repeat("x", 40000), true},
		{"too large, chunked", chunked, verdict.BodyTooLarge, strings.Repeat("x", 40000), true},
		{"method", httptest.NewRequest("PUT", "/", strings.NewReader("put")), verdict.MethodNotAllowed, "put", true},
		{"never came", broken, verdict.BodyIncomplete, "", false},
	} {
		records, _ := capture(t)
		b := &hooktest.Backend{}
		rw := serve(newTestHandler(t, b.Handler(), raw), c.request)
		record := hooktest.OnlyRecord(t, records)
		if record["event.reason"] != c.reason || record["hookward.decision"] != "refuse" || (record["hookward.observed"] == true) != c.forward {
			t.Errorf("%s: record %v", c.name, record)
		}
		if !c.forward {
			if len(b.Requests) != 0 || rw.Code != 400 {
				t.Errorf("%s: forwarded %d, status %d", c.name, len(b.Requests), rw.Code)
			}
			continue
		}
		if rw.Code != 202 || len(b.Bodies) != 1 || b.Bodies[0] != c.body {
			t.Errorf("%s: status %d, bodies %.50q", c.name, rw.Code, b.Bodies)
			continue
		}
		if got := b.Requests[0].Header[providerHeader]; got != nil {
			t.Errorf("%s: VULNERABLE: an unverified request carries %s: %q", c.name, providerHeader, got)
		}
	}
}

func TestRecord(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	h := newTestHandler(t, b.Handler(), hooktest.GithubOptions())
	r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature, "X-GitHub-Delivery: 72d3162e", "X-GitHub-Event: push\x1b[2J\u202e", "Authorization: Bearer t0ken")
	r.URL.RawQuery = "token=t0ken"
	r.Host = "hooks.example.com:8443"
	r.URL.Path = "/a\nb\u202e" + strings.Repeat("c", 5000)
	r.RemoteAddr = "[2001:db8::1]:5000"
	serve(h, r)
	line := records.String()
	if strings.Contains(line, "t0ken") || strings.Contains(line, hooktest.DocsSignature[7:]) || strings.Contains(line, hooktest.DocsSecret) {
		t.Errorf("VULNERABLE: a secret in %s", line)
	}
	for _, c := range line[:len(line)-1] {
		if c < ' ' || c > '~' {
			t.Errorf("%q in %s", c, line)
		}
	}
	record := hooktest.OnlyRecord(t, records)
	sum := sha256.Sum256([]byte(hooktest.DocsBody))
	for name, want := range map[string]any{
		"ecs.version": report.ECSVersion, "event.reason": verdict.Verified, "event.outcome": "success",
		"hookward.decision": "pass", "hookward.middleware": t.Name(), "hookward.provider": "github",
		"hookward.delivery_id": "72d3162e", "hookward.event_type": `push\x1b[2J\u202e`, "hookward.secret": float64(1),
		"client.address": "2001:db8::1", "http.request.method": "POST", "url.domain": "hooks.example.com",
		"http.request.body.bytes": float64(13), "hookward.body.sha256": hex.EncodeToString(sum[:]),
		"http.response.status_code": float64(202),
	} {
		if record[name] != want {
			t.Errorf("%s is %v, want %v", name, record[name], want)
		}
	}
	if path, _ := record["url.path"].(string); len(path) != 1000 || !strings.HasPrefix(path, "/a%0Ab%E2%80%AEccc") {
		t.Errorf("url.path is %q", path)
	}
}

// What follows the gate may rewrite the request in place, as Traefik's own
// stripPrefix does.
func TestRecordShowsTheRequestAsItCame(t *testing.T) {
	records, _ := capture(t)
	h := newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/internal"
		r.Host = "internal.example"
		r.Method = "PUT"
		r.RemoteAddr = "10.0.0.1:1"
	}), hooktest.GithubOptions())
	serve(h, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
	record := hooktest.OnlyRecord(t, records)
	if record["url.path"] != "/hooks" || record["url.domain"] != "example.com" || record["http.request.method"] != "POST" || record["client.address"] != "192.0.2.1" {
		t.Errorf("record %v", record)
	}
}

func TestAbortedResponseIsRecorded(t *testing.T) {
	records, _ := capture(t)
	h := newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	}), hooktest.GithubOptions())
	func() {
		defer func() {
			if p := recover(); p == nil {
				t.Error("the panic did not reach the server, which would call the response complete")
			}
		}()
		serve(h, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
	}()
	record := hooktest.OnlyRecord(t, records)
	if record["hookward.aborted"] != true || record["hookward.decision"] != "pass" || record["event.outcome"] != "failure" {
		t.Errorf("record %v", record)
	}
}

func TestARecordThatCannotBeWrittenIsReported(t *testing.T) {
	records, reports := capture(t)
	o := &faulty{to: records, full: true}
	hooktest.Record(o)
	b := &hooktest.Backend{}
	rw := serve(newTestHandler(t, b.Handler(), hooktest.GithubOptions()), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(reports.String(), "the file is not open; records wait in memory"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("reports %s", reports)
		}
	}
	if rw.Code != 202 {
		t.Errorf("status %d", rw.Code)
	}
	repair(o)
	settleOutputs(t)
	hooktest.OnlyRecord(t, records)
}
