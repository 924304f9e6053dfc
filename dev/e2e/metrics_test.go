package e2e

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/internal/verdict"
)

const scrapeToken = "a-token-for-prometheus-alone"

// startScraped runs a site with a router for its numbers.
func startScraped(t *testing.T, answer http.HandlerFunc, gates []gate, env ...string) *site {
	t.Helper()
	s := start(t, answer, gates, gateway.Settings{Env: append(env, "METRICS_TOKEN="+scrapeToken)})
	err := s.Configure("numbers.yml", `http:
  middlewares:
    numbers: {plugin: {hookward: {metrics: {token: "env:METRICS_TOKEN"}}}}
  routers:
    numbers: {rule: "Path(`+"`/metrics`"+`)", middlewares: [numbers], service: noop@internal}
`)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the numbers are there", func() bool {
		_, text := s.scrape(t, http.MethodGet, "Authorization: Bearer "+scrapeToken)
		return strings.Contains(text, "hookward_build_info")
	})
	return s
}

// scrape asks for the numbers.
func (s *site) scrape(t *testing.T, method string, lines ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, s.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// numbers returns all samples, by what stands before the number.
func (s *site) numbers(t *testing.T) map[string]float64 {
	t.Helper()
	time.Sleep(1100 * time.Millisecond) // the text of a moment ago is given to all who come
	_, text := s.scrape(t, http.MethodGet, "Authorization: Bearer "+scrapeToken)
	found := map[string]float64{}
	for _, line := range strings.Split(text, "\n") {
		at := strings.LastIndexByte(line, ' ')
		value := 0.0
		if _, err := fmt.Sscan(line[at+1:], &value); err == nil && !strings.HasPrefix(line, "#") {
			found[strings.Replace(line[:at], "@file\"", "\"", 1)] = value
		}
	}
	return found
}

// metered are gates of which each shows other numbers.
func metered(t *testing.T, redis string) []gate {
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte("127.0.0.0/8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys") // of RFC 8037, A.2
	if err := os.WriteFile(keys, []byte(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return []gate{
		{name: "plain", options: github},
		{name: "tokens", options: `{jwt: {algorithms: [EdDSA], issuers: ["https://idp.example.com"], audiences: [hooks], requiredClaims: [exp], jwks: {file: ` + keys + `}}}`},
		{name: "slack", options: `{provider: slack, secrets: ["env:GH"]}`},
		{name: "once", options: `{provider: github, secrets: ["env:GH"], replay: {onDuplicate: acknowledge}, rateLimit: {average: 1, period: 1h, burst: 20}, redis: {endpoints: "` + redis + `"}}`},
		{name: "banning", options: `{provider: github, secrets: ["env:OLD", "env:GH"], ban: {failures: 3, duration: 1h}}`},
		{name: "watched", options: `{provider: github, secrets: ["env:GH"], observeOnly: true}`},
		{name: "listed", options: `{provider: github, secrets: ["env:GH"], allowlist: {lists: [{file: ` + list + `}]}}`},
		{name: "kept", options: `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + t.TempDir() + `, delivery: {deadLetter: {outputs: [{type: stdout}]}}}`},
		{name: "beside", options: `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + t.TempDir() + `, redis: {endpoints: "` + redis + `"}, delivery: {store: {type: redis}}}`},
		{name: "broken", options: `{provider: githup, secrets: ["env:GH"]}`},
	}
}

// use sends a gate of each kind what it takes and what it doesn't.
func (s *site) use(t *testing.T) {
	t.Helper()
	wrong := signed("another secret", hello)
	for _, lines := range [][]string{{helloSignature}, {wrong}, {}, {"X-Hub-Signature-256: sha256=1"}} {
		for _, gate := range []string{"plain", "once", "watched", "listed", "broken"} {
			s.post(t, gate, hello, lines...)
		}
	}
	for _, body := range []string{"{}", strings.Repeat("x", 3000), strings.Repeat("x", 100_000)} {
		s.post(t, "plain", body, signed(secret, body), "X-Answer: 500")
		s.post(t, "plain", body, signed(secret, body), "X-Answer: 302")
		at := fmt.Sprint(time.Now().Unix())
		s.post(t, "slack", body, "X-Slack-Request-Timestamp: "+at, fmt.Sprintf("X-Slack-Signature: v0=%x", testkit.HMAC(secret, "v0:"+at+":"+body)))
	}
	s.post(t, "kept", hello, helloSignature)
	s.post(t, "banning", hello, helloSignature)
	for range 4 {
		s.post(t, "banning", hello, wrong)
	}
}

// answerAs is a backend that answers with the status that it is asked for.
func answerAs(rw http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	_, _ = fmt.Sscan(r.Header.Get("X-Answer"), &status)
	rw.WriteHeader(status)
}

// The numbers are those of the records: of each gate, decision and reason there are as many
// requests as records, and as many responses.
func TestNumbersAreTheRecords(t *testing.T) {
	unsteadily(t) // gates are used from several goroutines
	s := startScraped(t, answerAs, metered(t, stores.Redis(t).Address), "OLD=the secret of last year")
	var wait sync.WaitGroup
	for range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			s.use(t)
		}()
	}
	wait.Wait()
	s.configure(t, "more", []gate{{name: "later", options: github}}) // all gates are built anew
	s.use(t)
	for _, path := range s.paths {
		s.record(t, path)
	}
	records := s.records(t, "")
	want := map[string]float64{}
	total := map[string]float64{}
	for _, r := range records {
		decision := r.Decision
		if r.Observed {
			decision = "observed"
		}
		class := "none"
		if r.Status > 0 {
			class = fmt.Sprint(r.Status/100, "xx")
		}
		gate := strings.TrimSuffix(r.Middleware, "@file")
		want[fmt.Sprintf("hookward_requests_total{gate=%q,decision=%q,reason=%q,check=%q}", gate, decision, r.Reason, verdict.Check(r.Reason))]++
		want[fmt.Sprintf("hookward_responses_total{gate=%q,decision=%q,code_class=%q}", gate, decision, class)]++
		want[fmt.Sprintf("hookward_request_duration_seconds_count{gate=%q,part=\"gate\"}", gate)]++
		want[fmt.Sprintf("hookward_request_duration_seconds_bucket{gate=%q,part=\"gate\",le=\"+Inf\"}", gate)]++
		if r.Decision == "pass" || r.Observed {
			want[fmt.Sprintf("hookward_request_duration_seconds_count{gate=%q,part=\"backend\"}", gate)]++
		}
		if r.BodyHash != "" {
			want[fmt.Sprintf("hookward_request_body_bytes_count{gate=%q}", gate)]++
			want[fmt.Sprintf("hookward_request_body_bytes_sum{gate=%q}", gate)] += float64(*r.BodyBytes)
		}
		if r.Secret > 0 {
			want[fmt.Sprintf("hookward_secret_matches_total{gate=%q,key=\"secret\",position=\"%d\"}", gate, r.Secret)]++
		}
		total[gate]++
	}
	got := s.numbers(t)
	for _, sample := range slices.Sorted(maps.Keys(want)) {
		if got[sample] != want[sample] {
			t.Errorf("%s: %v, the records say %v", sample, got[sample], want[sample])
		}
	}
	if len(total) != 8 || len(want) < 60 {
		t.Errorf("the script shows too little: %v", total)
	}
	s.documented(t)
	// What the records don't have, the numbers have not either.
	for sample, value := range got {
		if strings.HasPrefix(sample, "hookward_requests_total{") && value != want[sample] {
			t.Errorf("%s: %v, the records say %v", sample, value, want[sample])
		}
		if strings.HasPrefix(sample, "hookward_requests_in_flight{") && value != 0 {
			t.Errorf("%s: %v", sample, value)
		}
	}
	for sample, want := range map[string]float64{
		`hookward_gate_config_valid{gate="broken"}`: 0, `hookward_gate_config_valid{gate="plain"}`: 1,
		`hookward_bans_active{gate="banning"}`: 1, `hookward_rate_limit_sources{gate="once"}`: 1, `hookward_replay_entries{gate="once"}`: 1,
		`hookward_dependency_up{dependency="redis",name="once"}`: 1, `hookward_audit_records_lost_total{output="stdout"}`: 0,
		`hookward_audit_records_total{output="stdout"}`: float64(len(records)), `hookward_metrics_series_dropped_total`: 0,
	} {
		value, known := got[sample]
		if !known || value != want {
			t.Errorf("%s: %v %t, want %v", sample, value, known, want)
		}
	}
}

// Nobody gets numbers who may not, nothing passes their middleware, and promtool has
// nothing to say of them.
func TestScrape(t *testing.T) {
	s := startScraped(t, nil, []gate{
		{name: "plain", options: github},
		{name: "open", options: ` {metrics: {}}`},
		{name: "behind", options: ` {metrics: {token: "env:METRICS_TOKEN"}}`},
		{name: "tainted", options: `{provider: github, secrets: ["env:GH"], denylist: {lists: [{url: "https://127.0.0.1:1/list?key=canary-list"}]}, ` +
			`redis: {endpoints: "127.0.0.1:1", password: canary-redis-password}, rateLimit: true, ` +
			`audit: {outputs: [{type: stdout}, {type: http, url: "https://127.0.0.1:1/canary-path?key=canary-query", token: canary-output-token}]}}`},
	})
	s.post(t, "tainted", "canary-body", "X-Github-Event: canary-event", "X-Github-Delivery: canary-delivery", "User-Agent: canary-agent")
	s.passed(t, s.post(t, "plain", hello, helloSignature))
	right := "Authorization: Bearer " + scrapeToken
	for _, c := range []struct {
		method string
		lines  []string
		want   int
	}{
		{"GET", nil, 401}, {"GET", []string{"Authorization: Bearer " + scrapeToken + "x"}, 401}, {"GET", []string{right, right}, 401},
		{"POST", []string{right}, 405}, {"PUT", []string{right}, 405}, {"HEAD", []string{right}, 200}, {"GET", []string{right}, 200},
		{"GET", []string{right, "Accept: application/vnd.google.protobuf"}, 200}, {"GET", []string{right, "Accept: nonsense"}, 200},
	} {
		status, text := s.scrape(t, c.method, c.lines...)
		if status != c.want || strings.Contains(text, "hookward_") != (c.want == 200 && c.method == "GET") {
			t.Errorf("%s %q: %d %.60q", c.method, c.lines, status, text)
		}
	}
	// On other paths of its router, and where it has no protection, there is nothing.
	for _, c := range []struct {
		path string
		want int
	}{{"/behind/metrics", 404}, {"/behind/", 404}, {"/open/metrics", 503}, {"/open/", 503}, {"/plain/metrics", 405}} {
		r, _ := http.NewRequest(http.MethodGet, s.URL+c.path, nil)
		r.Header.Set("Authorization", "Bearer "+scrapeToken)
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != c.want || strings.TrimSpace(string(text)) != http.StatusText(c.want) || len(s.backend.at(c.path)) != 0 {
			t.Errorf("%s: %d %q", c.path, response.StatusCode, text)
		}
	}
	s.said(t, `"hookward.middleware":"open@file"`, "metrics: would be open to everybody")
	_, text := s.scrape(t, http.MethodGet, right)
	out, err := promtool(t, text, "check", "metrics")
	if err != nil || out != "" {
		t.Errorf("promtool says %v %s of\n%s", err, out, text)
	}
	if strings.Contains(text, "canary") || !strings.Contains(text, `dependency="list"`) || !strings.Contains(text, `output="http`) {
		t.Errorf("something of a stranger's, or a secret, is among the numbers, or what has it is not:\n%s", text)
	}
	s.watch(t)
	for _, name := range []string{"overview", "deliveries", "export", "series?gate=tainted@file"} {
		if _, page := s.console(t, name); strings.Contains(page, "canary-query") || strings.Contains(page, "canary-output") || strings.Contains(page, "canary-redis") || strings.Contains(page, "canary-body") || strings.Contains(page, "canary-list") || strings.Contains(page, secret) {
			t.Errorf("the console tells a secret at %s: %s", name, page)
		}
	}
	if strings.Contains(text, secret) || strings.Contains(text, scrapeToken) || !strings.Contains(text, `hookward_build_info{version="v`) {
		t.Error(text)
	}
	// A scraper that never reads holds up nobody.
	w := s.connect(t)
	w.send(t, "GET /metrics HTTP/1.1\r\nHost: x\r\n"+right+"\r\n\r\n")
	time.Sleep(1100 * time.Millisecond) // the next one is made anew
	_, open := s.scrape(t, http.MethodGet, right, "Accept: application/openmetrics-text;version=1.0.0")
	if !strings.HasSuffix(open, "\n# EOF\n") || !strings.Contains(open, "# TYPE hookward_requests counter\n") {
		t.Error(open)
	}
}

// documented holds docs/metrics.md against the numbers: there is a row for each metric, with
// its labels, and for no other.
func (s *site) documented(t *testing.T) {
	t.Helper()
	page := read(t, filepath.Join(root(t), "docs"), "metrics.md")
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(hookward_\\w+)` \\|([^|]*)\\|").FindAllStringSubmatch(page, -1) {
		documented[row[1]] = strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(row[2]), "`", ""), " ", "")
	}
	_, text := s.scrape(t, http.MethodGet, "Authorization: Bearer "+scrapeToken)
	there := map[string]bool{}
	for _, kind := range regexp.MustCompile(`(?m)^# TYPE (\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		there[kind[1]] = true
		sample := regexp.MustCompile(`(?m)^` + kind[1] + `(?:_count)?(?:\{(.*)\})? `).FindStringSubmatch(text)
		labels := regexp.MustCompile(`="(?:[^"\\]|\\.)*"`).ReplaceAllString(sample[1], "")
		if want, known := documented[kind[1]]; !known || want != labels {
			t.Errorf("docs/metrics.md says of %s that its labels are %q, and they are %q", kind[1], want, labels)
		}
	}
	for name := range documented {
		if !there[name] {
			t.Errorf("docs/metrics.md has %s, which is not there", name)
		}
	}
}

// A real Collector takes the numbers, and they are those that are scraped; while it is away
// nothing piles up, and its receiver is told to be down.
func TestNumbersArePushed(t *testing.T) {
	c := stores.Collector(t)
	s := startScraped(t, answerAs, []gate{
		{name: "plain", options: github},
		{name: "push", options: ` {metrics: {outputs: {type: otlp, url: "` + c.URL + `", interval: 1s, token: "env:METRICS_TOKEN"}}}`},
	})
	s.passed(t, s.post(t, "plain", hello, helloSignature))
	s.refused(t, s.post(t, "plain", hello), http.StatusUnauthorized, "signature_missing")
	const counted = `"metrics":[`
	last := func() string {
		requests := c.Metrics(t)
		if len(requests) == 0 {
			return ""
		}
		return requests[len(requests)-1]
	}
	passed := regexp.MustCompile(`\{"key":"gate","value":\{"stringValue":"plain@file"\}\},\{"key":"decision","value":\{"stringValue":"pass"\}\},\{"key":"reason","value":\{"stringValue":"verified"\}\},\{"key":"check","value":\{"stringValue":"none"\}\}\],"startTimeUnixNano":"\d+","timeUnixNano":"\d+","asInt":"(\d+)"`)
	pushed := func() string {
		found := passed.FindStringSubmatch(last())
		if found == nil {
			return ""
		}
		return found[1]
	}
	eventually(t, "the Collector has the numbers", func() bool { return strings.Contains(last(), counted) && pushed() == "1" })
	for _, text := range []string{`"name":"hookward_requests"`, `"name":"hookward_request_duration"`, `"unit":"s"`, `"isMonotonic":true`, `"service.name"`, `"service.instance.id"`} {
		if !strings.Contains(last(), text) {
			t.Errorf("no %s in %s", text, last())
		}
	}
	c.Kill()
	up := `hookward_dependency_up{dependency="output",name="otlp ` + c.URL + ` metrics"}`
	eventually(t, "the output is down", func() bool {
		value, known := s.numbers(t)[up]
		return known && value == 0
	})
	s.post(t, "plain", hello, helloSignature)
	before := len(c.Metrics(t))
	c.Start(t)
	eventually(t, "the Collector has the numbers of now", func() bool { return pushed() == "2" })
	for _, request := range c.Metrics(t)[before:] {
		if found := passed.FindStringSubmatch(request); found == nil || found[1] != "2" {
			t.Errorf("old numbers are sent: %v", found)
		}
	}
	eventually(t, "the output is up", func() bool { return s.numbers(t)[up] == 1 })
	s.said(t, "metrics: output otlp "+c.URL, "is well again")
	if text := last(); strings.Contains(text, scrapeToken) || strings.Contains(text, secret) {
		t.Error(text)
	}
}
