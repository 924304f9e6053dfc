package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestSendMany(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	g := guard(t, githubGate)
	send := func(more string) (int, string, string) {
		g.forget()
		return hookward(append([]string{"send", "--provider", "github", "--secret", "env:SEND_SECRET", g.URL}, strings.Fields(more)...)...)
	}
	status, stdout, stderr := send("--count 40")
	if status != exitGood || stderr != "" || !strings.HasPrefix(stdout, "40 of 40 sent in ") || !strings.Contains(stdout, "200 OK  40\n") || !strings.Contains(stdout, "latency: min ") || len(g.passed) != 40 || g.different("X-GitHub-Delivery") != 40 || g.most > 8 {
		t.Errorf("40: %d\n%s%s; %d passed, %d ids, %d at a time", status, stdout, stderr, len(g.passed), g.different("X-GitHub-Delivery"), g.most)
	}
	status, stdout, _ = send("--count 3 --id d --concurrency 1 --data @/dev/null --tamper none")
	if status != exitGood || g.passed[0].Header.Get("X-GitHub-Delivery") != "d-1" || g.passed[2].Header.Get("X-GitHub-Delivery") != "d-3" || g.most != 1 {
		t.Errorf("3: %d\n%s", status, stdout)
	}
	// The fifth goes out four intervals after the first, and no earlier.
	begin := time.Now()
	status, stdout, _ = send("--count 5 --rate 20/s --concurrency 5")
	if status != exitGood || len(g.passed) != 5 || time.Since(begin) < 200*time.Millisecond {
		t.Errorf("at a rate: %d after %s\n%s", status, time.Since(begin), stdout)
	}
	status, stdout, _ = send("--count 4 --tamper body --json")
	report := sendReport{}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || status != exitBroken || report.Statuses["401"] != 4 || report.Planned != 4 || report.Response != nil || len(g.passed) != 0 {
		t.Errorf("tampered: %d %v\n%s", status, err, stdout)
	}
	g.Close()
	status, stdout, stderr = send("--count 2")
	if status != exitUsage || stderr != "" || !strings.Contains(stdout, "no answer: connection refused  2\n") {
		t.Errorf("to nobody: %d\n%s%s", status, stdout, stderr)
	}
}

func TestQuantile(t *testing.T) {
	hundred := []time.Duration{}
	for n := time.Duration(1); n <= 100; n++ {
		hundred = append(hundred, n)
	}
	for _, c := range []struct {
		values  []time.Duration
		percent int
		want    time.Duration
	}{
		{hundred, 50, 50}, {hundred, 95, 95}, {hundred, 100, 100}, {hundred[:1], 50, 1}, {hundred[:1], 95, 1}, {hundred[:2], 50, 1}, {hundred[:3], 50, 2}, {hundred[:10], 95, 10},
	} {
		if got := quantile(c.values, c.percent); got != c.want {
			t.Errorf("%d %% of %d values: %d, want %d", c.percent, len(c.values), got, c.want)
		}
	}
}
