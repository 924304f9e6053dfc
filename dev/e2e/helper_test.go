// Package e2e tests hookward in the real Traefik, over real connections. What
// one function does is for the unit tests; here it is shown that nothing passes
// a gate which should not, whatever Traefik does around it.
package e2e

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/dev/transcript/note"
)

// GitHub's published vector.
const (
	secret         = "It's a Secret to Everybody"
	hello          = "Hello, World!"
	helloSignature = "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

// github is the configuration that most gates here have.
const github = `{provider: github, secrets: ["env:GH"]}`

var binary string

func TestMain(m *testing.M) {
	var err error
	binary, err = gateway.Build(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// gate is one middleware on a router of its own, at /NAME/.
type gate struct {
	name    string
	options string // what stands under the plugin's key, in YAML's flow style
	server  string // the backend's URL, if it is not the site's
}

// site is a Traefik in front of a backend. A router without any middleware
// catches every request that no other router takes, as installations have it: a
// gate whose router has vanished is seen by what gets through.
type site struct {
	*gateway.Gateway
	backend *backend
	client  *http.Client

	mu       sync.Mutex
	paths    []string // each request's own
	versions int
}

// start runs a Traefik until the test ends. Then it checks that each request
// has left exactly one audit record, and that no secret was printed.
func start(t *testing.T, answer http.HandlerFunc, gates []gate, settings gateway.Settings) *site {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b := &backend{answer: answer, arrivals: map[string][]*arrival{}}
	url, err := gateway.Serve(ctx, "127.0.0.1:0", b)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{backend: b, client: &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DisableCompression: true}}}
	settings.Env = append(settings.Env, "GH="+secret)
	main := s.yaml("main", gates) + fmt.Sprintf("    everything: {rule: \"PathPrefix(`/`)\", priority: 1, service: backend}\n"+
		"  services:\n    backend: {loadBalancer: {servers: [{url: %q}]}}\n", url) + servers(gates)
	s.Gateway, err = gateway.Start(ctx, binaryOf(t, settings), main, settings)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop()
		cancel()
		s.transcribe(t)
		left := map[string]int{}
		numbers, last := map[string]int{}, map[string]int{}
		for _, r := range append(s.records(t, ""), s.transitions(t)...) {
			left[r.Path]++
			numbers[r.Epoch+" "+r.Middleware]++
			last[r.Epoch+" "+r.Middleware] = max(last[r.Epoch+" "+r.Middleware], r.Sequence)
		}
		for series, n := range last {
			if numbers[series] != n {
				t.Errorf("of %s there are %d records, and the last one's number is %d", series, numbers[series], n)
			}
		}
		for _, path := range s.paths {
			if left[path] != 1 {
				t.Errorf("%s left %d audit records, want 1", path, left[path])
			}
		}
		for _, variable := range settings.Env {
			// A short text would be found by chance.
			if _, value, _ := strings.Cut(variable, "="); len(value) >= 8 {
				s.notPrinted(t, value)
			}
		}
		if t.Failed() {
			t.Logf("stdout:\n%s\nstderr:\n%s", end(s.Stdout), end(s.Stderr))
		}
	})
	s.applied(t, "main")
	return s
}

// end returns the last lines of what Traefik has printed.
func end(o *gateway.Output) string {
	lines := o.Lines("")
	return strings.Join(lines[max(0, len(lines)-50):], "\n")
}

// notPrinted checks that Traefik has printed a text in no form.
func (s *site) notPrinted(t *testing.T, text string) {
	t.Helper()
	printed := strings.ToLower(s.Stdout.String() + s.Stderr.String())
	for _, form := range []string{text, hex.EncodeToString([]byte(text)),
		base64.RawStdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text))} {
		if strings.Contains(printed, strings.ToLower(form)) {
			t.Errorf("Traefik has printed %q, which is %q", form, text)
		}
	}
}

// configure writes one more file of gates, or replaces it, and returns once
// Traefik has applied it.
func (s *site) configure(t *testing.T, file string, gates []gate) {
	t.Helper()
	err := s.Configure(file+".yml", s.yaml(file, gates)+servicesOf(gates))
	if err != nil {
		t.Fatal(err)
	}
	s.applied(t, file)
}

// applied waits until the newest version of a file is in force, which its own
// router tells.
func (s *site) applied(t *testing.T, file string) {
	t.Helper()
	testkit.Await(t, "Traefik applies "+file, func() bool {
		response, err := s.client.Get(s.URL + "/version/" + file)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.Header.Get("X-Version") == fmt.Sprint(s.versions)
	})
}

func (s *site) yaml(file string, gates []gate) string {
	s.versions++
	var routers, middlewares strings.Builder
	fmt.Fprintf(&middlewares, "    version-%s: {headers: {customResponseHeaders: {X-Version: \"%d\"}}}\n", file, s.versions)
	fmt.Fprintf(&routers, "    version-%[1]s: {rule: \"Path(`/version/%[1]s`)\", service: backend, middlewares: [version-%[1]s]}\n", file)
	for _, g := range gates {
		service := "backend"
		if g.server != "" {
			service = g.name
		}
		options := g.options
		if strings.HasPrefix(options, "{") && options != "{}" && !strings.Contains(options, "ban:") {
			// What tests send comes from one address, and is bad for the most part.
			options = "{ban: false, " + options[1:]
		}
		fmt.Fprintf(&middlewares, "    %s: {plugin: {hookward: %s}}\n", g.name, options)
		fmt.Fprintf(&routers, "    %[1]s: {rule: \"PathPrefix(`/%[1]s/`)\", service: %[2]s, middlewares: [%[1]s]}\n", g.name, service)
	}
	return "http:\n  middlewares:\n" + middlewares.String() + "  routers:\n" + routers.String()
}

func servers(gates []gate) string {
	services := ""
	for _, g := range gates {
		if g.server != "" {
			services += fmt.Sprintf("    %s: {loadBalancer: {servers: [{url: %q}]}}\n", g.name, g.server)
		}
	}
	return services
}

func servicesOf(gates []gate) string {
	if text := servers(gates); text != "" {
		return "  services:\n" + text
	}
	return ""
}

// serial counts the requests of all sites.
var serial atomic.Int64

// path returns a path at a gate that no other request has, by which its record
// is found.
func (s *site) path(gate string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := fmt.Sprintf("/%s/%d", gate, serial.Add(1))
	s.paths = append(s.paths, path)
	return path
}

// request returns a POST to a gate. Header lines go out as they are written.
func (s *site) request(gate, body string, lines ...string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, s.URL+s.path(gate), strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	return r
}

// answer is what came back for a request.
type answer struct {
	*http.Response
	path string
	body []byte
	err  error // of reading the body
}

func (s *site) post(t *testing.T, gate, body string, lines ...string) *answer {
	t.Helper()
	return exchange(t, s.client, s.request(gate, body, lines...))
}

func exchange(t *testing.T, client *http.Client, r *http.Request) *answer {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", r.URL.Path, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	transcribed(t, r, response, body, err)
	return &answer{Response: response, path: r.URL.Path, body: body, err: err}
}

// wire is a raw connection to Traefik.
type wire struct {
	*net.TCPConn
	reader *bufio.Reader
	path   string
}

// dial connects and sends the head of a POST to a gate, without the empty line
// that ends it.
func (s *site) dial(t *testing.T, gate, protocol string, lines ...string) *wire {
	t.Helper()
	w := s.connect(t)
	w.path = s.path(gate)
	head := "POST " + w.path + " " + protocol + "\r\nHost: hooks.example.com\r\n" + strings.Join(append(lines, ""), "\r\n")
	w.send(t, head)
	note.SentText(t, w.path, head)
	return w
}

// connect opens a raw connection to Traefik.
func (s *site) connect(t *testing.T) *wire {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(testkit.Patience))
	return &wire{TCPConn: connection.(*net.TCPConn), reader: bufio.NewReader(connection)}
}

func (w *wire) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatalf("%s: %v", w.path, err)
	}
}

// receive reads one answer, be it an interim one.
func (w *wire) receive(t *testing.T) *answer {
	t.Helper()
	response, err := http.ReadResponse(w.reader, &http.Request{Method: http.MethodPost})
	if err != nil {
		t.Fatalf("%s: %v", w.path, err)
	}
	body, err := io.ReadAll(response.Body)
	note.Answer(t, w.path, response, body, err)
	return &answer{Response: response, path: w.path, body: body, err: err}
}

// final reads on to the answer that is not an interim one.
func (w *wire) final(t *testing.T) *answer {
	t.Helper()
	for {
		if a := w.receive(t); a.StatusCode >= http.StatusOK {
			return a
		}
	}
}

// backend keeps what arrives, and answers with the body unless it is told
// otherwise.
type backend struct {
	answer   http.HandlerFunc
	mu       sync.Mutex
	arrivals map[string][]*arrival // by path
}

// arrival is a request as the backend got it, its body and trailers read.
type arrival struct {
	*http.Request
	body []byte
	err  error
}

func (b *backend) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	b.mu.Lock()
	b.arrivals[r.URL.Path] = append(b.arrivals[r.URL.Path], &arrival{Request: r.Clone(context.Background()), body: body, err: err})
	b.mu.Unlock()
	if b.answer != nil {
		b.answer(rw, r)
		return
	}
	_, _ = rw.Write(body)
}

// at returns what has arrived at a path, which may be escaped, as in a record.
func (b *backend) at(path string) []*arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	if decoded, err := url.PathUnescape(path); err == nil && len(b.arrivals[path]) == 0 {
		path = decoded
	}
	return b.arrivals[path]
}

func sum(body string) string {
	hash := sha256.Sum256([]byte(body))
	return hex.EncodeToString(hash[:])
}

// signed returns GitHub's header for a body.
func signed(key, body string) string {
	return "X-Hub-Signature-256: sha256=" + hex.EncodeToString(testkit.HMAC(key, body))
}

// record is an audit record, as far as it is checked here.
type record struct {
	ID          string            `json:"event.id"`
	Sequence    int               `json:"event.sequence"`
	Epoch       string            `json:"hookward.epoch"`
	Router      string            `json:"hookward.router"`
	Headers     map[string]string `json:"hookward.headers"`
	Query       string            `json:"url.query"`
	Content     string            `json:"http.request.body.content"`
	Interrupted bool              `json:"hookward.interrupted"`
	Type        []string          `json:"event.type"`
	Outcome     string            `json:"event.outcome"`
	Reason      string            `json:"event.reason"`
	Error       string            `json:"error.message"`
	Middleware  string            `json:"hookward.middleware"`
	Decision    string            `json:"hookward.decision"`
	Observed    bool              `json:"hookward.observed"`
	Provider    string            `json:"hookward.provider"`
	DeliveryID  string            `json:"hookward.delivery_id"`
	EventType   string            `json:"hookward.event_type"`
	Secret      int               `json:"hookward.secret"`
	PublicKey   int               `json:"hookward.public_key"`

	ClientSubject     string `json:"tls.client.subject"`
	ClientCertificate string `json:"tls.client.hash.sha256"`

	SignatureLabel     string `json:"hookward.signature.label"`
	SignatureKeyID     string `json:"hookward.signature.key_id"`
	SignatureAlgorithm string `json:"hookward.signature.algorithm"`

	TokenAlgorithm string `json:"hookward.jwt.algorithm"`
	TokenKeyID     string `json:"hookward.jwt.key_id"`
	TokenIssuer    string `json:"hookward.jwt.issuer"`
	TokenSubject   string `json:"hookward.jwt.subject"`

	Aborted   bool   `json:"hookward.aborted"`
	Duplicate bool   `json:"hookward.duplicate"`
	Client    string `json:"client.address"`
	Source    string `json:"source.address"`
	Rule      string `json:"rule.name"`
	Method    string `json:"http.request.method"`
	Host      string `json:"url.domain"`
	Path      string `json:"url.path"`
	BodyBytes *int64 `json:"http.request.body.bytes"`
	BodyHash  string `json:"hookward.body.sha256"`
	Status    int    `json:"http.response.status_code"`

	Action        string `json:"event.action"`
	Kept          string `json:"hookward.delivery.id"`
	KeptState     string `json:"hookward.delivery.state"`
	BackendStatus int    `json:"hookward.delivery.status"`
	Attempt       int    `json:"hookward.delivery.attempt"`
	Output        string `json:"hookward.delivery.output"`
}

// records returns the audit records of a path, or all of them where it is empty.
func (s *site) records(t *testing.T, path string) []*record {
	t.Helper()
	text := `"event.dataset":"hookward.audit"`
	if path != "" {
		text = `"url.path":"` + path + `"`
	}
	found := []*record{}
	for _, line := range s.Stdout.Lines(text) {
		r := &record{}
		if err := json.Unmarshal([]byte(line), r); err != nil {
			t.Fatalf("the audit record %q: %v", line, err)
		}
		found = append(found, r)
	}
	return found
}

// transitions returns the records of what became of deliveries after their requests. They
// have no path.
func (s *site) transitions(t *testing.T) []*record {
	t.Helper()
	found := []*record{}
	for _, line := range s.Stdout.Lines(`"event.dataset":"hookward.delivery"`) {
		r := &record{}
		if err := json.Unmarshal([]byte(line), r); err != nil {
			t.Fatalf("the record %q: %v", line, err)
		}
		found = append(found, r)
	}
	return found
}

// record waits for the record of a request: it is written once the request is
// done with, which a client may know first.
func (s *site) record(t *testing.T, path string) *record {
	t.Helper()
	var found []*record
	testkit.Await(t, "an audit record of "+path, func() bool {
		found = s.records(t, path)
		return len(found) > 0
	})
	return found[0]
}

// refused checks all that is to be seen of a refusal: the answer, which tells a
// stranger nothing, the record, and that the backend has seen nothing.
func (s *site) refused(t *testing.T, a *answer, status int, reason string) *record {
	t.Helper()
	if a.StatusCode != status || string(a.body) != http.StatusText(status)+"\n" {
		t.Fatalf("%s: the answer is %d %q, want %d and its text alone", a.path, a.StatusCode, a.body, status)
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: the refusal may be cached: %v", a.path, a.Header)
	}
	if (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) != (a.Header.Get("Retry-After") != "") {
		t.Errorf("%s: Retry-After is %q with status %d", a.path, a.Header.Get("Retry-After"), status)
	}
	if n := len(s.backend.at(a.path)); n != 0 {
		t.Errorf("%s: the backend got a refused request %d times", a.path, n)
	}
	r := s.record(t, a.path)
	if r.Reason != reason || r.Status != status {
		t.Errorf("%s: the record says %s, %d, want %s, %d", a.path, r.Reason, r.Status, reason, status)
	}
	if r.Decision != "refuse" || r.Observed || r.Outcome != "failure" || strings.Join(r.Type, " ") != "denied" {
		t.Errorf("%s: the record is not one of a refusal: %+v", a.path, r)
	}
	return r
}

// passed checks all that is to be seen of a request which passed, and returns
// it as the backend got it.
func (s *site) passed(t *testing.T, a *answer) (*arrival, *record) {
	t.Helper()
	r := s.record(t, a.path)
	if a.StatusCode != http.StatusOK || a.err != nil {
		t.Fatalf("%s: the answer is %d %q (%v), want 200; the record says %s", a.path, a.StatusCode, a.body, a.err, r.Reason)
	}
	if r.Reason != "verified" || r.Decision != "pass" || r.Status != http.StatusOK || r.Observed || r.Aborted ||
		r.Outcome != "success" || strings.Join(r.Type, " ") != "allowed" {
		t.Errorf("%s: the record is not one of a pass: %+v", a.path, r)
	}
	arrivals := s.backend.at(a.path)
	if len(arrivals) != 1 {
		t.Fatalf("%s: the backend got a request which passed %d times", a.path, len(arrivals))
	}
	if arrivals[0].err != nil {
		t.Errorf("%s: the backend could not read the body: %v", a.path, arrivals[0].err)
	}
	if r.BodyBytes == nil || *r.BodyBytes != int64(len(arrivals[0].body)) || r.BodyHash != sum(string(arrivals[0].body)) {
		t.Errorf("%s: the record is of another body: %+v", a.path, r)
	}
	return arrivals[0], r
}
