package metrics

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/exposition"
)

// count counts one request as the gate does.
func count(g *Gate, decision, reason string, status int) {
	atomic.AddInt64(&g.Arrived, 1)
	s := NewSum()
	addOne(s, Decisions[decision]+Reasons[reason])
	addOne(s, Answers[decision]+Classes[status/100])
	Add(g, s)
}

func text() string {
	all, left := Read(time.Now())
	return string(exposition.Text(Families(all, left), false))
}

// Beyond the limit gates count together, under a name of their own, and none is lost.
func TestSeriesLimit(t *testing.T) {
	forgetAll()
	defer forgetAll()
	for i := 0; i < maxGates+10; i++ {
		count(Of(fmt.Sprintf("gate%d@file", i)), "pass", "verified", 200)
	}
	for i := 0; i < 3; i++ {
		Describe(Of(fmt.Sprintf("gate%d@file", maxGates+1)), "github", "enforce", false) // built anew
	}
	got := text()
	for _, want := range []string{
		fmt.Sprintf("hookward_metrics_series_dropped_total %d\n", 10*seriesOfGate()),
		"hookward_requests_total{gate=\"other\",decision=\"pass\",reason=\"verified\",check=\"none\"} 10\n",
		"hookward_gate_info{gate=\"other\",provider=\"other\",mode=\"other\"} 1\n",
		"hookward_gate_config_valid{gate=\"other\"} 1\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
	if lines := strings.Count(got, "\n"); lines > maxSeries+100 {
		t.Errorf("%d lines", lines)
	}
}

// Gates that come and go leave nothing, whether somebody reads or nobody does.
func TestGatesComeAndGo(t *testing.T) {
	forgetAll()
	defer forgetAll()
	now := time.Now()
	for i := 0; i < 1000; i++ {
		name := fmt.Sprintf("gate%d@file", i)
		count(Of(name), "pass", "verified", 200)
		Drop(name, now)
	}
	if len(gates) != 0 {
		t.Errorf("%d gates that nobody reads", len(gates))
	}
	for i := 0; i < 100; i++ {
		name := fmt.Sprintf("gate%d@file", i)
		count(Of(name), "pass", "verified", 200)
		text()
		Drop(name, time.Now())
		if !strings.Contains(text(), name) || strings.Contains(text(), name) {
			t.Fatalf("%s is not there exactly once more", name)
		}
	}
	back := Of("back@file")
	count(back, "pass", "verified", 200)
	text()
	Drop("back@file", time.Now())
	if Of("back@file") != back {
		t.Error("a gate that is back in time has begun anew")
	}
	text()
	if !strings.Contains(text(), "back@file") || len(gates) != 1 {
		t.Error("a gate that is back is taken for gone")
	}
	Drop("never@file", now)
}

// Whoever reads while others count finds numbers that agree.
func TestNumbersAgree(t *testing.T) {
	forgetAll()
	defer forgetAll()
	g := Of("busy@file")
	var wait sync.WaitGroup
	for i := 0; i < 4; i++ {
		wait.Add(1)
		go countMany(g, &wait)
	}
	for i := 0; i < 100; i++ {
		all, _ := Read(time.Now())
		decided, answered := int64(0), int64(0)
		for _, n := range all[0].n[:responsesAt] {
			decided += n
		}
		answered = requests(&all[0])
		if decided != answered || all[0].inFlight < 0 || all[0].inFlight > 4 {
			t.Fatalf("%d decided on, %d answered, %d in flight", decided, answered, all[0].inFlight)
		}
	}
	wait.Wait()
	all, _ := Read(time.Now())
	if requests(&all[0]) != 8000 || all[0].inFlight != 0 {
		t.Errorf("%d, %d in flight", requests(&all[0]), all[0].inFlight)
	}
}

// Who keeps sums for a chart keeps nothing else with them.
func TestTotalsAreSmall(t *testing.T) {
	forgetAll()
	defer forgetAll()
	g := Of("a@file")
	count(g, "pass", "verified", 200)
	all := All()
	if all[0].Requests != 1 || all[0].Good != 1 || len(all[0].GateTime) != len(Times)+1 || len(all[0].BackendTime) != len(Times)+1 {
		t.Errorf("%+v", all[0])
	}
	if cap(all[0].GateTime) > 2*len(Times) || cap(all[0].BackendTime) > 2*len(Times) {
		t.Errorf("room for %d and %d numbers", cap(all[0].GateTime), cap(all[0].BackendTime))
	}
}

func countMany(g *Gate, wait *sync.WaitGroup) {
	defer wait.Done()
	for i := 0; i < 2000; i++ {
		count(g, "refuse", "signature_mismatch", 401)
	}
}

// Each place of the list is one number's.
func TestLayout(t *testing.T) {
	if len(reasons) < 30 || Reasons["no such reason"] != 0 || reasons[0] != "internal_error" {
		t.Errorf("%q", reasons)
	}
	g := newGate("layout")
	defer forgetAll()
	s := NewSum()
	countKey(s, 1, 0)
	countKey(s, 16, 1)
	countKey(s, 17, 16)
	countKey(s, 0, 17)
	Add(g, s)
	for at, want := range map[int]int64{SecretsAt: 1, SecretsAt + 15: 1, publicKeysAt: 1, publicKeysAt + 15: 1, SecretsAt - 1: 0} {
		if g.n[at] != want {
			t.Errorf("%d: %d", at, g.n[at])
		}
	}
	for status, want := range map[int]string{0: "none", 101: "1xx", 200: "2xx", 599: "5xx", 600: "other", 999: "other"} {
		if got := classes[Classes[status/100]]; got != want {
			t.Errorf("%d: %s", status, got)
		}
	}
	for _, name := range []string{`a"b`, `a\b`, "a\nb", "ä@file"} {
		count(Of(name), "pass", "verified", 200)
	}
	if got := text(); strings.Count(got, "hookward_gate_info{") != 5 || !strings.Contains(got, `{gate="a\"b"`) || !strings.Contains(got, `{gate="a\\b"`) || !strings.Contains(got, `{gate="a\nb"`) {
		t.Errorf("%.300s", got)
	}
}

// forgetAll forgets all gates, as the end of the process does.
func forgetAll() {
	registryMu.Lock()
	gates = map[string]*Gate{}
	dropped = 0
	read = time.Time{}
	registryMu.Unlock()
}
