package hookward

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

func TestAuditMistakes(t *testing.T) {
	file := func(more map[string]any) map[string]any {
		o := map[string]any{"type": "file", "path": "/var/log/hooks.log"}
		for name, value := range more {
			o[name] = value
		}
		return map[string]any{"outputs": []any{o}}
	}
	sink := func(kind, url string, more map[string]any) map[string]any {
		o := map[string]any{"type": kind, "url": url}
		for name, value := range more {
			o[name] = value
		}
		return map[string]any{"outputs": []any{o}}
	}
	for _, c := range []struct {
		audit any
		more  map[string]any
		says  string
	}{
		{map[string]any{"payload": "all"}, nil, `audit.payload: "all" is not known; allowed: none, hash, redacted, full`},
		{map[string]any{"payload": "full", "maxPayloadBytes": "99999999"}, nil, "audit.maxPayloadBytes: must be at most 1048576"},
		{map[string]any{"payload": "full", "redact": "a.b"}, nil, "audit.redact: has no effect unless"},
		{map[string]any{"payload": "redacted", "redact": "a..b"}, nil, "audit.redact[0]: "},
		{map[string]any{"payload": "redacted", "redactPatterns": "card,phone"}, nil, "audit.redactPatterns[1]: "},
		{map[string]any{"payload": "full", "redactPatterns": "card"}, nil, "audit.redactPatterns: has no effect unless"},
		{map[string]any{"required": "true"}, nil, "audit.required: needs stateDirectory"},
		{map[string]any{"required": "true", "sample": map[string]any{"pass": "2"}}, map[string]any{"stateDirectory": "/tmp"}, "audit.sample: contradicts required"},
		{map[string]any{"headers": "Authorization"}, nil, "audit.headers[0]: "},
		{map[string]any{"headers": "User-Agent,cookie"}, nil, "audit.headers[1]: "},
		{map[string]any{"headers": "x-hub-signature-256"}, nil, "audit.headers[0]: "},
		{map[string]any{"headers": "X-Api-Key"}, nil, "audit.headers[0]: "},
		{map[string]any{"headers": "a b"}, nil, `audit.headers[0]: "a b" is not the name of a header`},
		{map[string]any{"headers": "A,B,C,D,E,F,G,H,I"}, nil, "audit.headers: are more than 8"},
		{map[string]any{"sample": map[string]any{"passes": "2"}}, nil, "audit.sample.passes: is not an option, did you mean pass?"},
		{map[string]any{"output": "stdout"}, nil, "audit.output: is not an option, did you mean outputs?"},
		{map[string]any{"outputs": map[string]any{"type": "stderr"}}, nil, "audit.outputs[0].type: must be"},
		{map[string]any{"outputs": "false"}, nil, "audit.outputs: can't be false"},
		{map[string]any{"outputs": ""}, nil, "audit.outputs: must be a list"},
		{map[string]any{"outputs": "stdout"}, nil, "audit.outputs: must be a list of sections"},
		{map[string]any{"outputs": []any{"stdout"}}, nil, "audit.outputs[0]: must be a section"},
		{map[string]any{"outputs": []any{map[string]any{"type": "stdout"}, map[string]any{"type": "stdout"}}}, nil, "audit.outputs[1]: goes to the same place as another output"},
		{file(map[string]any{"path": "hooks.log"}), nil, "audit.outputs[0].path: must be absolute"},
		{map[string]any{"outputs": map[string]any{"type": "file"}}, nil, "audit.outputs[0].path: is required"},
		{map[string]any{"outputs": []any{map[string]any{"path": "/x"}}}, nil, "audit.outputs[0].type: is required"},
		{map[string]any{"outputs": map[string]any{"type": "stdout", "path": "/x"}}, nil, "audit.outputs[0].path: has no effect on an output of type stdout"},
		{file(map[string]any{"url": "http://x"}), nil, "audit.outputs[0].url: has no effect on an output of type file"},
		{file(map[string]any{"compression": "zstd"}), nil, "audit.outputs[0].compression: must be gzip or none"},
		{file(map[string]any{"chainKey": "env:NO_SUCH_VARIABLE"}), nil, "audit.outputs[0].chainKey: "},
		{file(map[string]any{"chainKey": "short"}), nil, "audit.outputs[0].chainKey: "},
		{file(map[string]any{"spillBytes": "100"}), nil, "audit.outputs[0].spillBytes: has no effect"},
		{sink("elasticsearch", "https://es:9200", map[string]any{"token": "0123456789abcdef0123456789abcdef", "apiKey": "0123456789abcdef0123456789abcdef"}), nil, "audit.outputs[0]."},
		{sink("elasticsearch", "es:9200", nil), nil, "audit.outputs[0].url: "},
		{sink("elasticsearch", "https://es:9200", map[string]any{"keep": "5"}), nil, "audit.outputs[0].keep: has no effect unless type is file"},
		{sink("splunk", "https://splunk:8088", nil), nil, "audit.outputs[0].token: "},
		{sink("splunk", "https://splunk:8088", map[string]any{"token": "env:NO_SUCH_VARIABLE"}), nil, "audit.outputs[0].token: "},
		{sink("loki", "https://loki", map[string]any{"labels": "job"}), nil, "audit.outputs[0].labels[0]: must be name=value"},
		{sink("http", "https://logs.example.com/in", map[string]any{"headers": "X-Tenant"}), nil, "audit.outputs[0].headers[0]: is not a header"},
		{sink("syslog", "ftp://x", nil), nil, "audit.outputs[0].url: "},
		{sink("http", "https://logs.example.com/in", map[string]any{"batchInterval": "2s"}), nil, "audit.outputs[0].batchInterval: must be at most 1s"},
		{sink("http", "https://logs.example.com/in", map[string]any{"batchBytes": "99999999"}), nil, "audit.outputs[0].batchBytes: must be at most"},
		{sink("http", "https://logs.example.com/in", map[string]any{"bufferBytes": "999999999"}), nil, "audit.outputs[0].bufferBytes: must be at most"},
		{sink("http", "https://logs.example.com/in", map[string]any{"spillBytes": "1"}), nil, "audit.outputs[0].spillBytes: has no effect without stateDirectory"},
		{sink("http", "https://logs.example.com/in", map[string]any{"tls": map[string]any{"ca": "nonsense"}}), nil, "audit.outputs[0].tls.ca: has no certificate in PEM"},
		{sink("kafka", "https://x", nil), nil, "audit.outputs[0].type: must be"},
	} {
		raw := hooktest.GithubWith(map[string]any{"audit": c.audit})
		for name, value := range c.more {
			raw[name] = value
		}
		problems := strings.Join(config.Sentences(policy.Compile(raw).Problems), "\n")
		if !strings.Contains("\n"+problems, "\n"+c.says) {
			t.Errorf("%v: want %q, problems:\n%s", c.audit, c.says, problems)
		}
	}
	for _, c := range []map[string]any{
		{"provider": "wechat-pay-none", "secrets": hooktest.DocsSecret},
		{"signature": map[string]any{"field": "json:proof.mac"}, "secrets": hooktest.DocsSecret, "audit": map[string]any{"payload": "full"}},
		{"token": map[string]any{"field": "json:[0]"}, "secrets": hooktest.DocsSecret, "audit": map[string]any{"payload": "redacted"}},
		{"provider": "slack", "secrets": hooktest.DocsSecret, "audit": map[string]any{"payload": "full", "refusedPayload": "true"}},
		{"provider": "front", "secrets": hooktest.DocsSecret, "audit": map[string]any{"headers": "X-Front-Challenge"}},
		{"provider": "okta", "secrets": hooktest.DocsSecret, "audit": map[string]any{"headers": "X-Okta-Verification-Challenge"}},
	} {
		if len(policy.Compile(c).Problems) == 0 {
			t.Errorf("%v is accepted", c)
		}
	}
}

func TestAuditForms(t *testing.T) {
	hooktest.Setenv(t, "SPLUNK_TOKEN", "11111111-2222-3333-4444-555555555555")
	for _, audit := range []any{
		"true", "", map[string]any{},
		map[string]any{"outputs": map[string]any{"type": "stdout"}}, map[string]any{"outputs": []any{map[string]any{"type": "stdout", "bufferBytes": 100}, map[string]any{"type": "file", "path": "/x"}}},
		map[string]any{"outputs": map[string]any{"type": "file", "path": "/x", "maxAge": "24h", "keep": 3, "compression": "none", "chainKey": "0123456789abcdef0123456789abcdef"}},
		map[string]any{"outputs": []any{map[string]any{"type": "stdout"}, map[string]any{"type": "splunk", "url": "https://splunk:8088", "token": "env:SPLUNK_TOKEN", "acknowledge": true}}},
		map[string]any{"payload": "redacted", "redact": []any{"a.b", "*.c", "**.d", "e[].f"}, "redactPatterns": "card,email,iban", "maxPayloadBytes": 1000, "headers": "User-Agent"},
		map[string]any{"sample": map[string]any{"pass": 1, "refuse": 100}},
	} {
		c := policy.Compile(hooktest.GithubWith(map[string]any{"audit": audit}))
		if len(c.Problems) > 0 {
			t.Errorf("%v: %s", audit, strings.Join(config.Sentences(c.Problems), "; "))
		}
	}
}

// Whatever a place is called, it can be left out of a payload.
func TestPathsOfPlaces(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	for field, body := range map[string]string{
		"json:_": `{"_":"PROOF","a":1}`, "json:$": `{"$":"PROOF"}`, "json:a[0].-": `{"a":[{"-":"PROOF"}]}`, "json:a.b": `{"a":{"b":"PROOF"}}`,
		"json:v[].state": `{"v":[{"state":"PROOF"}]}`,
	} {
		raw := map[string]any{"secrets": "the-proof-of-it-all", "token": map[string]any{"field": field}, "audit": map[string]any{"payload": "redacted"}}
		g := newTestGate(t.Name()+field, raw, hooktest.TestTime)
		g.Fixed.Policy.Audit.Secrets = nil // it is the path that counts
		through(g, b.Handler(), hooktest.NewPost(strings.Replace(body, "PROOF", "the-proof-of-it-all", 1)))
		if text := records.String(); strings.Contains(text, "the-proof") || !strings.Contains(text, "[REDACTED]") && !strings.Contains(text, `"hookward.body.truncated":true`) {
			t.Errorf("VULNERABLE: %s: %s", field, text)
		}
		records.Reset()
	}
}

// Gates whose records go to the same place have one writer, across reloads.
func TestOneWriter(t *testing.T) {
	capture(t)
	path := filepath.Join(hooktest.Directory(t), "hooks.log")
	b := &hooktest.Backend{}
	raw := func(keep string) map[string]any {
		return hooktest.GithubWith(map[string]any{"audit": map[string]any{"outputs": map[string]any{"type": "file", "path": path, "keep": keep}}})
	}
	first := newTestGate(t.Name()+"1", raw("3"), hooktest.TestTime)
	second := newTestGate(t.Name()+"2", raw("3"), hooktest.TestTime)
	third := newTestGate(t.Name()+"1", raw("4"), hooktest.TestTime)
	if first.Fixed.State.Outputs[0] != second.Fixed.State.Outputs[0] || first.Fixed.State.Outputs[0] != third.Fixed.State.Outputs[0] {
		t.Error("there are several writers of one file")
	}
	for _, g := range []*gates.Gate{first, second, third} {
		through(g, b.Handler(), hooktest.SignedPost("Hello"))
	}
	content, err := os.ReadFile(path)
	if err != nil || strings.Count(string(content), "\n") != 3 {
		t.Errorf("%q %v", content, err)
	}
}

// With required, what is about to be forwarded is on disk before the backend sees
// it, and where it can't be, nothing is forwarded.
func TestRequired(t *testing.T) {
	records, reports := capture(t)
	directory := filepath.Join(hooktest.Directory(t), "state")
	raw := hooktest.GithubWith(map[string]any{"stateDirectory": directory, "replay": "true", "audit": map[string]any{"required": "true", "headers": "X-Note"}})
	b := &hooktest.Backend{}
	var atBackend []string
	next := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		entries, _ := os.ReadDir(directory)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "ahead-") {
				content, _ := os.ReadFile(filepath.Join(directory, e.Name()))
				atBackend = append(atBackend, string(content))
			}
		}
		b.Handler().ServeHTTP(rw, r)
	})
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	rw := through(g, next, hooktest.SignedPost("Hello", "X-Note: a\x1bb"))
	record := hooktest.OnlyRecord(t, records)
	if rw.Code != http.StatusAccepted || record["event.outcome"] != "success" || record["event.sequence"] != float64(1) {
		t.Fatalf("%d %v", rw.Code, record)
	}
	if len(atBackend) != 1 || !strings.Contains(atBackend[0], `"event.outcome":"unknown"`) || !strings.Contains(atBackend[0], record["event.id"].(string)) {
		t.Errorf("at the backend there was %q", atBackend)
	}
	if len(atBackend) == 1 && !strings.Contains(atBackend[0], `"X-Note":"a\\x1bb"`) || record["hookward.headers"].(map[string]any)["X-Note"] != `a\x1bb` {
		t.Errorf("a header is escaped twice: %q, %v", atBackend, record["hookward.headers"])
	}
	through(g, next, hooktest.NewPost("unsigned")) // is not forwarded, so it needs no word ahead
	if hooktest.OnlyRecord(t, records)["event.sequence"] != float64(2) {
		t.Error("a refusal is not numbered")
	}
	// Traefik ends while a request is under way: its record comes with the next start.
	x := decide(g, hooktest.SignedPost("interrupted"), hooktest.TestTime)
	if !x.forward || x.ahead == nil {
		t.Fatalf("%+v", x)
	}
	restart(t, g, 1)
	records.Reset()
	g = newTestGate(t.Name(), raw, hooktest.TestTime)
	settleOutputs(t)
	record = hooktest.OnlyRecord(t, records)
	if record["hookward.interrupted"] != true || record["event.sequence"] != float64(3) || record["event.outcome"] != "unknown" || record["hookward.epoch"] == g.Numbers.Epoch {
		t.Errorf("the record of the interrupted one is %v", record)
	}
	newTestGate(t.Name(), raw, hooktest.TestTime)
	settleOutputs(t)
	if records.Len() > 0 {
		t.Errorf("it is there again: %s", records)
	}
	// Without its disk.
	if err := os.RemoveAll(directory); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(directory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	audit.CloseAhead(g.Numbers)
	before := len(b.Requests)
	for i := 0; i < 2; i++ { // the claim is given back, so the second one is no duplicate
		rw = through(g, next, hooktest.SignedPost("no disk"))
		record = hooktest.OnlyRecord(t, records)
		if rw.Code != http.StatusServiceUnavailable || rw.Header().Get("Retry-After") == "" || record["event.reason"] != verdict.AuditUnavailable || record["hookward.decision"] != "refuse" {
			t.Errorf("%d %v", rw.Code, record)
		}
	}
	if len(b.Requests) != before || !strings.Contains(reports.String(), "a record can't be written down") {
		t.Errorf("%d requests, reports %s", len(b.Requests)-before, reports)
	}
	// Once there is one again, all is well.
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	if rw := through(g, next, hooktest.SignedPost("no disk")); rw.Code != http.StatusAccepted {
		t.Errorf("%d", rw.Code)
	}
	hooktest.OnlyRecord(t, records)
}

// A panic after the decision must not leave it open.
func TestPanicWhileAnnouncing(t *testing.T) {
	capture(t)
	raw := hooktest.GithubWith(map[string]any{"stateDirectory": hooktest.Directory(t), "audit": map[string]any{"required": "true"}})
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	g.Numbers = nil
	x := decide(g, hooktest.SignedPost("Hello"), hooktest.TestTime)
	if x.forward || x.passes || x.reason != verdict.AuditUnavailable {
		t.Errorf("VULNERABLE: %+v", x)
	}
}

// Where a record is lost to a panic, its number is missing, and the request has its
// answer all the same.
func TestPanicAtTheRecord(t *testing.T) {
	records, reports := capture(t)
	countAnew()
	g := newTestGate(t.Name(), hooktest.GithubOptions(), hooktest.TestTime)
	right := g.Fixed.State.Outputs
	for i := 1; i < 4; i++ {
		g.Fixed.State.Outputs = []*audit.Output{nil} // the bug
		if i == 2 {
			g.Fixed.Policy.Audit.Rules = nil
			g.Fixed.Policy.Audit.Payload = audit.PayloadRedacted // another, before there is a number
		}
		r := hooktest.SignedPost(`{"a":"b"}`)
		r.Header.Set("Content-Type", "application/json")
		rw := through(g, (&hooktest.Backend{}).Handler(), r)
		if rw.Code != http.StatusAccepted || records.Len() > 0 || !strings.Contains(reports.String(), "recording a request panicked") {
			t.Errorf("%d, records %q, reports %q", rw.Code, records, reports)
		}
		g.Fixed.Policy.Audit.Payload = audit.PayloadHash
		g.Fixed.State.Outputs = right
		through(g, (&hooktest.Backend{}).Handler(), hooktest.SignedPost("Hello"))
		if n := hooktest.OnlyRecord(t, records)["event.sequence"]; n != float64(2*i) {
			t.Errorf("the next record has number %v, want %d", n, 2*i)
		}
	}
	if n := samplesOf(t.Name())[`hookward_requests_total{,decision="pass",reason="verified",check="none"}`]; n != "6" {
		t.Errorf("of 6 requests %s are counted", n)
	}
}
