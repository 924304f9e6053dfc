package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

const consoleToken = "a-token-for-readers-of-the-page"

// watch gives a site a console.
func (s *site) watch(t *testing.T) {
	t.Helper()
	s.letIn(t, consoleToken)
	testkit.Await(t, "the console is there", func() bool {
		_, text := s.console(t, "overview")
		return strings.Contains(text, `"instance"`) // the backend answers with 200 as well
	})
}

// letIn has the console let in who has a token.
func (s *site) letIn(t *testing.T, token string) {
	t.Helper()
	err := s.Configure("console.yml", fmt.Sprintf(`http:
  middlewares:
    console: {plugin: {hookward: {console: {hosts: [%q], readers: [%q]}}}}
  routers:
    console: {rule: "PathPrefix(%[3]s/hookward%[3]s)", middlewares: [console], service: noop@internal}
`, strings.TrimPrefix(s.URL, "http://"), token, "`"))
	if err != nil {
		t.Fatal(err)
	}
}

// A stream goes on when Traefik builds everything anew, and ends with its viewer's token.
func TestConsoleStream(t *testing.T) {
	s := start(t, nil, []gate{{name: "gh", options: github}}, gateway.Settings{})
	s.watch(t)
	r, err := http.NewRequest(http.MethodGet, s.URL+"/hookward/api/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+consoleToken)
	stream, err := s.client.Do(r)
	if err != nil || stream.StatusCode != http.StatusOK {
		t.Fatal(err, stream)
	}
	defer func() { _ = stream.Body.Close() }()
	for range 5 {
		s.configure(t, "more", []gate{{name: "later", options: github}})
	}
	refused := s.post(t, "later", hello)
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), refused.path) {
	}
	if !strings.Contains(lines.Text(), `"decision":"refuse"`) {
		t.Fatalf("after a reload: %q, %v", lines.Text(), lines.Err())
	}
	s.letIn(t, "another-token-for-readers")
	for lines.Scan() {
	}
	if lines.Err() != nil {
		t.Errorf("the stream outlives its token: %v", lines.Err())
	}
	if status, text := s.console(t, "overview"); status != http.StatusUnauthorized {
		t.Errorf("the token still lets in: %d %s", status, text)
	}
}

// console asks the console's API.
func (s *site) console(t *testing.T, name string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.URL+"/hookward/api/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+consoleToken)
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

// shownGate is a gate on the overview.
type shownGate struct {
	Name                         string
	Requests, Succeeded, Refused float64
	Gate, Backend                struct{ Count float64 }
	BytesMean                    *float64
}

// overview returns the gates that the overview shows, by their names without the provider.
func (s *site) overview(t *testing.T) map[string]shownGate {
	t.Helper()
	_, text := s.console(t, "overview")
	found := struct{ Gates []shownGate }{}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	gates := map[string]shownGate{}
	for _, g := range found.Gates {
		gates[strings.TrimSuffix(g.Name, "@file")] = g
	}
	return gates
}

// The page's numbers are those that are scraped, and those of the records.
func TestConsoleNumbersAreTheRecords(t *testing.T) {
	unsteadily(t) // gates are used from several goroutines
	s := startScraped(t, answerAs, metered(t, stores.Redis(t).Address), "OLD=the secret of last year")
	s.watch(t)
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
	want, bodies := map[string]shownGate{}, map[string]float64{}
	listed := map[string]bool{}
	for _, r := range s.records(t, "") {
		name := strings.TrimSuffix(r.Middleware, "@file")
		g := want[name]
		g.Requests++
		g.Gate.Count++
		switch {
		case r.Decision == "refuse" && !r.Observed:
			g.Refused++
		case r.Decision == "pass" && !r.Observed && r.Status/100 == 2:
			g.Succeeded++
		}
		if r.Decision == "pass" || r.Observed {
			g.Backend.Count++
		}
		if r.BodyHash != "" {
			bodies[name]++
			sum := float64(*r.BodyBytes)
			if g.BytesMean != nil {
				sum += *g.BytesMean
			}
			g.BytesMean = &sum
		}
		want[name] = g
		listed[r.ID] = true
	}
	shown, scraped := s.overview(t), s.numbers(t)
	for name, g := range want {
		got := shown[name]
		mean := 0.0
		if g.BytesMean != nil {
			mean = *g.BytesMean / bodies[name]
		}
		if got.Requests != g.Requests || got.Refused != g.Refused || got.Succeeded != g.Succeeded || got.Gate.Count != g.Gate.Count || got.Backend.Count != g.Backend.Count {
			t.Errorf("%s: the page has %+v, the records %+v", name, got, g)
		}
		if (got.BytesMean == nil) != (g.BytesMean == nil) || got.BytesMean != nil && *got.BytesMean != mean {
			t.Errorf("%s: the page has another size than the records, which have %v", name, mean)
		}
		if sum := sumOf(scraped, "hookward_requests_total{", name); sum != got.Requests {
			t.Errorf("%s: the page has %v requests, the numbers %v", name, got.Requests, sum)
		}
		if sum := sumOf(scraped, "hookward_requests_total{", name, `decision="refuse"`); sum != got.Refused {
			t.Errorf("%s: the page has %v refusals, the numbers %v", name, got.Refused, sum)
		}
		if sum := sumOf(scraped, "hookward_responses_total{", name, `decision="pass"`, `code_class="2xx"`); sum != got.Succeeded {
			t.Errorf("%s: the page has %v successes, the numbers %v", name, got.Succeeded, sum)
		}
		for part, count := range map[string]float64{"gate": got.Gate.Count, "backend": got.Backend.Count} {
			if sum := sumOf(scraped, "hookward_request_duration_seconds_count{", name, `part="`+part+`"`); sum != count {
				t.Errorf("%s: the page has %v times of the %s, the numbers %v", name, count, part, sum)
			}
		}
	}
	if len(want) != 8 {
		t.Errorf("the script shows too little: %v", want)
	}
	s.listed(t, listed)
}

// Of deliveries that are kept the page has the same number in each state as what is scraped,
// and as the records add up to.
func TestConsoleDeliveriesAreTheRecords(t *testing.T) {
	unsteadily(t) // what is tried in the background
	later := `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + t.TempDir() + `, delivery: {retry: {schedule: [1h]}}}`
	s := startScraped(t, script(), []gate{{name: "later", options: later}, {name: "soon", options: kept(t, "")}})
	s.watch(t)
	want := map[string]int{}
	for i, c := range []struct{ gate, answers, state string }{
		{"later", "503", "stored"}, {"later", "500", "stored"}, {"later", "200", "delivered"}, {"later", "404", "passed"},
		{"soon", "503 200", "delivered"}, {"soon", "503 404", "dead"}, {"soon", "503 500 503 502", "dead"}, {"soon", "reset 503 204", "delivered"}, {"soon", "200", "delivered"},
	} {
		body := fmt.Sprintf("{\"number\":%d}", i)
		a := s.post(t, c.gate, body, signed(secret, body), "X-Answers: "+c.answers)
		r := s.record(t, a.path)
		if r.KeptState == "stored" && c.state != "stored" {
			s.ends(t, r.Kept, c.state)
		}
		want[c.gate+" "+c.state]++
		testkit.Await(t, c.answers+" is "+c.state+" on the page", func() bool {
			_, text := s.console(t, "deliveries/"+r.ID)
			return strings.Contains(text, `"state":"`+c.state+`"`)
		})
	}
	numbers := s.numbers(t)
	_, page := s.console(t, "overview")
	for _, gate := range []string{"later", "soon"} {
		for _, state := range []string{"stored", "delivered", "dead", "passed"} {
			_, text := s.console(t, "deliveries?gate="+gate+"@file&state="+state)
			if n := strings.Count(text, `"state":"`+state+`"`); n != want[gate+" "+state] {
				t.Errorf("%s: %d are %s in the list, want %d", gate, n, state, want[gate+" "+state])
			}
		}
		waiting, dead := want[gate+" stored"], want[gate+" dead"]
		if got := numbers[`hookward_deliveries{gate="`+gate+`",state="waiting"}`]; got != float64(waiting) {
			t.Errorf("%s: %v wait, by the numbers; want %d", gate, got, waiting)
		}
		if got := numbers[`hookward_deliveries{gate="`+gate+`",state="dead"}`]; got != float64(dead) {
			t.Errorf("%s: %v are dead, by the numbers; want %d", gate, got, dead)
		}
		if text := fmt.Sprintf(`"kept":{"waiting":%d,"dead":%d,`, waiting, dead); !strings.Contains(page, text) {
			t.Errorf("%s: no %s in %s", gate, text, page)
		}
	}
}

// sumOf sums up the samples of a family that are of a gate and have some labels.
func sumOf(samples map[string]float64, family, gate string, labels ...string) float64 {
	sum := 0.0
	for name, value := range samples {
		fits := strings.HasPrefix(name, family) && strings.Contains(name, `gate="`+gate+`"`)
		for _, label := range labels {
			fits = fits && strings.Contains(name, label)
		}
		if fits {
			sum += value
		}
	}
	return sum
}

// listed checks that the console has each record, and nothing else.
func (s *site) listed(t *testing.T, want map[string]bool) {
	t.Helper()
	_, text := s.console(t, "deliveries?limit=1000")
	found := struct {
		Deliveries []struct{ ID string }
		More       bool
	}{}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Deliveries) != len(want) || found.More {
		t.Errorf("%d deliveries are listed, more: %t; there are %d records", len(found.Deliveries), found.More, len(want))
	}
	for _, d := range found.Deliveries {
		if !want[d.ID] {
			t.Errorf("%s is listed, and is no record", d.ID)
		}
	}
}
