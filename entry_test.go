package hookward

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/scrape"
)

// countAnew forgets all numbers, for tests have more gates than have numbers of their own, and
// has requests counted from now on.
func countAnew() {
	gates.Restart()
	atomic.StoreInt32(metrics.Wanted, 1)
}

// samplesOf returns the samples of the gate's own names, by line without the number.
func samplesOf(gate string) map[string]string {
	families := scrape.Families(gates.Look(time.Now()), time.Now())
	found := map[string]string{}
	for _, line := range strings.Split(string(exposition.Text(families, false)), "\n") {
		at := strings.LastIndexByte(line, ' ')
		if at > 0 && strings.Contains(line, `gate="`+gate+`"`) {
			found[strings.Replace(line[:at], `gate="`+gate+`"`, "", 1)] = line[at+1:]
		}
	}
	return found
}

// Whatever becomes of requests, they count once among the decisions, the responses and the
// gate's durations, and as often as there are records.
func TestNumbersAreThoseOfTheRecords(t *testing.T) {
	records, _ := capture(t)
	countAnew()
	status := http.StatusOK
	next := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(status)
	})
	h := newTestHandler(t, next, hooktest.GithubOptions())
	send := func(r *http.Request) {
		defer func() { _ = recover() }()
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	for _, code := range []int{200, 204, 302, 404, 503, 999, 0} {
		status = code
		send(github())
	}
	send(hooktest.NewPost(hooktest.DocsBody))
	send(hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: sha256=00"))
	send(hooktest.NewRequest("GET", "/", ""))
	settleOutputs(t)
	lines := strings.Count(records.String(), "\n")
	for line, want := range map[string]string{
		`hookward_requests_total{,decision="pass",reason="verified",check="none"}`:                   "7",
		`hookward_requests_total{,decision="refuse",reason="signature_missing",check="signature"}`:   "1",
		`hookward_requests_total{,decision="refuse",reason="signature_malformed",check="signature"}`: "1",
		`hookward_requests_total{,decision="refuse",reason="method_not_allowed",check="method"}`:     "1",
		`hookward_requests_total{,decision="refuse",reason="signature_mismatch",check="signature"}`:  "0", // from the start
		`hookward_responses_total{,decision="pass",code_class="none"}`:                               "1",
		`hookward_responses_total{,decision="pass",code_class="2xx"}`:                                "2",
		`hookward_responses_total{,decision="pass",code_class="3xx"}`:                                "1",
		`hookward_responses_total{,decision="pass",code_class="4xx"}`:                                "1",
		`hookward_responses_total{,decision="refuse",code_class="4xx"}`:                              "3",
		`hookward_responses_total{,decision="pass",code_class="5xx"}`:                                "1",
		`hookward_responses_total{,decision="pass",code_class="other"}`:                              "1",
		`hookward_request_duration_seconds_count{,part="gate"}`:                                      fmt.Sprint(lines),
		`hookward_request_duration_seconds_count{,part="backend"}`:                                   "7",
		`hookward_request_body_bytes_count{}`:                                                        "9",
		`hookward_request_body_bytes_bucket{,le="256"}`:                                              "9",
		`hookward_request_body_bytes_sum{}`:                                                          fmt.Sprint(9 * len(hooktest.DocsBody)),
		`hookward_secret_matches_total{,key="secret",position="1"}`:                                  "7",
		`hookward_requests_in_flight{}`:                                                              "0",
		`hookward_gate_config_valid{}`:                                                               "1",
		`hookward_gate_info{,provider="github",mode="enforce"}`:                                      "1",
	} {
		got := samplesOf(t.Name())
		if got[line] != want || lines != 10 {
			t.Errorf("%s: %q, want %q of %d records", line, got[line], want, lines)
		}
	}
}

// Nothing is counted before there is a middleware that shows it; from then on all is that comes
// in, and what came before is not in flight.
func TestNumbersBeginWhereTheyAreShown(t *testing.T) {
	capture(t)
	gates.Restart()
	open := false
	h := newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if open {
			newEndpoint(t, "numbers@file", map[string]any{"metrics": map[string]any{"insecure": "true"}})
		}
		rw.WriteHeader(http.StatusOK)
	}), hooktest.GithubOptions())
	for i, want := range []string{"0", "0", "1", "2"} {
		open = i == 1
		h.ServeHTTP(httptest.NewRecorder(), github())
		got := samplesOf(t.Name())
		if passed := got[`hookward_requests_total{,decision="pass",reason="verified",check="none"}`]; passed != want || got["hookward_requests_in_flight{}"] != "0" {
			t.Errorf("%d: %q have passed, want %q; %q in flight", i, passed, want, got["hookward_requests_in_flight{}"])
		}
	}
}

func TestNumbersOfOtherDecisions(t *testing.T) {
	capture(t)
	countAnew()
	h := newTestHandler(t, http.NotFoundHandler(), hooktest.GithubWith(map[string]any{"observeOnly": "true", "replay": map[string]any{"onDuplicate": "acknowledge"}}))
	for _, r := range []*http.Request{github(), github(), hooktest.NewPost("unsigned")} {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	got := samplesOf(t.Name())
	for line, want := range map[string]string{
		`hookward_requests_total{,decision="observed",reason="signature_missing",check="signature"}`: "1",
		`hookward_requests_total{,decision="refuse",reason="signature_missing",check="signature"}`:   "0",
		`hookward_requests_total{,decision="pass",reason="verified",check="none"}`:                   "2",
		`hookward_gate_info{,provider="github",mode="observe"}`:                                      "1",
		`hookward_replay_evicted_total{}`:                                                            "0",
	} {
		if got[line] != want {
			t.Errorf("%s: %q, want %q", line, got[line], want)
		}
	}
	broken := newTestHandler(t, http.NotFoundHandler(), map[string]any{"provider": "githup"})
	broken.ServeHTTP(httptest.NewRecorder(), github())
	got = samplesOf(t.Name())
	if got["hookward_gate_config_valid{}"] != "0" || got[`hookward_requests_total{,decision="refuse",reason="config_invalid",check="configuration"}`] != "1" || got[`hookward_gate_info{,provider="unknown",mode="refuse"}`] != "1" {
		t.Errorf("of a mistake: %v", got)
	}
}

// What strangers choose makes no series.
func TestNumberOfSeries(t *testing.T) {
	capture(t)
	countAnew()
	h := newTestHandler(t, http.NotFoundHandler(), hooktest.GithubOptions())
	h.ServeHTTP(httptest.NewRecorder(), github())
	h.ServeHTTP(httptest.NewRecorder(), hooktest.NewPost("unsigned"))
	before := len(samplesOf(t.Name()))
	for i := 0; i < 500; i++ {
		r := hooktest.NewRequest("POST", fmt.Sprintf("/%d?x=%d", i, i), "unsigned", fmt.Sprintf("X-GitHub-Event: e%d", i), fmt.Sprintf("X-GitHub-Delivery: d%d", i), fmt.Sprintf("User-Agent: a%d", i))
		r.Host = fmt.Sprintf("h%d.example.com", i)
		r.RemoteAddr = fmt.Sprintf("192.0.2.%d:%d", i%250, i)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if after := len(samplesOf(t.Name())); after != before || before == 0 {
		t.Errorf("%d series, before %d", after, before)
	}
}

// A gate's numbers go on when it is built anew, and are there once more when it is gone.
func TestNumbersOutliveReloads(t *testing.T) {
	capture(t)
	countAnew()
	for i := 0; i < 20; i++ {
		newTestHandler(t, http.NotFoundHandler(), hooktest.GithubOptions()).ServeHTTP(httptest.NewRecorder(), github())
	}
	const passed = `hookward_requests_total{,decision="pass",reason="verified",check="none"}`
	if got := samplesOf(t.Name())[passed]; got != "20" {
		t.Errorf("after reloads: %q", got)
	}
	metrics.Drop(t.Name(), time.Now())
	if got := samplesOf(t.Name())[passed]; got != "20" {
		t.Errorf("when it is gone: %q", got)
	}
	if got := samplesOf(t.Name()); len(got) != 0 {
		t.Errorf("later: %v", got)
	}
}

// A number that is a bound counts below it, and one that is more in the next bucket.
func TestBucketsOfNumbers(t *testing.T) {
	capture(t)
	countAnew()
	g := newTestGate(t.Name(), hooktest.GithubOptions(), hooktest.TestTime)
	const second = int64(time.Second)
	for _, c := range []struct{ gate, backend, body, skew int64 }{
		{0, 0, 0, -301 * second}, {1e6, 3 * second, 256, -300 * second}, {1e6 + 1, 3*second + 1, 257, 0},
		{10 * second, 10*second + 1, 16 << 20, 1}, {11 * second, 3600 * second, 16<<20 + 1, 3601 * second},
	} {
		x := &exchange{gate: g, counts: g.Counts, start: hooktest.TestTime, forward: true, bodyWhole: true, bodyBytes: c.body}
		x.proof.Timestamp = hooktest.TestTime.Add(-time.Duration(c.skew))
		countRequest(x, &audit.Record{Decision: "pass", Reason: "verified", Status: 200, InGate: c.gate, InBackend: c.backend, Timestamp: "a"}, metrics.NewSum())
		countRequest(x, &audit.Record{Decision: "refuse", Reason: "verified"}, metrics.NewSum()) // it is counted already
	}
	got := samplesOf(t.Name())
	const gate, backend, body, skew = `hookward_request_duration_seconds_bucket{,part="gate"`, `hookward_request_duration_seconds_bucket{,part="backend"`, `hookward_request_body_bytes_bucket{`, `hookward_timestamp_skew_seconds_bucket{`
	for line, want := range map[string]string{
		gate + `,le="0.001"}`: "2", gate + `,le="0.0025"}`: "3", gate + `,le="5"}`: "3", gate + `,le="10"}`: "4", gate + `,le="+Inf"}`: "5",
		backend + `,le="0.001"}`: "1", backend + `,le="2.5"}`: "1", backend + `,le="3"}`: "2", backend + `,le="5"}`: "3", backend + `,le="10"}`: "3", backend + `,le="+Inf"}`: "5",
		body + `,le="256"}`: "2", body + `,le="1024"}`: "3", body + `,le="1.6777216e+07"}`: "", body + `,le="16777216"}`: "4", body + `,le="+Inf"}`: "5",
		skew + `,le="-300"}`: "2", skew + `,le="-60"}`: "2", skew + `,le="0"}`: "3", skew + `,le="1"}`: "4", skew + `,le="3600"}`: "4", skew + `,le="+Inf"}`: "5",
		`hookward_request_duration_seconds_sum{,part="gate"}`: "21.002000001", `hookward_request_body_bytes_sum{}`: fmt.Sprint(256 + 257 + 32<<20 + 1),
		`hookward_timestamp_skew_seconds_count{}`: "5", `hookward_timestamp_skew_seconds_sum{}`: "", `hookward_requests_total{,decision="pass",reason="verified",check="none"}`: "5",
	} {
		if got[line] != want {
			t.Errorf("%s: %q, want %q", line, got[line], want)
		}
	}
}
