package hookward

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// statusBackend answers with a status, and counts.
type statusBackend struct {
	mu     sync.Mutex
	status int
	count  int
}

func (b *statusBackend) handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.count++
		status := b.status
		b.mu.Unlock()
		switch status {
		case 0:
			return // what the server makes of that is 200
		case -1:
			panic(http.ErrAbortHandler)
		case -2:
			rw.WriteHeader(http.StatusOK)
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(status)
	})
}

func onlyOnce(more map[string]any) map[string]any {
	raw := hooktest.GithubOptions()
	raw["replay"] = more
	return raw
}

func github(headers ...string) *http.Request {
	return hooktest.NewPost(hooktest.DocsBody, append(headers, "X-Hub-Signature-256: "+hooktest.DocsSignature)...)
}

// serveAborted serves a request whose backend may abort the answer.
func serveAborted(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rw := httptest.NewRecorder()
	func() {
		defer func() { _ = recover() }()
		h.ServeHTTP(rw, r)
	}()
	return rw
}

// What the backend answers decides whether the delivery has been handed on.
func TestReplayLifeCycle(t *testing.T) {
	records, _ := capture(t)
	for _, c := range []struct {
		status int
		kept   bool
	}{{200, true}, {201, true}, {204, true}, {299, true}, {0, true}, {-2, true}, {-1, false}, {301, false}, {400, false}, {404, false}, {409, false}, {429, false}, {500, false}, {502, false}, {503, false}, {504, false}} {
		b := &statusBackend{status: c.status}
		h, err := New(context.Background(), b.handler(), &Config{Raw: onlyOnce(map[string]any{})}, fmt.Sprint(t.Name(), c.status))
		if err != nil {
			t.Fatal(err)
		}
		serveAborted(h, github())
		records.Reset()
		rw := serveAborted(h, github("X-GitHub-Delivery: another"))
		record := hooktest.OnlyRecord(t, records)
		if c.kept && (b.count != 1 || rw.Code != http.StatusOK || record["hookward.decision"] != "duplicate" || record["event.reason"] != verdict.DeliveryDuplicate || record["event.outcome"] != "success" || record["hookward.duplicate"] != true) {
			t.Errorf("%d: forwarded %d times, then %d, %v", c.status, b.count, rw.Code, record)
		}
		if !c.kept && (b.count != 2 || record["event.reason"] != verdict.Verified || record["hookward.duplicate"] != nil) {
			t.Errorf("%d: the next attempt is not forwarded: %v", c.status, record)
		}
	}
}

func TestReplayOnDuplicate(t *testing.T) {
	records, _ := capture(t)
	for on, want := range map[string]struct {
		status, count int
		reason        string
	}{"acknowledge": {200, 1, verdict.DeliveryDuplicate}, "reject": {409, 1, verdict.DeliveryDuplicate}, "forward": {202, 2, verdict.Verified}} {
		b := &statusBackend{status: 202}
		h := newTestHandler(t, b.handler(), onlyOnce(map[string]any{"onDuplicate": on}))
		_ = on
		r := github()
		r.Header.Set("X-Github-Delivery", on)
		body := hooktest.DocsBody + on
		send := func() *httptest.ResponseRecorder {
			return serve(h, hooktest.NewPost(body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body)))
		}
		send()
		records.Reset()
		rw := send()
		record := hooktest.OnlyRecord(t, records)
		if rw.Code != want.status || b.count != want.count || record["event.reason"] != want.reason || record["hookward.duplicate"] != true {
			t.Errorf("%s: %d, %d times, %v", on, rw.Code, b.count, record)
		}
	}
}

// The first final status is the one that the client gets, whatever a backend says
// before and after it.
func TestReplayOfOddStatuses(t *testing.T) {
	capture(t)
	for name, c := range map[string]struct {
		statuses []int
		kept     bool
	}{
		"500, then 200": {[]int{500, 200}, false}, "200, then 500": {[]int{200, 500}, true}, "103, then 200": {[]int{103, 200}, true},
		"103, then nothing": {[]int{103}, true}, "103, then 503": {[]int{103, 503}, false}, "100, 103, 202": {[]int{100, 103, 202}, true},
	} {
		count := 0
		statuses := c.statuses
		next := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			count++
			for _, status := range statuses {
				rw.WriteHeader(status)
			}
		})
		h, err := New(context.Background(), next, &Config{Raw: onlyOnce(map[string]any{})}, t.Name()+name)
		if err != nil {
			t.Fatal(err)
		}
		serve(h, github())
		serve(h, github())
		if (count == 1) != c.kept {
			t.Errorf("%s: forwarded %d times", name, count)
		}
	}
}

// While one is under way, the others are told to come back.
func TestReplayInFlight(t *testing.T) {
	capture(t)
	arrived, leave := make(chan bool), make(chan int)
	h := newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		arrived <- true
		rw.WriteHeader(<-leave)
	}), onlyOnce(map[string]any{}))
	for _, status := range []int{503, 200} {
		done := make(chan int)
		go serveInto(h, done)
		<-arrived
		for i := 0; i < 20; i++ {
			rw := serve(h, github("X-GitHub-Delivery: x"))
			if rw.Code != http.StatusConflict || rw.Header().Get("Retry-After") != "1" {
				t.Errorf("in flight: %d %v", rw.Code, rw.Header())
			}
		}
		leave <- status
		if got := <-done; got != status {
			t.Errorf("%d, want %d", got, status)
		}
	}
	if rw := serve(h, github()); rw.Code != http.StatusOK {
		t.Errorf("afterwards: %d", rw.Code)
	}
}

func serveInto(h http.Handler, done chan int) {
	done <- serve(h, github()).Code
}

// What is the same delivery depends on nothing that anybody could change.
func TestReplayKeys(t *testing.T) {
	capture(t)
	const ours, older = "the newer of two secrets, 32 bytes", "the older of two secrets, 32 bytes"
	now := hooktest.TestTime
	stripe := map[string]any{"provider": "stripe", "secrets": []any{ours, older}, "replay": "true"}
	stamp := fmt.Sprint(now.Unix())
	of := func(secret, body string) string { return hooktest.HexMACOf("hmac-sha256", secret, stamp+"."+body) }
	body := `{"id":"evt_1","type":"x"}`
	g := newTestGate(t.Name(), stripe, now)
	reasonOf := func(g *gates.Gate, at time.Time, body string, headers ...string) string {
		x := decide(g, hooktest.NewPost(body, headers...), at)
		x.Status = 200
		x.completed = true
		settle(x, at)
		return x.reason
	}
	first := "Stripe-Signature: t=" + stamp + ",v1=" + of(ours, body) + ",v1=" + of(older, body)
	if reason := reasonOf(g, now, body, first); reason != verdict.Verified {
		t.Fatal(reason)
	}
	for _, header := range []string{
		first,
		"Stripe-Signature: t=" + stamp + ",v1=" + of(older, body), // the newer one left out
		"Stripe-Signature: v1=" + of(ours, body) + ",t=" + stamp,
		"Stripe-Signature: t=" + stamp + ",v1=" + strings.ToUpper(of(ours, body)),
		"Stripe-Signature: t=" + stamp + ",v0=x,v1=" + strings.Repeat("0", 64) + ",v1=" + of(ours, body),
	} {
		if reason := reasonOf(g, now.Add(time.Minute), body, header, "X-Other: x"); reason == verdict.Verified {
			t.Errorf("passes again as %q", header)
		}
	}
	// Another body, or the same with another time, is another delivery.
	if reason := reasonOf(g, now, body+" ", "Stripe-Signature: t="+stamp+",v1="+of(ours, body+" ")); reason != verdict.Verified {
		t.Errorf("another body: %s", reason)
	}
	stamp = fmt.Sprint(now.Unix() + 1)
	if reason := reasonOf(g, now, body, "Stripe-Signature: t="+stamp+",v1="+of(ours, body)); reason != verdict.Verified {
		t.Errorf("another time: %s", reason)
	}
	// By the delivery's id it is the same.
	stripe["replay"] = map[string]any{"by": "delivery"}
	g = newTestGate(t.Name()+"by", stripe, now)
	if reason := reasonOf(g, now, body, "Stripe-Signature: t="+stamp+",v1="+of(ours, body)); reason != verdict.Verified {
		t.Errorf("by delivery: %s", reason)
	}
	stamp = fmt.Sprint(now.Unix() + 2)
	changed := strings.Replace(body, `"x"`, `"y"`, 1)
	if reason := reasonOf(g, now, changed, "Stripe-Signature: t="+stamp+",v1="+of(ours, changed)); reason != verdict.DeliveryDuplicate {
		t.Errorf("by delivery, the same id: %s", reason)
	}
	other := strings.Replace(body, "evt_1", "evt_2", 1)
	if reason := reasonOf(g, now, other, "Stripe-Signature: t="+stamp+",v1="+of(ours, other)); reason != verdict.Verified {
		t.Errorf("by delivery, another id: %s", reason)
	}
	for _, none := range []string{`{"type":"x"}`, `{"type":"y"}`} {
		if reason := reasonOf(g, now, none, "Stripe-Signature: t="+stamp+",v1="+of(ours, none)); reason != verdict.Verified {
			t.Errorf("by delivery, without an id: %s", reason)
		}
	}
}

// The short way and the long way through the engine know a delivery by the same
// key.
func TestReplayKeysOfBothWays(t *testing.T) {
	capture(t)
	for _, options := range []map[string]any{
		{"provider": "github", "secrets": hooktest.DocsSecret, "replay": "true"},
		{"provider": "slack", "secrets": hooktest.DocsSecret, "replay": "true"},
		{"secrets": hooktest.DocsSecret, "replay": "true", "signature": map[string]any{"header": "X-Sig", "signs": "prefix{body}"}},
	} {
		g := newTestGate(t.Name()+fmt.Sprint(options["provider"]), options, hooktest.TestTime)
		stamp := fmt.Sprint(hooktest.TestTime.Unix())
		headers := map[string][]string{
			"github": {"X-Hub-Signature-256: sha256=" + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, hooktest.DocsBody)},
			"slack":  {"X-Slack-Signature: v0=" + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, "v0:"+stamp+":"+hooktest.DocsBody), "X-Slack-Request-Timestamp: " + stamp},
			"<nil>":  {"X-Sig: " + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, "prefix"+hooktest.DocsBody)},
		}[fmt.Sprint(options["provider"])]
		keys := map[string]bool{}
		for _, fast := range []*signature.Usual{g.Fixed.Policy.Fast, nil} {
			if g.Fixed.Policy.Fast == nil && fast != nil {
				t.Fatal("no short way")
			}
			p := *g.Fixed.Policy
			p.Fast = fast
			x := decide(&gates.Gate{Name: g.Name, Fixed: &gates.InForce{Policy: &p, State: g.Fixed.State}}, hooktest.NewPost(hooktest.DocsBody, headers...), hooktest.TestTime)
			if x.reason != verdict.Verified || (x.proof.Signed == nil) != (fast != nil) {
				t.Fatal(x.reason, x.proof.Signed)
			}
			keys[x.claim] = true
			release(x)
			keys[deliveryKey(p.Replay, x)] = true
		}
		if g.Fixed.Policy.Fast == nil || len(keys) != 1 {
			t.Errorf("%v: %d keys", options, len(keys))
		}
	}
}

// Where the id counts, it does so for a body that is signed alone, too: the usual
// claim, by the body's digest, is not for it.
func TestReplayByDeliveryOfASignedBody(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), map[string]any{"secrets": hooktest.DocsSecret, "replay": map[string]any{"by": "delivery"},
		"signature": map[string]any{"header": "X-Sig", "signs": "{body}", "idField": "json:id"}}, hooktest.TestTime)
	if g.Fixed.Policy == nil || g.Fixed.Policy.Fast == nil {
		t.Fatal("no policy, or no short way")
	}
	for i, body := range []string{`{"id":"a","try":1}`, `{"id":"a","try":2}`, `{"id":"b","try":1}`} {
		x := decide(g, hooktest.NewPost(body, "X-Sig: "+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body)), hooktest.TestTime)
		want := []string{verdict.Verified, verdict.DeliveryInFlight, verdict.Verified}[i]
		if x.reason != want {
			t.Errorf("%s: %s, want %s", body, x.reason, want)
		}
	}
}

func TestReplayMistakes(t *testing.T) {
	with := func(provider string, section any) map[string]any {
		raw := map[string]any{"provider": provider, "secrets": hooktest.DocsSecret, "replay": section}
		return raw
	}
	for _, c := range []struct {
		options map[string]any
		says    string
	}{
		{with("github", map[string]any{"window": "721h"}), "replay.window: must be at most 720h"},
		{with("github", map[string]any{"window": "0s"}), `replay.window: "0s" is not a positive`},
		{with("slack", map[string]any{"window": "10m"}), "replay.window: must be at least 11m0s, twice tolerance and a minute"},
		{with("slack", map[string]any{"window": "10m59s"}), "replay.window: must be at least 11m0s"},
		{with("github", map[string]any{"onDuplicate": "ignore"}), `replay.onDuplicate: "ignore" is not known; allowed: acknowledge, reject, forward`},
		{with("github", map[string]any{"onDuplicate": "forwrd"}), `replay.onDuplicate: "forwrd" is not known, did you mean forward? (allowed: acknowledge, reject, forward)`},
		{with("github", map[string]any{"by": "id"}), `replay.by: "id" is not known; allowed: signature, delivery`},
		{with("github", map[string]any{"by": "delivery"}), "replay.by: can't be delivery, because the scheme does not sign"},
		{with("gitlab", "true"), "replay: has no effect, because nothing is signed"},
		{map[string]any{"provider": "adyen", "secrets": strings.Repeat("ab", 32), "replay": "true"}, "replay: has no effect on a batch"},
		{map[string]any{"secrets": hooktest.DocsSecret, "signature": map[string]any{"header": "X-Sig", "idField": "form:id"}, "replay": map[string]any{"by": "delivery"}}, "replay.by: can't be delivery"},
		{map[string]any{"allowlist": map[string]any{"sourceRange": "192.0.2.1", "alone": "true"}, "replay": "true"}, "replay: has no effect, because nothing is signed"},
		{map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "replay": "true", "stateDirectory": "state"}, "stateDirectory: must be an absolute path"},
	} {
		got := strings.Join(config.Sentences(policy.Compile(c.options).Problems), "\n")
		if !strings.HasPrefix(got, c.says) || strings.Contains(got, "\n") {
			t.Errorf("%v: %q, want %q", c.options, got, c.says)
		}
	}
	for _, good := range []map[string]any{
		with("slack", map[string]any{"window": "11m"}), with("stripe", map[string]any{"by": "delivery"}),
		{"provider": "standard-webhooks", "secrets": "whsec_" + hooktest.Base64Text(hooktest.DocsSecret), "replay": map[string]any{"by": "delivery"}},
	} {
		if c := policy.Compile(good); len(c.Problems) > 0 {
			t.Errorf("%v: %q", good, c.Problems)
		}
	}
}

// A bug in the settling of a claim costs neither the record nor the answer, and an
// answer that breaks off goes on breaking off.
func TestSettlingThatPanics(t *testing.T) {
	records, reports := capture(t)
	for _, status := range []int{200, 503, -1} {
		raw := onlyOnce(map[string]any{})
		g := newTestGate(t.Name(), raw, hooktest.TestTime)
		b := &statusBackend{status: status}
		inner := b.handler()
		h := handler(g, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			g.Fixed.State.Replays = nil // the bug
			inner.ServeHTTP(rw, r)
		}))
		broke := true
		func() {
			defer func() { _ = recover() }()
			h.ServeHTTP(httptest.NewRecorder(), github())
			broke = false
		}()
		record := hooktest.OnlyRecord(t, records)
		if broke != (status < 0) || record["event.reason"] != verdict.Verified || !strings.Contains(reports.String(), "recording a request panicked") {
			t.Errorf("%d: broke off: %v, %v, %s", status, broke, record, reports)
		}
		reports.Reset()
		report.Redirect(reports)
		gates.Restart()
	}
}

// What a middleware remembers is its own, survives reloads, and is begun anew
// where its own options change, and nowhere else.
func TestMemoryOverReloads(t *testing.T) {
	capture(t)
	name := t.Name()
	build := func(more map[string]any) *gates.Gate {
		raw := hooktest.GithubOptions()
		raw["rateLimit"] = map[string]any{"average": "3", "period": "1h"}
		raw["ban"] = map[string]any{"failures": "1"}
		raw["replay"] = "true"
		for key, value := range more {
			raw[key] = value
		}
		return newTestGate(name, raw, hooktest.TestTime)
	}
	pass := func(g *gates.Gate, remote, body string) string {
		r := hooktest.NewPost(body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body))
		r.RemoteAddr = remote
		x := decide(g, r, hooktest.TestTime)
		x.Status, x.completed = 200, true
		settle(x, hooktest.TestTime)
		return x.reason
	}
	g := build(nil)
	guess(g, "192.0.2.66:1", hooktest.TestTime)
	if pass(g, "192.0.2.1:1", "a") != verdict.Verified {
		t.Fatal("the first is refused")
	}
	for i := 0; i < 100; i++ {
		g = build(map[string]any{"maxBodyBytes": fmt.Sprint(1000 + i)})
	}
	for remote, want := range map[string]string{"192.0.2.66:1": verdict.SourceBanned, "192.0.2.2:1": verdict.DeliveryDuplicate} {
		if reason := pass(g, remote, "a"); reason != want {
			t.Errorf("after 100 reloads, %s: %s, want %s", remote, reason, want)
		}
	}
	if a, b := pass(build(nil), "192.0.2.1:1", "b"), pass(build(nil), "192.0.2.1:1", "c"); a != verdict.Verified || b != verdict.Verified {
		t.Error(a, b)
	}
	if reason := pass(g, "192.0.2.1:1", "d"); reason != verdict.RateLimited {
		t.Errorf("the fourth of three, by gates of one name: %s", reason)
	}
	// Each part for itself.
	if reason := pass(build(map[string]any{"rateLimit": map[string]any{"average": "4", "period": "1h"}}), "192.0.2.1:1", "a"); reason != verdict.DeliveryDuplicate {
		t.Errorf("with another limit: %s", reason)
	}
	if reason := pass(build(map[string]any{"rateLimit": map[string]any{"average": "4", "period": "1h"}}), "192.0.2.66:1", "a"); reason != verdict.SourceBanned {
		t.Errorf("a ban, with another limit: %s", reason)
	}
	if reason := pass(build(map[string]any{"ban": map[string]any{"failures": "2"}}), "192.0.2.66:1", "e"); reason != verdict.Verified {
		t.Errorf("with other bans: %s", reason)
	}
	if reason := pass(build(map[string]any{"replay": map[string]any{"window": "48h"}}), "192.0.2.3:1", "a"); reason != verdict.DeliveryDuplicate {
		t.Errorf("with another window: %s", reason)
	}
	if reason := pass(build(map[string]any{"stateDirectory": hooktest.Directory(t)}), "192.0.2.3:1", "a"); reason != verdict.DeliveryDuplicate {
		t.Errorf("with a directory: %s", reason)
	}
	// Who failed by another secret has not failed by this one.
	g = build(nil)
	guess(g, "192.0.2.67:1", hooktest.TestTime)
	if reason := pass(g, "192.0.2.67:1", "f"); reason != verdict.SourceBanned {
		t.Error(reason)
	}
	if reason := pass(build(map[string]any{"secrets": []any{"a newer secret, of 32 bytes and more", hooktest.DocsSecret}}), "192.0.2.67:1", "f"); reason != verdict.Verified {
		t.Errorf("with another secret: %s", reason)
	}
}

// A restart, of which nothing is left but the directory.
func TestReplaySurvivesARestart(t *testing.T) {
	_, reports := capture(t)
	directory := filepath.Join(hooktest.Directory(t), "state")
	raw := onlyOnce(map[string]any{})
	raw["stateDirectory"] = directory
	name := t.Name()
	decideOnce := func() string {
		g := newTestGate(name, raw, hooktest.TestTime)
		x := decide(g, github(), hooktest.TestTime)
		x.Status, x.completed = 200, true
		settle(x, hooktest.TestTime)
		gates.Restart()
		return x.reason
	}
	if reason := decideOnce(); reason != verdict.Verified {
		t.Fatal(reason)
	}
	if reason := decideOnce(); reason != verdict.DeliveryDuplicate {
		t.Errorf("after a restart: %s", reason)
	}
	files, err := filepath.Glob(filepath.Join(directory, "replay-*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("rubbish\nrubbish\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if reason := decideOnce(); reason != verdict.Verified || !strings.Contains(reports.String(), "has 2 lines that are damaged") {
		t.Errorf("after damage: %s, %s", reason, reports)
	}
	if text, _ := os.ReadFile(files[0]); strings.Contains(string(text), hooktest.DocsSecret) {
		t.Error("a secret is on the disk")
	}
}

// What is wrong with replay alone is said whatever else is wrong; what it contradicts,
// only once the rest is right.
func TestReplayMistakesBesideOthers(t *testing.T) {
	for _, other := range []struct {
		name  string
		value any
	}{
		{"maxBodyBytes", "9999999999"}, {"audit", map[string]any{"payload": "al"}}, {"methods", []any{"FETCH"}}, {"stateDirectory", "state"},
	} {
		raw := map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "replay": map[string]any{"onDuplicate": "forwrd", "by": "delivry", "window": "721h"}}
		raw[other.name] = other.value
		c := policy.Compile(raw)
		got := strings.Join(config.Sentences(c.Problems), "\n")
		for _, path := range []string{other.name, "replay.onDuplicate: ", "replay.by: ", "replay.window: "} {
			if !strings.Contains(got, path) {
				t.Errorf("%s: %q, want %s", other.name, got, path)
			}
		}
		if c.Policy != nil || len(c.Problems) != 4 {
			t.Errorf("%s: %q", other.name, c.Problems)
		}
	}
}

// What is kept by the recorder is in the journal, too.
func TestReplayIsJournaled(t *testing.T) {
	capture(t)
	raw := onlyOnce(map[string]any{})
	raw["stateDirectory"] = hooktest.Directory(t)
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	serve(handler(g, http.HandlerFunc(accepts)), github())
	files, _ := filepath.Glob(filepath.Join(raw["stateDirectory"].(string), "replay-*"))
	if len(files) == 0 {
		t.Fatal("there is no journal")
	}
	if text, _ := os.ReadFile(files[0]); len(strings.Fields(string(text))) != 3 {
		t.Errorf("%q", text)
	}
}
