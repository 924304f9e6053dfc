package scrape

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/ship"
)

// collector is a receiver that a test switches off and on.
type collector struct {
	mu     sync.Mutex
	status int
	reply  string
	got    []string
}

func (c *collector) handle(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	c.got = append(c.got, r.URL.Path+" "+string(body))
	status, reply := c.status, c.reply
	c.mu.Unlock()
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, reply)
}

func (c *collector) answer(status int, reply string) {
	c.mu.Lock()
	c.status = status
	c.reply = reply
	c.got = nil
	c.mu.Unlock()
}

func (c *collector) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.got...)
}

// saidBuffer is what the operator is told.
type saidBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *saidBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *saidBuffer) has(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.text.String(), text)
}

// A receiver that is away gets, when it is back, the numbers of then and no others.
func TestPush(t *testing.T) {
	said := &saidBuffer{}
	report.Redirect(said)
	defer report.Redirect(io.Discard)
	c := &collector{status: 200}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { c.handle(rw, r) }))
	defer server.Close()
	target, problems, _ := ship.Complete(ship.Target{Type: "otlp", URL: server.URL})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	output := policy.MetricsOutput{Name: "output otlp " + server.URL, Target: target, Interval: 10 * time.Millisecond, Digest: "a"}
	look := func(_ time.Time) *Source { return &Source{Version: "v1", Started: time.Unix(1, 0)} }
	pushers := UsePushers(nil, "m@file", []policy.MetricsOutput{output}, look)
	defer func() { ClosePushers(pushers) }()
	await.Until(t, "three requests", func() bool { return len(c.requests()) >= 3 })
	for _, request := range c.requests() {
		path, body, _ := strings.Cut(request, " ")
		if path != "/v1/metrics" || !json.Valid([]byte(body)) || !strings.Contains(body, instance) || !strings.Contains(body, `"startTimeUnixNano":"1000000000"`) {
			t.Errorf("%.400s", request)
		}
	}
	up := func() string {
		s := look(time.Now())
		s.Others = []*Dependency{HealthOf(pushers[0])}
		textsMu.Lock()
		defer textsMu.Unlock()
		text := string(exposition.Text(Families(s, time.Now()), false))
		_, after, _ := strings.Cut(text, `hookward_dependency_up{dependency="output",name="otlp `+server.URL+` metrics"} `)
		return after[:1]
	}
	for _, c2 := range []struct {
		status      int
		reply, says string
	}{
		{503, "", "answered 503"}, {302, "", "answered 302, a redirect, which is not followed"}, {200, "<html>", "not as a collector does"},
		{200, `{"partialSuccess":{"rejectedDataPoints":"7","errorMessage":"secret"}}`, "rejected 7 of the data points"},
	} {
		c.answer(c2.status, c2.reply)
		await.Until(t, c2.says, func() bool { return said.has(c2.says) && up() == "0" })
		if said.has("secret") {
			t.Error("what a receiver answers is told")
		}
		c.answer(200, `{"partialSuccess":{}}`)
		await.Until(t, "it is well again", func() bool { return up() == "1" && said.has("is well again") })
	}
	// The same options go on, others begin anew, and none goes on unasked.
	same := UsePushers(pushers, "m@file", []policy.MetricsOutput{output}, look)
	if len(same) != 1 || same[0] != pushers[0] {
		t.Error("the same options begin anew")
	}
	output.Digest = "b"
	other := UsePushers(same, "m@file", []policy.MetricsOutput{output}, look)
	if len(other) != 1 || other[0] == same[0] || !same[0].stopped {
		t.Error("other options don't begin anew")
	}
	pushers = UsePushers(other, "m@file", nil, look)
	if len(pushers) != 0 || !other[0].stopped {
		t.Error("an output that is gone goes on")
	}
	c.answer(200, "")
	time.Sleep(50 * time.Millisecond) // what was under way
	c.answer(200, "")
	time.Sleep(50 * time.Millisecond)
	if n := len(c.requests()); n > 0 {
		t.Errorf("%d requests after the end", n)
	}
}
