package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/metrics"
)

// While Redis hangs, the numbers say that it is down, and what this Traefik remembers stays as
// it was: none of it falls to 0.
func TestNumbersWithoutRedis(t *testing.T) {
	unsteadily(t) // how long Redis is waited for
	redis := stores.Redis(t)
	s := startScraped(t, answerAs, []gate{{name: "once", options: `{provider: github, secrets: ["env:GH"], replay: true, rateLimit: {average: 100, period: 1s}, redis: {endpoints: "` + redis.Address + `", readTimeout: 200ms}}`}})
	const up, entries, sources = `hookward_dependency_up{dependency="redis",name="once"}`, `hookward_replay_entries{gate="once"}`, `hookward_rate_limit_sources{gate="once"}`
	s.passed(t, s.post(t, "once", hello, helloSignature))
	before := s.numbers(t)
	if before[up] != 1 || before[entries] != 1 || before[sources] != 1 {
		t.Fatalf("%v up, %v entries, %v sources", before[up], before[entries], before[sources])
	}
	redis.Signal(t, syscall.SIGSTOP)
	testkit.Await(t, "Redis is told to be down", func() bool {
		body := fmt.Sprint(time.Now())
		s.post(t, "once", body, signed(secret, body))
		now := s.numbers(t)
		if now[entries] < 1 || now[sources] < 1 {
			t.Errorf("%v entries and %v sources while Redis is down", now[entries], now[sources])
		}
		value, known := now[up]
		return known && value == 0
	})
	redis.Signal(t, syscall.SIGCONT)
	testkit.Await(t, "Redis is well again", func() bool {
		body := fmt.Sprint(time.Now())
		s.post(t, "once", body, signed(secret, body))
		return s.numbers(t)[up] == 1
	})
}

// A real Prometheus answers each expression of the dashboard for all of 50 gates, of which
// each has had something of all.
func TestDashboardOfFiftyGates(t *testing.T) {
	for i := range 50 {
		metrics.Describe(metrics.Of(fmt.Sprintf("gate%d@file", i)), "github", "enforce", true)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		for i := range 50 {
			g := metrics.Of(fmt.Sprintf("gate%d@file", i))
			sum := &metrics.Sum{}
			for place := range metrics.SecretsAt + 1 { // each number, and the first secret's
				sum.Places, sum.Amounts = append(sum.Places, place), append(sum.Amounts, int64(i+1))
				sum.Used++
			}
			metrics.Add(g, sum)
		}
		numbers, left := metrics.Read(time.Now())
		rw.Header().Set("Content-Type", exposition.TextType)
		_, _ = rw.Write(exposition.Text(metrics.Families(numbers, left), false))
	}))
	defer server.Close()
	examples := filepath.Join(root(t), "examples", "metrics")
	p := startPrometheus(t, strings.TrimPrefix(server.URL, "http://"), scrapeToken, filepath.Join(examples, "rules.yml"))
	variables := strings.NewReplacer("$gate", ".*", "$__rate_interval", "1m")
	eventually(t, "all gates are there", func() bool {
		return len(p.query(t, `rate(hookward_requests_total{reason="verified",decision="pass"}[1m])`)) == 50
	})
	slowest, asked := time.Duration(0), 0
	for _, panel := range readDashboard(t, filepath.Join(examples, "dashboard.json")).Panels {
		for _, target := range panel.Targets {
			if !strings.Contains(target.Expr, "hookward_request") && !strings.Contains(target.Expr, "hookward_responses") && !strings.Contains(target.Expr, "hookward_timestamp") {
				continue // not a gate's counters
			}
			began := time.Now()
			if len(p.query(t, variables.Replace(target.Expr))) == 0 {
				t.Errorf("%s shows nothing: %s", panel.Title, target.Expr)
			}
			slowest = max(slowest, time.Since(began))
			asked++
		}
	}
	if asked < 15 {
		t.Errorf("%d expressions", asked)
	}
	t.Logf("%d expressions over 50 gates; the slowest took %v", asked, slowest) // for people: no test is timed
}
