package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
)

// A minute of each fault, and 500 requests a second, is what to try by hand:
//
//	go test ./e2e -run TestSinks -sinks.fault 60s -sinks.rate 500 -v -timeout 30m
var (
	faultTime = flag.Duration("sinks.fault", time.Second, "how long each fault of an audit output lasts")
	faultRate = flag.Int("sinks.rate", 200, "requests a second meanwhile, for all outputs together")
)

// sink is where an output of a gate leads, with a proxy in front that fails.
type sink struct {
	name    string
	options string // of the output; %s stands for the proxy's URL
	target  string // its URL
	// records returns what has arrived: the records as JSON, be they complete or
	// made of attributes.
	records func() []map[string]any
	// lossy sinks can't say what they have got: what was in the network when a
	// connection broke is lost.
	lossy bool
}

// sinks starts a receiver of each kind.
func sinks(t *testing.T) []*sink {
	logs := stores.VictoriaLogs(t)
	collector := stores.Collector(t)
	syslog := stores.Rsyslog(t, false)
	splunk := stores.Splunk(t, stores.SplunkOptions{})
	acknowledging := stores.Splunk(t, stores.SplunkOptions{Acknowledge: true, Pending: 1})
	fromLogs := func(middleware string) func() []map[string]any {
		return func() []map[string]any {
			return logs.Query(t, `"hookward.middleware":="`+middleware+`@file"`)
		}
	}
	fromSplunk := func(s *stores.SplunkFake) func() []map[string]any {
		return func() []map[string]any {
			found := []map[string]any{}
			for _, e := range s.Events() {
				found = append(found, decoded(t, string(e.Event)))
			}
			return found
		}
	}
	return []*sink{
		{name: "elasticsearch", options: `{type: elasticsearch, url: %q}`, target: logs.Elasticsearch, records: fromLogs("elasticsearch")},
		{name: "loki", options: `{type: loki, url: %q}`, target: logs.Loki, records: fromLogs("loki")},
		{name: "http", options: `{type: http, url: %q}`, target: logs.Lines, records: fromLogs("http")},
		{name: "otlp", options: `{type: otlp, url: %q}`, target: collector.URL, records: func() []map[string]any {
			found := []map[string]any{}
			for _, r := range collector.Records(t) {
				found = append(found, r.Attributes)
			}
			return found
		}},
		{name: "splunk", options: `{type: splunk, url: %q, token: "env:SPLUNK"}`, target: splunk.URL, records: fromSplunk(splunk)},
		{name: "acknowledged", options: `{type: splunk, url: %q, token: "env:SPLUNK", acknowledge: "true"}`, target: acknowledging.URL, records: fromSplunk(acknowledging)},
		{name: "syslog", options: `{type: syslog, url: %q}`, target: "tcp://" + syslog.TCP, lossy: true, records: func() []map[string]any {
			found := []map[string]any{}
			for _, m := range syslog.Messages(t) {
				found = append(found, decoded(t, m.Text))
			}
			return found
		}},
	}
}

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	fields := map[string]any{}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &fields); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	return fields
}

// While each sink fails in each way, requests go on as ever; and afterwards every
// record is there, or is accounted for by one that says which are lost. All sinks
// fail at once, each behind a gate of its own; some have a directory, so that
// nothing is lost at all.
func TestSinks(t *testing.T) {
	all := sinks(t)
	proxies := map[string]*stores.FaultProxy{}
	gates := []gate{}
	directory := t.TempDir()
	for _, s := range all {
		p := stores.Proxy(t, s.target)
		proxies[s.name] = p
		output := fmt.Sprintf(s.options, p.URL(s.target))
		gates = append(gates,
			gate{name: s.name, options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %q, audit: {outputs: [{type: stdout}, %s]}}`, directory+"/"+s.name, output)})
	}
	s := start(t, nil, gates, gateway.Settings{Env: []string{"SPLUNK=4d1e5b0c-6a0f-4b1e-9c52-0f6f3a1c7d2e"}})
	for _, phase := range []struct {
		name     string
		forLossy bool
		set      func(p *stores.FaultProxy)
	}{
		{"well", true, func(p *stores.FaultProxy) { p.Pass() }},
		{"down", true, func(p *stores.FaultProxy) { p.Refuse() }},
		{"hanging", false, func(p *stores.FaultProxy) { p.Hang() }},
		{"slow", true, func(p *stores.FaultProxy) { p.Slow(4096, 20*time.Millisecond) }},
		{"busy", false, func(p *stores.FaultProxy) { p.Answer(503, http.Header{"Retry-After": {"1"}}, "busy") }},
		{"too many", false, func(p *stores.FaultProxy) { p.Answer(429, http.Header{"Retry-After": {"1"}}, "") }},
		{"nonsense", false, func(p *stores.FaultProxy) { p.Answer(502, nil, "<html>no</html>") }},
		{"cut off", false, func(p *stores.FaultProxy) { p.Cut(20) }},
		{"well again", true, func(p *stores.FaultProxy) { p.Pass() }},
	} {
		for _, one := range all {
			if one.lossy && !phase.forLossy {
				continue // what swallows records without a word has them, as far as one can see
			}
			phase.set(proxies[one.name])
		}
		l := s.load(t, all, *faultTime, *faultRate)
		t.Logf("%-10s %5d requests, %d failed; median %v, 99 %% below %v, slowest %v; Traefik has %d MB", phase.name, l.sent, l.failed,
			l.percentile(50), l.percentile(99), l.percentile(100), residentMB(t, s))
		if l.failed > 0 {
			t.Errorf("%s: %d of %d requests failed", phase.name, l.failed, l.sent)
		}
	}
	for _, one := range all {
		want := map[string]bool{}
		for _, line := range s.Stdout.Lines(`"hookward.middleware":"` + one.name + `@file"`) {
			want[decoded(t, line)["event.id"].(string)] = true
		}
		var missing, twice int
		var lost float64
		check := func() bool {
			missing, twice, lost = 0, 0, 0
			got := map[string]int{}
			for _, r := range one.records() {
				id, _ := r["event.id"].(string)
				got[id]++
				if r["event.reason"] == "records_lost" {
					lost += number(r["hookward.gap.count"])
				}
			}
			for id := range want {
				if got[id] == 0 {
					missing++
				}
				if got[id] > 1 {
					twice++
				}
			}
			return float64(missing) == lost || one.lossy && missing <= len(want)/20
		}
		deadline := time.Now().Add(90 * time.Second)
		for !check() && time.Now().Before(deadline) {
			time.Sleep(300 * time.Millisecond)
		}
		t.Logf("%s: of %d records %d are missing, %v are reported as lost, %d are there more than once", one.name, len(want), missing, lost, twice)
		if !check() || len(want) == 0 {
			t.Errorf("%s: of %d records %d are missing, and %v are reported as lost", one.name, len(want), missing, lost)
		}
	}
}

// number is a number as one of the stores has it.
func number(value any) float64 {
	n := 0.0
	_, _ = fmt.Sscan(fmt.Sprint(value), &n)
	return n
}

// run is what a load has come to.
type run struct {
	mu           sync.Mutex
	sent, failed int
	took         []time.Duration
}

func (l *run) percentile(p int) time.Duration {
	if len(l.took) == 0 {
		return 0
	}
	i := len(l.took) * p / 100
	return l.took[min(i, len(l.took)-1)].Round(10 * time.Microsecond)
}

// load sends signed deliveries to the gates in turn, so many a second.
func (s *site) load(t *testing.T, gates []*sink, duration time.Duration, rate int) *run {
	t.Helper()
	l := &run{}
	var wg sync.WaitGroup
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	for i, deadline := 0, time.Now().Add(duration); time.Now().Before(deadline); i++ {
		<-ticker.C
		r := s.request(gates[i%len(gates)].name, hello, helloSignature, fmt.Sprintf("X-GitHub-Delivery: %d", i))
		wg.Go(func() {
			started := time.Now()
			response, err := s.client.Do(r)
			took := time.Since(started)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.sent++
			l.took = append(l.took, took)
			if err != nil || response.StatusCode != 200 {
				l.failed++
			}
			if err == nil {
				_ = response.Body.Close()
			}
		})
	}
	wg.Wait()
	sort.Slice(l.took, func(i, j int) bool { return l.took[i] < l.took[j] })
	return l
}

// residentMB returns how much memory Traefik has.
func residentMB(t *testing.T, s *site) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS:") {
			return int(number(strings.Fields(line)[1])) / 1024
		}
	}
	return 0
}

// Without a directory, memory is bounded, and what is lost is said to the record.
func TestSinkWithoutDisk(t *testing.T) {
	logs := stores.VictoriaLogs(t)
	p := stores.Proxy(t, logs.Lines)
	p.Hang()
	s := start(t, nil, []gate{{name: "small", options: fmt.Sprintf(
		`{provider: github, secrets: ["env:GH"], audit: {outputs: [{type: stdout}, {type: http, url: %q, bufferBytes: "30000", batchBytes: "10000", timeout: 500ms}]}}`, p.URL(logs.Lines))}}, gateway.Settings{})
	for range 300 {
		s.post(t, "small", hello, helloSignature)
	}
	p.Pass()
	want := map[string]bool{}
	for _, r := range s.records(t, "") {
		want[r.ID] = true
	}
	eventually(t, "all is sent", func() bool {
		lost, got := 0.0, map[string]bool{}
		for _, r := range logs.Query(t, "*") {
			if r["event.reason"] == "records_lost" {
				lost += number(r["hookward.gap.count"])
			} else {
				got[r["event.id"].(string)] = true
			}
		}
		missing := 0
		for id := range want {
			if !got[id] {
				missing++
			}
		}
		return missing > 100 && float64(missing) == lost
	})
	if !slices.ContainsFunc(s.Stderr.Lines("hookward"), func(line string) bool { return strings.Contains(line, "records are lost") }) {
		t.Error("nothing is said on stderr")
	}
}

// Certificates are verified: a sink with the wrong one gets nothing.
func TestSinksOverTLS(t *testing.T) {
	syslog := stores.Rsyslog(t, true)
	good := syslog.Authority.Issue(t, "splunk")
	splunk := stores.Splunk(t, stores.SplunkOptions{Certificate: &good})
	other := syslog.Authority.Issue(t, "elsewhere", "elsewhere.example")
	wrong := stores.Splunk(t, stores.SplunkOptions{Certificate: &other})
	output := func(kind, url, more string) string {
		return fmt.Sprintf(`{provider: github, secrets: ["env:GH"], audit: {outputs: [{type: stdout}, {type: %s, url: %q, tls: {ca: %q}, %s}]}}`, kind, url, syslog.Authority.File, more)
	}
	s := start(t, nil, []gate{
		{name: "splunk", options: output("splunk", splunk.URL, `token: "env:SPLUNK"`)},
		{name: "wrong", options: output("splunk", wrong.URL, `token: "env:SPLUNK"`)},
		{name: "syslog", options: output("syslog", "tls://"+syslog.TLS, "facility: auth")},
		{name: "othername", options: output("syslog", "tls://"+syslog.OtherName, "facility: auth")},
	}, gateway.Settings{Env: []string{"SPLUNK=" + splunk.Token}})
	for _, name := range []string{"splunk", "wrong", "syslog", "othername"} {
		s.passed(t, s.post(t, name, hello, helloSignature))
		s.refused(t, s.post(t, name, hello), 401, "signature_missing")
	}
	eventually(t, "splunk has its records", func() bool { return len(splunk.Events()) == 2 })
	messages := syslog.Wait(t, 2)
	for i, m := range messages {
		r := decoded(t, m.Text)
		if r["hookward.middleware"] != "syslog@file" || m.App != "hookward" || m.Priority != 4*8+[]int{6, 4}[i] {
			t.Errorf("%+v", m)
		}
	}
	eventually(t, "the wrong certificates are told", func() bool { return len(s.Stderr.Lines("certificate")) >= 2 })
	if len(wrong.Events()) > 0 || len(syslog.Messages(t)) != 2 || len(splunk.Events()) != 2 {
		t.Error("VULNERABLE: records went to a server with the wrong certificate")
	}
}
