package hookward

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/reply"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

// durations are what no two runs have in common, and so is the epoch.
var (
	durations = regexp.MustCompile(`("(?:event|hookward\.gate|hookward\.backend)\.duration"):\d+`)
	epochs    = regexp.MustCompile(`("(?:event\.id|hookward\.epoch)":")[0-9a-f]{16}`)
)

// through sends a request through a gate at TestTime, as handler does.
func through(g *gates.Gate, next http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rw := httptest.NewRecorder()
	x := decide(g, r, hooktest.TestTime)
	if !x.forward {
		refuse(rw, r, x)
		finish(x)
		return rw
	}
	func() {
		defer func() { _ = recover() }()
		next.ServeHTTP(reply.NewWriter(rw, r, &x.Sent), r)
		x.completed = true
	}()
	finish(x)
	return rw
}

// TestGoldenRecords compares the record of every decision, to the letter. Where
// one has changed on purpose, UPDATE_RECORDS=1 writes the file anew.
func TestGoldenRecords(t *testing.T) {
	records, _ := capture(t)
	answers := func(status int) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) })
	}
	aborts := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	})
	payload := func(kind string, more map[string]any) map[string]any {
		o := map[string]any{"payload": kind}
		for name, value := range more {
			o[name] = value
		}
		return hooktest.GithubWith(map[string]any{"audit": o})
	}
	json := `{"user":{"password":"hunter2hunter2","e-mail":"a@example.com"},"cards":[{"number":"4111111111111111"}],"n":1}`
	meta := map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": "the word to repeat"}
	ask := httptest.NewRequest(http.MethodGet, "/hooks?hub.mode=subscribe&hub.verify_token=the+word+to+repeat&hub.challenge=1158201444", nil)
	query := hooktest.SignedPost("x")
	query.URL.RawQuery = "page=2&access_token=t0ken&hub.mode=x"
	wide := hooktest.SignedPost("x")
	wide.URL.Path = "/a\u202eb"
	wide.Host = "hooks.example.com:8443"
	got := ""
	for _, c := range []struct {
		name    string
		raw     map[string]any
		next    http.Handler
		request *http.Request
		times   int // how often it is sent; the last record counts
	}{
		{"pass", hooktest.GithubOptions(), answers(202), hooktest.SignedPost("Hello"), 1},
		{"backend error", hooktest.GithubOptions(), answers(500), hooktest.SignedPost("Hello"), 1},
		{"backend says nothing", hooktest.GithubOptions(), http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {}), hooktest.SignedPost("Hello"), 1},
		{"aborted", hooktest.GithubOptions(), aborts, hooktest.SignedPost("Hello"), 1},
		{"refuse", hooktest.GithubOptions(), answers(200), hooktest.NewPost("Hello"), 1},
		{"method", hooktest.GithubOptions(), answers(200), httptest.NewRequest(http.MethodGet, "/hooks", nil), 1},
		{"too large", hooktest.GithubWith(map[string]any{"maxBodyBytes": "3"}), answers(200), hooktest.SignedPost("Hello"), 1},
		{"mistake", map[string]any{"provider": "githob"}, answers(200), hooktest.SignedPost("Hello"), 1},
		{"denied", hooktest.GithubWith(map[string]any{"denylist": map[string]any{"sourceRange": "192.0.2.0/24"}}), answers(200), hooktest.SignedPost("Hello"), 1},
		{"limited", hooktest.GithubWith(map[string]any{"rateLimit": map[string]any{"average": "1"}}), answers(200), hooktest.SignedPost("Hello"), 2},
		{"observed", hooktest.GithubWith(map[string]any{"observeOnly": "true"}), answers(200), hooktest.NewPost("Hello"), 1},
		{"duplicate", hooktest.GithubWith(map[string]any{"replay": "true"}), answers(200), hooktest.SignedPost("Hello"), 2},
		{"duplicate rejected", hooktest.GithubWith(map[string]any{"replay": map[string]any{"onDuplicate": "reject"}}), answers(200), hooktest.SignedPost("Hello"), 2},
		{"duplicate forwarded", hooktest.GithubWith(map[string]any{"replay": map[string]any{"onDuplicate": "forward"}}), answers(200), hooktest.SignedPost("Hello"), 2},
		{"handshake", meta, answers(200), ask, 1},
		{"query", hooktest.GithubOptions(), answers(200), query, 1},
		{"strange texts", hooktest.GithubOptions(), answers(200), wide, 1},
		{"headers", payload("hash", map[string]any{"headers": "user-agent,X-GitHub-Hook-ID,X-None"}), answers(200),
			hooktest.SignedPost("Hello", "User-Agent: GitHub-Hookshot/\x1b044aadd", "X-Github-Hook-Id: 292430182", "Content-Type: application/json"), 1},
		{"no payload", payload("none", nil), answers(200), hooktest.SignedPost("Hello"), 1},
		{"full", payload("full", nil), answers(200), hooktest.SignedPost("Grüße\n\"x\""), 1},
		{"full, truncated", payload("full", map[string]any{"maxPayloadBytes": "3"}), answers(200), hooktest.SignedPost("Grüße"), 1},
		{"full, binary", payload("full", nil), answers(200), hooktest.SignedPost("\xff\x00\x01"), 1},
		{"full, refused", payload("full", nil), answers(200), hooktest.NewPost("Hello"), 1},
		{"full, refused, and asked for", payload("full", map[string]any{"refusedPayload": "true"}), answers(200), hooktest.NewPost("Hello"), 1},
		{"redacted", payload("redacted", map[string]any{"redact": "user.email"}), answers(200), hooktest.SignedPost(json), 1},
		{"redacted by pattern", payload("redacted", map[string]any{"redactPatterns": "card,email"}), answers(200), hooktest.SignedPost(json), 1},
		{"redacted form", payload("redacted", nil), answers(200), hooktest.SignedPost("a=1&client_secret=s3cr3ts3cr3t", "Content-Type: application/x-www-form-urlencoded"), 1},
		{"redacted, and can't be read", payload("redacted", nil), answers(200), hooktest.SignedPost("<password>s3cr3t</password>"), 1},
		{"sampled", payload("hash", map[string]any{"sample": map[string]any{"pass": "3"}}), answers(200), hooktest.SignedPost("Hello"), 4},
	} {
		g := newTestGate("golden "+c.name, c.raw, hooktest.TestTime)
		body := ""
		if c.request.Body != nil {
			b := &bytes.Buffer{}
			_, _ = b.ReadFrom(c.request.Body)
			body = b.String()
		}
		for i := 0; i < c.times; i++ {
			records.Reset()
			r := c.request.Clone(context.Background())
			r.Body = http.NoBody
			if body != "" {
				r.Body = &closer{strings.NewReader(body)}
			}
			through(g, c.next, r)
		}
		line := records.String()
		if strings.Count(line, "\n") != 1 {
			t.Fatalf("%s: %q", c.name, line)
		}
		line = durations.ReplaceAllString(line, "$1:1")
		line = epochs.ReplaceAllString(line, "${1}0123456789abcdef")
		got += "# " + c.name + "\n" + line
	}
	path := filepath.Join("testdata", "records.jsonl")
	if os.Getenv("UPDATE_RECORDS") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(lines) || line != lines[i] {
			t.Fatalf("line %d is\n%s", i+1, line)
		}
	}
}

// closer is a body.
type closer struct{ *strings.Reader }

func (c *closer) Close() error { return nil }

// Records are numbered without a gap, by middleware, and each has an id of its own.
func TestNumbers(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	first := newTestHandler(t, b.Handler(), hooktest.GithubOptions())
	serve(first, hooktest.SignedPost("one"))
	r := hooktest.OnlyRecord(t, records)
	epoch, _ := r["hookward.epoch"].(string)
	start, _ := r["event.sequence"].(float64)
	again := newTestHandler(t, b.Handler(), hooktest.GithubWith(map[string]any{"observeOnly": "true"})) // a reload
	for i, h := range []http.Handler{first, again, first} {
		serve(h, hooktest.NewPost("unsigned"))
		r := hooktest.OnlyRecord(t, records)
		if r["event.sequence"] != start+1+float64(i) || r["hookward.epoch"] != epoch || !strings.HasPrefix(r["event.id"].(string), epoch+"-") {
			t.Errorf("record %d: %v", i, r)
		}
	}
	other := audit.NewNumbers("x")
	if len(other.Epoch) != 16 || other.Epoch == epoch {
		t.Errorf("epoch %q", other.Epoch)
	}
}

// No text of a stranger's makes a record longer than 16 KiB, or two lines of it,
// or adds a field.
func TestRecordsStayRecords(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	names := "A,B,C,D,E,F,G,H"
	h := newTestHandler(t, b.Handler(), hooktest.GithubWith(map[string]any{"audit": map[string]any{"headers": names}}))
	for _, text := range []string{
		"\n", "\r\n", "\u2028\u2029", "\x1b[2J", "\x7f", "\x00", `"`, `\`, `","hookward.decision":"pass`, "\xff\xfe", "\u202e", "\U0010ffff", `\"`, "]}\n{", "<script>&", "&", "<", "'", "%41", "%",
	} {
		for _, n := range []int{1, 100, 5000} {
			long := strings.Repeat(text, n)
			r := hooktest.NewPost("x", "X-Hub-Signature-256: "+hooktest.DocsSignature)
			for _, name := range strings.Split(names, ",") {
				r.Header[name] = []string{long}
			}
			r.Method = "P" + long
			r.Host = long
			r.URL.Path = "/" + long
			r.URL.RawQuery = "a=" + long
			r.Header["Content-Type"] = []string{long}
			r.Header["X-Github-Delivery"] = []string{long}
			r.Header["X-Github-Event"] = []string{long}
			serve(h, r)
			line := records.String()
			record := hooktest.OnlyRecord(t, records)
			if len(line) > 16<<10 || record["hookward.decision"] != "refuse" || record["event.reason"] != verdict.MethodNotAllowed {
				t.Errorf("%q: %d bytes: %s", text, len(line), line)
			}
			for _, c := range line[:len(line)-1] {
				if c < ' ' || c > '~' {
					t.Errorf("%q: %q in %s", text, c, line)
				}
			}
		}
	}
}

// A secret is found however it is escaped, and whatever it was decoded from.
func TestEscapedSecrets(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	for _, c := range []struct {
		raw   map[string]any
		texts []string // that are the secret
	}{
		{map[string]any{"provider": "svix", "secrets": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/A=="}, []string{
			"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD/A==", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD/A", "C2FVsBQIhrscChlQIMV%2Bb5sSYspob7oD%2FA%3D%3D",
			"whsec_C2FVsBQIhrscChlQIMV%2bb5sSYspob7oD%2fA", "0b6155b0140886bb1c0a195020c57e6f9b1262ca686fba03fc", "0B6155b0140886BB1C0A195020C57E6F9B1262CA686FBA03FC",
		}},
		{map[string]any{"provider": "github", "secrets": "plainsecret-0123456789"}, []string{"plainsecret-0123456789", "%70lainsecret-0123456789", "%2570lainsecret-0123456789", "PLAINSECRET-0123456789"}},
		{map[string]any{"provider": "braintree", "secrets": "3a1bc4d5e6f708192a3b4c5d6e7f7c9d", "senders": "pub"}, []string{"3a1bc4d5e6f708192a3b4c5d6e7f7c9d"}},
		{map[string]any{"provider": "github", "secrets": "kDk3+Zq/9tW8sVb1xYc2=="}, []string{`kDk3+Zq\/9tW8sVb1xYc2==`, `kDk3\u002bZq/9tW8sVb1xYc2==`, "kDk3%2bZq%2f9tW8sVb1xYc2%3d%3d"}},
		{map[string]any{"provider": "github", "secrets": "another-secret-entirely", "audit": map[string]any{"outputs": map[string]any{"type": "http", "url": "http://127.0.0.1:1/", "token": "the-token-of-an-output"}}}, []string{"the-token-of-an-output"}},
	} {
		for _, kind := range []string{"full", "redacted", "hash"} {
			raw := map[string]any{}
			for name, value := range c.raw {
				raw[name] = value
			}
			audit, _ := raw["audit"].(map[string]any)
			more := map[string]any{"payload": kind}
			if kind != "hash" {
				more["refusedPayload"] = "true"
			}
			for name, value := range audit {
				more[name] = value
			}
			raw["audit"] = more
			cc := policy.Compile(raw)
			if len(cc.Problems) > 0 && kind == "full" {
				continue // it has the signature in the body
			}
			g := newTestGate(t.Name()+kind, raw, hooktest.TestTime)
			g.Fixed.State.Outputs = gates.Stdout()
			for _, text := range c.texts {
				for place, r := range map[string]*http.Request{
					"path": hooktest.NewPost("x"), "100% of a path": hooktest.NewPost("x"), "query": hooktest.NewPost("x"), "id": hooktest.NewPost("x", "X-Github-Delivery: "+text),
					"json": hooktest.NewPost(`{"a":"` + text + `"}`), "form": hooktest.NewPost("a="+text, "Content-Type: application/x-www-form-urlencoded"),
				} {
					switch place {
					case "path":
						r.URL.Path = "/hooks/" + text
					case "100% of a path":
						r.URL.Path = "/100%/" + text
					case "query":
						r.URL.RawQuery = "x=" + text
					}
					through(g, b.Handler(), r)
					line := records.String()
					records.Reset()
					for _, form := range g.Fixed.Policy.Audit.Secrets {
						if strings.Contains(strings.ToLower(line), form) {
							t.Errorf("VULNERABLE: %s, %s, %s: %s", kind, place, text, line)
						}
					}
					if strings.Contains(line, text) && place != "form" || strings.Contains(line, "tW8sVb1xYc2") {
						t.Errorf("VULNERABLE: %s, %s, %s: %s", kind, place, text, line)
					}
				}
			}
		}
	}
}

// What a gate verifies with is in no record, in whatever form and place.
func TestNoSecretInRecords(t *testing.T) {
	records, reports := capture(t)
	b := &hooktest.Backend{}
	key := "c4n4ry/S3cret+with 32 bytes, more"
	forms := secrets.Forms(&secrets.Resolver{Texts: []string{key}})
	if len(forms) < 5 {
		t.Fatalf("forms %q", forms)
	}
	mac := hooktest.HexMACOf("hmac-sha256", key, "Hello")
	audit := map[string]any{"headers": "X-Note", "payload": "full", "refusedPayload": "true"}
	h := newTestHandler(t, b.Handler(), map[string]any{"provider": "github", "secrets": key, "audit": audit})
	redacting := newTestHandler(t, b.Handler(), map[string]any{"provider": "github", "secrets": key, "audit": map[string]any{"payload": "redacted", "refusedPayload": "true"}})
	for _, form := range forms {
		for i := 0; i < 8; i++ {
			r := hooktest.NewPost("Hello", "X-Hub-Signature-256: sha256="+mac, "Authorization: Bearer "+form, "Cookie: a="+form, "Content-Type: application/json")
			switch i {
			case 0:
				r.URL.Path = "/hooks/" + form + "/x"
			case 1:
				r.URL.RawQuery = "x=" + form
			case 2:
				r.URL.RawQuery = "token=" + form
			case 3:
				r.Header["X-Github-Delivery"] = []string{"a" + form}
			case 4:
				r.Header["X-Note"] = []string{form}
			case 5:
				r.Header["Content-Type"] = []string{form}
			case 6:
				r.Body = &closer{strings.NewReader(`{"note":"` + form + `"}`)}
				r.ContentLength = int64(len(form)) + 11
			case 7:
				r.Host = form
			}
			serve([]http.Handler{h, redacting}[i%2], r)
			if i == 6 {
				r.Body = &closer{strings.NewReader(`{"note":"` + form + `"}`)}
				serve(redacting, r)
			}
		}
	}
	printed := strings.ToLower(records.String() + reports.String())
	for _, form := range append(forms, mac) {
		if strings.Contains(printed, strings.ToLower(form)) {
			t.Errorf("VULNERABLE: %q is in a record", form)
		}
	}
	if strings.Count(printed, "\n") < 8*len(forms) || !strings.Contains(printed, "[redacted]") {
		t.Errorf("%d lines", strings.Count(printed, "\n"))
	}
}

func TestSample(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	h := newTestHandler(t, b.Handler(), hooktest.GithubWith(map[string]any{"audit": map[string]any{"sample": map[string]any{"refuse": "10"}}}))
	for i := 0; i < 100; i++ {
		serve(h, hooktest.NewPost("unsigned"))
	}
	serve(h, hooktest.SignedPost("signed"))
	lines := strings.Split(strings.TrimSpace(records.String()), "\n")
	if len(lines) != 11 || strings.Count(records.String(), `"hookward.sample":10`) != 10 || !strings.Contains(lines[10], `"hookward.decision":"pass"`) {
		t.Errorf("%d records: %s", len(lines), records)
	}
	// What is not recorded leaves no gap.
	if !strings.Contains(lines[10], `"event.sequence":11,`) {
		t.Errorf("%s", lines[10])
	}
}
