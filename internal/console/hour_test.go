package console

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/metrics"
)

// seen is what a script has sent to a gate, counted from the records alone.
type seen struct {
	requests, refused, good, forwarded, bodies, bytes int64
}

// played is one request of a script, as its record would have it.
type played struct {
	decision, reason string
	status           int
	forwarded        bool
	bytes            int64
}

// script is what comes at random, most of it good.
var script = []played{
	{"pass", "verified", 200, true, 300}, {"pass", "verified", 204, true, 5000}, {"pass", "verified", 500, true, 70_000}, {"pass", "verified", 0, true, 1},
	{"refuse", "signature_mismatch", 401, false, 12}, {"refuse", "rate_limited", 429, false, -1}, {"duplicate", "delivery_duplicate", 200, false, 300}, {"observed", "token_missing", 200, true, 80},
}

// play counts a request as the gate does, and adds its record to what was seen.
func play(g *metrics.Gate, p played, s *seen) {
	sum := metrics.NewSum()
	add := func(place int, amount int64) {
		sum.Places[sum.Used] = place
		sum.Amounts[sum.Used] = amount
		sum.Used++
	}
	add(metrics.Decisions[p.decision]+metrics.Reasons[p.reason], 1)
	add(metrics.Answers[p.decision]+metrics.Classes[p.status/100], 1)
	add(metrics.GateAt, 1)
	if p.forwarded {
		add(metrics.BackendAt+3, 1)
	}
	if p.bytes >= 0 {
		add(metrics.BodyAt, 1)
		add(metrics.BodyAt+len(metrics.Sizes)+1, p.bytes)
	}
	metrics.Add(g, sum)
	s.requests++
	if p.forwarded {
		s.forwarded++
	}
	if p.decision == "refuse" {
		s.refused++
	}
	if p.decision == "pass" && p.status/100 == 2 {
		s.good++
	}
	if p.bytes >= 0 {
		s.bodies++
		s.bytes += p.bytes
	}
}

// minus is what has come since an earlier moment.
func minus(now, before seen) seen {
	return seen{now.requests - before.requests, now.refused - before.refused, now.good - before.good, now.forwarded - before.forwarded, now.bodies - before.bodies, now.bytes - before.bytes}
}

// At the end of two days and an hour, the numbers of the page are those of the records of the
// last hour, and of the last two days; its lines add up to them, and what is scraped is all.
func TestScriptedHours(t *testing.T) {
	forgetNotes()
	defer forgetNotes()
	g := metrics.Of("a")
	random := rand.New(rand.NewSource(1))
	const steps = 49*360 + 1
	at := time.Unix(1_800_000_000, 0)
	defer metrics.Drop("a", at.Add(1000*time.Hour))
	all, hour, days := seen{}, seen{}, seen{}
	for i := 0; i < steps; i++ {
		for n := random.Intn(4); n > 0; n-- {
			play(g, script[random.Intn(len(script))], &all)
		}
		noteAll(metrics.All(), at)
		if i == steps-fineNotes {
			hour = all
		}
		if i == (coarseEvery*((steps-1)/coarseEvery) - coarseEvery*(coarseNotes-1)) {
			days = all
		}
		at = at.Add(fineStep)
	}
	for window, want := range map[string]seen{"1h": minus(all, hour), "48h": minus(all, days)} {
		shown := shownIn(t, window)
		got := seen{shown.Requests, shown.Refused, shown.Succeeded, shown.Backend.Count, 0, 0}
		mean := float64(want.bytes) / float64(want.bodies)
		if got != (seen{want.requests, want.refused, want.good, want.forwarded, 0, 0}) || shown.Gate.Count != want.requests || math.Abs(*shown.BytesMean-mean) > 1e-6 {
			t.Errorf("%s: the page has %+v and %v bytes, the records %+v and %v", window, got, *shown.BytesMean, want, mean)
		}
		requests, refused := added(lines(t, window))
		if requests != want.requests || refused != want.refused {
			t.Errorf("%s: the lines have %d requests and %d refused, the records %+v", window, requests, refused, want)
		}
	}
	numbers, left := metrics.Read(at)
	text := string(exposition.Text(metrics.Families(numbers, left), false))
	for _, want := range []string{
		fmt.Sprintf("hookward_request_duration_seconds_count{gate=\"a\",part=\"gate\"} %d\n", all.requests),
		fmt.Sprintf("hookward_request_duration_seconds_count{gate=\"a\",part=\"backend\"} %d\n", all.forwarded),
		fmt.Sprintf("hookward_request_body_bytes_count{gate=\"a\"} %d\n", all.bodies),
		fmt.Sprintf("hookward_request_body_bytes_sum{gate=\"a\"} %d\n", all.bytes),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("what is scraped has no %s", want)
		}
	}
}

// shownIn returns the gate as the overview has it.
func shownIn(t *testing.T, window string) *summary {
	t.Helper()
	answer := ask(page(t), "GET", "/hookward/api/overview?window="+window, "", bearer(viewerToken)...)
	found := struct{ Gates []*summary }{}
	if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil || len(found.Gates) != 1 {
		t.Fatal(err, answer.Body)
	}
	return found.Gates[0]
}

// added adds up the lines of requests: a minute is a point of an hour, a quarter one of two
// days.
func added(s *series) (int64, int64) {
	requests, refused := 0.0, 0.0
	minutes := float64(s.Times[1]-s.Times[0]) / 60
	for i := range s.Times {
		requests += *s.Requests[i] * minutes
		refused += *s.Refused[i] * minutes
	}
	return int64(math.Round(requests)), int64(math.Round(refused))
}
