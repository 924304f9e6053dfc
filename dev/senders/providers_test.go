package senders

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/transcript/note"
)

// message is a request as deliveries.mjs describes it.
type message struct {
	Method  string     `json:"method"`
	Target  string     `json:"target"`
	Headers [][]string `json:"headers"`
	Body    []byte     `json:"bodyBase64"`
}

// carrier is where a value stands.
type carrier struct {
	Header []string `json:"header"`
	JSON   string   `json:"json"`
	Form   string   `json:"form"`
	Query  string   `json:"query"`
}

// sender is a line of deliveries.mjs: a provider, what the gate has to be told of
// it, and what it sends, signed by code that knows nothing of the gate.
type sender struct {
	Slug             string             `json:"slug"`
	Options          map[string]any     `json:"options"`
	BindsBody        bool               `json:"bindsBody"`
	Timestamped      bool               `json:"timestamped"`
	SaysTime         bool               `json:"saysTime"` // it has a time, of which nothing depends
	Carrier          carrier            `json:"carrier"`
	TimestampCarrier *carrier           `json:"timestampCarrier"`
	SignedHeaders    []string           `json:"signedHeaders"`
	Expected         map[string]*string `json:"expected"`
	Good             message            `json:"good"`
	Variants         map[string]message `json:"variants"`
	Handshakes       []struct {
		Name      string    `json:"name"`
		Request   message   `json:"request"`
		Response  wanted    `json:"response"`
		Otherwise []wanted  `json:"otherwise"`
		Refuse    []message `json:"refuse"`
	} `json:"handshakes"`
}

// wanted is an answer to a handshake.
type wanted struct {
	Status      int               `json:"status"`
	ContentType *string           `json:"contentType"`
	Body        *string           `json:"body"`
	JSON        any               `json:"json"`
	Headers     map[string]string `json:"headers"`
}

// wantSenders is the least that deliveries.mjs has, so that none goes missing.
const wantSenders = 163

func loadSenders(t *testing.T, slugs ...string) []sender {
	t.Helper()
	var stderr bytes.Buffer
	program := exec.Command("node", append([]string{"deliveries.mjs"}, slugs...)...)
	program.Stderr = &stderr
	text, err := program.Output()
	if err != nil {
		t.Fatalf("deliveries.mjs: %v\n%s", err, stderr.String())
	}
	all := []sender{}
	for lines := json.NewDecoder(bytes.NewReader(text)); lines.More(); {
		var s sender
		if err := lines.Decode(&s); err != nil {
			t.Fatalf("deliveries.mjs: %v", err)
		}
		s.Options["provider"] = s.Slug
		all = append(all, s)
	}
	if len(slugs) == 0 && len(all) < wantSenders {
		t.Fatalf("deliveries.mjs has %d senders, want at least %d", len(all), wantSenders)
	}
	return all
}

// exchange is one request, with what is expected of it and what came of it.
type exchange struct {
	what    string
	message message
	reasons []string // of which the record has one; empty: any but a pass
	pass    bool
	origin  bool // for the gate that knows only the origin of the public URL
	answer  *http.Response
	body    []byte
	arrived *http.Request
}

// theGate is a Traefik with a gate for each sender.
type theGate struct {
	*gateway.Gateway
	t         *testing.T
	client    *http.Client
	mu        sync.Mutex
	exchanges map[string]*exchange // by the host of the request
}

// startCatalogue starts Traefik with a router and a gate for each sender, in the
// words of the senders' options.
func startCatalogue(ctx context.Context, t *testing.T, all []sender) *theGate {
	t.Helper()
	g := &theGate{t: t, exchanges: map[string]*exchange{}, client: &http.Client{Timeout: 30 * time.Second}}
	routers, middlewares := "", ""
	for _, s := range all {
		// What the senders send comes from one address, and most of it is bad.
		s.Options["ban"] = false
		options, err := json.Marshal(s.Options) // which is YAML, too
		if err != nil {
			t.Fatal(err)
		}
		routers += fmt.Sprintf("    %[1]s: {rule: \"PathPrefix(`/%[1]s/`)\", service: backend, middlewares: [%[1]s]}\n", s.Slug)
		middlewares += fmt.Sprintf("    %s: {plugin: {hookward: %s}}\n", s.Slug, options)
		if s.Options["publicURL"] != nil {
			// Another gate, that is told the origin alone.
			options = bytes.ReplaceAll(options, []byte("hooks.example.com/"+s.Slug+"/in"), []byte("hooks.example.com"))
			routers += fmt.Sprintf("    %[1]s-origin: {rule: \"PathPrefix(`/%[1]s/`) && HostRegexp(`^origin`)\", service: backend, middlewares: [%[1]s-origin]}\n", s.Slug)
			middlewares += fmt.Sprintf("    %s-origin: {plugin: {hookward: %s}}\n", s.Slug, options)
		}
	}
	// What falls through to the catch-all has found no gate.
	configuration := "http:\n  routers:\n    everything: {rule: \"PathPrefix(`/`)\", priority: 1, service: backend}\n" + routers +
		"  middlewares:\n" + middlewares
	// Options have percent signs of their own.
	configuration = strings.ReplaceAll(configuration, "%", "%%") + "  services:\n    backend: {loadBalancer: {servers: [{url: %q}]}}\n"
	g.Gateway = startTraefik(ctx, t, g, configuration)
	return g
}

// ServeHTTP is the backend: it notes what arrives.
func (g *theGate) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.exchanges[r.Host]; e != nil {
		note.Arrived(g.t, e.name(), r, body, nil)
		e.arrived = r.Clone(context.Background())
		if !bytes.Equal(body, e.message.Body) {
			e.arrived = nil // and is not taken for a pass
		}
	}
}

// send sends a request under a host of its own, by which the backend and the
// audit record tell it from others.
func (g *theGate) send(t *testing.T, e *exchange) {
	t.Helper()
	r, err := http.NewRequest(e.message.Method, g.URL+e.message.Target, bytes.NewReader(e.message.Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range e.message.Headers {
		r.Header[header[0]] = append(r.Header[header[0]], header[1])
	}
	g.mu.Lock()
	r.Host = fmt.Sprintf("n%d.hooks.example.com", len(g.exchanges))
	if e.origin {
		r.Host = "origin-" + r.Host
	}
	g.exchanges[r.Host] = e
	g.mu.Unlock()
	response, err := g.client.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", e.what, err)
	}
	defer func() { _ = response.Body.Close() }()
	e.answer = response
	if e.body, err = io.ReadAll(response.Body); err != nil {
		t.Fatalf("%s: %v", e.what, err)
	}
	if !e.pass {
		r.Header = nil // what is wrong in it is made of what is random
	}
	note.Sent(t, e.name(), r)
	note.Answer(t, e.name(), response, e.body, nil)
}

// name is what a transcript calls it: without the random character that was changed.
func (e *exchange) name() string {
	name, _, _ := strings.Cut(e.what, ": \"")
	if e.origin {
		name += ", where the origin alone is known"
	}
	return name
}

// entry is an audit record, as far as it is checked here.
type entry struct {
	Reason     string `json:"event.reason"`
	Decision   string `json:"hookward.decision"`
	Provider   string `json:"hookward.provider"`
	DeliveryID string `json:"hookward.delivery_id"`
	EventType  string `json:"hookward.event_type"`
	Timestamp  string `json:"hookward.timestamp"`
	Secret     int    `json:"hookward.secret"`
	PublicKey  int    `json:"hookward.public_key"`
	Host       string `json:"url.domain"`
}

// records returns the audit record of each host, once all are written: exactly
// one of each request.
func (g *theGate) records(t *testing.T) map[string]entry {
	t.Helper()
	found, lines := map[string]entry{}, map[string]string{}
	for deadline := time.Now().Add(30 * time.Second); len(found) < len(g.exchanges) && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		found = map[string]entry{}
		for _, line := range g.Stdout.Lines(`"event.dataset":"hookward.audit"`) {
			var r entry
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("the audit record %q: %v", line, err)
			}
			if _, twice := found[r.Host]; twice {
				t.Errorf("%s has two audit records", r.Host)
			}
			found[r.Host], lines[r.Host] = r, line
		}
	}
	for host, e := range g.exchanges {
		if lines[host] == "" {
			t.Errorf("%s: no audit record", e.what)
			continue
		}
		note.Record(t, e.name(), lines[host])
	}
	return found
}

// Each provider's deliveries pass, and what differs from them in what is signed
// does not, in the real Traefik.
func TestCatalogue(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	all := loadSenders(t)
	g := startCatalogue(ctx, t, all)
	good := map[*exchange]*sender{}
	for i := range all {
		if all[i].Slug == "paddle" {
			// Whose deliveries are good for five seconds.
			all[i] = loadSenders(t, "paddle")[0]
		}
		s := &all[i]
		for _, e := range plan(t, s) {
			if e.what == s.Slug+": good" {
				good[e] = s
			}
			g.send(t, e)
		}
		testHandshakes(t, g, s)
	}
	records := g.records(t)
	passes := 0
	for host, e := range g.exchanges {
		r := records[host]
		if e.pass {
			passes++
			if e.answer.StatusCode != http.StatusOK || e.arrived == nil || r.Reason != "verified" || r.Decision != "pass" {
				t.Errorf("%s: status %d, record %s; want it to pass", e.what, e.answer.StatusCode, r.Reason)
			}
			if s := good[e]; s != nil {
				checkTold(t, s, e, r)
			}
			continue
		}
		if r.Decision == "handshake" && len(e.reasons) == 1 && e.reasons[0] == "handshake_answered" {
			continue
		}
		if e.arrived != nil || e.answer.StatusCode < 400 || r.Decision != "refuse" {
			t.Errorf("VULNERABLE: %s: status %d, record %s; want it refused", e.what, e.answer.StatusCode, r.Reason)
		}
		if e.answer.StatusCode >= 500 || len(e.reasons) > 0 && !slices.Contains(e.reasons, r.Reason) {
			t.Errorf("%s: status %d, record %s, want one of %v", e.what, e.answer.StatusCode, r.Reason, e.reasons)
		}
	}
	t.Logf("%d senders, %d requests, %d of them good", len(all), len(g.exchanges), passes)
}

// reasonsFor are the reasons that are right for a kind of wrong.
var reasonsFor = map[string][]string{
	"wrongKey":   {"signature_mismatch", "token_mismatch", "key_unknown"},
	"wrongBody":  {"signature_mismatch", "signed_field_missing", "body_mismatch"},
	"unsigned":   {"signature_missing", "token_missing"},
	"stale":      {"timestamp_too_old", "token_expired"},
	"future":     {"timestamp_too_new", "token_not_yet_valid"},
	"truncated":  {"signature_malformed", "signature_mismatch", "token_mismatch", "token_malformed", "body_malformed"},
	"prefixOnly": {"signature_malformed", "signature_missing", "signature_mismatch", "token_malformed", "token_mismatch", "token_missing"},
}

// plan lists what is sent to a sender's gate.
func plan(t *testing.T, s *sender) []*exchange {
	t.Helper()
	all := []*exchange{{what: s.Slug + ": good", message: s.Good, pass: true}}
	names := []string{}
	for name := range s.Variants {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		verdict, kind, ok := strings.Cut(name, ":")
		if !ok || !slices.Contains([]string{"pass", "refuse", "origin"}, verdict) {
			t.Fatalf("%s: the variant %q does not say what must become of it", s.Slug, name)
		}
		if verdict == "origin" {
			all = append(all, &exchange{what: s.Slug + ": " + name, message: s.Variants[name], pass: true, origin: true})
		}
		all = append(all, &exchange{what: s.Slug + ": " + name, message: s.Variants[name], pass: verdict == "pass", reasons: reasonsFor[kind]})
	}
	return append(all, mutations(t, s)...)
}

// checkTold holds what the backend and the record are told against what the
// sender has said.
func checkTold(t *testing.T, s *sender, e *exchange, r entry) {
	t.Helper()
	if r.Provider != s.Slug || e.arrived != nil && e.arrived.Header.Get("X-Hookward-Provider") != s.Slug {
		t.Errorf("%s: told of the provider %q", e.what, r.Provider)
	}
	if r.Secret+r.PublicKey != 1 {
		t.Errorf("%s: the record names secret %d and public key %d", e.what, r.Secret, r.PublicKey)
	}
	if s.Timestamped && r.Timestamp == "" || !s.Timestamped && !s.SaysTime && r.Timestamp != "" {
		t.Errorf("%s: the record has the timestamp %q", e.what, r.Timestamp)
	}
	for name, want := range s.Expected {
		if want == nil || e.arrived == nil {
			continue
		}
		got, header := r.DeliveryID, e.arrived.Header.Get("X-Hookward-Delivery")
		if name == "event" {
			got, header = r.EventType, e.arrived.Header.Get("X-Hookward-Event")
		}
		if got != *want || header != *want {
			t.Errorf("%s: the %s is told as %q, and %q to the backend, want %q", e.what, name, got, header, *want)
		}
	}
}

// testHandshakes checks the answers of the gate to the questions of a provider.
func testHandshakes(t *testing.T, g *theGate, s *sender) {
	t.Helper()
	for _, h := range s.Handshakes {
		e := &exchange{what: s.Slug + ": handshake " + h.Name, message: h.Request, reasons: []string{"handshake_answered"}}
		g.send(t, e)
		problem := differs(e, h.Response)
		for _, w := range h.Otherwise {
			if problem != "" && differs(e, w) == "" {
				problem = ""
			}
		}
		if problem != "" {
			t.Errorf("%s: %s", e.what, problem)
			continue
		}
		for i, m := range h.Refuse {
			g.send(t, &exchange{what: fmt.Sprintf("%s: handshake %s, wrong in way %d", s.Slug, h.Name, i+1), message: m})
		}
	}
}

// differs says how an answer to a handshake differs from the one that is wanted.
func differs(e *exchange, want wanted) string {
	header := e.answer.Header
	var got any
	_ = json.Unmarshal(e.body, &got)
	wantedJSON, _ := json.Marshal(want.JSON)
	gotJSON, _ := json.Marshal(got)
	switch {
	case e.answer.StatusCode != want.Status || e.arrived != nil:
		return fmt.Sprintf("status %d, want %d; at the backend: %v", e.answer.StatusCode, want.Status, e.arrived != nil)
	case header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store":
		return fmt.Sprintf("the answer's headers are %v", header)
	case want.ContentType != nil && !strings.HasPrefix(header.Get("Content-Type"), *want.ContentType):
		return fmt.Sprintf("Content-Type is %q, want %s", header.Get("Content-Type"), *want.ContentType)
	case want.Body != nil && string(e.body) != *want.Body, want.JSON != nil && !bytes.Equal(gotJSON, wantedJSON):
		return fmt.Sprintf("the answer is %q", e.body)
	}
	for name, value := range want.Headers {
		if header.Get(name) != value {
			return fmt.Sprintf("%s is %q, want %q", name, header.Get(name), value)
		}
	}
	return ""
}

// The providers' own SDKs confirm the signers, where there are such: what they
// make is what the provider makes, and not what this project believes.
func TestSignersBySDK(t *testing.T) {
	text, err := exec.Command("node", "deliveries.mjs", "--check").CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	t.Log(lines[len(lines)-1])
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}
